"""The extractive reader on a synthetic dialogue: each type of question, abstention, determinism."""

import dataclasses

import pytest

from eval.answerers.question import analyse
from eval.answerers.reader import ABSTENTION, Reader
from eval.core.types import AnswerTask
from memos.errors import ConfigError

PEOPLE = ("Ada", "Bo")
TALK = """9:30 am on 18 March, 2021 | Ada: Hi Bo! I adopted a donkey named Pickle last Friday.
9:30 am on 18 March, 2021 | Bo: Wow, congrats! I moved to Lisbon for a new job as a glassblower.
9:30 am on 18 March, 2021 | Ada: Great! How long have you been blowing glass?
9:30 am on 18 March, 2021 | Bo: I've been blowing glass for six years now.
7:00 pm on 2 May, 2021 | Ada: I bought three beehives yesterday, because I want fresh honey.
7:00 pm on 2 May, 2021 | Bo: I never drink coffee, it makes me nervous.
7:00 pm on 2 May, 2021 | Ada: My aunt Tilda taught me to play the accordion.
7:00 pm on 9 June, 2021 | Ada: For my garden I planted lavender.
7:00 pm on 9 June, 2021 | Ada: Also planted tulips in the garden."""


@pytest.fixture(scope="module")
def reader():
    return Reader(Reader.Config())


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("When did Ada adopt a donkey?", "The Friday before 18 March 2021"),
        ("When did Ada buy beehives?", "1 May 2021"),
        ("In which year did Ada buy beehives?", "2021"),
        ("In what month did Ada buy beehives?", "May 2021"),
        ("How long has Bo been blowing glass?", "six years"),
        ("How many beehives did Ada buy?", "three"),
        ("Did Ada adopt a donkey?", "Yes"),
        ("Does Bo drink coffee?", "No"),
        ("Would Bo drink coffee at a meeting?", "Likely no"),
        ("Did Bo move to Lisbon or Paris?", "Lisbon"),
    ],
)
def test_exact(reader, question, expected):
    assert reader.read(question, TALK, PEOPLE) == expected


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("Where did Bo move?", "Lisbon"),
        ("What is the name of Ada's donkey?", "Pickle"),
        ("Who taught Ada to play the accordion?", "Tilda"),
        ("Why did Ada buy beehives?", "honey"),
        ("What instrument does Ada play?", "accordion"),
    ],
)
def test_contains(reader, question, part):
    answer = reader.read(question, TALK, PEOPLE)
    assert part in answer and len(answer.split()) <= 14


def test_list_over_several_lines(reader):
    answer = reader.read("What plants has Ada planted in the garden?", TALK, PEOPLE)
    assert "lavender" in answer and "tulips" in answer and "," in answer


def test_abstains(reader):
    assert reader.read("Where did Bo move?", "", PEOPLE) == ABSTENTION
    assert reader.read("Which submarine does Zoe command?", TALK, PEOPLE) == ABSTENTION


def test_same_twice_and_whatever_came_before(reader):
    questions = ["Where did Bo move?", "When did Ada adopt a donkey?", "What plants has Ada planted in the garden?"]
    tasks = [AnswerTask(question, TALK, PEOPLE) for question in questions]
    first = {index: answer.text for index, answer in reader.answer(tasks)}
    again = {index: answer.text for index, answer in Reader(Reader.Config()).answer(tasks[::-1])}
    assert [first[i] for i in range(3)] == [again[2 - i] for i in range(3)]


def test_reads_memories_as_well_as_transcripts(reader):
    context = "Memories for user Bo:\n- 9:30 am on 18 March, 2021: Moved to Lisbon yesterday to work as a glassblower"
    assert reader.read("When did Bo move to Lisbon?", context, PEOPLE) == "17 March 2021"


def test_prompt_and_hits_do_not_matter(reader):
    task = AnswerTask("Where did Bo move?", TALK, PEOPLE, prompt="memos")
    [(_, one)], [(_, other)] = reader.answer([task]), reader.answer([dataclasses.replace(task, prompt="zep")])
    assert one.text == other.text and one.status == "ok"


def test_identity_follows_what_changes_answers():
    plain = Reader(Reader.Config()).identity()
    assert plain != Reader(Reader.Config(list_items=2)).identity()
    assert plain == Reader(Reader.Config(cache_contexts=2)).identity()


@pytest.mark.parametrize("fields", [{"lines": 0}, {"min_coverage": -1.0}, {"use_embedder": True}])
def test_bad_configuration(fields):
    with pytest.raises(ConfigError, match=next(iter(fields))):
        Reader(Reader.Config(**fields))


@pytest.mark.parametrize(
    ("question", "kind", "listed"),
    [
        ("When did Ada sing?", "when", False),
        ("What year did Ada sing?", "when", False),
        ("How long did Ada sing?", "how_long", False),
        ("How many songs did Ada sing?", "how_many", False),
        ("Who sang with Ada?", "who", False),
        ("Where did Ada sing?", "where", False),
        ("Why did Ada sing?", "why", False),
        ("How did Ada sing?", "how", False),
        ("Did Ada sing?", "yes_no", False),
        ("Would Ada sing in a choir?", "would", False),
        ("What did Ada do at the fair?", "what_do", False),
        ("What song did Ada sing?", "what_noun", False),
        ("What songs did Ada sing?", "what_noun", True),
        ("According to Bo, which song did Ada sing?", "what_noun", False),
        ("What are the names of Ada's bees?", "what", True),
    ],
)
def test_question_types(question, kind, listed):
    view = analyse(question, PEOPLE)
    assert (view.kind, view.is_list) == (kind, listed)


def test_question_knows_people_and_dates():
    view = analyse("What did Ada's sister say to Ada on 4 January, 2021?", PEOPLE)
    assert view.focus == ("Ada",) and [when.day for when in view.dates] == [4] and "ada" not in view.stems
