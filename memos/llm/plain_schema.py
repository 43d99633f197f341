"""A quick check of the schemas that structured outputs are asked with: whether a value satisfies one for certain.

A general validator takes a tenth of a call's processor time. Nearly every reply satisfies its schema, and nearly every
schema is made of the few keywords here; for what is not certain the general one decides (``memos.llm.schema``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], bool]
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}
_SAYS_NOTHING = {"title", "description"}
_KNOWN = {"type", "enum", "properties", "required", "additionalProperties", "items"} | _SAYS_NOTHING


def certain(schema: Any) -> Check:
    """A function that says True only of values that satisfy the schema; of schemas with other keywords never."""
    return _check(schema) or _never


def _never(value: Any) -> bool:
    return False


def _check(schema: Any) -> Check | None:
    """None where a keyword is not known here."""
    if not isinstance(schema, Mapping) or not schema.keys() <= _KNOWN:
        return None
    stated = schema.get("type")
    names = [stated] if isinstance(stated, str) else stated
    if not isinstance(names, list) or not all(isinstance(name, str) and name in _TYPES for name in names):
        return None
    types = frozenset(kind for name in names for kind in _TYPES[name])
    options = schema.get("enum")
    if options is not None and (names != ["string"] or not all(type(option) is str for option in options)):
        return None
    inner = _object(schema) if "object" in names else _list(schema) if "array" in names else _anything
    if inner is None or (len(names) > 1 and inner is not _anything):
        return None
    allowed = None if options is None else frozenset(options)
    return lambda value: type(value) in types and (allowed is None or value in allowed) and inner(value)


def _anything(value: Any) -> bool:
    return True


def _list(schema: Mapping[str, Any]) -> Check | None:
    item = _check(schema["items"]) if "items" in schema else _anything
    return None if item is None else lambda value: all(map(item, value))


def _object(schema: Mapping[str, Any]) -> Check | None:
    given, required, further = (
        schema.get("properties", {}),
        schema.get("required", []),
        schema.get("additionalProperties"),
    )
    if not isinstance(given, Mapping) or not isinstance(required, list) or further not in (None, True, False):
        return None
    fields = {name: _check(part) for name, part in given.items()}
    known = {name: check for name, check in fields.items() if check is not None}
    if len(known) < len(fields):
        return None

    def check(value: Mapping[str, Any]) -> bool:
        for name in required:
            if name not in value:
                return False
        for name, part in value.items():
            field = known.get(name)
            if field is None:
                if further is False:
                    return False
            elif not field(part):
                return False
        return True

    return check
