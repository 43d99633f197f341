"""A JSON value in the form that a schema asks for, where nothing that the model said is changed by it.

Models without grammar leave fields away that may be null, write an id as a number, or send the one list without the
object around it. Such replies say what was asked; only their form differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def fitted(value: Any, schema: Mapping[str, Any]) -> Any:
    """The value with missing nullable fields as null, whole numbers as text where text is wanted, and a bare list as
    the only list of the object that is wanted; whether that satisfies the schema is asked of ``schema.problems``.
    """
    properties = schema.get("properties")
    if properties is not None:
        if isinstance(value, list):
            lists = [name for name, own in properties.items() if _allows(own, "array")]
            if len(lists) != 1 or len(properties) != 1:
                return value
            value = {lists[0]: value}
        if not isinstance(value, dict):
            return value
        made = {name: fitted(item, properties[name]) if name in properties else item for name, item in value.items()}
        absent = [name for name in schema.get("required", ()) if name not in made and _allows(properties[name], "null")]
        return {**made, **dict.fromkeys(absent)}
    if isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        return [fitted(item, schema["items"]) for item in value]
    whole = isinstance(value, int) and not isinstance(value, bool)
    if whole and _allows(schema, "string") and not _allows(schema, "integer") and not _allows(schema, "number"):
        return str(value)
    return value


def _allows(schema: Mapping[str, Any], kind: str) -> bool:
    """Whether a schema names a type."""
    named = schema.get("type", ())
    if kind == named or (not isinstance(named, str) and kind in named):
        return True
    return any(_allows(one, kind) for one in schema.get("anyOf", ()))
