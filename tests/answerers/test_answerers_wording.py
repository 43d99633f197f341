"""Time expressions and their wording, as a table."""

from datetime import datetime

import pytest

from eval.answerers.wording import mentions

SAID = datetime(2021, 3, 18, 14, 5)  # a Thursday

TABLE = [
    ("I baked it yesterday.", "17 March 2021"),
    ("We sang last night!", "17 March 2021"),
    ("It opens today.", "18 March 2021"),
    ("It opens tomorrow.", "19 March 2021"),
    ("She came last Friday.", "The Friday before 18 March 2021"),
    ("She came on Thursday.", "The Thursday before 18 March 2021"),
    ("She comes next Tuesday.", "The Tuesday after 18 March 2021"),
    ("I moved last week.", "The week before 18 March 2021"),
    ("I move next week.", "The week after 18 March 2021"),
    ("I am busy this weekend.", "The weekend of 18 March 2021"),
    ("I fished last weekend.", "The weekend before 18 March 2021"),
    ("I retired last month.", "February 2021"),
    ("I retire next month.", "April 2021"),
    ("We met last year.", "2020"),
    ("We met last summer.", "summer 2020"),
    ("We meet this summer.", "summer 2021"),
    ("We met two weeks ago.", "two weeks before 18 March 2021"),
    ("We met a week ago.", "The week before 18 March 2021"),
    ("We met 3 days ago.", "15 March 2021"),
    ("We met five months ago.", "October 2020"),
    ("We met 10 years ago.", "2011"),
    ("We met a few days ago.", "a few days before 18 March 2021"),
    ("We met a few years ago.", "a few years ago"),
    ("I leave in two months.", "May 2021"),
    ("I started in November.", "November 2020"),
    ("I start in May.", "May 2021"),
    ("It was in 2015.", "2015"),
    ("It was on 4 January 2021.", "4 January 2021"),
    ("It was on January 4th, 2021.", "4 January 2021"),
    ("It is on 4 April.", "4 April 2021"),
    ("It was in June 2019.", "June 2019"),
]


@pytest.mark.parametrize(("text", "phrase"), TABLE)
def test_wording(text, phrase):
    assert [item.phrase for item in mentions(text, SAID)] == [phrase]


def test_last_january_across_the_year():
    assert mentions("I left last month.", datetime(2022, 1, 31))[0].phrase == "December 2021"
    assert mentions("I leave next month.", datetime(2021, 12, 31))[0].phrase == "January 2022"


def test_relative_words_need_an_anchor():
    assert mentions("I baked it yesterday.", None) == ()
    assert mentions("I baked it on 4 January 2021.", None)[0].phrase == "4 January 2021"


def test_offsets_point_at_the_words():
    text = "Well, last Friday we sang, and yesterday we slept."
    assert [text[item.start : item.end] for item in mentions(text, SAID)] == ["last Friday", "yesterday"]
