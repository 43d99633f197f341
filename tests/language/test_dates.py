"""Relative and absolute times (C17): the temporal fixture."""

from datetime import datetime

import pytest

from memos.language.dates import find
from memos.language.dates_text import say

NOW = datetime(2023, 5, 17, 13, 56)  # a Wednesday
CASES = [
    ("I ran yesterday", "2023-05-16", "2023-05-17"),
    ("we met today", "2023-05-17", "2023-05-18"),
    ("tonight we cook", "2023-05-17", "2023-05-18"),
    ("see you tomorrow", "2023-05-18", "2023-05-19"),
    ("the day before yesterday it rained", "2023-05-15", "2023-05-16"),
    ("the day after tomorrow I fly", "2023-05-19", "2023-05-20"),
    ("this morning I swam", "2023-05-17", "2023-05-18"),
    ("last night was loud", "2023-05-16", "2023-05-17"),
    ("three days ago", "2023-05-14", "2023-05-15"),
    ("a week ago we argued", "2023-05-08", "2023-05-15"),
    ("two weeks ago", "2023-05-01", "2023-05-08"),
    ("four months ago", "2023-01-01", "2023-02-01"),
    ("six months ago", "2022-11-01", "2022-12-01"),
    ("ten years ago", "2013-01-01", "2014-01-01"),
    ("a year ago", "2022-01-01", "2023-01-01"),
    ("two weekends ago", "2023-05-06", "2023-05-08"),
    ("last week", "2023-05-08", "2023-05-15"),
    ("this week", "2023-05-15", "2023-05-22"),
    ("next week", "2023-05-22", "2023-05-29"),
    ("last weekend", "2023-05-13", "2023-05-15"),
    ("this past weekend", "2023-05-13", "2023-05-15"),
    ("next weekend", "2023-05-27", "2023-05-29"),
    ("last month", "2023-04-01", "2023-05-01"),
    ("next month", "2023-06-01", "2023-07-01"),
    ("last year", "2022-01-01", "2023-01-01"),
    ("next year", "2024-01-01", "2025-01-01"),
    ("last Friday", "2023-05-12", "2023-05-13"),
    ("last Wednesday", "2023-05-10", "2023-05-11"),
    ("next Monday", "2023-05-22", "2023-05-23"),
    ("on Tuesday", "2023-05-16", "2023-05-17"),
    ("this Friday", "2023-05-19", "2023-05-20"),
    ("last summer", "2022-06-01", "2022-09-01"),
    ("last August", "2022-08-01", "2022-09-01"),
    ("last March", "2023-03-01", "2023-04-01"),
    ("in 2016 we married", "2016-01-01", "2017-01-01"),
    ("since 2019", "2019-01-01", "2020-01-01"),
    ("on 3 June, 2022", "2022-06-03", "2022-06-04"),
    ("on June 3rd, 2022", "2022-06-03", "2022-06-04"),
    ("the 3rd of June 2022", "2022-06-03", "2022-06-04"),
    ("in March 2021", "2021-03-01", "2021-04-01"),
    ("in two weeks", "2023-05-29", "2023-06-05"),
    ("in three days", "2023-05-20", "2023-05-21"),
    ("2021-12-31 was cold", "2021-12-31", "2022-01-01"),
    ("in December", "2022-12-01", "2023-01-01"),
    ("on 24 December", "2022-12-24", "2022-12-25"),
    ("31 Feb 2022", None, None),
    ("I may go", None, None),
    ("we march on", None, None),
    ("nothing happened", None, None),
]


def test_at_least_95_percent_resolve_exactly():
    """C17: event time apart from record time."""
    wrong = []
    for text, start, end in CASES:
        found = find(text, NOW)
        got = (f"{found[0].start:%Y-%m-%d}", f"{found[0].end:%Y-%m-%d}") if found else (None, None)
        if got != (start, end):
            wrong.append((text, got))
    assert len(wrong) <= 0.05 * len(CASES), wrong


def test_relative_times_need_the_time_of_speaking():
    assert find("yesterday, last week and two years ago") == []
    assert [say(m) for m in find("on 3 June 2022 and in 2019")] == ["3 June 2022", "2019"]


def test_mentions_are_in_order_and_do_not_overlap():
    found = find("Last May, then on 2 June 2022, then two days ago and again last May.", NOW)
    ends = [(m.at, m.at + len(m.text)) for m in found]
    assert len(found) == 4 and all(a[1] <= b[0] for a, b in zip(ends, ends[1:], strict=False))


@pytest.mark.parametrize("text", ["999 years ago", "in 999 years", "0 days ago", "99 June 2020", "last", "ago ago ago"])
def test_no_text_raises(text):
    for mention in find(text, datetime(1, 1, 2)) + find(text, datetime(9999, 12, 30)):
        assert mention.start < mention.end
