"""Relative and absolute times: intervals, directions, edges of the calendar."""

from datetime import datetime, timedelta, timezone

import pytest

from memos.language.dates import durations, explicit, find, named_months
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
COUNTED = [
    ("I adopted her 1.5 years ago.", "2021-11-01", "2021-12-01"),
    ("I adopted her 1,5 years ago.", "2021-11-01", "2021-12-01"),
    ("1½ years ago", "2021-11-01", "2021-12-01"),
    ("one and a half years ago", "2021-11-01", "2021-12-01"),
    ("a year and a half ago", "2021-11-01", "2021-12-01"),
    ("two-and-a-half years ago", "2020-11-01", "2020-12-01"),
    ("half a year ago", "2022-11-01", "2022-12-01"),
    ("3 1/2 years ago", "2019-11-01", "2019-12-01"),
    ("2.5 weeks ago", "2023-04-30", "2023-05-01"),
    ("twenty-five days ago", "2023-04-22", "2023-04-23"),
    ("twenty five days ago", "2023-04-22", "2023-04-23"),
    ("seventy two days ago", "2023-03-06", "2023-03-07"),
    ("We met twenty-one years ago.", "2002-01-01", "2003-01-01"),
    ("one hundred and twenty days ago", "2023-01-17", "2023-01-18"),
    ("a hundred years ago", "1923-01-01", "1924-01-01"),
    ("1,000 days ago", "2020-08-20", "2020-08-21"),
    ("a couple of weeks ago", "2023-05-01", "2023-05-08"),
    ("a couple weeks ago", "2023-05-01", "2023-05-08"),
    ("a few days ago", "2023-05-14", "2023-05-15"),
    ("a dozen years ago", "2011-01-01", "2012-01-01"),
    ("5-6 years ago", "2017-01-01", "2019-01-01"),
    ("two or three days ago", "2023-05-14", "2023-05-16"),
    ("a week or two ago", "2023-05-01", "2023-05-15"),
    ("2 years, 3 months ago", "2021-02-01", "2021-03-01"),
    ("3 months and 2 weeks ago", "2023-01-30", "2023-02-06"),
    ("2 wks ago", "2023-05-01", "2023-05-08"),
    ("a fortnight ago", "2023-05-01", "2023-05-08"),
    ("a decade ago", "2013-01-01", "2014-01-01"),
    ("a year ago today", "2022-05-17", "2022-05-18"),
    ("a week from tomorrow", "2023-05-25", "2023-05-26"),
    ("two weeks from now", "2023-05-29", "2023-06-05"),
    ("the week before last", "2023-05-01", "2023-05-08"),
    ("the weekend after next", "2023-06-03", "2023-06-05"),
]
WRITTEN = [
    ("5/8/2023", "2023-05-08"),
    ("2023/05/08", "2023-05-08"),
    ("2023.05.08", "2023-05-08"),
    ("2023-5-8", "2023-05-08"),
    ("8.5.2023", "2023-05-08"),
    ("08.05.2023", "2023-05-08"),
    ("13/01/2021", "2021-01-13"),
    ("5/8/23", "2023-05-08"),
    ("12-May-2023", "2023-05-12"),
    ("6/Jan/2021", "2021-01-06"),
    ("12. May 2023", "2023-05-12"),
    ("Sept. 5 2023", "2023-09-05"),
    ("the eleventh of May 2023", "2023-05-11"),
    ("June twenty-first, 2022", "2022-06-21"),
    ("May the fourth", "2023-05-04"),
    ("on the 5th day of June", "2023-06-05"),
    ("twenty-second of June", "2023-06-22"),
    ("MAY 5 WAS NICE", "2023-05-05"),
    ("born march 5", "2023-03-05"),
    ("on may 12th we left", "2023-05-12"),
    ("the party is on 12 may.", "2023-05-12"),
    ("9 sep", "2023-09-09"),
    ("Feb 29 2024", "2024-02-29"),
    ("29 February", "2024-02-29"),
]
PERIODS = [
    ("Q3 2022", "2022-07-01", "2022-10-01", "quarter"),
    ("in the third quarter of 2022", "2022-07-01", "2022-10-01", "quarter"),
    ("last quarter", "2023-01-01", "2023-04-01", "quarter"),
    ("next quarter", "2023-07-01", "2023-10-01", "quarter"),
    ("two quarters ago", "2022-10-01", "2023-01-01", "quarter"),
    ("in Q2", "2023-04-01", "2023-07-01", "quarter"),
    ("in the 1990s", "1990-01-01", "2000-01-01", "decade"),
    ("in the '90s", "1990-01-01", "2000-01-01", "decade"),
    ("summer 2019", "2019-06-01", "2019-09-01", "season"),
    ("in the winter of 2021", "2021-12-01", "2022-03-01", "season"),
    ("June '22", "2022-06-01", "2022-07-01", "month"),
    ("mid-June", "2023-06-01", "2023-07-01", "month"),
    ("from May to July 2022", "2022-05-01", "2022-08-01", "span"),
    ("May 5-7", "2023-05-05", "2023-05-08", "span"),
    ("5 to 7 June 2022", "2022-06-05", "2022-06-08", "span"),
    ("for the last three years", "2020-05-17", "2023-05-18", "span"),
    ("in the last three years", "2020-05-17", "2023-05-18", "span"),
    ("over the past month", "2023-04-17", "2023-05-18", "span"),
    ("during the last week", "2023-05-10", "2023-05-18", "span"),
    ("these last few days", "2023-05-14", "2023-05-18", "span"),
    ("in the next few days", "2023-05-17", "2023-05-21", "span"),
    ("over the last weekend", "2023-05-13", "2023-05-15", "weekend"),
]


