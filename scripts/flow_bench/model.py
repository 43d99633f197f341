"""A scripted model for every call of the memory systems: what it says is a function of the prompt alone.

It extracts much and finds little that repeats, so that each step of a method is taken.
"""

from __future__ import annotations

import json
import re
from typing import Any

from scripts.flow_bench.talks import whose

SAID = re.compile(r"\b((?:Ann|Ben)\d+): (.+)$", re.M)
CAPITALS = re.compile(r"\b[A-Z][a-z]+\d*\b")


def reply(body: dict[str, Any]) -> tuple[str, Any]:
    """The kind of a call, named by the fields of its schema, and the value that the model says."""
    contents = [message.get("content") or "" for message in body["messages"]]
    schema = (body.get("response_format") or {}).get("json_schema", {}).get("schema", {})
    fields = "+".join(sorted(schema.get("required", ())))
    made = _REPLIES.get(fields, lambda *_: {})(contents[0], contents[-1])
    return fields, made


def entry(body: dict[str, Any]) -> dict[str, Any]:
    """What the log keeps of a call: its kind, its conversation, and what tells its chain."""
    kind, _ = reply(body)
    text = "\n".join(message.get("content") or "" for message in body["messages"])
    chain = ""
    if kind == "memory":
        chain = CAPITALS.findall(text.split("New facts:\n")[1])[0]
    elif kind == "relation":
        chain = text.split("Newer note: ")[1]
    return {"kind": kind, "talk": whose(text), "chain": chain}


def _facts(system: str, user: str) -> dict[str, Any]:
    lines = [line.removeprefix("user: ") for line in user.splitlines() if line.startswith("user: ")]
    return {"facts": [line.split(": ", 1)[1] for line in lines]}


def _memory(system: str, user: str) -> dict[str, Any]:
    facts = json.loads(user.split("New facts:\n")[1].split("\n\nReply")[0])
    return {"memory": [{"id": "99", "text": text, "event": "ADD", "old_memory": None} for text in facts]}


def _current(user: str) -> str:
    return user.split("CURRENT MESSAGE\n")[1].split("\n\n")[0]


def _entities(system: str, user: str) -> dict[str, Any]:
    names = dict.fromkeys(name for name in CAPITALS.findall(_current(user)) if name != "I")
    return {"entities": [{"name": name, "type": "Thing"} for name in names]}


def _edges(system: str, user: str) -> dict[str, Any]:
    names = user.split("ENTITIES\n")[1].split("\n")
    fact = _current(user).split(": ", 1)[1]
    edge = {"relation": "MENTIONS", "fact": fact, "valid_at": None, "invalid_at": None}
    return {"edges": [{"source": names[0], "target": names[1], **edge}] if len(names) > 1 else []}


def _summaries(system: str, user: str) -> dict[str, Any]:
    named = re.findall(r"^ENTITY (.+)$", user, re.M)
    return {"summaries": [{"name": name, "summary": f"{name} is spoken of."} for name in named]}


def _queries(system: str, user: str) -> dict[str, Any]:
    return {"queries": [text for _, text in SAID.findall(user)][:3]}


def _changes(system: str, user: str) -> dict[str, Any]:
    return {"insert": [f"{who} said: {text}" for who, text in SAID.findall(user)], "patch": [], "remove": []}


def _memories(system: str, user: str) -> dict[str, Any]:
    lines = re.findall(r"^(\d+)\. \[[^\]]*\] (\w+): (.+)$", user, re.M)
    made = [{"text": f"{who} said: {text}", "kind": "fact", "about": who, "lines": [int(n)]} for n, who, text in lines]
    return {"memories": made}


_REPLIES = {
    "facts": _facts,
    "memory": _memory,
    "entities": _entities,
    "resolutions": lambda *_: {"resolutions": []},
    "edges": _edges,
    "contradicted+duplicates": lambda *_: {"duplicates": [], "contradicted": []},
    "summaries": _summaries,
    "queries": _queries,
    "insert+patch+remove": _changes,
    "memories": _memories,
    "relation": lambda *_: {"relation": "independent"},
}
