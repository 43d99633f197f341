"""Date phrases resolved to intervals; the phrases are in the shapes that answers use."""

from datetime import date

import pytest

from eval.judges.offline import date_phrases

TABLE = [
    ("9 March 2021", "2021-03-09", "2021-03-09"),
    ("March 9th, 2021", "2021-03-09", "2021-03-09"),
    ("2021-03-09", "2021-03-09", "2021-03-09"),
    ("03/09/2021", "2021-03-09", "2021-03-09"),
    ("9March, 2021.", "2021-03-09", "2021-03-09"),
    ("on the 9th of March 2021 at 8:15 pm", "2021-03-09", "2021-03-09"),
    ("Feburary 3, 2022", "2022-02-03", "2022-02-03"),
    ("April.2022", "2022-04-01", "2022-04-30"),
    ("in May 2020", "2020-05-01", "2020-05-31"),
    ("2019", "2019-01-01", "2019-12-31"),
    ("the summer of 2020", "2020-06-01", "2020-08-31"),
    ("early August 2021", "2021-08-01", "2021-08-12"),
    ("late June, 2021", "2021-06-19", "2021-06-30"),
    ("first week of April 2022", "2022-04-01", "2022-04-07"),
    ("last week of July 2022", "2022-07-25", "2022-07-31"),
    ("first weekend of October 2022", "2022-10-01", "2022-10-02"),
    ("5-6 November 2020", "2020-11-05", "2020-11-06"),
    ("between 26 March and 20 April 2020", "2020-03-26", "2020-04-20"),
    ("September 29 to October 5, 2020", "2020-09-29", "2020-10-05"),
    ("28 December 2020 to 3 January 2021", "2020-12-28", "2021-01-03"),
    ("The Friday before 23January, 2022", "2022-01-21", "2022-01-21"),
    ("the Sunday after 2 March 2022", "2022-03-06", "2022-03-06"),
    ("the weekend before 18 July 2022", "2022-07-16", "2022-07-17"),
    ("two weekends before 18 July 2022", "2022-07-09", "2022-07-10"),
    ("three days before 10 May 2021", "2021-05-07", "2021-05-07"),
    ("few days before 20 May 2021", "2021-05-14", "2021-05-19"),
    ("The week before 9 June 2021", "2021-05-31", "2021-06-08"),
    ("the month before 9 June 2021", "2021-05-01", "2021-05-31"),
    ("two years before 2021", "2019-01-01", "2019-12-31"),
]


@pytest.mark.parametrize(("phrase", "start", "end"), TABLE, ids=[row[0] for row in TABLE])
def test_phrase_resolves_to_its_interval(phrase, start, end):
    dates = date_phrases.find(phrase)
    assert len(dates) == 1, dates
    assert (date.fromordinal(dates[0].start).isoformat(), date.fromordinal(dates[0].end).isoformat()) == (start, end)


@pytest.mark.parametrize(
    "text", ["She may march on.", "He ran 5 miles", "March on, they said", "decide", "no date", "", "31 February 2021"]
)
def test_no_day_is_invented(text):
    assert all(interval.days > 1 for interval in date_phrases.find(text))
    if "February" not in text:
        assert date_phrases.find(text) == ()


def test_a_date_without_a_year_takes_the_callers_and_says_so():
    (day,) = date_phrases.find("13 August", 2019)
    assert day.yearless and date.fromordinal(day.start) == date(2019, 8, 13)


def test_last_week_on_a_date_is_the_seven_days_up_to_it():
    (week,) = date_phrases.find("Last week (on 6 July, 2022)")
    assert week.days == 7 and date.fromordinal(week.end) == date(2022, 7, 6)


def test_phrases_without_an_anchor_are_offsets():
    assert date_phrases.relative("ten years ago") == (-3652.5,)
    assert date_phrases.relative("next week") == (7.0,)
    assert date_phrases.relative("the last week of May") == ()


@pytest.mark.parametrize(
    "junk",
    ["99/99/2021", "0000-00-00", "2021-13-40", "mo13 5", "the the before 2021", "before", "(((", "5 May to 3 May 2021"],
)
def test_junk_never_raises(junk):
    for interval in date_phrases.find(junk):
        assert interval.start <= interval.end
