"""The gates: what no rubric accepts, and what each stricter rubric of the dial rejects beyond that.

Every rubric: yes where the gold is no, and the other way round; a number of the gold as a number of something else.
``key-information``: most items of a list. ``strict``: all of them; and for a gold that is a date, a date that meets it
and is not coarser. Each gate looks at the gold first, so that paraphrases of other golds never meet it. A gate caps the
probability (``evasions.CEILING``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from eval.judges.offline import date_phrases, readings, units
from eval.judges.offline.date_features import gold_dates
from eval.judges.offline.pair import Pair

GENEROUS, KEY_INFORMATION, STRICT = "generous", "key-information", "strict"
RUBRICS = (GENEROUS, KEY_INFORMATION, STRICT)
"""The dial, from the kindest on. gpt-4o-mini's verdicts are at hand under the first alone."""
THRESHOLDS = {GENEROUS: 0.5, KEY_INFORMATION: 0.5, STRICT: 0.56}
"""Probability from which ``conf/judge/offline*.yaml`` accept; under the strict one specific wrong answers stay below
20 %."""
ITEMS = {GENEROUS: 0.0, KEY_INFORMATION: 2 / 3, STRICT: 1.0}
"""Share of a list's items that an answer must cover."""
UNFITTED = ("tok_item_share",)
"""Features that the gates look at and the weights do not."""
VERSION = 2
"""Raised by hand when a gate's outcome changes."""
_WHERE = re.compile(r"\bwhere\b|\b(?:what|which) (?:city|country|state|place|town)\b", re.IGNORECASE)


def rejects(pair: Pair, row: Mapping[str, float], rubric: str = GENEROUS) -> str:
    """The reason a gate rejects an answer; empty where none does.

    Args:
        pair: the answer.
        row: its features.
        rubric: one of ``RUBRICS``.
    """
    general = _polarity(pair) or _units(pair) or _items(pair, row, ITEMS[rubric])
    return general or (_date(pair) if rubric == STRICT else "")


def _polarity(pair: Pair) -> str:
    """For a gold that begins with yes or no: an answer that begins with the other."""
    if readings.polarity(pair.gold) * readings.polarity(pair.answer) < 0:
        return "gate: yes and no are exchanged"
    return ""


def _units(pair: Pair) -> str:
    clash = units.clash(pair.gold, pair.answer)
    return f"gate: {clash}" if clash else ""


def listed(pair: Pair) -> int:
    """How many items a gold lists; 0 where it is no list but a date, a place in a place, or yes or no with its
    reason."""
    items = readings.items(pair.gold)
    if len(items) < 2 or readings.polarity(pair.gold) or date_phrases.find(pair.gold):
        return 0
    if len(items) == 2 and _WHERE.search(pair.question) and all(item[:1].isupper() for item in items):
        return 0
    return len(items)


def _items(pair: Pair, row: Mapping[str, float], share: float) -> str:
    """For a gold that is a list: enough of its items must be in the answer, in their words or in others'."""
    count = listed(pair) if share else 0
    covered = round(max(row["item_share"], row["tok_item_share"]) * count) if count else 0
    needed = math.ceil(share * count - 1e-9)
    return f"list gate: {covered} of {count} items, {needed} needed" if covered < needed else ""


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
