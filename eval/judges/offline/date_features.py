"""Features of dates: how the intervals that an answer names lie to those of the gold.

Dates are intervals of days (:class:`~eval.judges.offline.calendar.Interval`); of several the pair that agrees best
counts. A phrase without an anchor ("last year") is no interval; whether it can mean the gold is told apart.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

from eval.judges.offline import date_phrases
from eval.judges.offline.calendar import Interval
from eval.judges.offline.pair import Pair


def _shift(golds: tuple[Interval, ...], answers: tuple[Interval, ...]) -> tuple[float, Interval, Interval]:
    """The best agreeing pair of intervals: most overlap, then smallest gap."""
    best = None
    for gold in golds:
        for answer in answers:
            shared = min(gold.end, answer.end) - max(gold.start, answer.start) + 1
            score = shared / max(gold.days, answer.days) if shared > 0 else shared / 1e4 - (answer.open and 1e-6)
            if best is None or score > best[0]:
                best = (score, gold, answer)
    assert best is not None
    return best


@lru_cache(maxsize=16384)
def gold_dates(gold: str, answer: str) -> tuple[tuple[Interval, ...], tuple[Interval, ...]]:
    """Intervals of the gold and of the answer; a side that names no year takes the other side's."""
    golds = date_phrases.find(gold)
    year = next((_year(interval) for interval in golds if not interval.yearless), None)
    answers = date_phrases.find(answer, year)
    if golds and year is None:
        year = next((_year(interval) for interval in answers if not interval.yearless), None)
        golds, answers = date_phrases.find(gold, year), date_phrases.find(answer, year)
    return golds, answers


def _year(interval: Interval) -> int:
    from datetime import date

    return date.fromordinal((interval.start + interval.end) // 2).year


def _fits(offset: float, gold: Interval) -> bool:
    """Whether a phrase without an anchor can mean the gold: years counted back from ``date_phrases.DEFAULT_YEAR``, give
    or take one.
    """
    years = date_phrases.DEFAULT_YEAR + offset / 365.25 - _year(gold)
    return abs(years) <= 1.2 if abs(offset) > 200 else abs(years) <= 1.2 and gold.days <= 31


_RELATIVE = re.compile(r"\b(?:before|after|prior to|following|preceding|week of|weekend of|last|next|few|around)\b")
"""A gold that tells its date through another one ("the Friday before 20 May 2023"): judges take dates a few days off
for it.
"""


def _stretch(days: float) -> str:
    """Which stretch people count in: days, weeks, months or years."""
    return "year" if days > 80 else "month" if days >= 20 else "week" if days >= 4 else "day"


def _same_kind(offset: float, gold: Interval, gold_is_relative: bool) -> bool:
    """Whether a phrase without an anchor counts in the gold's stretch ("last year" for 2022); days only for a gold told
    through another.
    """
    kind = _stretch(abs(offset))
    return (kind == _stretch(gold.days) and kind != "day") or (gold_is_relative and kind in ("day", "week"))


def date_features(pair: Pair) -> dict[str, float]:
    """All features of dates, by name; 0 where the gold names none."""
    golds, answers = gold_dates(pair.gold, pair.answer)
    names = (
        "date_overlap",
        "date_inside",
        "date_cover",
        "date_equal",
        "date_gap",
        "date_near",
        "date_coarser",
        "date_finer",
        "date_year",
        "date_month",
        "date_first",
        "date_open",
        "date_week",
        "date_far",
        "relative_fits",
        "relative_kind",
        "loose_near",
        "exact_near",
    )
    out: dict[str, float] = dict.fromkeys(names, 0.0)
    out["gold_date"] = float(bool(golds))
    out["date_none"] = float(bool(golds) and not answers)
    loose = date_phrases.relative(pair.answer) if golds and not answers else ()
    out["date_relative"] = float(bool(loose))
    gold_is_relative = bool(golds) and bool(_RELATIVE.search(date_phrases.normalise(pair.gold)))
    out["gold_told"] = float(gold_is_relative)
    out["relative_kind"] = float(any(_same_kind(offset, gold, gold_is_relative) for offset in loose for gold in golds))
    out["relative_fits"] = float(any(_fits(offset, gold) for offset in loose for gold in golds))
    if not (golds and answers):
        return out
    _, gold, answer = _shift(golds, answers)
    shared = min(gold.end, answer.end) - max(gold.start, answer.start) + 1
    gap = max(0, 1 - shared)
    ratio = math.log(answer.days / gold.days)
    out["date_overlap"] = float(shared > 0)
    out["date_inside"] = max(shared, 0) / answer.days
    out["date_cover"] = max(shared, 0) / gold.days
    out["date_equal"] = max(shared, 0) / max(gold.days, answer.days)
    out["date_gap"] = min(math.log1p(gap) / 6, 1.5)
    out["loose_near"], out["exact_near"] = (
        float(gold_is_relative and 0 < gap <= 9),
        float(not gold_is_relative and 0 < gap <= 9),
    )
    out["date_near"] = float(0 < gap <= 2)
    out["date_week"] = float(2 < gap <= 8)
    out["date_far"] = float(gap > 60)
    out["date_coarser"] = max(ratio, 0) / 6
    out["date_finer"] = max(-ratio, 0) / 6
    out["date_year"] = float(_year(gold) == _year(answer))
    out["date_month"] = float(abs((gold.start + gold.end) - (answer.start + answer.end)) / 2 <= 31)
    first = _shift(golds, answers[:1])[0]
    out["date_first"] = float(first > 0)
    out["date_open"] = float(answer.open)
    return out
