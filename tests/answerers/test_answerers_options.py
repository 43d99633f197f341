"""The embedded reader before a multiple-choice question."""

from __future__ import annotations

from eval.answerers.prompts import put
from eval.answerers.reader import ABSTENTION, Reader
from eval.core.types import AnswerTask
from memos.embed.mock import Mock

CONTEXT = (
    "9:00 am on 1 May, 2024 | Ann: I stopped drinking coffee, green tea suits me better now.\n"
    "9:05 am on 1 May, 2024 | Ben: The weather is awful today."
)
OPTIONS = ("She likes black coffee in the morning", "She prefers green tea", "She drinks orange juice at lunch")


def _task(context: str = CONTEXT) -> AnswerTask:
    return AnswerTask("What does Ann like to drink?", context, ("Ann", "Ben"), options=OPTIONS)


def _answer(reader: Reader, task: AnswerTask) -> str:
    return next(iter(reader.answer([task])))[1].text


def test_the_reader_chooses_the_option_that_the_context_supports():
    assert _answer(Reader(), _task()) == OPTIONS[1]


def test_the_reader_chooses_none_where_nothing_supports_any():
    assert _answer(Reader(), _task("")) == ABSTENTION
    assert _answer(Reader(), _task("9:00 am on 1 May, 2024 | Ben: Hello.")) == ABSTENTION


def test_an_embedder_has_its_say():
    reader = Reader(Reader.Config(use_embedder=True), embedder=Mock())
    assert _answer(reader, _task()) in OPTIONS


def test_a_model_reads_the_instruction_before_the_question_and_the_options_after_it():
    task = AnswerTask("Which?", "", ("A", "B"), options=("x", "y"), instruction="The newest fact counts.")
    assert put(task).splitlines()[:4] == ["The newest fact counts.", "Which?", "(a) x", "(b) y"]
