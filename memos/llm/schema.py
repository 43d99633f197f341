"""JSON schemas as structured outputs use them: checking a value, and telling whether a schema is strict."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def problems(value: Any, schema: Mapping[str, Any]) -> list[str]:
    """What a value breaks in a schema, each as ``path: reason``; empty when it satisfies it.

    Understands type, enum, const, properties, required, additionalProperties, items, minItems, maxItems, minimum,
    maximum, minLength, maxLength, anyOf, oneOf, allOf and ``$ref`` inside the schema; other words are not checked.
    """
    return list(_check(value, schema, schema, "$"))


def resolve(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema that a ``$ref`` of form ``#/…`` names; a schema without one comes back itself."""
    while "$ref" in schema:
        node: Any = root
        for part in schema["$ref"].lstrip("#/").split("/"):
            node = node[part]
        schema = node
    return schema


def is_strict(schema: Mapping[str, Any]) -> bool:
    """Whether OpenAI's strict mode takes the schema: every object closed, with all its properties required."""
    for node in _nodes(schema):
        if node.get("type") == "object" or "properties" in node:
            if node.get("additionalProperties") is not False:
                return False
            if set(node.get("required", ())) != set(node.get("properties", {})):
                return False
    return True


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


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES.get(kind, (object,)))


def _check(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], path: str) -> Iterator[str]:
    schema = resolve(schema, root)
    for word in ("anyOf", "oneOf"):
        options = schema.get(word)
        if options and not any(not list(_check(value, option, root, path)) for option in options):
            yield f"{path}: matches none of the {len(options)} allowed forms"
            return
    for part in schema.get("allOf", ()):
        yield from _check(value, part, root, path)
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    if kinds and not any(_is(value, kind) for kind in kinds):
        yield f"{path}: is {type(value).__name__}, must be {' or '.join(kinds)}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is none of {', '.join(map(repr, schema['enum']))}"
    if "const" in schema and value != schema["const"]:
        yield f"{path}: must be {schema['const']!r}"
    if isinstance(value, dict):
        yield from _check_object(value, schema, root, path)
    elif isinstance(value, list):
        yield from _bounds(len(value), schema, "minItems", "maxItems", path, "items")
        for index, item in enumerate(value):
            yield from _check(item, schema.get("items", {}), root, f"{path}[{index}]")
    elif isinstance(value, str):
        yield from _bounds(len(value), schema, "minLength", "maxLength", path, "characters")
    elif isinstance(value, int | float):
        yield from _bounds(value, schema, "minimum", "maximum", path, "")


def _check_object(
    value: Mapping[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], path: str
) -> Iterator[str]:
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{path}: lacks {name!r}"
    extra = schema.get("additionalProperties", True)
    for name, item in value.items():
        if name in properties:
            yield from _check(item, properties[name], root, f"{path}.{name}")
        elif extra is False:
            yield f"{path}: has unknown {name!r}"
        elif isinstance(extra, Mapping):
            yield from _check(item, extra, root, f"{path}.{name}")


def _bounds(
    size: float, schema: Mapping[str, Any], low: str, high: str, path: str, unit: str
) -> Iterator[str]:
    if low in schema and size < schema[low]:
        yield f"{path}: {size} {unit} is below {schema[low]}".replace("  ", " ")
    if high in schema and size > schema[high]:
        yield f"{path}: {size} {unit} is above {schema[high]}".replace("  ", " ")


def schema_note(schema: Mapping[str, Any]) -> str:
    """What a model without structured outputs is told."""
    return f"Reply with one JSON value that satisfies this JSON schema, and nothing else:\n{json.dumps(schema)}"
