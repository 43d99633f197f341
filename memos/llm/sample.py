"""Deterministic stand-in replies: a sentence of the prompt, or a value that satisfies a JSON schema."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

MAX_ITEMS = 8
"""How many items a sampled list has at most."""
_WORD = re.compile(r"[a-z0-9]+")
_LABEL = re.compile(r"^(?:question|user question|query|q)\s*:\s*", re.IGNORECASE)
_COMMON = frozenset(
    "a an and are as at be by did do does for from had has have he her his how i in is it its of on or she that the "
    "their they this to was were what when where which who whom whose why will with you your".split()
)


def _words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.lower()) if word not in _COMMON}


def prompt_lines(messages: Sequence[str]) -> list[str]:
    """The non-empty lines of the last message, without list marks."""
    last = messages[-1] if messages else ""
    return [stripped for line in last.splitlines() if (stripped := line.strip().lstrip("-*• ").strip())]


def stand_in_answer(messages: Sequence[str]) -> str:
    """The line of the prompt that shares most words with its last question; equal prompts give equal answers.

    Where no line shares a word, the reply says that the prompt does not tell.
    """
    lines = [line for message in messages for line in message.splitlines() if line.strip()]
    questions = [line for line in lines if line.rstrip().endswith("?")]
    question = _LABEL.sub("", questions[-1].strip()) if questions else (lines[-1].strip() if lines else "")
    wanted = _words(question)
    best, best_score = "", 0.0
    for line in lines:
        if question in line:
            continue
        line_words = _words(line)
        score = len(wanted & line_words) / (1 + len(line_words)) ** 0.25
        if score > best_score:
            best, best_score = line.strip().lstrip("-*• ").strip(), score
    return best or "The text does not say."


def sample_json(schema: Mapping[str, Any], lines: Sequence[str]) -> Any:
    """A value that satisfies a JSON schema (the subset structured outputs allow), its strings drawn from ``lines``.

    Lists get one item a line, up to MAX_ITEMS (or the schema's bounds); enums their first value; numbers their
    minimum or 0. ``$ref`` into ``$defs`` or ``definitions`` is followed.
    """
    return _Sampler(schema, list(lines) or ["nothing"]).value(schema, 0)


class _Sampler:
    def __init__(self, root: Mapping[str, Any], lines: list[str]) -> None:
        self.root, self.lines = root, lines

    def value(self, schema: Mapping[str, Any], index: int, depth: int = 0) -> Any:
        schema = self._resolve(schema)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][0]
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = next((name for name in kind if name != "null"), "null")
        if kind == "object":
            required = schema.get("required", list(schema.get("properties", {})))
            return {name: self.value(schema["properties"].get(name, {}), index, depth + 1) for name in required}
        if kind == "array":
            return self._items(schema, index, depth)
        if kind in ("integer", "number"):
            low = schema.get("minimum", schema.get("exclusiveMinimum"))
            return 0 if low is None else low + ("exclusiveMinimum" in schema)
        return {"boolean": False, "null": None}.get(kind, None) if kind != "string" else self._text(schema, index)

    def _items(self, schema: Mapping[str, Any], index: int, depth: int) -> list[Any]:
        low = schema.get("minItems", 0)
        count = max(low, min(len(self.lines), MAX_ITEMS, schema.get("maxItems", MAX_ITEMS)))
        if depth > 1:
            count = max(low, min(count, 1))
        return [self.value(schema.get("items", {}), index + i, depth + 1) for i in range(count)]

    def _text(self, schema: Mapping[str, Any], index: int) -> str:
        if schema.get("format") in ("date-time", "date"):
            return "2023-05-08T00:00:00+00:00" if schema["format"] == "date-time" else "2023-05-08"
        text = self.lines[index % len(self.lines)]
        return text[: schema["maxLength"]] if "maxLength" in schema else text

    def _resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while True:
            if "$ref" in schema:
                node: Any = self.root
                for part in schema["$ref"].lstrip("#/").split("/"):
                    node = node[part]
                schema = node
            elif schema.get("anyOf") or schema.get("oneOf"):
                options = schema.get("anyOf") or schema["oneOf"]
                schema = next((option for option in options if option.get("type") != "null"), options[0])
            elif schema.get("allOf"):
                schema = schema["allOf"][0]
            else:
                return schema
