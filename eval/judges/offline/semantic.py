"""The features of the offline judge that need MiniLM: cosines of whole texts and of tokens (as BERTScore does).

The states of the tokens and the vector of a text come out of one forward pass over the distinct texts of a batch, so a
gold that many answers share is read once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from eval.judges.offline import readings as values
from eval.judges.offline.pair import Pair
from eval.judges.offline.text import STOPWORDS, found, idf, stem


@dataclass(frozen=True, slots=True)
class Reading:
    """One text as the model reads it."""

    pieces: tuple[str, ...]
    """Word pieces, continuations marked ``##``."""
    states: np.ndarray
    """Unit rows, shape (pieces, dimensions)."""
    vector: np.ndarray
    """Unit vector of the whole text."""


Reader = Callable[[Sequence[str], Sequence[str]], Mapping[str, Reading]]
"""Golds and answers to readings by text."""
NAMES = (
    "cos_answer",
    "cos_asked",
    "cos_gain",
    "cos_question",
    "tok_recall",
    "tok_wanted",
    "tok_least",
    "tok_precision",
    "tok_items",
    "tok_item_least",
    "tok_added",
    "tok_item_share",
)
MEANT = 0.6
"""Mean likeness of its words from which an item of a list counts as meant."""


@lru_cache(maxsize=65536)
def _words(pieces: tuple[str, ...]) -> tuple[str, ...]:
    """For each piece the stem of the word it belongs to; an empty text for punctuation and function words."""
    out: list[str] = []
    start = 0
    while start < len(pieces):
        end = start + 1
        while end < len(pieces) and pieces[end].startswith("##"):
            end += 1
        word = "".join(piece.removeprefix("##") for piece in pieces[start:end]).lower()
        known = any(char.isalnum() for char in word) and word not in STOPWORDS
        out += [stem(word) if known else ""] * (end - start)
        start = end
    return tuple(out)


@lru_cache(maxsize=65536)
def _weights(pieces: tuple[str, ...], asked: frozenset[str], drop: bool) -> np.ndarray:
    """Weight of each piece: the rarity of its word; words of the question count little (``drop``: nothing)."""
    weights = []
    for word in _words(pieces):
        weight = idf(word) if word else 0.02
        if word and found(word, asked):
            weight = 0.0 if drop else weight * 0.15
        weights.append(0.0 if drop and not word else weight)
    array = np.array(weights or [0.0], dtype=np.float64)
    return array


def _mean(values_: np.ndarray, weights: np.ndarray) -> float:
    total = weights.sum()
    return float((values_ * weights).sum() / total) if total > 0 else float(values_.mean())


def semantic(
    pair: Pair, gold: Reading, answer: Reading, asked_gold: np.ndarray, asked_answer: np.ndarray, question: np.ndarray
) -> dict[str, float]:
    """The features of one pair.

    Args:
        pair: the texts.
        gold, answer: how the model reads the gold and the answer alone.
        asked_gold, asked_answer: unit vectors of "question gold" and "question answer".
        question: unit vector of the question.
    """
    if not len(gold.pieces) or not len(answer.pieces):
        return dict.fromkeys(NAMES, 0.0)
    close = gold.states @ answer.states.T
    best_gold, best_answer = close.max(1), close.max(0)
    keep = _weights(gold.pieces, pair.asked, True)
    important = best_gold[keep > 0] if (keep > 0).any() else best_gold
    items = _item_means(pair.gold, gold, best_gold, keep)
    added = _weights(answer.pieces, pair.asked, True)
    cos_asked = float(asked_gold @ asked_answer)
    return {
        "cos_answer": float(gold.vector @ answer.vector),
        "cos_asked": cos_asked,
        "cos_gain": cos_asked - float(question @ asked_gold),
        "cos_question": float(question @ answer.vector),
        "tok_recall": float(best_gold.mean()),
        "tok_wanted": _mean(best_gold, _weights(gold.pieces, pair.asked, False)),
        "tok_least": float(important.min()),
        "tok_precision": float(best_answer.mean()),
        "tok_items": float(np.mean(items)),
        "tok_item_least": float(min(items)),
        "tok_added": _mean(best_answer, added) if added.sum() > 0 else 0.0,
        "tok_item_share": float(np.mean([likeness >= MEANT for likeness in items])),
    }


def _item_means(gold: str, reading: Reading, best: np.ndarray, keep: np.ndarray) -> list[float]:
    """Mean likeness of the wanted pieces of each list item of the gold."""
    items = values.items(gold)
    if len(items) == 1:
        return [_mean(best, keep)]
    marks = _item_of(reading.pieces, items)
    out = []
    for number in range(len(items)):
        chosen = marks == number
        if chosen.any():
            out.append(_mean(best[chosen], keep[chosen]))
    return out or [_mean(best, keep)]


@lru_cache(maxsize=16384)
def _item_of(pieces: tuple[str, ...], items: tuple[str, ...]) -> np.ndarray:
    """For each piece the number of the list item it lies in, found by walking both texts in order; -1 between items."""
    marks = np.full(len(pieces), -1)
    position = 0
    for number, part in enumerate(items):
        left = "".join(char for char in part.lower() if char.isalnum())
        while position < len(pieces) and left:
            piece = "".join(char for char in pieces[position].removeprefix("##").lower() if char.isalnum())
            if piece and left.startswith(piece):
                marks[position] = number
                left = left[len(piece) :]
            elif piece and marks[position - 1] == number and position:
                break
            position += 1
    return marks


def read_all(
    pairs: Sequence[Pair], reader: Reader, encode: Callable[[Sequence[str]], np.ndarray]
) -> list[dict[str, float]]:
    """The features of many pairs; every distinct text is read once.

    Args:
        pairs: what to judge.
        reader: golds and answers to readings (states of the tokens and vectors).
        encode: texts to unit vectors, possibly cached.
    """
    readings = reader([pair.gold for pair in pairs], [pair.answer for pair in pairs])
    joint = list(
        dict.fromkeys(
            text
            for pair in pairs
            for text in (f"{pair.question} {pair.gold}", f"{pair.question} {pair.answer}", pair.question)
        )
    )
    vectors = dict(zip(joint, encode(joint), strict=True))
    return [
        semantic(
            pair,
            readings[pair.gold],
            readings[pair.answer],
            vectors[f"{pair.question} {pair.gold}"],
            vectors[f"{pair.question} {pair.answer}"],
            vectors[pair.question],
        )
        for pair in pairs
    ]
