"""The answer is read out of the reply: thinking, headings and objects around it are no part of it."""

import pytest

from eval.answerers.llm import LLMAnswerer
from eval.answerers.prompts import Prompt
from eval.answerers.replies import answer_of
from eval.core.types import AnswerTask
from memos.llm.mock import MockLLM

PLAIN = [
    (" Lisbon\n", "Lisbon"),
    ("<think>Porto? No, Lisbon.</think>\n\nLisbon", "Lisbon"),
    ("She says Porto first.\n</think>\nLisbon", "Lisbon"),
    ("<think>Porto or", None),
    ("<think></think>", None),
    ("Answer: Lisbon", "Lisbon"),
    ("**Answer:** Lisbon", "Lisbon"),
    ("Final answer: Lisbon", "Lisbon"),
    ("The answer is: Lisbon", "Lisbon"),
    ("First the memories.\nMay is the latest.\nAnswer: 7 May", "7 May"),
    ("Answer:", "Answer:"),
    ("Lisbon\n\nQuestion: What else?\nAnswer: a kite", "Lisbon\n\nQuestion: What else?\nAnswer: a kite"),
    ("The answer to life", "The answer to life"),
    ('{"answer": "Lisbon"}', '{"answer": "Lisbon"}'),
    ("", ""),
]


@pytest.mark.parametrize(("reply", "answer"), PLAIN)
def test_a_reply_in_words(reply, answer):
    assert answer_of(reply) == answer


OBJECTS = [
    ('{"answer": "Lisbon"}', "Lisbon"),
    ('```json\n{"reasoning": "two {places}", "answer": "Lisbon"}\n```', "Lisbon"),
    ('<think>{"answer": "Porto"}</think>{"answer": "Lisbon"}', "Lisbon"),
    ('{"answer": "Porto"} no, {"answer": "Lisbon"}', "Lisbon"),
    ('{"answer": ["tea", "rice"]}', "tea, rice"),
    ('{"answer": 7}', "7"),
    ("{'answer': 'Lisbon'}", "Lisbon"),
    ('{"answer": "Lisb', None),
    ('{"answer": "Lisbon", "why": "cut', "Lisbon"),
    ('{"reply": "Lisbon"}', None),
    ("Lisbon", "Lisbon"),
]


@pytest.mark.parametrize(("reply", "answer"), OBJECTS)
def test_a_reply_in_the_object_that_was_asked_for(reply, answer):
    assert answer_of(reply, asks_json=True) == answer


TASK = AnswerTask("Where did Bo move?", "Bo: I moved to Lisbon.", ("Ada", "Bo"), prompt="rag")


def answered(*replies, **config):
    left = list(replies)
    model = MockLLM(function=lambda request: left.pop(0))
    answerer = LLMAnswerer(LLMAnswerer.Config(**config), llm=model)
    return dict(answerer.answer([TASK]))[0], model


def test_what_the_model_wrote_is_kept_beside_the_answer():
    answer, _ = answered("<think>Porto?</think>Answer: Lisbon")
    assert answer.text == "Lisbon" and answer.raw == "<think>Porto?</think>Answer: Lisbon"
    assert answered("Lisbon")[0].raw == ""


def test_thinking_without_an_answer_is_asked_for_again_and_then_an_error():
    answer, model = answered("<think>Porto", "Lisbon")
    assert (answer.status, answer.text, answer.usage.calls) == ("ok", "Lisbon", 2)
    assert [request.sample_index for request in model.requests] == [0, 1]
    answer, _ = answered("<think>Porto", "<think>Lis", "<think>L")
    assert answer.status == "error" and answer.text == "" and answer.raw == "<think>L"
    assert answer.error.count("\n") == 0 and "answerer.max_tokens" in answer.error


def test_a_prompt_that_shows_an_object_asks_for_one():
    assert Prompt("x", "", 'Reply with {"answer": text}. {question} {context}').asks_json
    assert not Prompt("x", "", "{context} {question} Answer:").asks_json
