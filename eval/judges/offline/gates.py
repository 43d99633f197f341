"""The gates of ``offline_strict``: what the generous rubric lets pass and a careful reader would not.

Each gate looks at the gold first, so that paraphrases of other golds never meet it. A gate caps the probability
(``evasions.CEILING``).
"""

from __future__ import annotations

from collections.abc import Mapping

from eval.judges.offline.date_features import gold_dates
from eval.judges.offline.pair import Pair

THRESHOLD = 0.56
"""Probability from which ``conf/judge/offline_strict.yaml`` accepts: specific wrong answers stay under 20 % there."""
VERSION = 1
"""Raised by hand when a gate's outcome changes."""


def rejects(pair: Pair, row: Mapping[str, float]) -> str:
    """The reason a gate rejects an answer; empty where none does."""
    return _date(pair)


def _date(pair: Pair) -> str:
    """For a gold that is a date: some date of the answer must meet it and be no coarser than twice its stretch."""
    golds, answers = gold_dates(pair.gold, pair.answer)
    if not golds:
        return ""
    if not answers:
        return "date gate: the answer names no date"
    for gold in golds:
        for answer in answers:
            meets = min(gold.end, answer.end) >= max(gold.start, answer.start)
            if meets and answer.days <= max(2 * gold.days, 2):
                return ""
    return "date gate: no date of the answer meets the gold without being coarser"
