"""Sentence BLEU-1 to BLEU-4 as the field computes it, all four from one call of NLTK."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from eval.metrics.text import nltk_tokens

WEIGHTS = ((1.0,), (0.5, 0.5), (0.33, 0.33, 0.33), (0.25, 0.25, 0.25, 0.25))


@lru_cache(maxsize=1)
def _smoothing() -> Any:
    from nltk.translate.bleu_score import SmoothingFunction

    return SmoothingFunction().method1


def bleu(gold: str, answer: str) -> tuple[float, float, float, float]:
    """BLEU-1..4 of lower-case NLTK words against one reference: clipped precision, smoothing method 1, brevity penalty.

    A one-token answer that is exactly right has BLEU-2 0.3162: that is the definition, see ``eval.metrics.ceilings``.
    """
    from nltk.translate.bleu_score import sentence_bleu

    one, two, three, four = sentence_bleu(  # pyright: ignore[reportGeneralTypeIssues]  # four weights: four values
        [nltk_tokens(gold)], nltk_tokens(answer), weights=WEIGHTS, smoothing_function=_smoothing()
    )
    return float(one), float(two), float(three), float(four)
