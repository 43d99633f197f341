"""Whatever a memory server or its client sends is read, or refused in one line; no name of a conversation is a path."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from memory_servers import handler, reference, serving

from baselines.remote.client import _message, _Reply, _words
from baselines.remote.mapping import listed, names_of, text_of
from baselines.remote.system import HttpMemory
from eval.command.conformance import Fails, Probe
from eval.command.conformance import main as conformance
from memos import secret_values
from memos.errors import ConfigError, DataError
from memos.llm.losses import Losses
from memos.llm.retry import Rejected
from memos.serving.conversations import Conversations, folder_name
from memos.serving.rest import RestServer
from memos.serving.wire import (
    OffProtocol,
    listed_reasons,
    read_greeting,
    read_message,
    read_query,
    read_retrieved,
    read_session,
    read_stats,
    session_message,
)
from memos.types import Conversation, Query, Retrieved, Usage

FIELDS = (
    "hits text turns score id used context usage calls prompt_tokens sessions losses asked malformed reasons reason "
    "count example protocol version server name turn_ids time time_text speaker caption limit query pending error items"
).split()
odd = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["\ud800", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2024-05-08T10:00:00Z"])
)
values = st.recursive(
    odd,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from(FIELDS), values, max_size=5)
hits = objects.map(lambda fields: {"hits": [{"text": "a"} | fields]})


def keepable(value: object) -> None:
    """Whether a record can hold it."""
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


@settings(max_examples=60, deadline=None)
@given(objects | hits | objects.map(lambda losses: {"sessions": 1, "losses": losses}))
@example({"hits": [{"text": "a", "score": 10**400}]})
@example({"sessions": 1, "items": float("nan")})
@example({"sessions": 1, "losses": {"reasons": [3]}})
def test_any_message_is_read_or_refused_in_one_line(message):
    raw = json.dumps(message).encode()
    for read in (
        lambda sent: [asdict(hit) for hit in read_retrieved(sent, 3).hits],
        lambda sent: asdict(read_stats(sent)),
        lambda sent: [dict(one) for one in listed_reasons(read_stats(sent).losses)],
        lambda sent: session_message(read_session(sent)),
        lambda sent: read_query(sent).text,
        lambda sent: asdict(read_greeting(sent)),
    ):
        try:
            made = read(read_message(raw))
        except OffProtocol as error:
            assert "\n" not in str(error)  # noqa: PT017
        else:
            keepable(made)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000,
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a": NaN}',
        b'{"a": 1e400}',
        b'{"a": "\\ud800"}',
        b"\xff",
        b"[]",
    ],
)
def test_what_no_message_may_be_is_one_line(raw):
    with pytest.raises(
        OffProtocol, match="^POST x: the reply is no JSON|^POST x: the reply is no JSON object"
    ) as error:
        _message("POST x", _Reply(200, raw, {}))
    assert "\n" not in str(error.value)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=30) | values.map(lambda value: json.dumps(value).encode()))
def test_any_error_of_a_server_is_one_line_of_unicode(raw):
    said = _words(_Reply(500, raw, {}))
    assert "\n" not in said and said.encode() is not None and len(said) <= 300


@settings(max_examples=40, deadline=None)
@given(
    values, st.lists(st.text(max_size=5) | values.map(json.dumps), max_size=3), st.sampled_from(["", "hits", "0.text"])
)
def test_any_reply_of_a_tool_is_a_list_or_refused(structured, texts, path):
    try:
        entries = listed(structured, texts, path, "search")
    except DataError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    for entry in entries:
        assert isinstance(text_of(entry, "text"), str) and isinstance(names_of(entry, "turns", frozenset()), tuple)


class Kept:
    """A system that remembers nothing, on disk."""

    def __init__(self) -> None:
        self.losses = Losses()

    def start(self, conversation: Conversation) -> None:
        if conversation.sample_id == "fails":
            raise DataError("it cannot start")

    def add(self, session: object) -> None: ...
    def finish(self) -> None: ...
    def close(self) -> None: ...
    def stats(self) -> dict[str, int | float]:
        return {}

    def usage(self) -> dict[str, Usage]:
        return {}

    def search(self, query: Query) -> Retrieved:
        return Retrieved((), 0)

    def save(self, folder: Path) -> None:
        (folder / "x").write_text("")

    def load(self, folder: Path) -> None:
        if not (folder / "x").exists():
            raise DataError(f"{folder}: gone")


NAMES = [
    ".",
    "..",
    "...",
    "/",
    "../x",
    "a/../..",
    "x" * 300,
    "é" * 150,
    "\x00",
    "con\n",
    " ",
    "%2E%2E",
    "+",
    ".side",
    "c.1",
]


def test_no_name_of_a_conversation_leads_out_of_the_folder(tmp_path):
    folder, precious = tmp_path / "kept", tmp_path / "precious"
    precious.write_text("")
    session = read_session({"id": "s", "turns": []})
    kept = Conversations(Kept, folder)
    for name in NAMES:
        kept.create(name, ("Ana",))
        assert kept.add(name, session)
    assert len({folder_name(name) for name in NAMES}) == len(NAMES) == len(os.listdir(folder))
    again = Conversations(Kept, folder)
    for name in NAMES:
        assert not again.add(name, session), "known over a restart"
        again.delete(name)
    assert precious.exists() and os.listdir(tmp_path) and os.listdir(folder) == []


def test_a_conversation_that_could_not_begin_is_not_there(tmp_path):
    kept = Conversations(Kept, tmp_path)
    for _ in range(2):
        with pytest.raises(DataError, match="it cannot start"):
            kept.create("fails", ())
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"speakers": 3}'])
def test_a_damaged_conversation_is_named(tmp_path, content):
    kept = Conversations(Kept, tmp_path)
    kept.create("c", ("Ana",))
    kept.add("c", read_session({"id": "s", "turns": []}))
    state = tmp_path / "c" / "conversation.json"
    whole = state.read_bytes()
    state.write_bytes(content)
    with pytest.raises(DataError, match=f"{state}: damaged .* move {tmp_path}/c away to go on without it") as error:
        Conversations(Kept, tmp_path)
    assert "\n" not in str(error.value)
    state.write_bytes(whole)
    (tmp_path / "c" / "store-1" / "x").unlink()
    with pytest.raises(DataError, match="gone; move"):
        Conversations(Kept, tmp_path)


def test_a_folder_that_can_be_none_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "file/below", "link"):
        with pytest.raises(ConfigError, match=f"^serve: folder {tmp_path}/{name} cannot be made"):
            RestServer(Kept, folder=tmp_path / name)


def test_a_token_goes_to_no_other_address():
    """Whoever answers with a redirection is told of; the address it names gets nothing."""
    asked: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_address[1]}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with serving(Elsewhere) as url:
        assert Probe(url, {"Authorization": "Bearer x"}).send("GET", "/protocol").status == 302
    assert asked == ["/protocol"]


def test_no_reply_at_all_is_one_line():
    class Rubbish(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(b"no\x1b HTTP\r\n\r\n")

        def log_message(self, *_: object) -> None: ...

    with serving(Rubbish) as url, pytest.raises(Fails, match="GET /protocol brings no reply: no. HTTP"):
        Probe(url).send("GET", "/protocol")
    with pytest.raises(ConfigError, match="--timeout nan: must be positive"):
        conformance([url, "--timeout", "nan"])


def test_what_a_server_repeats_of_its_token_is_in_no_memory_and_no_store(tmp_path, monkeypatch):
    monkeypatch.setattr(secret_values, "_values", set())
    monkeypatch.setenv("MEMORY_TOKEN", key := "zq-Secret93847561aBcDeF")

    def reply(self, verb, name, body):
        if verb == "POST conversations/finish":
            return 422, {"error": "x" * 290 + self.headers["Authorization"]}
        status, message = reference().Handler.reply(self, verb, name, body)
        said = self.headers["Authorization"]
        if verb == "GET protocol":
            message = {**message, "server": {"name": said, "version": key}}
        if verb == "POST conversations/search":
            message = {"hits": [{"text": said, "id": key}], "context": said, "usage": {"calls": 1}}
        if verb == "GET conversations/stats":
            lost = {"asked": 2, "malformed": 1, "reasons": [{"reason": said, "count": 1, "example": key}], key: said}
            message = {**message, key: 3, "losses": lost, "usage": {key: {"calls": 1}}}
        return status, message

    noted: list[object] = []
    with serving(handler(reply=reply)) as url:
        system = HttpMemory(
            HttpMemory.Config(url=url, api_key_env="MEMORY_TOKEN"), note=lambda *told: noted.append(told)
        )
        system.start(Conversation("c", ("Ana",), ()))
        with pytest.raises(Rejected) as error:
            system.finish()
        made = [system.search(Query("kayak")), system.stats(), system.usage(), system.losses.state(), noted]
        system.save(tmp_path)
        system.close()
    assert "Bearer (key)" in repr(made)
    for text in (repr(made), str(error.value), (tmp_path / "remote.json").read_text(encoding="utf-8")):
        assert key[:8] not in text
