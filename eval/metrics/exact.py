"""Exact match as benchmarks with short golds define it: no judge, no partial credit (docs/datasets_more.md#metrics)."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLE = re.compile(r"\b(a|an|the)\b")


def normal(text: str) -> str:
    """Lower case, without punctuation and articles, one space between words: SQuAD's normal form, which
    MemoryAgentBench uses too.
    """
    return " ".join(_ARTICLE.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split())


def exact_match(gold: str, answer: str) -> float:
    """1 where both are the same text in normal form: ``label: 43`` is not ``43``."""
    return float(normal(gold) == normal(answer))


def substring_exact_match(gold: str, answer: str) -> float:
    """1 where the gold stands in the answer, both in normal form; also within a word, as in the benchmark's code."""
    return float(normal(gold) in normal(answer))


class Exact:
    """MemoryAgentBench's two metrics that need no judge."""

    names = ("substring_exact_match", "exact_match")

    def identity(self) -> Mapping[str, object]:
        return {"scorer": "exact", "version": "1"}

    def missing(self) -> Mapping[str, str]:
        return {}

    def score(
        self, golds: Sequence[str], answers: Sequence[str], categories: Sequence[int | None] | None = None
    ) -> dict[str, list[float]]:
        """One value a pair, 0 or 1."""
        pairs = list(zip(golds, answers, strict=True))
        return {
            "substring_exact_match": [substring_exact_match(gold, answer) for gold, answer in pairs],
            "exact_match": [exact_match(gold, answer) for gold, answer in pairs],
        }


class ChoiceAccuracy:
    """Multiple choice: whether the chosen option is the right one. Answers come as the text of the option that they
    name (``eval.core.choices.said``).
    """

    names = ("choice_accuracy",)

    def identity(self) -> Mapping[str, object]:
        return {"scorer": "choice", "version": "1"}

    def missing(self) -> Mapping[str, str]:
        return {}

    def score(
        self, golds: Sequence[str], answers: Sequence[str], categories: Sequence[int | None] | None = None
    ) -> dict[str, list[float]]:
        """One value a pair, 0 or 1."""
        pairs = zip(golds, answers, strict=True)
        return {"choice_accuracy": [float(gold.split() == answer.split()) for gold, answer in pairs]}