def only(text: str, now: datetime = NOW) -> tuple[str | None, str | None]:
    mentions = find(text, now)
    assert len(mentions) < 2, mentions
    return (f"{mentions[0].start:%Y-%m-%d}", f"{mentions[0].end:%Y-%m-%d}") if mentions else (None, None)


@pytest.mark.parametrize(("text", "start", "end"), CASES + COUNTED)
def test_interval(text, start, end):
    assert only(text) == (start, end)


@pytest.mark.parametrize(("text", "day"), WRITTEN)
def test_written_days(text, day):
    assert only(text)[0] == day
    assert find(text, NOW)[0].grain == "day"


@pytest.mark.parametrize(("text", "start", "end", "grain"), PERIODS)
def test_periods_and_spans(text, start, end, grain):
    assert only(text) == (start, end)
    assert find(text, NOW)[0].grain == grain


@pytest.mark.parametrize(
    "text",
    [
        "30 Feb",
        "Feb 29 2023",
        "2023-02-30",
        "31 April",
        "192.168.1.2023",
        "v1.5 years of work",
        "24/7",
        "1/2",
        "Q5 2022",
        "umpteen years",
        "sixty-odd years ago",
        "20-something years ago",
        "5 minutes ago",
        "2000 people came",
        "in my 90s",
    ],
)
def test_no_dates(text):
    assert find(text, NOW) == []


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("We will go hiking on Saturday.", "20"),
        ("We went hiking on Saturday.", "13"),
        ("See you on Saturday!", "20"),
        ("Let's meet on Saturday", "20"),
        ("The concert is on Saturday", "20"),
        ("I had dinner on Saturday", "13"),
        ("I'm meeting her on Saturday", "20"),
        ("I saw her on Saturday", "13"),
        ("She leaves on Saturday", "20"),
        ("She left on Saturday", "13"),
        ("Are you free on Saturday?", "20"),
        ("What did you do on Saturday?", "13"),
        ("Call me on Saturday.", "20"),
        ("I didn't have time on Saturday", "13"),
        ("I can't come on Saturday", "20"),
        ("I want to go on Saturday", "20"),
        ("I'd like to go on Saturday", "20"),
        ("I was going to go on Saturday", "13"),
        ("We've planned a trip on Saturday", "20"),
        ("I've been ill since Saturday", "13"),
        ("Let me know by Saturday", "20"),
        ("I'll be here until Saturday", "20"),
        ("We worked until Saturday", "13"),
        ("On Saturday, we went hiking", "13"),
        ("I was tired because I went hiking on Saturday", "13"),
        ("I told her that we will go on Saturday", "20"),
        ("We'll have dinner and go hiking on Saturday", "20"),
        ("I'm so glad you came on Saturday", "13"),
        ("last Saturday", "13"),
        ("this past Saturday", "13"),
        ("next Saturday", "20"),
        ("this coming Saturday", "20"),
        ("this Saturday", "20"),
        ("We met this Saturday", "13"),
        ("I'm going this Saturday", "20"),
        ("coming Saturday", "20"),
        ("last Sat", "13"),
        ("Saturday last week", "13"),
        ("on Saturday next week", "27"),
        ("last week on Saturday", "13"),
    ],
)
def test_weekdays_follow_the_phrase_and_the_tense(text, first):
    assert only(text)[0] == f"2023-05-{first}"


