"""Sentence BLEU-1 to BLEU-4 as the field computes it (protocol.md 2.1), all four from one pass over the n-grams."""

from __future__ import annotations

import math

from eval.metrics.text import nltk_ngrams, nltk_tokens

WEIGHTS = ((1.0,), (0.5, 0.5), (0.33, 0.33, 0.33), (0.25, 0.25, 0.25, 0.25))
_EPSILON = 0.1
"""What smoothing method 1 of NLTK puts in the place of a zero numerator."""


def bleu(gold: str, answer: str) -> tuple[float, float, float, float]:
    """BLEU-1..4 of lower-case NLTK words against one reference: clipped precision, smoothing method 1, brevity penalty.

    Equal to ``nltk.translate.bleu_score.sentence_bleu`` to the last bit. A one-token answer that is exactly right has
    BLEU-2 0.3162: that is the definition, see ``eval.metrics.ceilings``.
    """
    have, want = nltk_ngrams(answer), nltk_ngrams(gold)
    matches = [sum(min(count, ref[gram]) for gram, count in hyp.items() if gram in ref)
               for hyp, ref in zip(have, want, strict=True)]
    if not matches[0]:
        return 0.0, 0.0, 0.0, 0.0
    logs = [
        math.log((hits or _EPSILON) / max(1, hyp.total())) for hits, hyp in zip(matches, have, strict=True)
    ]
    hyp_len, ref_len = len(nltk_tokens(answer)), len(nltk_tokens(gold))
    brevity = 1.0 if hyp_len > ref_len else math.exp(1 - ref_len / hyp_len)
    one, two, three, four = (
        brevity * math.exp(math.fsum(w * log for w, log in zip(weights, logs, strict=False))) for weights in WEIGHTS
    )
    return one, two, three, four
