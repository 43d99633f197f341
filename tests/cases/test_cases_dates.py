"""Dates: words that look like a date and are none, and dates that are read as another one."""

from __future__ import annotations

from datetime import datetime

import pytest
from case_tools import dated, written_out

OTHER_LANGUAGES = (
    "ontem fui ao mar com a Sol",
    "hace dos semanas fui",
    "上周五我去了",
    "Heute mag ich das Jan-Lied",
    "он придёт в мае",
)


@pytest.mark.parametrize("reader", ["memos", "baselines"])
def test_c01_a_decimal_is_read_whole(reader):
    """wit-ai/wit#1476: "1.5 years ago" becomes five years ago, from the digits after the point."""
    text = "I adopted her 1.5 years ago."
    if reader == "memos":
        assert {day[:4] for day in dated(text)} <= {"2021", "2022"}
    else:
        assert "1.in" not in written_out(text)


@pytest.mark.parametrize(
    "text, right",
    [("I bought it twenty-five days ago.", "2023-04-29"), ("We met twenty-one years ago.", "2002")],
)
def test_c02_a_compound_number_is_read_whole(text, right):
    """joestelmach/natty#206: of "seventy two days ago" only the two is read."""
    assert [day[: len(right)] for day in dated(text)] in ([], [right])


def test_c02_a_compound_number_is_written_out_whole():
    """joestelmach/natty#206: the same where the baselines store it."""
    text = "I bought it twenty-five days ago."
    assert written_out(text) in (text, "I bought it on 29 April 2023.")


@pytest.mark.parametrize(
    "text, right",
    [
        ("At least 12 may come to the party.", []),
        ("Apartment 3 may be free soon.", []),
        ("The party is on 12 May.", ["2023-05-12"]),
    ],
)
def test_c04_the_verb_may_is_no_month(text, right):
    """wanasit/chrono#518, MycroftAI/mycroft-core#2187: a number before the verb makes it a day of May."""
    assert dated(text) == right


@pytest.mark.parametrize(
    "text, right",
    [
        ("I finished the novel in two days.", []),
        ("I read the whole series in 2 weeks.", []),
        ("We haven't talked in a few days.", []),
        ("We leave in two days.", ["2023-05-26"]),
    ],
)
def test_c05_how_long_it_took_is_no_date(text, right):
    """natty-parser/natty#143: after a past or perfect verb "in two days" is a duration, not the day after tomorrow."""
    assert dated(text) == right


@pytest.mark.parametrize(
    "text, right",
    [
        ("We will go hiking on Saturday.", ["2023-05-27"]),
        ("We went hiking on Saturday.", ["2023-05-20"]),
    ],
)
def test_c06_a_weekday_lies_where_the_verb_points(text, right):
    """chhoumann/quickadd#1727: the coming Saturday is taken for the last one."""
    assert dated(text) == right


@pytest.mark.parametrize("now", [datetime(2023, 5, 26, 9), datetime(2023, 5, 24, 14)], ids=["friday", "wednesday"])
def test_c07_last_friday_is_never_today(now):
    """bear/parsedatetime#2, kevinzg/facebook-scraper#268: on a Friday "last Friday" gives that very day."""
    assert dated("I ran last Friday", now) == ["2023-05-19"]
    assert written_out("I ran last Friday", now) == "I ran on Friday 19 May 2023"


def test_c08_a_month_ago_from_the_31st_is_the_month_before():
    """aaronmallen/doing#328: the 31st less one month leaps over February, and 29 February has no day a year ago."""
    end_of_march = datetime(2023, 3, 31)
    assert [day[:7] for day in dated("a month ago", end_of_march)] == ["2023-02"]
    assert written_out("I left a month ago", end_of_march) == "I left in February 2023"
    assert written_out("I left a year ago", datetime(2024, 2, 29)) == "I left in 2023"


@pytest.mark.parametrize("text", OTHER_LANGUAGES)
def test_c09_words_of_other_languages_are_no_dates(text):
    """scrapinghub/dateparser#330: short words of other languages (sol, mag, Jan) are read as English dates."""
    assert dated(text) == []


@pytest.mark.parametrize("text", ["The song was written by June.", "I stayed by Jan's house."])
def test_c10_people_are_named_like_months(text):
    """stanfordnlp/CoreNLP#605: June and Jan after "by" are people here."""
    assert dated(text) == []
