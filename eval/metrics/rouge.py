"""ROUGE-1, ROUGE-2 and ROUGE-L F-measures of ``rouge_score`` with its stemmer; each text is cut into tokens once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from eval.metrics.text import rouge_tokens

NAMES = ("rouge1", "rouge2", "rougeL")


class _Tokens:
    """``rouge_score``'s default tokeniser, remembered by text."""

    def tokenize(self, text: str) -> tuple[str, ...]:
        return rouge_tokens(text)


@lru_cache(maxsize=1)
def _scorer() -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(list(NAMES), tokenizer=_Tokens())


def rouge(gold: str, answer: str) -> tuple[float, float, float]:
    """ROUGE-1, ROUGE-2 and ROUGE-L F-measures of one pair."""
    scores = _scorer().score(gold, answer)
    one, two, longest = (float(scores[name].fmeasure) for name in NAMES)
    return one, two, longest
