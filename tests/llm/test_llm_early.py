"""Calls begun before their reply is needed, and the threads that make them."""

from __future__ import annotations

import threading

import pytest

from memos.at_once import Pool, together
from memos.errors import LLMError
from memos.layers import waits_for_a_server
from memos.llm.base import Completion, Request
from memos.llm.cache import CachedLLM
from memos.llm.counted import CountedLLM
from memos.llm.early import EarlyLLM
from memos.llm.mock import MockLLM
from memos.llm.openai import OpenAIChat
from memos.types import Message, Usage


def ask(text: str, **fields) -> Request:
    return Request((Message("user", text),), **fields)


class Gate:
    """A model whose replies wait until the gate is open."""

    name, context_window = "gate", None

    def __init__(self) -> None:
        self.open, self.asked, self.lock = threading.Event(), [], threading.Lock()

    def identity(self):
        return {"model": "gate"}

    def complete(self, request: Request) -> Completion:
        with self.lock:
            self.asked.append(request.messages[-1].content)
        assert self.open.wait(20)
        return Completion(f"reply to {request.messages[-1].content}", "gate", Usage(1, 2, 3))

    def close(self) -> None:
        """Nothing to release."""


def test_calls_begun_early_run_at_once_and_are_counted_when_they_are_taken():
    gate = Gate()
    counted = CountedLLM(EarlyLLM(gate, threads=3))
    early: EarlyLLM = counted.inner
    for number in range(3):
        early.begin(ask(str(number)))
    gate.open.set()
    assert counted.usage == Usage()
    assert [counted.complete(ask(str(number))).text for number in range(3)] == [f"reply to {n}" for n in range(3)]
    assert sorted(gate.asked) == ["0", "1", "2"] and counted.usage == Usage(3, 6, 9)


def test_what_has_not_begun_is_asked_at_once_and_only_once():
    gate = Gate()
    early = EarlyLLM(gate, threads=1)
    for number in range(4):
        early.begin(ask(str(number)))
    taken = together([lambda: early.complete(ask("3")), lambda: gate.open.set() or Completion("", "gate")])
    assert taken[0].text == "reply to 3"
    assert [early.complete(ask(str(n))).text for n in (0, 1, 2)] == [f"reply to {n}" for n in (0, 1, 2)]
    assert sorted(gate.asked) == ["0", "1", "2", "3"]


def test_another_request_is_no_taken_one(tmp_path):
    """Every field of a request counts, as in the response cache; what nobody takes is in the cache."""
    model = MockLLM()
    early = EarlyLLM(CachedLLM(model, tmp_path / "c.sqlite", "write"))
    early.begin(ask("a", json_schema={"type": "object"}))
    early.complete(ask("a"))
    early.complete(ask("a", json_schema={"type": "object"}, sample_index=1))
    assert early.complete(ask("a", json_schema={"type": "object"})).text
    assert len(model.requests) == 3


def test_an_error_is_raised_where_the_reply_is_taken():
    def refuse(request):
        return LLMError("no") if request.messages[-1].content == "bad" else "fine"

    early = EarlyLLM(MockLLM(function=refuse))
    early.begin(ask("bad"))
    assert early.complete(ask("good")).text == "fine"
    with pytest.raises(LLMError, match="no"):
        early.complete(ask("bad"))


def test_dropped_calls_are_never_made():
    gate = Gate()
    early = EarlyLLM(gate, threads=1)
    for number in range(5):
        early.begin(ask(str(number)))
    early.drop()
    gate.open.set()
    assert early._pool.rest(20) and len(gate.asked) <= 1
    assert early.complete(ask("4")).text == "reply to 4"


def test_only_servers_are_waited_for():
    chat = OpenAIChat(OpenAIChat.Config(model="m", base_url="http://127.0.0.1:9/v1", api_key_env=None))
    assert waits_for_a_server(CountedLLM(EarlyLLM(chat)))
    assert not waits_for_a_server(CountedLLM(MockLLM())) and not waits_for_a_server(None)


def test_together_keeps_the_order_and_raises_the_first_error_when_all_have_ended():
    ended, first = [], threading.Event()

    def slow():
        assert first.wait(20)
        ended.append("slow")
        return 1

    def quick():
        first.set()
        ended.append("quick")
        return 2

    assert together([slow, quick]) == [1, 2] and ended == ["quick", "slow"]
    first.clear()

    def fails(text):
        raise ValueError(text)

    with pytest.raises(ValueError, match="one"):
        together([lambda: fails("one"), lambda: fails("two"), quick])
    assert ended[-1] == "quick"
    assert together([lambda: 3], at_once=False) == [3]


def test_a_pool_runs_no_more_at_once_than_it_has_threads_and_drops_what_waits():
    pool, gate, begun = Pool(3, "test"), threading.Event(), threading.Semaphore(0)

    def work():
        begun.release()
        assert gate.wait(20)

    futures = [pool.submit(work) for _ in range(8)]
    assert all(begun.acquire(timeout=20) for _ in range(3)) and not begun.acquire(timeout=0.05)
    assert not pool.rest(0)
    pool.drop()
    gate.set()
    assert pool.rest(20)
    assert sum(future.cancelled() for future in futures) == 5
    again = pool.submit(lambda: "again")
    assert again.result(20) == "again"
