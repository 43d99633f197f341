"""Reading JSON out of what a model wrote: only repairs that cannot change what it said."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from memos.llm.thoughts import split_thoughts

_FENCE = re.compile(r"```[a-zA-Z0-9_-]*[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_MAX_VALUES = 20
"""How many bracketed values in prose are tried."""


def values(text: str, *, complete: bool = True) -> Iterator[Any]:
    """The JSON values that can be read out of a model's reply, most literal reading first.

    Tried in order: the text itself; without a ``<think>`` block; the inside of a code fence; each balanced
    object or list in surrounding prose; each of them with trailing commas removed. Where ``complete`` (the model
    stopped by itself, so it only forgot to close), missing closing brackets are added, but only after a whole value:
    a cut string, number or key is never completed or dropped.
    """
    whole = text.strip()
    if first := _parsed(whole):
        yield from first
    candidates = _candidates(text)
    for candidate in candidates[1:] if first else candidates:
        yield from _parsed(candidate) or _parsed(without_trailing_commas(candidate))
    if complete:
        for candidate in candidates:
            yield from _parsed(close_brackets(without_trailing_commas(candidate)))


def loads(text: str, *, complete: bool = True) -> Any:
    """The first of ``values``.

    Raises:
        ValueError: when the text holds no JSON value.
    """
    for value in values(text, complete=complete):
        return value
    raise ValueError("the reply holds no JSON value")


def whole_objects(text: str) -> Iterator[tuple[dict[str, Any], int, int]]:
    """The JSON objects in a text that are whole, outermost ones, each with its start and end; nothing is repaired."""
    start, decoder = 0, json.JSONDecoder(strict=False)
    while (start := text.find("{", start)) >= 0:
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):  # a number of thousands of digits too
            start += 1
            continue
        yield value, start, end
        start = end


def _parsed(text: str | None) -> list[Any]:
    """The value of a text as a list of one, or an empty list."""
    if text is None:
        return []
    try:
        value = json.loads(text, strict=False, parse_constant=_no_constant, parse_float=_finite)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()  # half of a pair of surrogates is no text
    except (ValueError, RecursionError):
        return []
    return [value]


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{digits} is larger than any number here")
    return number


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _candidates(text: str) -> list[str]:
    plain = split_thoughts(text)[0].strip().lstrip("\ufeff")
    readings = [text.strip(), plain]
    readings += [match.group(1).strip() for match in _FENCE.finditer(plain)]
    position = 0
    for _ in range(_MAX_VALUES):
        starts = [start for mark in "{[" if (start := plain.find(mark, position)) >= 0]
        if not starts:
            break
        end = _balanced_end(plain, min(starts))
        readings.append(plain[min(starts) : end])
        if end is None:
            break
        position = end
    return [candidate for candidate in dict.fromkeys(readings) if candidate]


def _balanced_end(text: str, start: int) -> int | None:
    """Index after the bracket that closes the one at ``start``; None where it is never closed."""
    depth = 0
    for position, char in _outside_strings(text, start):
        if char in "{[":
            depth += 1
        elif char in "}]":
            depth -= 1
            if depth == 0:
                return position + 1
    return None


def _outside_strings(text: str, start: int = 0) -> list[tuple[int, str]]:
    """Positions and characters that lie in no JSON string (the quotes themselves included)."""
    out, inside, escaped = [], False, False
    for position in range(start, len(text)):
        char = text[position]
        if inside:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                inside = False
                out.append((position, char))
            continue
        inside = char == '"'
        out.append((position, char))
    if inside:
        out.append((len(text), ""))
    return out


def without_trailing_commas(text: str) -> str:
    """Drop commas that stand before a closing bracket, outside strings."""
    drop: list[int] = []
    comma: int | None = None
    for position, char in _outside_strings(text):
        if char == ",":
            comma = position
        elif char in "}]" and comma is not None:
            drop.append(comma)
            comma = None
        elif not char.isspace():
            comma = None
    gone = set(drop)
    return "".join(char for position, char in enumerate(text) if position not in gone) if gone else text


def close_brackets(text: str) -> str | None:
    """Append the missing closing brackets, or return None where the text does not end after a whole value.

    The end counts as whole after a closing bracket, a closed string that is a value, or true, false or null.
    """
    stack: list[str] = []
    outside = _outside_strings(text)
    if not outside or outside[-1][1] == "":
        return None
    for _, char in outside:
        if char in "{[":
            stack.append("}" if char == "{" else "]")
        elif char in "}]" and (not stack or stack.pop() != char):
            return None
    body = text.rstrip()
    body = body[:-1].rstrip() if body.endswith(",") else body
    if not stack or not (body.endswith(("}", "]", "true", "false", "null")) or body.endswith('"')):
        return None
    return body + "".join(reversed(stack))
