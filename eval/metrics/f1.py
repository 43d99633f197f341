"""The three token F1s of the field, which differ on identical text (docs/protocol.md#f1)."""

from __future__ import annotations

import re
import string
from collections import Counter
from functools import lru_cache

import numpy as np

from eval.metrics.text import nltk_set, stem

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLE = re.compile(r"\b(a|an|the|and)\b")
_MEM0_MARKS = str.maketrans(".,!?", "    ")
_ABSTAINS = ("no information available", "not mentioned")


def _harmonic(precision: float, recall: float) -> float:
    total = precision + recall
    return (2 * precision * recall) / total if total else 0.0


def _set_f1(gold: frozenset[str], answer: frozenset[str]) -> float:
    if not gold or not answer:
        return 0.0
    common = len(gold & answer)
    return _harmonic(common / len(answer), common / len(gold))


def f1_memos(gold: str, answer: str) -> float:
    """MemOS's F1: over the sets of lower-case NLTK words, punctuation included."""
    return _set_f1(nltk_set(gold), nltk_set(answer))


@lru_cache(maxsize=65_536)
def _mem0_set(text: str) -> frozenset[str]:
    return frozenset(text.lower().translate(_MEM0_MARKS).split())


def f1_mem0(gold: str, answer: str) -> float:
    """mem0's F1 (also A-Mem's): over the sets of lower-case words with ``. , ! ?`` taken out."""
    return _set_f1(_mem0_set(gold), _mem0_set(answer))


@lru_cache(maxsize=65_536)
def _locomo_bag(text: str) -> Counter[str]:
    plain = text.replace(",", "").lower().translate(_NO_PUNCTUATION)
    return Counter(stem(word) for word in _ARTICLE.sub(" ", plain).split())


def _bag_f1(gold: str, answer: str) -> float:
    gold_bag, answer_bag = _locomo_bag(gold), _locomo_bag(answer)
    common = sum((gold_bag & answer_bag).values())
    if not common:
        return 0.0
    return _harmonic(common / answer_bag.total(), common / gold_bag.total())


def f1_locomo(gold: str, answer: str, category: int | None = None) -> float:
    """LOCOMO's own F1: over bags of stemmed words without articles, commas and punctuation.

    Category 1 (multi-hop) takes the mean over the gold's comma-separated parts of the best F1 among the answer's parts;
    category 3 (open-domain) cuts the gold at its first semicolon; category 5 (adversarial) gives 1.0 where the answer
    abstains in one of the two official phrases, else 0.0.
    """
    if category == 5:
        lowered = answer.lower()
        return 1.0 if any(phrase in lowered for phrase in _ABSTAINS) else 0.0
    if category == 1:
        given = [part.strip() for part in answer.split(",")]
        best = [max(_bag_f1(want.strip(), part) for part in given) for want in gold.split(",")]
        return float(np.mean(best))
    if category == 3:
        gold = gold.split(";")[0].strip()
    return _bag_f1(gold, answer)
