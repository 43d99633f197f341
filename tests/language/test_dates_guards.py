"""Words that look like times and are none: verbs, people, adjectives, lengths of time, titles, other languages."""

from datetime import datetime

import pytest

from memos.language.dates import find

NOW = datetime(2023, 5, 24, 14)  # a Wednesday


def texts(text: str) -> list[str]:
    return [mention.text for mention in find(text, NOW)]


@pytest.mark.parametrize(
    "text",
    [
        "At least 12 may come to the party.",
        "Apartment 3 may be free soon.",
        "Around 30 may attend the event.",
        "Only 20 may enter.",
        "Room 5 may not be free.",
        "We march 12 miles every day.",
        "They will march 5 blocks.",
        "Troops march 20 kilometers daily.",
        "March 3 people to the front!",
        "May 5 of you come forward?",
        "You may 3 times a day take it.",
        "I may 2 times out of three.",
        "May 2023 be kind to you!",
        "AT LEAST 12 MAY COME",
        "This may be fun.",
        "this may take a while",
        "The last may be first.",
        "the next march is long",
        "in the march",
        "About 5 march every week.",
        "It may 12 degrees be.",
        "may I come?",
        "We march on.",
        "The 5th may work.",
    ],
)
def test_verbs(text):
    assert texts(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "The song was written by June.",
        "I stayed by Jan's house.",
        "a poem by April",
        "a photo by May",
        "He was hired by April Jones.",
        "by May Chen",
        "They were helped by Jan.",
        "since April called me",
        "since May left me",
        "before June came",
        "I believe in June.",
        "I saw it in June's garden.",
        "in April O'Neil's office",
        "I sat by June.",
        "Stop by June's place.",
        "The gift is from June.",
        "a letter from April",
        "until June arrived",
        "I talked to April.",
        "June said it would rain.",
        "I live with August.",
        "I met May Chen.",
        "an august body",
        "in august company",
        "this august assembly",
        "around April Jones",
    ],
)
def test_people_and_adjectives(text):
    assert texts(text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("We'll finish it by June.", "by June"),
        ("The report must be written by June.", "by June"),
        ("We moved by June.", "by June"),
        ("by April we had moved", "by April"),
        ("since May I have been ill", "since May"),
        ("In May Ana moved to Porto.", "In May"),
        ("I moved in august.", "in august"),
        ("early in June", "early in June"),
        ("We waited until June.", "until June"),
        ("We march in June.", "in June"),
        ("May I come in May?", "in May"),
        ("from May to July", "from May to July"),
        ("this March was cold", "this March"),
        ("next may", "next may"),
        ("March 12 was cold.", "March 12"),
        ("on march 5 I left", "march 5"),
        ("The party is on 12 May.", "12 May"),
        ("end of May", "end of May"),
    ],
)
def test_months_all_the_same(text, said):
    assert texts(text) == [said]


@pytest.mark.parametrize(
    "text",
    [
        "I finished the novel in two days.",
        "I read the whole series in 2 weeks.",
        "We haven't talked in a few days.",
        "He recovered in a week.",
        "Rome wasn't built in a day.",
        "We built it in three months.",
        "She hasn't slept in two days.",
        "I've read three books in a month.",
        "I learned it in a year.",
        "In two weeks I finished it.",
        "Did you finish it in two days?",
        "You can see the city in two days.",
        "We can do it in three days.",
        "I could finish it in a week.",
        "the best meal in two years",
        "My first day off in three weeks",
        "For the first time in ten years I cried.",
        "I run 20 miles in a week.",
        "twice in two weeks",
        "the coldest winter in ten years",
        "for two weeks",
        "I've known her for 10 years.",
        "It lasted two weeks.",
        "within two weeks",
        "two weeks of vacation",
        "a two-week trip",
        "After two weeks, I left.",
        "It took me two months.",
        "Two days later we left.",
        "ten days earlier",
        "It took two days back then.",
        "in 5 minutes",
    ],
)
def test_lengths_of_time(text):
    assert texts(text) == []


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("We leave in two days.", "2023-05-26"),
        ("I'll finish it in two days.", "2023-05-26"),
        ("See you in two weeks!", "2023-06-05"),
        ("I have a test in two days.", "2023-05-26"),
        ("My first exam is in two days.", "2023-05-26"),
        ("I start in a week.", "2023-05-29"),
        ("The wedding is in three months.", "2023-08-01"),
        ("I'm going to read it in two days.", "2023-05-26"),
        ("in two weeks' time", "2023-06-05"),
        ("Are you coming in two days?", "2023-05-26"),
        ("in a couple of days", "2023-05-26"),
        ("in twenty-one days", "2023-06-14"),
        ("We get married in two months.", "2023-07-01"),
    ],
)
def test_times_to_come(text, start):
    assert [f"{mention.start:%Y-%m-%d}" for mention in find(text, NOW)] == [start]


@pytest.mark.parametrize(
    "text",
    [
        "on the 11th floor",
        "the 3rd time",
        "on the 2nd try",
        "in the 5th grade",
        "the 21st century",
        "my 30th birthday",
        "the last week of May",
        "on the last Friday of May",
        "the last quarter of the game",
        "the last quarter mile",
        'I love the song "Yesterday" so much.',
        "“Tomorrow” is a song.",
        "ontem fui ao mar",
        "hace dos semanas fui",
        "上周五我去了",
        "Heute mag ich das Jan-Lied",
        "он придёт в мае",
    ],
)
def test_counted_things_titles_and_other_languages(text):
    assert texts(text) == []
