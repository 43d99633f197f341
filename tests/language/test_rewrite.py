"""First person to third: what is rewritten, and what stays: code, quotations, Roman numerals, other words."""

from datetime import datetime

import pytest

from memos.language.dates_text import resolve
from memos.language.quoting import foreign
from memos.language.rewrite import resolve_self, third_person


def said(text: str) -> str:
    return third_person(text, "Ana", "Bo")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I love tea.", "Ana loves tea."),
        ("I really enjoy my work.", "Ana really enjoys Ana's work."),
        ("I'm glad you told me.", "Ana is glad Bo told Ana."),
        ("I’m glad you told me.", "Ana is glad Bo told Ana."),
        ("I've been busy and I don't sleep.", "Ana has been busy and Ana doesn't sleep."),
        ("I went home, but I will come back.", "Ana went home, but Ana will come back."),
        ("I carry a bag you gave me.", "Ana carries a bag Bo gave Ana."),
        ("Just finished a book.", "Ana just finished a book."),
        ("Looking forward to it.", "Ana is looking forward to it."),
        ("i think i am late", "Ana thinks Ana is late"),
        ("Bo and I went.", "Bo and Ana went."),
        ("It was I.", "It was Ana."),
        ("I...I can't.", "Ana...Ana can't."),
        ("*I* think so, and _my_ dog too.", "*Ana* thinks so, and _Ana's_ dog too."),
        ("(I think so)", "(Ana thinks so)"),
        ("I've lived in the '90s and I love rock 'n' roll.", "Ana has lived in the '90s and Ana loves rock 'n' roll."),
    ],
)
def test_pronouns(text, expected):
    assert said(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "the teacher of World War I and later of others",
        "Henry I was a king.",
        "Elizabeth I ruled long.",
        "King Charles I",
        "Type I diabetes",
        "He has type I diabetes.",
        "stage I cancer",
        "Phase I of the project is done.",
        "Part I",
        "Chapter I is short.",
        "Class I rail",
        "Calculus I was hard.",
        "Pope John Paul I died early.",
        "the Act I finale",
        "Napoleon I of France",
        "a bipolar I disorder",
        "World War I and World War II",
        "I. Introduction",
        "I) first, II) second",
        "She drove on I-95.",
        "the I/O of it",
        "an I.Q. of 100",
        "i.e. the other one",
        "for i in range(10): print(i)",
        "here i = 0 holds",
        "x[i] + i*2",
        "He got an I in class.",
        "iPhone",
        "Rocky I.",
        "Super Bowl I was in 1967.",
        "a Title I school",
        "a Division I team",
        "King Alfred I ruled.",
        "Grade I listed building",
        "Parts I and II",
        "Articles I to III",
        "while i < 10: i += 1",
        "int i = 0; i++",
        "The variable i is bad.",
        "<code>for i in me</code>",
        "the file /home/me/my.cnf",
        "the names my_var, me_too and x.my",
    ],
)
def test_the_numeral_and_the_letter_stay(text):
    assert said(text) == text == resolve_self(text, "Ana")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The type I like is green.", "The type Ana likes is green."),
        ("The book I read was good.", "The book Ana read was good."),
        ("The letter I wrote was long.", "The letter Ana wrote was long."),
        ("I told Henry I was sad.", "Ana told Henry Ana was sad."),
        ("In Porto I met Bo.", "In Porto Ana met Bo."),
        ("Last May I ran.", "Last May Ana ran."),
        ("Yesterday I went home.", "Yesterday Ana went home."),
        ("In World War I my uncle fought and I cried.", "In World War I Ana's uncle fought and Ana cried."),
        ("The part I love is Part I.", "The part Ana loves is Part I."),
        ("When in Rome I eat well.", "When in Rome Ana eats well."),
        ("Wow I love it", "Wow Ana loves it"),
        ("I studied Calculus I last year.", "Ana studied Calculus I last year."),
    ],
)
def test_the_pronoun_behind_a_noun_or_a_name(text, expected):
    assert said(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('She told me "I love you" at the Lisbon station.', 'She told Ana "I love you" at the Lisbon station.'),
        ("She told me “I love you” and I cried.", "She told Ana “I love you” and Ana cried."),
        ("I said 'I love my dog' to her.", "Ana said 'I love my dog' to her."),
        ("He wrote «my house» on my door.", "He wrote «my house» on Ana's door."),
        ('My sign says "My house. My rules." in red.', 'Ana\'s sign says "My house. My rules." in red.'),
        ("He said: I love you all.", "He said: I love you all."),
        ("She was like: I can't do my work.", "She was like: I can't do my work."),
        ("> I hate my job", "> I hate my job"),
        ("I use `my_i = i + me` in my code.", "Ana uses `my_i = i + me` in Ana's code."),
        (
            "My loop:\n```python\nfor i in my_list:\n    print(i, me)\n```\nI like it.",
            "Ana's loop:\n```python\nfor i in my_list:\n    print(i, me)\n```\nAna likes it.",
        ),
        ("My loop:\n~~~\nI = my + me\n~~~", "Ana's loop:\n~~~\nI = my + me\n~~~"),
        ("My unclosed:\n```\nI = me", "Ana's unclosed:\n```\nI = me"),
        (
            "See https://me.com/my/i for my stuff, or write me@my.org.",
            "See https://me.com/my/i for Ana's stuff, or write me@my.org.",
        ),
    ],
)
def test_code_and_quotations_stay(text, expected):
    assert said(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I love my parents' house and I'd stay.", "Ana loves Ana's parents' house and Ana would stay."),
        ("'Cause I love goin' there with my dog.", "'Cause Ana loves goin' there with Ana's dog."),
        ('I bought a 12" pizza for me and a 14" one.', 'Ana bought a 12" pizza for Ana and a 14" one.'),
        ("It's the dogs' food and I'm out.", "It's the dogs' food and Ana is out."),
        ("I work 9 > 5 and I like it.", "Ana works 9 > 5 and Ana likes it."),
    ],
)
def test_marks_that_open_no_quotation(text, expected):
    assert said(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We went to a gold mine.", "We went to a gold mine."),
        ("That cat of mine is old.", "That cat of Ana's is old."),
        ("Oh my God, it rains.", "Oh my God, it rains."),
        ("She lives in Portland, ME with her dog.", "She lives in Portland, ME with her dog."),
        ("This is mine.", "This is Ana's."),
    ],
)
def test_other_words(text, expected):
    assert said(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What did I read about World War I?", "What did Ana read about World War I?"),
        ("When I am with my dog I have fun.", "When Ana is with Ana's dog Ana has fun."),
        ("I'm me and I’ve myself", "Ana is Ana and Ana has Ana"),
        ('Who told me "I love you"?', 'Who told Ana "I love you"?'),
        ("Where did I say `my = i`?", "Where did Ana say `my = i`?"),
    ],
)
def test_a_question_keeps_its_verbs(text, expected):
    assert resolve_self(text, "Ana") == expected


