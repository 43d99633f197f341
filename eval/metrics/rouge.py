"""ROUGE-1, ROUGE-2 and ROUGE-L F-measures, equal to ``rouge_score`` with its stemmer (protocol.md 2.1)."""

from __future__ import annotations

from collections import Counter

from eval.metrics.text import rouge_ngrams, rouge_tokens


def _f(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def _overlap(gold: Counter, answer: Counter) -> float:
    common = sum(min(count, answer[gram]) for gram, count in gold.items() if gram in answer)
    return _f(common / max(answer.total(), 1), common / max(gold.total(), 1))


def lcs_length(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """Length of the longest common subsequence, bit-parallel (Hyyrö 2004): one integer operation a token of ``b``."""
    masks: dict[str, int] = {}
    for position, token in enumerate(a):
        masks[token] = masks.get(token, 0) | 1 << position
    full = (1 << len(a)) - 1
    row = full
    for token in b:
        match = row & masks.get(token, 0)
        row = ((row + match) | (row - match)) & full
    return len(a) - row.bit_count()


def rouge(gold: str, answer: str) -> tuple[float, float, float]:
    """ROUGE-1, ROUGE-2 and ROUGE-L F-measures of one pair."""
    (gold1, gold2), (answer1, answer2) = rouge_ngrams(gold), rouge_ngrams(answer)
    gold_tokens, answer_tokens = rouge_tokens(gold), rouge_tokens(answer)
    if not gold_tokens or not answer_tokens:
        return 0.0, 0.0, 0.0
    common = lcs_length(gold_tokens, answer_tokens)
    longest = _f(common / len(answer_tokens), common / len(gold_tokens))
    return _overlap(gold1, answer1), _overlap(gold2, answer2), longest
