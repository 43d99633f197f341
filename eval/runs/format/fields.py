"""The words for a field of a record, and whether a record has the fields of its type.

A type is a ``TypedDict`` whose fields are ``Annotated`` with one sentence and, where a later version added it, with
``Since``. Records are JSON values, so that the check knows objects, lists, texts, numbers, true, false and null.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from memos.errors import DataError


@dataclass(frozen=True, slots=True)
class Since:
    """The version whose runs first have a field."""

    version: str


NEW = Since("0.2")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record."""

    name: str
    kind: Any
    """Its type, without what is annotated."""
    required: bool
    about: str
    since: str
    """Empty for those of the first version."""


@cache
def fields(record: type) -> tuple[Field, ...]:
    """The fields of a record's type, those it inherits first."""
    return tuple(_field(name, kind) for name, kind in get_type_hints(record, include_extras=True).items())


def _field(name: str, kind: Any) -> Field:
    required, about, since = True, "", ""
    while (origin := get_origin(kind)) in (NotRequired, Annotated):
        if origin is NotRequired:
            required = False
        for note in getattr(kind, "__metadata__", ()):
            about = note if isinstance(note, str) else about
            since = note.version if isinstance(note, Since) else since
        kind = get_args(kind)[0]
    return Field(name, kind, required, about, since)


def is_choice(kind: Any) -> bool:
    """Whether a type is one of several."""
    return get_origin(kind) in (Union, types.UnionType)


def problems(value: Any, kind: Any, at: str = "") -> Iterator[str]:
    """What is wrong with a JSON value, each with the place of its field; nothing where it is of the type.

    Args:
        value: as ``json.loads`` gives it.
        kind: a record's type, or that of a field.
        at: the field's place in the record.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return
    if is_choice(kind):
        tried = [list(problems(value, one, at)) for one in inner]
        yield from min(tried, key=len) if all(tried) and isinstance(value, dict) else ()
        if all(tried) and not isinstance(value, dict):
            yield _wrong(at, kind, value)
    elif is_typeddict(kind):
        yield from _of_record(value, kind, at)
    elif origin is Literal:
        if value not in inner:
            yield _wrong(at, kind, value)
    elif origin in (list, dict):
        yield from _of_many(value, kind, at)
    elif not _is_plain(value, kind):
        yield _wrong(at, kind, value)


def _of_record(value: Any, kind: type, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield _wrong(at, kind, value)
        return
    known = {field.name: field for field in fields(kind)}
    for name in value.keys() - known.keys():
        yield f"{_below(at, name)}: not a field of {kind.__name__}"
    for name, field in known.items():
        if name in value:
            yield from problems(value[name], field.kind, _below(at, name))
        elif field.required:
            yield f"{_below(at, name)}: missing"


def _of_many(value: Any, kind: Any, at: str) -> Iterator[str]:
    origin, inner = get_origin(kind), get_args(kind)
    if not isinstance(value, origin):
        yield _wrong(at, kind, value)
        return
    rows = value.items() if isinstance(value, dict) else enumerate(value)
    for name, item in rows:
        yield from problems(item, inner[-1], _below(at, str(name)))


def _is_plain(value: Any, kind: Any) -> bool:
    if kind in (None, types.NoneType):
        return value is None
    if kind in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if kind is float else kind)


def _below(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _wrong(at: str, kind: Any, value: Any) -> str:
    return f"{at or 'top level'}: expected {shape(kind)}, found {value!r:.60}"


def shape(kind: Any) -> str:
    """A type as a reader of JSON would say it."""
    origin, inner = get_origin(kind), get_args(kind)
    if is_choice(kind):
        return " or ".join(shape(one) for one in inner)
    if origin is Literal:
        return " or ".join(f"`{one}`" for one in inner)
    if origin is list:
        return f"list of {shape(inner[0])}"
    if origin is dict:
        return f"object: name to {shape(inner[1])}"
    plain: Mapping[Any, str] = {
        str: "text",
        int: "integer",
        float: "number",
        bool: "true or false",
        types.NoneType: "null",
        Any: "any",
    }
    return plain[kind] if kind in plain else kind.__name__


def check(value: Any, kind: Any, place: Path | str) -> None:
    """Hold a JSON value to its type; a field that the type does not have is an error as well.

    Raises:
        DataError: the first thing that is wrong, with the file, the field and what is there.
    """
    for problem in problems(value, kind):
        raise DataError(f"{place}: {problem}")