@pytest.mark.parametrize("day", range(14))
@pytest.mark.parametrize("name", ["Monday", "Wednesday", "Friday", "Sunday"])
def test_weekdays_on_every_day(day, name):
    now = datetime(2023, 12, 25, 9) + timedelta(days=day)
    last, coming, past = (find(text, now)[0].start for text in (f"last {name}", f"next {name}", f"I ran on {name}"))
    assert last < datetime(now.year, now.month, now.day) < coming
    assert last == past and (coming - last).days in (7, 14)
    assert {f"{moment:%A}" for moment in (last, coming, past)} == {name}


@pytest.mark.parametrize(
    "text", ["on Saturday mornings I swim", "on Saturdays", "this sat on the shelf", "the sun was up", "on sun I rest"]
)
def test_no_weekdays(text):
    assert find(text, NOW) == []


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("We're going to Spain in December", "2023-12-01"),
        ("We went to Spain in December", "2022-12-01"),
        ("We went in June", "2022-06-01"),
        ("We will go in April", "2024-04-01"),
        ("We went in May", "2023-05-01"),
        ("I have been here since June", "2022-06-01"),
        ("We went on 24 June", "2022-06-24"),
        ("I'll come on 3 March", "2024-03-03"),
        ("this March was cold", "2023-03-01"),
        ("we painted this weekend", "2023-05-13"),
        ("we paint this weekend", "2023-05-20"),
        ("We'll meet on the 11th", "2023-06-11"),
        ("We met on the 11th", "2023-05-11"),
        ("We met on the 20th", "2023-04-20"),
        ("I flew on the 31st of last month", None),
        ("I flew on the 30th of last month", "2023-04-30"),
    ],
)
def test_years_and_months_follow_the_tense(text, start):
    assert only(text)[0] == start


