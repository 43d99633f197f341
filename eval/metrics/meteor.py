"""METEOR as NLTK computes it: exact, then Porter stem, then WordNet synonym matches (protocol.md 2.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import chain

from eval.metrics.text import nltk_tokens, stem
from eval.resources import wordnet

_ALPHA, _BETA, _GAMMA = 0.9, 3.0, 0.5
_Word = tuple[int, str]


@lru_cache(maxsize=200_000)
def _synonyms(word: str) -> frozenset[str]:
    lemmas = chain.from_iterable(synset.lemma_names() for synset in wordnet().synsets(word))
    return frozenset(name for name in lemmas if "_" not in name) | {word}


def _match(
    hypothesis: list[_Word], reference: list[_Word], options: Callable[[str], Iterable[str]]
) -> tuple[list[tuple[int, int]], list[_Word], list[_Word]]:
    """Pair words from the right; each takes the rightmost free reference word among its options."""
    if not hypothesis or not reference:
        return [], hypothesis, reference
    free: dict[str, list[int]] = {}
    for position, (_, word) in enumerate(reference):
        free.setdefault(word, []).append(position)
    pairs, left, taken = [], [], set()
    for index, word in reversed(hypothesis):
        best, chosen = -1, None
        for option in options(word):
            places = free.get(option)
            if places and places[-1] > best:
                best, chosen = places[-1], option
        if chosen is None:
            left.append((index, word))
            continue
        free[chosen].pop()
        taken.add(best)
        pairs.append((index, reference[best][0]))
    return pairs, left[::-1], [word for position, word in enumerate(reference) if position not in taken]


def _itself(word: str) -> tuple[str]:
    return (word,)


def _chunks(pairs: list[tuple[int, int]]) -> int:
    return 1 + sum(1 for a, b in zip(pairs, pairs[1:], strict=False) if b != (a[0] + 1, a[1] + 1))


def meteor(gold: str, answer: str) -> float:
    """METEOR of one pair of lower-case NLTK words, equal to ``nltk.translate.meteor_score`` to the last bit.

    A one-token answer that is exactly right scores 0.5: that is the definition, see ``eval.metrics.ceilings``.

    Raises:
        MissingDependency: where WordNet is absent.
    """
    answer_tokens, gold_tokens = nltk_tokens(answer), nltk_tokens(gold)
    exact, hypothesis, reference = _match(
        [(i, word.lower()) for i, word in enumerate(answer_tokens)],
        [(i, word.lower()) for i, word in enumerate(gold_tokens)],
        _itself,
    )
    stemmed, hypothesis, reference = _match(
        [(i, stem(word)) for i, word in hypothesis], [(i, stem(word)) for i, word in reference], _itself
    )
    synonymous, _, _ = _match(hypothesis, reference, _synonyms)
    pairs = sorted(exact + stemmed + synonymous, key=lambda pair: pair[0])
    if not pairs:
        return 0.0
    precision, recall = len(pairs) / len(answer_tokens), len(pairs) / len(gold_tokens)
    mean = (precision * recall) / (_ALPHA * precision + (1 - _ALPHA) * recall)
    return (1 - _GAMMA * (_chunks(pairs) / len(pairs)) ** _BETA) * mean
