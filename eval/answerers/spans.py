"""The words of a sentence that answer a question: a log-linear model over all its spans.

A span's score is the sum of what its start, its end, its length and each word inside contribute, all by word classes
and by the type of question, never by the words themselves; so the weights (``weights.json``, fitted by
scripts/train_reader.py to the highest expected F1) carry over to other conversations. The sums decompose, so all spans
of a sentence are scored by two prefix sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from eval.answerers.context import Sentence
from eval.answerers.lexicon import field_of, is_a, part_of_speech
from eval.answerers.question import QuestionView
from eval.answerers.text import Token
from memos.language.lexicon import (
    AUXILIARIES,
    CONJUNCTIONS,
    CONTRACTIONS,
    DETERMINERS,
    FILLERS,
    NEGATIONS,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    QUESTION_WORDS,
)
from memos.language.numerals import number_of

MAX_WORDS = 14
_NEVER_FIRST = frozenset("and or but so because of than".split()) | {"'s"}
_NEVER_LAST = (
    DETERMINERS
    | POSSESSIVES
    | AUXILIARIES
    | CONTRACTIONS
    | frozenset("and or but so because since to of in on at for with from by about i we they he she as".split())
) - frozenset("that this those these some any do done".split())


def word_class(token: Token, first: bool) -> str:
    """A coarse class of one token; ``first`` marks the first word of its sentence, whose capital says nothing."""
    lower = token.lower
    if not token.is_word:
        return "quote" if lower in "\"“”'‘’" else "comma" if lower == "," else "stop" if lower in ".!?…" else "mark"
    for name, words in _CLASSES:
        if lower in words:
            return name
    if number_of(lower) is not None or lower[0].isdigit():
        return "number"
    if token.text[0].isupper() and not first:
        return "name"
    if lower.endswith("ing") and len(lower) > 4:
        return "ing"
    if lower.endswith("ed") and len(lower) > 4:
        return "ed"
    if lower.endswith("ly") and len(lower) > 4:
        return "ly"
    if lower.endswith("s") and not lower.endswith(("ss", "us", "'s")):
        return "plural"
    return _BY_SPEECH[part_of_speech(lower)]


_BY_SPEECH = {"": "word", "n": "noun", "v": "verb", "a": "adjective", "r": "ly"}

_CLASSES = (
    ("to", frozenset(["to"])),
    ("place", frozenset("in at near from around".split())),
    ("because", frozenset("because since cause 'cause".split())),
    ("like", frozenset(["like", "as", "called", "named"])),
    ("i", frozenset("i i'm i've i'd i'll we we're we've we'll".split())),
    ("pronoun", PRONOUNS),
    ("and", frozenset("and or &".split())),
    ("not", NEGATIONS),
    ("aux", AUXILIARIES | CONTRACTIONS),
    ("possessive", POSSESSIVES),
    ("det", DETERMINERS),
    ("prep", PREPOSITIONS),
    ("wh", QUESTION_WORDS),
    ("conj", CONJUNCTIONS),
    ("filler", FILLERS),
)


@dataclass(frozen=True)
class Span:
    """A candidate answer."""

    text: str
    score: float
    sentence: Sentence
    first: int
    last: int


def answer_group(question: QuestionView) -> str:
    """The question type that word-class weights are kept for."""
    return question.kind


def token_features(question: QuestionView, sentence: Sentence, names: frozenset[str]) -> tuple[list, list, list]:
    """Feature names of every token as a span's start, as its end, and inside it."""
    tokens = sentence.tokens
    kinds = [word_class(token, index == 0) for index, token in enumerate(tokens)]
    marks = [_mark(question, token) for token in tokens]
    hits = [index for index, mark in enumerate(marks) if mark != "new"]
    group = answer_group(question)
    asked_field = field_of(question.head_word) if question.head_word else ""
    starts, ends, insides = [], [], []
    for index, token in enumerate(tokens):
        kind, mark = kinds[index], marks[index]
        before, mark_before = (kinds[index - 1], marks[index - 1]) if index else ("none", "none")
        after, mark_after = (kinds[index + 1], marks[index + 1]) if index + 1 < len(tokens) else ("none", "none")
        second_before = kinds[index - 2] if index > 1 else "none"
        second_after = kinds[index + 2] if index + 2 < len(tokens) else "none"
        gap = _bucket(index - max((hit for hit in hits if hit < index), default=-99))
        lead = _bucket(min((hit for hit in hits if hit > index), default=999) - index)
        named = token.lower.removesuffix("'s") in names
        starts.append(_start_features(group, kind, before, second_before, after, gap, mark, mark_before))
        ends.append(_end_features(group, kind, before, after, second_after, lead, mark, mark_after))
        insides.append(_inside_features(group, kind, mark, named, *_meaning(question, token, kind, asked_field)))
    return starts, ends, insides


@lru_cache(maxsize=1 << 17)
def _start_features(
    group: str, kind: str, before: str, second_before: str, after: str, gap: str, mark: str, mark_before: str
) -> tuple[str, ...]:
    names = (
        f"s0={kind}",
        f"s-1={before}",
        f"s-1s0={before},{kind}",
        f"sgap={gap}",
        f"s0m={mark}",
        f"s-1m={mark_before}",
    )
    return (*_both(group, *names), f"s-2={second_before}", f"s0+1={kind},{after}")


