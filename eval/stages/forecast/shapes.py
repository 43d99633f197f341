"""How real replies compare with stated ones, in items and in words an item; and stated replies stretched to that.

Only free text is stretched. Ids, names and kinds stay, so that a method goes its usual way.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memos.llm.base import ToolCall
from memos.llm.repair import loads

FREE = ("text", "fact", "summary", "content", "query", "facts", "insert", "queries")
"""Fields of a reply that hold free text, or lists of it."""
NAMES = ("name", "entity", "destination", *FREE)
"""Fields by which a repeated item is told from the one it repeats."""


@dataclass(frozen=True, slots=True)
class ReplyShape:
    """Real replies to stated ones."""

    items: float = 1.0
    words: float = 1.0
    """Of free text, an item."""


AS_STATED = ReplyShape()


@dataclass
class MeasuredReplies:
    """Items and words of free text, summed over replies."""

    items: int = 0
    words: int = 0

    def add(self, text: str, calls: tuple[ToolCall, ...]) -> None:
        """Take in a reply; one that is no JSON counts as one item, its words as free text."""
        for part in [call.arguments for call in calls] or [text]:
            value = _json(part)
            if isinstance(value, Mapping):
                self.items += len(_first_list(value) or (0,))
                self.words += _words(value)
            else:
                self.items += 1
                self.words += len(part.split())


def shape_of(real: MeasuredReplies, stated: MeasuredReplies) -> ReplyShape:
    """The shape that turns stated replies into real ones; sides that are empty change nothing."""
    items = real.items / stated.items if real.items and stated.items else 1.0
    if not (real.words and stated.words and real.items and stated.items):
        return ReplyShape(items)
    return ReplyShape(items, (real.words / real.items) / (stated.words / stated.items))


def stretch_text(text: str, shape: ReplyShape) -> str:
    """A free text, or one with a JSON label behind it, with as many words as real ones have."""
    words, mark, label = text.partition("\n{")
    return _stretch(words, shape.words) + mark + label


def stretch(value: Any, shape: ReplyShape, seed: str) -> Any:
    """A value of a reply with as many items and words as real ones have.

    Args:
        seed: decides where a fraction of an item is rounded up.
    """
    if not isinstance(value, Mapping):
        return value
    longest = _first_list_name(value)
    return {
        name: _items(part, shape, seed) if name == longest and isinstance(part, list) else _fields(name, part, shape)
        for name, part in value.items()
    }


def _items(items: list[Any], shape: ReplyShape, seed: str) -> list[Any]:
    draw = zlib.crc32(seed.encode("utf-8", "replace")) / 2**32
    count = int(len(items) * shape.items + draw) if items else 0
    out = []
    for number in range(count):
        item = items[number % len(items)]
        again = number // len(items)
        out.append(_numbered(_item(item, shape), again) if again else _item(item, shape))
    return out


def _item(item: Any, shape: ReplyShape) -> Any:
    if isinstance(item, str):
        return _stretch(item, shape.words)
    if isinstance(item, Mapping):
        return {name: _fields(name, part, shape) for name, part in item.items()}
    return item


def _fields(name: str, part: Any, shape: ReplyShape) -> Any:
    if name in FREE and isinstance(part, str):
        return _stretch(part, shape.words)
    if name in FREE and isinstance(part, list):
        return [_item(item, shape) for item in part]
    return part


def _numbered(item: Any, number: int) -> Any:
    """A repeated item under another name."""
    if isinstance(item, str):
        return f"{item} {number + 1}"
    name = next((name for name in NAMES if isinstance(item, Mapping) and isinstance(item.get(name), str)), None)
    return {**item, name: f"{item[name]} {number + 1}"} if name else item


def _stretch(text: str, factor: float) -> str:
    words = text.split()
    count = max(1, round(len(words) * factor)) if words else 0
    return " ".join((words * (count // len(words) + 1))[:count]) if count != len(words) else text


def _words(value: Any, free: bool = False) -> int:
    if isinstance(value, str):
        return len(value.split()) if free else 0
    if isinstance(value, Mapping):
        return sum(_words(part, name in FREE) for name, part in value.items())
    return sum(_words(part, free) for part in value) if isinstance(value, list) else 0


def _first_list_name(value: Mapping[str, Any]) -> str | None:
    return next((name for name, part in value.items() if isinstance(part, list)), None)


def _first_list(value: Mapping[str, Any]) -> list[Any]:
    name = _first_list_name(value)
    return value[name] if name else []


def _json(text: str) -> Any:
    if not text.lstrip().startswith(("{", "`")):
        return None
    try:
        return loads(text)
    except ValueError:
        return None


def to_json(value: Any) -> str:
    """A value as a reply writes it."""
    return json.dumps(value, ensure_ascii=False)
