"""A weak real model through every system that extracts with one: what it loses is counted, what it says arrives."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from real_server import Exchange
from slices import CONVERSATION, SESSION

from eval.command.cli import CONF
from eval.core.config import construct
from eval.core.settings import plain
from memos.embed.mock import Mock
from memos.llm.base import Request
from memos.llm.schema import problems
from memos.types import Message, Query


def _added(value: Mapping[str, Any]) -> list[str]:
    return [entry["text"] for entry in value.get("memory", ()) if entry["event"] == "ADD"]


WANTED: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "mem0": _added,
    "mem0_graph": _added,
    "zep": lambda value: [edge["fact"] for edge in value.get("edges", ())],
    "langmem": lambda value: list(value.get("insert", ())),
    "openai_memory": lambda value: [entry["text"] for entry in value.get("entries", ())],
    "memos": lambda value: [entry["text"] for entry in value.get("memories", ())],
}
"""What a usable reply asks a system to keep."""
COUNTED = ("skipped", "refused", "repeated", "dropped", "relation_skipped")
"""Ends of the names under which systems count what a usable reply said and they did not keep."""


def schema_of(exchange: Exchange) -> Mapping[str, Any] | None:
    """The schema that a request asked for."""
    form = exchange.body.get("response_format") or {}
    return form.get("schema") or (form.get("json_schema") or {}).get("schema")


def value_of(exchange: Exchange) -> Any:
    """The JSON value that a reply begins with, where it satisfies its schema; a cut reply may hold a whole one."""
    schema = schema_of(exchange)
    if schema is None or exchange.status != 200:
        return None
    try:  # the grammar lets raw line breaks into strings
        value, _ = json.JSONDecoder(strict=False).raw_decode(exchange.text.strip())
    except json.JSONDecodeError:
        return None
    return value if not problems(value, schema) else None


@pytest.mark.parametrize("structured", ["json_schema", "grammar"])
def test_the_schema_becomes_a_grammar_that_the_reply_cannot_leave(recorder, client, structured):
    """By default a server that takes no ``json_schema`` is asked in the next form, which llama.cpp's takes."""
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string", "enum": ["Porto", "Rome"]}, "month": {"type": "integer"}},
        "required": ["city", "month"],
        "additionalProperties": False,
    }
    request = Request((Message("user", "Ana moved to Porto in March. Tell me a joke."),), json_schema=schema)
    reply = client(structured=structured).complete(request)
    assert not problems(json.loads(reply.text), schema)
    refused = [exchange for exchange in recorder.exchanges if exchange.status != 200]
    assert value_of(recorder.exchanges[-1]) and (not refused or structured == "json_schema")


@pytest.mark.parametrize("name", sorted(WANTED))
def test_what_a_weak_model_says_arrives_and_what_it_loses_is_counted(name, recorder, client):
    overrides = ["experiment=tiny", f"system={name}", "system.extractor=llm", "system.retries=0"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        spec = plain(compose("config", overrides))["system"]
    llm, embedder = client(), Mock()
    system = construct(spec, "system", llm=lambda: llm, embedder=lambda: embedder)
    system.start(CONVERSATION)
    system.add(SESSION)
    system.finish()
    asked = [exchange for exchange in recorder.exchanges if exchange.status == 200]
    written = [exchange for exchange in asked if schema_of(exchange)]
    called = [exchange for exchange in asked if exchange.body.get("tools")]
    whole = [exchange for exchange in written if value_of(exchange) is not None]
    assert all(e in whole for e in written if e.finish_reason == "stop"), "the grammar holds every reply that ended"
    lost = len(written) - len(whole)
    calls_lost = sum(not exchange.reply["choices"][0]["message"].get("tool_calls") for exchange in called)
    if name == "memos":
        assert system.losses.malformed == bool(lost), "a session is lost once, however often it was read"
    else:
        assert system.losses.asked == len(written) + len(called)
        assert lost <= system.losses.malformed <= lost + calls_lost
        assert system.stats()["malformed"] == system.losses.malformed
    spent = [usage for usage in system.usage().values()]
    assert sum(usage.calls for usage in spent) == len(asked)
    assert sum(usage.completion_tokens for usage in spent) == sum(e.reply["usage"]["completion_tokens"] for e in asked)
    hits = [hit.text for hit in system.search(Query("Ana Ben Rex Porto piano nurse Clara")).hits]
    wanted = [text for exchange in whole for text in WANTED[name](value_of(exchange)) if text.strip()]
    absent = [text for text in wanted if not any(" ".join(text.split()) in hit for hit in hits)]
    counted = sum(count for key, count in system.stats().items() if key.endswith(COUNTED))
    assert len(absent) <= counted, f"neither kept nor counted: {absent}"
    assert not wanted or system.stats()["items"] + counted > 0
    system.close()
