"""What a server may send with status 200: each malformed reply is tried again, none is a traceback or a bill."""

from __future__ import annotations

import json

import pytest
from asking import ask
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_replies import Reply

from memos.llm.batch_files import read_lines
from memos.llm.health import Unusable
from memos.llm.openai_stream import StreamParts, chunk_of
from memos.llm.openai_wire import BadReply, completion_of
from memos.llm.refusal import refusal_of
from memos.llm.retry import Unreachable
from memos.llm.thoughts import split_thoughts
from memos.llm.wire import completion_from_dict, completion_to_dict

GOOD = {"model": "m", "choices": [{"message": {"content": "red"}, "finish_reason": "stop"}]}


def with_message(**message) -> dict:
    return {**GOOD, "choices": [{"message": message}]}


BAD = {
    "null": "null",
    "list": "[]",
    "text": '"hi"',
    "html": "<html>502</html>",
    "empty": "",
    "deep": "[" * 100_000,
    "digits": '{"usage": ' + "1" * 5000 + "}",
    "error": '{"error": {"message": "upstream failed", "code": 502}}',
    "surrogate": json.dumps(with_message(content="a \ud800 b")),
    "message null": json.dumps({**GOOD, "choices": [{"message": None}]}),
    "message text": json.dumps({**GOOD, "choices": [{"message": "red"}]}),
    "choices null": json.dumps({**GOOD, "choices": None}),
    "choices object": json.dumps({**GOOD, "choices": {"0": 1}}),
    "choices text": json.dumps({**GOOD, "choices": "red"}),
    "choice null": json.dumps({**GOOD, "choices": [None]}),
    "content number": json.dumps(with_message(content=3)),
    "content list": json.dumps(with_message(content=["red"])),
    "content part": json.dumps(with_message(content=[{"type": "text", "text": 3}])),
    "finish": json.dumps({**GOOD, "choices": [{"message": {"content": "a"}, "finish_reason": 3}]}),
    "calls": json.dumps(with_message(content=None, tool_calls="note")),
    "call": json.dumps(with_message(content=None, tool_calls=[None])),
    "function": json.dumps(with_message(content=None, tool_calls=[{"function": {"name": None}}])),
    "model": json.dumps({**GOOD, "model": ["m"]}),
    "reason": json.dumps({**GOOD, "choices": [{"message": {"content": "a"}, "finish_reason": "\ud800"}]}),
    "called": json.dumps(with_message(content=None, tool_calls=[{"function": {"name": "\ud800"}}])),
    "error of half a letter": json.dumps({"error": {"message": "\ud800 \x1b[2J"}}),
    **{
        f"usage {value!r:.12}": json.dumps({**GOOD, "usage": value})
        for value in ([], "12", 3, *({"prompt_tokens": n} for n in ("12", -1, 1.5, 10**30, float("nan"), True, [1])))
    },
    "details": json.dumps({**GOOD, "usage": {"prompt_tokens": 3, "prompt_tokens_details": [1]}}),
    "cached": json.dumps({**GOOD, "usage": {"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": -2}}}),
}


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_reply_is_tried_again(scripted_server, client, name):
    server = scripted_server(queue=[Reply(raw=BAD[name])], rules=[])
    reply = client(server).complete(ask("Line: the kite is red.\nQuestion: kite?"))
    assert reply.attempts == 2 and reply.usage.calls == 1 and reply.usage.prompt_tokens >= 0


def test_a_server_that_only_sends_rubbish_is_told_in_one_line(scripted_server, client):
    server = scripted_server(rules=[("kite", Reply(raw="<html>\nno</html>"))])
    llm = client(server, max_attempts=2, concurrency=1)
    with pytest.raises(Unreachable, match="failed 2 times, last: broken reply: the reply is no JSON: '<html> no") as c:
        llm.complete(ask("kite"))
    assert "\n" not in str(c.value) and len(server.requests) == 2
    with pytest.raises(Unusable, match="no call has come through yet: is llm.base_url the address of a chat server"):
        list(llm.complete_many([ask(f"kite {i}") for i in range(300)]))
    assert len(server.requests) == 6, "the third failure of all calls ends the run"


EVENTS = {
    "null": "data: null\n\n",
    "list": "data: [1]\n\n",
    "number": "data: 3\n\n",
    "no json": "data: {oops\n\n",
    "error": 'data: {"error": {"message": "overloaded"}}\n\n',
    "choices": 'data: {"choices": "x"}\n\n',
    "choice": 'data: {"choices": [null]}\n\n',
    "delta": 'data: {"choices": [{"delta": "x"}]}\n\n',
    "content": 'data: {"choices": [{"delta": {"content": [1]}}]}\n\n',
    "calls": 'data: {"choices": [{"delta": {"tool_calls": [1]}}]}\n\n',
    "index": 'data: {"choices": [{"delta": {"tool_calls": [{"index": "a"}]}}]}\n\n',
    "unfinished": 'data: {"choices": [{"delta": {"content": "re"}}]}\n\ndata: [DONE]\n\n',
    "usage": 'data: {"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}], "usage": "x"}\n\n',
    "nothing": "",
    "html": "<html>",
    "long line": "data: " + "x" * 3_000_000,
}


