"""JSON schemas as structured outputs use them: checking a value, and telling whether a schema is strict."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from memos.errors import ConfigError
from memos.llm.plain_schema import Check, certain
from memos.remembered import Remembered

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, SchemaError, ValidationError

_SHOWN = 80
"""How many characters of a value a reason shows."""


def problems(value: Any, schema: Mapping[str, Any]) -> list[str]:
    """What a value breaks in a schema (JSON Schema 2020-12), each as ``path: reason``; empty when it satisfies it.

    ``format`` is not checked and nothing is loaded from the network.

    Raises:
        ConfigError: a ``$ref`` or a type of the schema itself leads nowhere.
    """
    if _certain(schema)(value):
        return []
    from jsonschema.exceptions import UnknownType
    from referencing.exceptions import Unresolvable

    try:
        return [f"{error.json_path}: {_reason(error)}" for error in _validator(schema).iter_errors(value)]
    except Unresolvable as error:
        raise ConfigError(f"JSON schema: $ref {error.ref!r} leads nowhere") from error
    except UnknownType as error:
        raise ConfigError(f"JSON schema: type {error.type!r} is unknown") from error


def check_schema(schema: Any, place: str) -> None:
    """Raises ConfigError, naming the place, where something is no JSON schema or requires a property that it lacks."""
    from jsonschema import Draft202012Validator, SchemaError

    if not isinstance(schema, Mapping):
        raise ConfigError(f"{place}: expected a JSON schema object, found {schema!r:.40}")
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ConfigError(f"{place}{error.json_path.removeprefix('$')}: {_reason(error)}") from error
    for node in _nodes(schema):
        known = node.get("properties", {}) if node.get("type") == "object" else node.get("properties")
        unknown = [name for name in node.get("required", ()) if known is not None and name not in known]
        if unknown:
            raise ConfigError(f"{place}: required {unknown[0]!r} is no property")


def _made_validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    from jsonschema import Draft202012Validator
    from referencing import Registry

    return Draft202012Validator(schema, registry=Registry())


_validator: Remembered[Mapping[str, Any], Draft202012Validator] = Remembered(_made_validator, 64)

_certain: Remembered[Mapping[str, Any], Check] = Remembered(certain, 64)


def _reason(error: ValidationError | SchemaError) -> str:
    """The library's message on one line; a value at its head is cut, so that a long reply does not hide the reason."""
    shown, message = repr(error.instance), error.message
    if message.startswith(shown) and len(shown) > _SHOWN:
        message = f"{shown[:_SHOWN]}…{message[len(shown) :]}"
    return " ".join(message.split())


def _strict(schema: Mapping[str, Any]) -> bool:
    for node in _nodes(schema):
        if node.get("type") == "object" or "properties" in node:
            if node.get("additionalProperties") is not False:
                return False
            if set(node.get("required", ())) != set(node.get("properties", {})):
                return False
    return True


is_strict: Remembered[Mapping[str, Any], bool] = Remembered(_strict, 64)
"""Whether OpenAI's strict mode takes a schema: every object closed, with all its properties required."""


def _nodes(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, Mapping):
        yield node
        for name, child in node.items():
            if name in ("properties", "$defs", "definitions") and isinstance(child, Mapping):
                for sub in child.values():
                    yield from _nodes(sub)
            elif name in ("items", "anyOf", "oneOf", "allOf"):
                yield from _nodes(child)
    elif isinstance(node, list | tuple):
        for child in node:
            yield from _nodes(child)


def schema_note(schema: Mapping[str, Any]) -> str:
    """What a model without structured outputs is told."""
    return f"Reply with one JSON value that satisfies this JSON schema, and nothing else:\n{json.dumps(schema)}"