@lru_cache(maxsize=1 << 17)
def _end_features(
    group: str, kind: str, before: str, after: str, second_after: str, lead: str, mark: str, mark_after: str
) -> tuple[str, ...]:
    names = (
        f"e0={kind}",
        f"e+1={after}",
        f"elead={lead}",
        f"e0m={mark}",
        f"e+1m={mark_after}",
        f"e0+1={kind},{after}",
    )
    return (*_both(group, *names), f"e-1e0={before},{kind}", f"e+2={second_after}")


@lru_cache(maxsize=1 << 15)
def _inside_features(group: str, kind: str, mark: str, named: bool, *meaning: str) -> tuple[str, ...]:
    return (*_both(group, f"i={kind}", f"im={mark}", *meaning), *(_both(group, "iname") if named else ()))


def _mark(question: QuestionView, token: Token) -> str:
    """What a token is to the question: the noun asked for, its main verb, another of its words, or new."""
    if not token.is_word or token.stem not in question.stems:
        return "new"
    return "head" if token.stem == question.head else "verb" if token.stem == question.verb else "asked"


def _meaning(question: QuestionView, token: Token, kind: str, asked_field: str) -> list[str]:
    """Features of the token's meaning: its field, and whether it is a kind of what is asked for."""
    if kind not in _MEANT:
        return []
    names = []
    if question.head_word and token.stem != question.head and is_a(token.lower, question.head_word):
        names.append("iisa")
    field = field_of(token.lower)
    if field:
        names.append(f"ifield={field}")
        if field == asked_field:
            names.append("isamefield")
    return names


_MEANT = frozenset("name noun plural word ing".split())


def sentence_features(
    question: QuestionView, sentence: Sentence, rank: int, gap: float, coverage: float
) -> dict[str, float]:
    """What a sentence gives to each of its spans: its line's place in the ranking and how much of the question it
    holds.
    """
    own = len(sentence.stems & question.stems) / max(1, len(question.stems))
    features = {f"rank={min(rank, 5)}": 1.0, "gap": gap, "line_coverage": coverage, "own_coverage": own}
    if sentence.text.rstrip().endswith("?"):
        features["asks"] = 1.0
    if len(sentence.tokens) <= 4:
        features["short"] = 1.0
    if question.head and question.head in sentence.stems:
        features["has_head"] = 1.0
    return features


@lru_cache(maxsize=1 << 10)
def length_features(size: int, group: str) -> tuple[str, ...]:
    name = f"len={size if size <= 6 else 7 if size <= 8 else 9 if size <= 10 else 11}"
    return (name, f"{name}|{group}")


def _both(group: str, *names: str) -> tuple[str, ...]:
    return (*names, *(f"{name}|{group}" for name in names))


def _bucket(distance: int) -> str:
    return "none" if distance > 50 else str(distance) if distance <= 4 else "5-8" if distance <= 8 else "9+"


def allowed(tokens: tuple[Token, ...]) -> Iterator[tuple[int, int]]:
    """Index pairs (first, last) of the spans that may be answers."""
    size = len(tokens)
    good_last = [token.is_word and token.lower not in _NEVER_LAST for token in tokens]
    for first, token in enumerate(tokens):
        if not token.is_word or token.lower in _NEVER_FIRST:
            continue
        words = 0
        for last in range(first, size):
            word = tokens[last]
            if word.lower in ".!?…" and last > first and last + 1 < size:
                break
            words += word.is_word
            if words > MAX_WORDS:
                break
            if good_last[last]:
                yield first, last


def surface(sentence: Sentence, first: int, last: int) -> str:
    """The span's text, with a quotation mark closed or dropped."""
    text = sentence.text[sentence.tokens[first].start : sentence.tokens[last].end]
    return text.replace('"', "").strip() if text.count('"') % 2 else text


class FeatureSums(dict):
    """What a set of features is worth, by its names: sums of weights, each computed once (distinct sets are few)."""

    def __init__(self, weights: Mapping[str, float], limit: int = 1 << 18) -> None:
        super().__init__()
        self._weights, self._limit = weights, limit

    def __missing__(self, features: tuple[str, ...]) -> float:
        if len(self) >= self._limit:
            self.clear()
        weights = self._weights
        value = self[features] = sum(weights.get(name, 0.0) for name in features)
        return value


def best_spans(
    question: QuestionView,
    sentence: Sentence,
    base: float,
    sums: FeatureSums,
    names: frozenset[str],
    keep: int = 3,
) -> list[Span]:
    """The ``keep`` best spans of a sentence, best first; ``base`` is the sentence's own score."""
    pairs = list(allowed(sentence.tokens))
    if not pairs:
        return []
    starts, ends, insides = token_features(question, sentence, names)
    start, end = np.array([sums[f] for f in starts]), np.array([sums[f] for f in ends])
    prefix = np.concatenate([[0.0], np.cumsum([sums[f] for f in insides])])
    words = np.concatenate([[0], np.cumsum([token.is_word for token in sentence.tokens])])
    group = answer_group(question)
    length = np.array([sums[length_features(size, group)] if size else 0.0 for size in range(MAX_WORDS + 1)])
    first, last = np.array(pairs).T
    scores = base + start[first] + end[last] + prefix[last + 1] - prefix[first] + length[words[last + 1] - words[first]]
    order = np.argsort(-scores, kind="stable")[:keep]
    return [Span(surface(sentence, *pairs[i]), float(scores[i]), sentence, *pairs[i]) for i in order]