@pytest.mark.parametrize(
    ("text", "now", "start", "end"),
    [
        ("a month ago", datetime(2023, 3, 31), "2023-02-01", "2023-03-01"),
        ("last month", datetime(2023, 1, 31), "2022-12-01", "2023-01-01"),
        ("next month", datetime(2023, 12, 31), "2024-01-01", "2024-02-01"),
        ("a year ago today", datetime(2024, 2, 29), "2023-02-28", "2023-03-01"),
        ("yesterday", datetime(2024, 3, 1), "2024-02-29", "2024-03-01"),
        ("tomorrow", datetime(2023, 12, 31, 23), "2024-01-01", "2024-01-02"),
        ("three days ago", datetime(2023, 1, 2), "2022-12-30", "2022-12-31"),
        ("last week", datetime(2023, 1, 3), "2022-12-26", "2023-01-02"),
        ("this winter", datetime(2023, 1, 15), "2022-12-01", "2023-03-01"),
        ("last winter", datetime(2023, 1, 15), "2021-12-01", "2022-03-01"),
        ("next winter", datetime(2023, 1, 15), "2023-12-01", "2024-03-01"),
        ("last quarter", datetime(2023, 2, 1), "2022-10-01", "2023-01-01"),
        ("in December", datetime(2023, 1, 10), "2022-12-01", "2023-01-01"),
        ("in January", datetime(2023, 12, 10), "2024-01-01", "2024-02-01"),
        ("on 30 December", datetime(2024, 1, 2), "2023-12-30", "2023-12-31"),
        ("for the last month", datetime(2023, 3, 31), "2023-02-28", "2023-04-01"),
        ("half a year ago", datetime(2023, 8, 31), "2023-02-01", "2023-03-01"),
    ],
)
def test_edges_of_months_and_years(text, now, start, end):
    assert only(text, now) == (start, end)


def test_of_an_aware_time_the_wall_clock_counts():
    aware = datetime(2023, 5, 17, 23, 30, tzinfo=timezone(timedelta(hours=9)))
    for text in (
        "yesterday",
        "last summer",
        "this winter",
        "last Friday",
        "in two weeks",
        "for the last year",
        "in December",
    ):
        assert find(text, aware) == find(text, aware.replace(tzinfo=None))
        assert find(text, aware)[0].start.tzinfo is None


def test_relative_times_need_the_time_of_speaking():
    assert find("yesterday, last week and two years ago, on the 5th, in May") == []
    assert [say(m) for m in find("on 3 June 2022 and in 2019")] == ["3 June 2022", "2019"]


def test_mentions_are_in_order_and_do_not_overlap():
    mentions = find("Last May, then on 2 June 2022, then two days ago and again last May.", NOW)
    ends = [(m.at, m.at + len(m.text)) for m in mentions]
    assert len(mentions) == 4 and all(a[1] <= b[0] for a, b in zip(ends, ends[1:], strict=False))


@pytest.mark.parametrize(
    "text",
    [
        "999 years ago",
        "in 999 years",
        "0 days ago",
        "99 June 2020",
        "last",
        "ago ago ago",
        "last winter",
        "two thousand years ago",
        "in the last 400 years",
        "the 31st",
        "on 29 February",
        "9999-12-31",
        "a million years ago",
        "next decade",
        "½ ago",
    ],
)
def test_no_text_raises(text):
    for mention in find(text, datetime(1, 1, 2)) + find(text, datetime(9999, 12, 30)) + find(text, NOW):
        assert mention.start < mention.end


@pytest.mark.parametrize(
    "text", ["a few days ago", "5-6 years ago", "about two years ago", "in early May", "over a decade ago"]
)
def test_vague(text):
    assert find(text, NOW)[0].vague


@pytest.mark.parametrize(
    "text",
    [
        "2:05 pm on 18 March, 2021",
        "2021-03-18T14:05:00+00:00",
        "2021-03-18 14:05",
        "March 18, 2021 2:05 pm",
        "2021/03/18 14:05 UTC",
    ],
)
def test_timestamps(text):
    assert [(start, end, when) for start, end, when in explicit(text)] == [(0, len(text), datetime(2021, 3, 18, 14, 5))]


def test_impossible_dates_are_no_dates():
    assert explicit("31 February 2021 and 2021-13-40") == []


def test_durations():
    text = "I swam for three hours, 2 weeks in a row, twenty-one days; she is 5 years old"
    assert [text[start:end] for start, end in durations(text)] == ["three hours", "2 weeks", "twenty-one days"]


def test_months_that_a_question_names():
    assert named_months("What did Ana do in May 2022 and in June?") == ((5, 2022), (6, None))
    assert named_months("What may Ana do next?") == () == named_months("What did May Chen say?")