def test_spans_are_in_order_and_apart():
    spans = foreign('a `b` "c" said he: “d” and http://e.f/g\n> h')
    assert spans == tuple(sorted(spans)) and all(a[1] <= b[0] for a, b in zip(spans, spans[1:], strict=False))
    assert foreign("no marks at all") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I ran yesterday.", "I ran on 9 May 2023."),
        ("We met last night", "We met on the night of 9 May 2023"),
        ("It was three days ago.", "It was on 7 May 2023."),
        ("two weeks ago", "two weeks before 10 May 2023"),
        ("a month ago", "in April 2023"),
        ("five years ago", "in 2018"),
        ("last Friday", "on Friday 5 May 2023"),
        ("last Wednesday", "on Wednesday 3 May 2023"),
        ("next Monday", "on Monday 15 May 2023"),
        ("since last year", "since 2022"),
        ("last week", "in the week before 10 May 2023"),
        ("next month", "in June 2023"),
        ("last summer", "in the summer of 2022"),
        ("last weekend", "on the weekend of 6 May 2023"),
        ("next December", "in December 2023"),
        ("a few days ago", "a few days before 10 May 2023"),
        ("nothing dated", "nothing dated"),
    ],
)
def test_relative_dates(text, expected):
    assert resolve(text, datetime(2023, 5, 10, 13, 0))[0] == expected


def test_dates_without_a_session_time_stay():
    assert resolve("I ran yesterday.", None) == ("I ran yesterday.", None)


def test_month_arithmetic_at_the_year_end():
    assert resolve("last month", datetime(2023, 1, 31))[0] == "in December 2022"
    assert resolve("next month", datetime(2023, 12, 31))[0] == "in January 2024"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I ran yesterday.", "I ran on 16 May 2023."),
        ("since last Friday", "since Friday 12 May 2023"),
        ("We leave on Saturday.", "We leave on Saturday 20 May 2023."),
        ("We left on Saturday.", "We left on Saturday 13 May 2023."),
        ("I bought it twenty-five days ago.", "I bought it on 22 April 2023."),
        ("I adopted her 1.5 years ago.", "I adopted her in November 2021."),
        ("a week or two ago", "a week or two before 17 May 2023"),
        ("a couple of weeks ago", "a couple of weeks before 17 May 2023"),
        ("in the last week of May", "in the last week of May"),
        ("I've lived here for the last three years.", "I've lived here for the last three years."),
        ("I finished it in two days.", "I finished it in two days."),
        ("over the last weekend", "on the weekend of 13 May 2023"),
        ("next quarter", "in Q3 2023"),
        ("He'll be here by June.", "He'll be here by June 2023."),
        ("The song was written by June.", "The song was written by June."),
        ("We met on the 5th.", "We met on 5 May 2023."),
        ("The party is on 12 May.", "The party is on 12 May 2023."),
        ("It was on 12 May 2022.", "It was on 12 May 2022."),
    ],
)
def test_relative_dates_become_absolute(text, expected):
    assert resolve(text, datetime(2023, 5, 17, 13, 56))[0] == expected
