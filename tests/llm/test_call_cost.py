"""Work that a call of a model makes once: its text, its schema's validator; what it gives is what it gave."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace

import pytest

from memos.llm import wire
from memos.llm.base import Request
from memos.llm.cache import CachedLLM
from memos.llm.mock import MockLLM
from memos.llm.schema import problems
from memos.llm.wire import canonical, request_key, request_to_dict
from memos.remembered import Remembered
from memos.types import Message

SCHEMA = {"type": "object", "properties": {"facts": {"type": "array"}}, "required": ["facts"]}


@pytest.mark.parametrize("identity", [{}, {"model": "é", "z": 1, "a": [1, {"y": 2, "b": None}]}])
def test_a_key_is_that_of_identity_and_request_together(identity):
    request = Request((Message("user", 'a "quoted" \ud800 text'),), json_schema=SCHEMA, stop=("x",), sample_index=3)
    whole = canonical({"llm": identity, "request": request_to_dict(request)})
    assert request_key(identity, request) == hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
    assert request_key(identity, replace(request, seed=1)) != request_key(identity, request)


def test_a_request_is_written_out_once_on_its_way(tmp_path, monkeypatch):
    """However many layers look it up."""
    asked: list[Request] = []
    text = Remembered(lambda request: asked.append(request) or canonical(request_to_dict(request)), 8)
    monkeypatch.setattr(wire, "request_text", text)
    llm = CachedLLM(CachedLLM(MockLLM(), tmp_path / "inner.sqlite"), tmp_path / "outer.sqlite")
    request = Request((Message("user", "hello"),))
    first = llm.complete(request)
    assert llm.complete(request).text == first.text and llm.hits == 1 and asked == [request]


def test_one_object_is_one_and_an_equal_one_another():
    made: list[list[int]] = []
    size = Remembered(lambda numbers: made.append(numbers) or len(numbers), 2)
    first, second, third = [1, 2], [1, 2], [3]
    assert [size(numbers) for numbers in (first, second, first, third, second)] == [2, 2, 2, 1, 2]
    assert [id(numbers) for numbers in made] == [id(first), id(second), id(third)]
    size(first)  # it was the oldest of more than two
    assert len(made) == 4


def test_threads_share_a_validator_and_see_the_same_faults():
    seen: list[list[str]] = []
    threads = [threading.Thread(target=lambda: seen.append(problems({"facts": 1}, SCHEMA))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [["$.facts: 1 is not of type 'array'"]] * 8 and problems({"facts": []}, SCHEMA) == []
