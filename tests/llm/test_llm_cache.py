"""The response cache: modes, keys, several processes, a killed one."""

from __future__ import annotations

import dataclasses
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from memos.errors import ConfigError, DataError, LLMError
from memos.llm.base import Request
from memos.llm.budget import Budget
from memos.llm.build import build_llm
from memos.llm.cache import CachedLLM, NotCached
from memos.llm.mock import MockLLM
from memos.types import Message

ROOT = Path(__file__).resolve().parents[2]


def ask(text: str, **fields) -> Request:
    return Request((Message("user", text),), **fields)


def numbered() -> MockLLM:
    """A model that never says the same twice."""
    count = iter(range(10_000))
    return MockLLM(function=lambda request: f"reply {next(count)}")


def test_write_keeps_and_serves_with_the_first_usage(tmp_path):
    llm = CachedLLM(numbered(), tmp_path / "c.sqlite", "write")
    first, again = llm.complete(ask("a b c")), llm.complete(ask("a b c"))
    assert (first.from_cache, again.from_cache) == (False, True)
    assert dataclasses.replace(again, from_cache=False) == first and first.usage.prompt_tokens == 3
    assert len(llm.inner.requests) == 1


def test_off_and_read_never_write(tmp_path):
    path = tmp_path / "c.sqlite"
    off = CachedLLM(numbered(), path, "off")
    assert off.complete(ask("a")).text != off.complete(ask("a")).text
    read = CachedLLM(numbered(), path, "read")
    assert read.complete(ask("a")).text != read.complete(ask("a")).text
    assert not path.exists()
    CachedLLM(numbered(), path, "write").complete(ask("a"))
    read = CachedLLM(numbered(), path, "read")
    assert read.complete(ask("a")).from_cache
    assert not read.complete(ask("b")).from_cache and not read.complete(ask("b")).from_cache


def test_only_names_what_is_absent(tmp_path):
    path = tmp_path / "c.sqlite"
    with pytest.raises(DataError, match="does not exist"):
        CachedLLM(numbered(), path, "only")
    CachedLLM(numbered(), path, "write").complete(ask("known"))
    only = CachedLLM(numbered(), path, "only")
    assert only.complete(ask("known")).from_cache
    with pytest.raises(NotCached, match="where is the kite"):
        only.complete(ask("where is the kite"))
    outcomes = dict(only.complete_many([ask("known"), ask("unknown")]))
    assert outcomes[0].from_cache and isinstance(outcomes[1], NotCached) and not only.inner.requests


@pytest.mark.parametrize(
    "change",
    [
        {"messages": (Message("system", "a"),)},
        {"messages": (Message("user", "a"), Message("user", ""))},
        {"temperature": 0.1},
        {"max_tokens": 1},
        {"seed": 1},
        {"seed": None},
        {"stop": ("x",)},
        {"json_schema": {"type": "object"}},
        {"tools": ({"function": {"name": "f"}},)},
        {"sample_index": 1},
    ],
)
def test_every_field_of_a_request_is_in_the_key(tmp_path, change):
    llm = CachedLLM(numbered(), tmp_path / "c.sqlite")
    assert llm.key(ask("a")) != llm.key(dataclasses.replace(ask("a"), **change))


def test_the_key_covers_all_fields_there_are():
    known = {"messages", "temperature", "max_tokens", "seed", "stop", "json_schema", "tools", "sample_index"}
    assert {field.name for field in dataclasses.fields(Request)} == known


@pytest.mark.parametrize("change", [{"model": "b"}, {"base_url": "http://h:1/v1"}, {"extra_body": {"top_k": 1}}])
def test_model_and_server_are_in_the_key(tmp_path, change):
    from memos.llm.openai import OpenAIChat

    one, other = OpenAIChat(), OpenAIChat(OpenAIChat.Config(**change))
    path = tmp_path / "c.sqlite"
    assert CachedLLM(one, path).key(ask("a")) != CachedLLM(other, path).key(ask("a"))
    same = OpenAIChat(OpenAIChat.Config(concurrency=3, timeout_s=5.0, max_attempts=2, api_key_env="OTHER"))
    assert CachedLLM(one, path).key(ask("a")) == CachedLLM(same, path).key(ask("a"))


def test_many_asks_equal_requests_once_and_keeps_no_failure(tmp_path):
    broken = [True]

    def reply(request):
        return LLMError("down") if broken[0] and "bad" in request.messages[0].content else "fine"

    llm = CachedLLM(MockLLM(function=reply), tmp_path / "c.sqlite")
    outcomes = dict(llm.complete_many([ask("x"), ask("bad"), ask("x"), ask("x")]))
    assert [outcomes[i].text for i in (0, 2, 3)] == ["fine"] * 3 and isinstance(outcomes[1], LLMError)
    assert len(llm.inner.requests) == 2
    broken[0] = False
    assert llm.complete(ask("bad")).text == "fine"


def test_a_foreign_file_and_a_wrong_mode_are_named(tmp_path):
    path = tmp_path / "c.sqlite"
    path.write_text("this is no database, but text that is long enough to be looked at " * 40)
    with pytest.raises(DataError, match=str(path)):
        CachedLLM(numbered(), path, "write")
    with pytest.raises(ConfigError, match="cache='reed'"):
        CachedLLM(numbered(), path, "reed")


WRITER = """
import sys
from pathlib import Path
from memos.llm.base import Request
from memos.llm.cache import CachedLLM
from memos.llm.mock import MockLLM
from memos.types import Message
llm = CachedLLM(MockLLM(), Path(sys.argv[1]), "write")
for i in range(int(sys.argv[2]), int(sys.argv[3])):
    llm.complete(Request((Message("user", f"line {i}"),)))
    print(i, flush=True)
"""


def _writer(path: Path, start: int, end: int) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(start), str(end)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def test_processes_share_it_and_a_killed_one_loses_nothing_it_told(tmp_path):
    path = tmp_path / "c.sqlite"
    killed, others = _writer(path, 0, 100_000), [_writer(path, 0, 40), _writer(path, 20, 60)]
    for _ in range(30):
        last = killed.stdout.readline()
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert [other.wait(60) for other in others] == [0, 0]
    only = CachedLLM(MockLLM(), path, "only")
    reported = [ask(f"line {i}") for i in range(max(60, int(last) + 1))]
    assert all(outcome.from_cache for _, outcome in only.complete_many(reported))
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_stack_serves_cached_replies_past_the_budget(tmp_path):
    path = tmp_path / "c.sqlite"
    build_llm(MockLLM(), cache_path=path, cache="write").llm.complete(ask("a b c"))
    stack = build_llm(MockLLM(), cache_path=path, cache="write", budget=Budget(max_tokens=0))
    assert stack.llm.complete(ask("a b c")).from_cache
    assert stack.counted.usage.calls == 0
