"""JSON that comes from outside (files of users, servers, clients), read strictly: what can be kept nowhere is no JSON.

Python's reader takes NaN, infinities, halves of surrogate pairs and numbers of any length; none of them can be written
into a record again, or stored, or added up.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

LONGEST_INTEGER = 4000
"""Digits of a whole number; Python itself reads no more than 4,300."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


class BadNumber(ValueError):
    """A number that is none."""

    def __init__(self, digits: str) -> None:
        self.shown = digits if len(digits) <= 20 else f"{digits[:12]}… ({len(digits)} digits)"
        super().__init__(f"{self.shown} is no number that JSON can hold")


class BadText(ValueError):
    """A text with half of a surrogate pair, which can be written nowhere."""

    def __init__(self, place: tuple[str | int, ...], text: str) -> None:
        self.place, self.text = place, text
        super().__init__(f"not text of Unicode (half of a surrogate pair) in {text!r:.60}")


class TooDeep(ValueError):
    """Lists and objects inside one another beyond what can be read."""

    def __init__(self) -> None:
        super().__init__("lists and objects are nested too deep to be read")


def read(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        BadNumber, BadText, TooDeep: as their names say.
        json.JSONDecodeError: it is no JSON.
    """
    try:
        value = json.loads(text, cls=_Decoder)
        if _SURROGATE.search(text):
            _refuse_broken_text(value, ())
    except RecursionError as error:
        raise TooDeep from error
    return value


def read_at(text: str, at: int) -> tuple[Any, int]:
    """The value that begins at a character of a text, and the character after it; raises as ``read`` does."""
    try:
        value, end = _DECODER.raw_decode(text, at)
        if _SURROGATE.search(text, at, end):
            _refuse_broken_text(value, ())
    except RecursionError as error:
        raise TooDeep from error
    return value, end


def _no_number(name: str) -> Any:
    raise BadNumber(name)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise BadNumber(digits)
    return value


def _whole(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise BadNumber(digits)
    return int(digits)


class _Decoder(json.JSONDecoder):
    def __init__(self) -> None:
        super().__init__(parse_constant=_no_number, parse_float=_finite, parse_int=_whole)


_DECODER = _Decoder()


def _refuse_broken_text(value: Any, place: tuple[str | int, ...]) -> None:
    if isinstance(value, str):
        if any("\ud800" <= sign <= "\udfff" for sign in value):
            raise BadText(place, value)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_broken_text(item, (*place, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_broken_text(key, place)
            _refuse_broken_text(item, (*place, key))
