"""Equal requests at the same time are asked, and paid for, once."""

from __future__ import annotations

import threading

import pytest

from memos.at_once import together
from memos.errors import LLMError
from memos.llm.base import Completion, Request
from memos.llm.build import build_llm
from memos.llm.flight import SingleFlightLLM
from memos.types import Message, Usage


def ask(text: str, sample: int = 0) -> Request:
    return Request((Message("user", text),), sample_index=sample)


class Server:
    """A model behind a server whose replies wait for all who may ask; ``fails`` first requests of a text fail."""

    name, context_window, remote = "server", None, True

    def __init__(self, fails: int = 0) -> None:
        self.asked: list[str] = []
        self.fails, self.lock, self.open = fails, threading.Lock(), threading.Event()

    def identity(self):
        return {"model": "server"}

    def complete(self, request: Request) -> Completion:
        with self.lock:
            self.asked.append(request.messages[0].content)
            number = len(self.asked)
        assert self.open.wait(20)
        if number <= self.fails:
            raise LLMError("down")
        return Completion(f"reply {number}", "server", Usage(1, 2, 3))

    def complete_many(self, requests):
        for index, request in enumerate(requests):
            try:
                yield index, self.complete(request)
            except LLMError as error:
                yield index, error

    def close(self) -> None:
        """Nothing to release."""


def test_threads_that_ask_the_same_get_one_reply_that_is_paid_for_once(tmp_path):
    server = Server()
    stacks = [build_llm(server, cache_path=tmp_path / "c.sqlite", cache="write") for _ in range(4)]
    threading.Timer(0.2, server.open.set).start()
    replies = together([lambda s=stack: s.llm.complete(ask("one")) for stack in stacks])
    assert server.asked == ["one"] and {reply.text for reply in replies} == {"reply 1"}
    assert sum(stack.counted.usage.calls for stack in stacks) == 1
    assert sorted(reply.from_cache for reply in replies) == [False, True, True, True]


def test_many_and_single_requests_share_what_is_under_way(tmp_path):
    server = Server()
    first, second = (build_llm(server, cache_path=tmp_path / "c.sqlite", cache="write").llm for _ in range(2))
    threading.Timer(0.2, server.open.set).start()
    works = [
        lambda: dict(first.complete_many([ask("a"), ask("b")])),
        lambda: dict(second.complete_many([ask("b"), ask("c")])),
    ]
    one, two = together(works)
    assert sorted(server.asked) == ["a", "b", "c"] and one[1].text == two[0].text


def test_other_requests_other_samples_and_other_caches_are_asked(tmp_path):
    server = Server()
    server.open.set()
    for path, request in ((1, ask("a")), (1, ask("b")), (1, ask("a", 1)), (2, ask("a"))):
        build_llm(server, cache_path=tmp_path / f"{path}.sqlite", cache="write").llm.complete(request)
    assert server.asked == ["a", "b", "a", "a"]
    for _ in range(2):
        build_llm(server, cache_path=tmp_path / "1.sqlite", cache="off").llm.complete(ask("a"))
    assert len(server.asked) == 6, "without a cache each request is one of its own"


def test_where_the_first_fails_those_that_wait_ask_again(tmp_path):
    server = Server(fails=1)
    models = [SingleFlightLLM(server, tmp_path / "c.sqlite") for _ in range(3)]
    threading.Timer(0.2, server.open.set).start()

    def outcome(model) -> str:
        try:
            return model.complete(ask("one")).text
        except LLMError:
            return "failed"

    texts = together([lambda m=model: outcome(m) for model in models])
    assert sorted(texts) == ["failed", "reply 2", "reply 2"] and len(server.asked) == 2


def test_replies_that_nobody_takes_leave_the_way_free(tmp_path):
    server = Server()
    server.open.set()
    model = SingleFlightLLM(server, tmp_path / "c.sqlite")
    replies = model.complete_many([ask("a"), ask("b")])
    next(replies)
    replies.close()
    assert model.complete(ask("b")).text and server.asked == ["a", "b"]
    with pytest.raises(AttributeError):
        model.no_such_thing  # noqa: B018 - asking is the test
