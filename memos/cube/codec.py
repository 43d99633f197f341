"""Frozen dataclasses to JSON and back, strictly: unknown fields and wrong types are refused by name.

Empty values (None, "", (), {}) of fields with a default are left out of the JSON; such a default must therefore be that
empty value, or the field must never be empty. Floats are kept as Python prints them, so a round trip is exact.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import types
import typing
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from memos.cube.errors import CubeError

_PLAIN = frozenset({str, int, bool, float, type(None), dict})
_SCALARS = {str: str, int: int, bool: bool, float: (int, float)}


def canonical(value: Any) -> str:
    """The one JSON text of a JSON value: sorted keys, no blanks, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_of(text: str) -> str:
    """Hex digest (BLAKE2b, 128 bits) of a canonical JSON text."""
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).hexdigest()


def to_json(value: Any) -> Any:
    """A dataclass of this package (or a tuple, datetime, scalar) as a JSON value."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    if dataclasses.is_dataclass(value):
        out = {}
        for name, encode, optional in _fields(type(value)):
            item = getattr(value, name)
            if optional and (item is None or item == "" or item == () or item == {}):
                continue
            out[name] = item if encode is None or item is None else encode(item)
        return out
    return value


def from_json(cls: type, value: Any, where: str = "") -> Any:
    """Build ``cls`` from a JSON object.

    Raises:
        CubeError: naming the place, the field and the value.
    """
    where = where or cls.__name__
    if not isinstance(value, Mapping):
        raise CubeError(f"{where}: expected an object, got {type(value).__name__}")
    decoders = _decoders(cls)
    unknown = [key for key in value if key not in decoders]
    if unknown:
        raise CubeError(f"{where}: unknown field {unknown[0]!r} (known: {', '.join(sorted(decoders))})")
    built = {key: decoders[key](item, f"{where}.{key}") for key, item in value.items()}
    try:
        return cls(**built)
    except TypeError as error:
        raise CubeError(f"{where}: {error}") from error


@cache
def _fields(cls: type) -> tuple[tuple[str, Callable[[Any], Any] | None, bool], ...]:
    """Name, how its value becomes JSON (None: as it stands), whether it has a default."""
    hints, missing = typing.get_type_hints(cls), dataclasses.MISSING
    return tuple(
        (field.name, _encoder(hints[field.name]), not field.default is field.default_factory is missing)
        for field in dataclasses.fields(cls)
    )


def _encoder(hint: Any) -> Callable[[Any], Any] | None:
    if float in (hint, *typing.get_args(hint)) and typing.get_origin(hint) is not tuple:
        return float
    return None if hint in _SCALARS else to_json


@cache
def _decoders(cls: type) -> dict[str, Callable[[Any, str], Any]]:
    hints = typing.get_type_hints(cls)
    return {field.name: _decoder(hints[field.name]) for field in dataclasses.fields(cls)}


def _decoder(hint: Any) -> Callable[[Any, str], Any]:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint in _SCALARS:
        return _scalar(hint)
    if hint is datetime:
        return _datetime
    if origin in (typing.Union, types.UnionType):
        inner = _decoder(next(arg for arg in args if arg is not type(None)))
        return lambda value, where: None if value is None else inner(value, where)
    if origin is typing.Literal:
        return _literal(args)
    if origin is tuple:
        item = _decoder(args[0])
        return lambda value, where: _tuple(value, where, item)
    if origin is dict:
        return _object
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return lambda value, where: from_json(hint, value, where)
    raise TypeError(f"no JSON form for {hint}")


def _scalar(kind: type) -> Callable[[Any, str], Any]:
    def decode(value: Any, where: str) -> Any:
        if not isinstance(value, _SCALARS[kind]) or (isinstance(value, bool) and kind is not bool):
            raise CubeError(f"{where}: expected {kind.__name__}, got {value!r}")
        if kind is int and not -(2**63) <= value < 2**63:
            raise CubeError(f"{where}: {value.bit_length()} bits; 64 are the most")
        if kind is float and not _finite(value):
            raise CubeError(f"{where}: a number that is not finite")
        return float(value) if kind is float else value

    return decode


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer that no float can hold
        return False


def _literal(allowed: tuple) -> Callable[[Any, str], Any]:
    def decode(value: Any, where: str) -> Any:
        if value not in allowed:
            raise CubeError(f"{where}: {value!r} is none of {', '.join(map(str, allowed))}")
        return value

    return decode


def _tuple(value: Any, where: str, item: Callable[[Any, str], Any]) -> tuple:
    if not isinstance(value, list):
        raise CubeError(f"{where}: expected a list, got {value!r}")
    return tuple(item(part, f"{where}[{index}]") for index, part in enumerate(value))


def _object(value: Any, where: str) -> dict:
    if not isinstance(value, dict):
        raise CubeError(f"{where}: expected an object, got {value!r}")
    return value


def _datetime(value: Any, where: str) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise CubeError(f"{where}: {value!r} is not an ISO 8601 time") from error