@pytest.mark.parametrize("name", EVENTS)
def test_a_malformed_stream_is_tried_again(scripted_server, client, name):
    server = scripted_server(queue=[Reply(raw=EVENTS[name])])
    assert client(server, stream=True).complete(ask("kite")).attempts == 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just("\ud800"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "message",
                    "content",
                    "usage",
                    "prompt_tokens",
                    "tool_calls",
                    "function",
                    "name",
                    "delta",
                    "model",
                    "error",
                    "code",
                    "param",
                    "detail",
                    "custom_id",
                    "response",
                    "body",
                    "status_code",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(json_values)
def test_any_json_is_a_completion_or_a_bad_reply(value):
    for data in (value, {"choices": [{"message": value}]}, {**GOOD, "usage": value}, {**GOOD, "choices": value}):
        try:
            made = completion_of(data, 1.0, 1)
        except BadReply:
            continue
        json.dumps(completion_to_dict(made), ensure_ascii=False).encode()
        assert 0 <= made.usage.cached_tokens <= made.usage.prompt_tokens


@settings(max_examples=150, deadline=None)
@given(st.lists(json_values.map(lambda v: f"data: {json.dumps(v)}") | st.text(max_size=20), max_size=5))
def test_any_stream_is_a_completion_or_a_bad_reply(lines):
    parts = StreamParts()
    try:
        for line in lines:
            if (chunk := chunk_of(line)) is not None:
                parts.add(chunk)
        completion_of(parts.body(), 1.0, 1)
    except BadReply:
        return


@settings(max_examples=150, deadline=None)
@given(json_values, st.sampled_from([400, 401, 404, 422, 429, 500, 503]))
def test_any_error_is_read_as_one_line_of_unicode(body, status):
    for whole in (body, {"error": body}):
        refusal = refusal_of(status, whole, "no words", {})
        refusal.cause(), refusal.too_long(), refusal.never_fits(), refusal.stated(), refusal.asks_to_wait()
        assert "\n" not in refusal.message and (refusal.message + refusal.code).encode() is not None


@settings(max_examples=150, deadline=None)
@given(json_values)
def test_any_line_of_a_batch_is_read(value):
    rows = ({"response": value}, {"error": value}, {"response": {"status_code": 200, "body": value}})
    content = "\n".join(json.dumps({"custom_id": "k", **row}) for row in rows)
    assert [line.key for line in read_lines(content, 1.0, 1)] == ["k"] * 3


def test_a_line_separator_within_a_reply_ends_no_line_of_a_batch():
    body = {**GOOD, "choices": [{"message": {"content": "one\u2028two"}}]}
    row = {"custom_id": "k", "response": {"status_code": 200, "body": body}}
    (line,) = read_lines(json.dumps(row, ensure_ascii=False) + "\n", 1.0, 1)
    assert line.completion is not None and line.completion.text == "one\u2028two"


@pytest.mark.parametrize(
    ("text", "said", "thought"),
    [
        ("red", "red", ""),
        ("<think>hm</think>\n\nred", "red", "hm"),
        ("<THINK>hm</THINK>red", "red", "hm"),
        ("hm, let me see</think>red", "red", "hm, let me see"),
        ("<think>cut off", "", "cut off"),
        ("<thinking>a</thinking>red<think>b</think>", "red", "a\nb"),
        ("a < b and </b> red", "a < b and </b> red", ""),
        ("  spaced  ", "  spaced  ", ""),
    ],
)
def test_thinking_is_kept_apart(text, said, thought):
    assert split_thoughts(text) == (said, thought)


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
@pytest.mark.parametrize("stream", [False, True])
def test_reasoning_fields_are_kept_apart(scripted_server, client, name, stream):
    body = {**GOOD, "choices": [{"message": {"content": "red", name: "hm"}, "finish_reason": "stop"}]}
    events = [{name: "h"}, {name: "m"}, {"content": "red"}]
    lines = [json.dumps({"choices": [{"delta": delta}]}) for delta in events]
    lines.append(json.dumps({"choices": [{"delta": {}, "finish_reason": "stop"}]}))
    raw = "".join(f"data: {line}\n\n" for line in lines) if stream else json.dumps(body)
    reply = client(scripted_server(queue=[Reply(raw=raw)]), stream=stream).complete(ask("kite"))
    assert (reply.text, reply.reasoning) == ("red", "hm")


def test_reasoning_survives_the_cache(tmp_path):
    made = completion_of(with_message(content="<think>hm</think>red"), 1.0, 1)
    assert completion_from_dict(completion_to_dict(made)) == made
    assert "reasoning" not in completion_to_dict(completion_of(GOOD, 1.0, 1))
