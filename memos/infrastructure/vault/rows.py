"""A cube as rows of the vault's tables, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from memos.cube.codec import from_json
from memos.cube.cube import MemCube, parse_content
from memos.cube.header import Behavioural, Descriptive, event_seconds
from memos.infrastructure.vault.readable import context_key
from memos.language.scripts import coded

CONTENT_COLUMNS = (
    "cube_id",
    "ns",
    "namespace",
    "provenance_id",
    "owner",
    "layer",
    "sensitivity",
    "contexts",
    "priority",
    "kind",
    "origin",
    "semantic_type",
    "speaker",
    "topic",
    "concept",
    "dialogue",
    "session",
    "position",
    "created_at",
    "updated_at",
    "event_start",
    "event_end",
    "expires_at",
    "created",
    "updated",
    "fingerprint",
    "version",
    "parent_version",
    "derived_from",
    "content_digest",
    "digest",
    "decay_half_life",
    "content",
)
"""Columns that a new version sets."""
PLACE_COLUMNS = ("state", "tier", "frozen")
COUNT_COLUMNS = ("access_count", "last_access", "last_use", "heat", "injections", "helpful", "unhelpful")
"""Columns that only the vault's own counting sets."""
READ_COLUMNS = (
    "content",
    "cube_id",
    "provenance_id",
    "created",
    "updated",
    "fingerprint",
    "version",
    "parent_version",
    "derived_from",
    "content_digest",
    "digest",
    "state",
    "tier",
    "frozen",
    "access_count",
    "last_use",
    "heat",
    "injections",
    "helpful",
    "unhelpful",
)
SELECT = ", ".join(f"cubes.{name}" for name in READ_COLUMNS)


def content_row(cube: MemCube, ns: int, content: str) -> tuple[Any, ...]:
    """Values of CONTENT_COLUMNS."""
    header, rules, behaviour = cube.descriptive, cube.governance, cube.behavioural
    first = header.sources[0] if header.sources else None
    return (
        cube.cube_id,
        ns,
        rules.namespace,
        header.provenance_id,
        rules.owner,
        rules.layer,
        rules.sensitivity,
        context_key(*rules.contexts),
        rules.priority,
        cube.kind,
        header.origin,
        header.semantic_type,
        header.speaker,
        header.topic,
        header.concept,
        first.dialogue if first else "",
        first.session if first else "",
        header.position,
        header.created_at.timestamp(),
        header.updated_at.timestamp(),
        None if header.event_start is None else event_seconds(header.event_start),
        None if header.event_end is None else event_seconds(header.event_end),
        cube.expires_at,
        header.created_at.isoformat(),
        header.updated_at.isoformat(),
        behaviour.fingerprint,
        behaviour.version,
        behaviour.parent_version,
        json.dumps(behaviour.derived_from),
        behaviour.content_digest,
        behaviour.digest,
        rules.decay_half_life,
        content,
    )


def place_row(cube: MemCube) -> tuple[Any, ...]:
    """Values of PLACE_COLUMNS and COUNT_COLUMNS."""
    return (cube.state, cube.tier, int(cube.frozen), *count_row(cube.behavioural))


def count_row(behaviour: Behavioural) -> tuple[Any, ...]:
    """Values of COUNT_COLUMNS."""
    used = behaviour.last_access
    return (
        behaviour.access_count,
        None if used is None else used.timestamp(),
        None if used is None else used.isoformat(),
        behaviour.heat,
        behaviour.injections,
        behaviour.helpful,
        behaviour.unhelpful,
    )


def side_rows(cube: MemCube, row: int) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of the side tables by table name."""
    return {
        "tags": [(row, tag) for tag in dict.fromkeys(cube.descriptive.tags)],
        "sources": [
            (row, place, source.dialogue, source.session, source.turn)
            for place, source in enumerate(cube.descriptive.sources)
        ],
        "lineage": [(row, parent) for parent in cube.parents],
        "acl": list(
            dict.fromkeys(
                (row, grant.principal, right, int(grant.effect == "allow"))
                for grant in cube.governance.acl
                for right in grant.rights
            )
        ),
    }


SIDE_TABLES = {"tags": 2, "sources": 5, "lineage": 2, "acl": 4}
"""Side tables and their number of columns."""


def indexed_text(cube: MemCube) -> tuple[str, str]:
    """What the keyword index holds of a cube: its body, and its head (title and tags), scripts without blanks as
    words."""
    body, head = plain_text(cube)
    return coded(body), coded(head)


def plain_text(cube: MemCube) -> tuple[str, str]:
    """The same as it is written."""
    return cube.text, " ".join((cube.descriptive.key, *cube.descriptive.tags)).strip()


def read_cube(row: Sequence[Any]) -> MemCube:
    """A cube from a row of READ_COLUMNS."""
    (
        content,
        cube_id,
        provenance_id,
        created,
        updated,
        fingerprint,
        version,
        parent_version,
        derived_from,
        content_digest,
        digest,
        state,
        tier,
        frozen,
        access_count,
        last_use,
        heat,
        injections,
        helpful,
        unhelpful,
    ) = row
    payload, descriptive, governance = parse_content(content)
    descriptive |= {"cube_id": cube_id, "provenance_id": provenance_id, "created_at": created, "updated_at": updated}
    behaviour = Behavioural(
        access_count,
        None if last_use is None else datetime.fromisoformat(last_use),
        heat,
        injections,
        helpful,
        unhelpful,
        fingerprint,
        version,
        parent_version,
        tuple(json.loads(derived_from)),
        content_digest,
        digest,
    )
    return MemCube(payload, from_json(Descriptive, descriptive), governance, behaviour, state, tier, bool(frozen))
