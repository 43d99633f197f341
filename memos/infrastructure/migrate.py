"""Older JSON forms of a cube, brought to the present one (docs/memos.md C47)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from memos.cube.cube import SCHEMA, MemCube
from memos.cube.errors import CubeError, ForeignFile
from memos.cube.header import Behavioural, Descriptive, Governance

_GROUPS = {
    name: {field.name for field in dataclasses.fields(group)}
    for name, group in (("descriptive", Descriptive), ("governance", Governance), ("behavioural", Behavioural))
}
_RENAMED = {"id": "cube_id", "scope": "layer", "time": "created_at", "usage_count": "access_count"}


def migrated(value: Mapping[str, Any]) -> dict[str, Any]:
    """A cube's JSON in the present schema.

    Raises:
        ForeignFile: no cube, or of a newer schema.
    """
    if not isinstance(value, Mapping) or "schema" not in value:
        raise ForeignFile("not a memory cube: no schema number")
    schema = value["schema"]
    if schema == SCHEMA:
        return dict(value)
    if schema == 1:
        return _from_1(dict(value))
    raise ForeignFile(f"memory cube of schema {schema!r}; this program reads 1 to {SCHEMA}")


def read_cube(value: Mapping[str, Any]) -> MemCube:
    """A cube from its JSON in any known schema; one without digests starts a version chain."""
    cube = MemCube.from_json(migrated(value))
    return cube if cube.behavioural.digest else cube.as_first_version()


def _from_1(value: dict[str, Any]) -> dict[str, Any]:
    """Schema 1 kept one flat ``header``, named four fields otherwise and had neither tier nor provenance id."""
    header = value.pop("header", None)
    if not isinstance(header, Mapping):
        raise ForeignFile("memory cube of schema 1 without its header")
    groups: dict[str, dict[str, Any]] = {name: {} for name in _GROUPS}
    for old, item in header.items():
        name = _RENAMED.get(old) or old
        group = next((group for group, fields in _GROUPS.items() if name in fields), None)
        if group is None:
            raise CubeError(f"memory cube of schema 1: unknown header field {old!r}")
        groups[group][name] = item
    descriptive = groups["descriptive"]
    descriptive.setdefault("provenance_id", descriptive.get("cube_id"))
    descriptive.setdefault("updated_at", descriptive.get("created_at"))
    for name in ("version", "parent_version", "content_digest", "digest"):
        groups["behavioural"].pop(name, None)
    unknown = [name for name in value if name not in ("schema", "kind", "payload", "state", "frozen")]
    if unknown:
        raise CubeError(f"memory cube of schema 1: unknown field {unknown[0]!r}")
    return {**value, **groups, "schema": SCHEMA, "tier": "long_term"}
