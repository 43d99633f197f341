"""Structured filters: one expression that compiles to SQL and also decides on a cube in memory.

``Is("speaker", "Ana") & Tagged("travel") & ~Is("layer", "global")`` — every node has ``sql()`` and ``matches(cube)``;
the two mean the same (checked against each other by tests).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from memos.cube.cube import MemCube
from memos.cube.errors import CubeError
from memos.cube.header import event_seconds

Sql = tuple[str, list[Any]]


COLUMNS = {
    "cube_id": lambda cube: cube.cube_id,
    "provenance_id": lambda cube: cube.descriptive.provenance_id,
    "namespace": lambda cube: cube.governance.namespace,
    "owner": lambda cube: cube.governance.owner,
    "layer": lambda cube: cube.governance.layer,
    "sensitivity": lambda cube: cube.governance.sensitivity,
    "priority": lambda cube: cube.governance.priority,
    "kind": lambda cube: cube.kind,
    "state": lambda cube: cube.state,
    "tier": lambda cube: cube.tier,
    "frozen": lambda cube: int(cube.frozen),
    "origin": lambda cube: cube.descriptive.origin,
    "semantic_type": lambda cube: cube.descriptive.semantic_type,
    "speaker": lambda cube: cube.descriptive.speaker,
    "topic": lambda cube: cube.descriptive.topic,
    "concept": lambda cube: cube.descriptive.concept,
    "dialogue": lambda cube: cube.descriptive.sources[0].dialogue if cube.descriptive.sources else "",
    "session": lambda cube: cube.descriptive.sources[0].session if cube.descriptive.sources else "",
    "position": lambda cube: cube.descriptive.position,
    "expires_at": lambda cube: cube.expires_at,
    "decay_half_life": lambda cube: cube.governance.decay_half_life,
    "access_count": lambda cube: cube.behavioural.access_count,
}
"""Fields a filter can name. ``dialogue`` and ``session`` are those of the first source."""
_MAY_BE_NULL = frozenset({"position", "expires_at", "decay_half_life"})
"""Fields whose test may give NULL; the others are asked plainly, so that SQLite can use their index."""

_LISTED = 8
"""Values above which a list goes to SQLite as one parameter, so that the statement need not be parsed for every length.
"""


class Where:
    """A condition on cubes. Combine with ``&``, ``|`` and ``~``."""

    def sql(self, wide: bool = False) -> Sql:
        """A condition over the table ``cubes`` and its parameters.

        Args:
            wide: it will be asked of all cubes, so that side tables should drive; else of a few cubes.
        """
        raise TypeError(f"{type(self).__name__} has no SQL form")

    def matches(self, cube: MemCube) -> bool:
        """Whether the cube satisfies the condition."""
        raise TypeError(f"{type(self).__name__} decides nothing")

    @property
    def names_rows(self) -> bool:
        """Whether an index can list the few cubes that satisfy it."""
        return False

    def __and__(self, other: Where) -> Where:
        return AllOf(self, other)

    def __or__(self, other: Where) -> Where:
        return AnyOf(self, other)

    def __invert__(self) -> Where:
        return Not(self)


class AllOf(Where):
    """Every condition holds; with none, every cube."""

    def __init__(self, *conditions: Where) -> None:
        self.conditions = conditions

    def sql(self, wide: bool = False) -> Sql:
        return _joined(self.conditions, " AND ", "1", wide)

    def matches(self, cube: MemCube) -> bool:
        return all(condition.matches(cube) for condition in self.conditions)

    @property
    def names_rows(self) -> bool:
        return any(condition.names_rows for condition in self.conditions)


class AnyOf(Where):
    """At least one condition holds; with none, no cube."""

    def __init__(self, *conditions: Where) -> None:
        self.conditions = conditions

    def sql(self, wide: bool = False) -> Sql:
        return _joined(self.conditions, " OR ", "0", wide)

    def matches(self, cube: MemCube) -> bool:
        return any(condition.matches(cube) for condition in self.conditions)

    @property
    def names_rows(self) -> bool:
        return bool(self.conditions) and all(condition.names_rows for condition in self.conditions)


class Not(Where):
    """The condition does not hold."""

    def __init__(self, part: Where) -> None:
        self.part = part

    def sql(self, wide: bool = False) -> Sql:
        text, parameters = self.part.sql(wide)
        return f"NOT ({text})", parameters

    def matches(self, cube: MemCube) -> bool:
        return not self.part.matches(cube)


class Is(Where):
    """A field has one of the values. Fields: ``filters.COLUMNS``."""

    def __init__(self, column: str, *values: Any) -> None:
        self.column, self.values = _known(column), values
        if not values:
            raise CubeError(f"filter {column}: no value given")

    def sql(self, wide: bool = False) -> Sql:
        if len(self.values) > _LISTED and all(type(value) is str for value in self.values):
            return f"cubes.{self.column} IN (SELECT value FROM json_each(?))", [json.dumps(self.values)]
        text = f"cubes.{self.column} IN ({','.join('?' * len(self.values))})"
        if self.column in _MAY_BE_NULL or None in self.values:
            text = f"coalesce({text}, 0)"
        return text, list(self.values)

    def matches(self, cube: MemCube) -> bool:
        return COLUMNS[self.column](cube) in self.values

    @property
    def names_rows(self) -> bool:
        return self.column in ("cube_id", "session") and None not in self.values


class Between(Where):
    """A number field lies in [low, high]; None leaves that side open. A cube without the field does not match."""

    def __init__(self, column: str, low: float | None = None, high: float | None = None) -> None:
        self.column, self.low, self.high = _known(column), low, high

    def sql(self, wide: bool = False) -> Sql:
        return _range(f"cubes.{self.column}", self.low, self.high, "<=")

    def matches(self, cube: MemCube) -> bool:
        value = COLUMNS[self.column](cube)
        return (
            value is not None and (self.low is None or value >= self.low) and (self.high is None or value <= self.high)
        )


class Tagged(Where):
    """The cube carries one (or, with ``every``, all) of the tags."""

    def __init__(self, *tags: str, every: bool = False) -> None:
        self.tags, self.every = tags, every

    def sql(self, wide: bool = False) -> Sql:
        test = "EXISTS (SELECT 1 FROM tags WHERE tags.id = cubes.id AND tags.tag IN ({}))"
        if wide:
            test = "cubes.id IN (SELECT id FROM tags WHERE tag IN ({}))"
        if self.every:
            return " AND ".join([test.format("?")] * len(self.tags)) or "1", list(self.tags)
        return test.format(",".join("?" * len(self.tags))), list(self.tags)

    def matches(self, cube: MemCube) -> bool:
        return (all if self.every else any)(tag in cube.descriptive.tags for tag in self.tags)

    @property
    def names_rows(self) -> bool:
        return bool(self.tags)


class Happened(Where):
    """The event's interval overlaps [after, before). A cube without event time does not match."""

    def __init__(self, after: datetime | None = None, before: datetime | None = None) -> None:
        self.after = None if after is None else event_seconds(after)
        self.before = None if before is None else event_seconds(before)

    def sql(self, wide: bool = False) -> Sql:
        tests, parameters = ["cubes.event_start IS NOT NULL"], []
        if self.before is not None:
            tests.append("cubes.event_start < ?")
            parameters.append(self.before)
        if self.after is not None:
            tests.append("(cubes.event_start >= ? OR cubes.event_end > ?)")
            parameters += [self.after, self.after]
        return "coalesce(" + " AND ".join(tests) + ", 0)", parameters

    def matches(self, cube: MemCube) -> bool:
        start, end = cube.descriptive.event_start, cube.descriptive.event_end
        if start is None:
            return False
        first = event_seconds(start)
        late = self.after is None or first >= self.after or (end is not None and event_seconds(end) > self.after)
        return late and (self.before is None or first < self.before)


class Recorded(Where):
    """The cube was first recorded in [after, before)."""

    def __init__(self, after: datetime | None = None, before: datetime | None = None) -> None:
        self.after = None if after is None else after.timestamp()
        self.before = None if before is None else before.timestamp()

    def sql(self, wide: bool = False) -> Sql:
        return _range("cubes.created_at", self.after, self.before, "<")

    def matches(self, cube: MemCube) -> bool:
        at = cube.descriptive.created_at.timestamp()
        return (self.after is None or at >= self.after) and (self.before is None or at < self.before)


class SaidWithin(Where):
    """The cube was said (wall clock; where nothing says when, first recorded) in [after, before), to the second."""

    def __init__(self, after: datetime | None = None, before: datetime | None = None) -> None:
        self.after = None if after is None else _second(after.isoformat())
        self.before = None if before is None else _second(before.isoformat())

    def sql(self, wide: bool = False) -> Sql:
        said = "substr(coalesce(json_extract(cubes.content, '$.descriptive.attributes.said_at'), cubes.created), 1, 19)"
        tests = [f"{said} >= ?"] * (self.after is not None) + [f"{said} < ?"] * (self.before is not None)
        return " AND ".join(tests) or "1", [one for one in (self.after, self.before) if one is not None]

    def matches(self, cube: MemCube) -> bool:
        stated = cube.descriptive.attributes.get("said_at")
        said = _second(str(stated) if stated else cube.descriptive.created_at.isoformat())
        return (self.after is None or said >= self.after) and (self.before is None or said < self.before)


class Brief(Where):
    """The event's time is known to so many seconds. A cube without event time does not match."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def sql(self, wide: bool = False) -> Sql:
        span = "coalesce(cubes.event_end, cubes.event_start) - cubes.event_start"
        return f"coalesce({span} <= ?, 0)", [self.seconds]

    def matches(self, cube: MemCube) -> bool:
        start, end = cube.descriptive.event_start, cube.descriptive.event_end
        return start is not None and event_seconds(end or start) - event_seconds(start) <= self.seconds


class Mentions(Where):
    """The cube names one of the names: in its text, or as its speaker."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def sql(self, wide: bool = False) -> Sql:
        text = "coalesce(json_extract(cubes.content, '$.payload.text'), '')"
        tests = [f"instr({text}, ?) > 0 OR cubes.speaker = ?"] * len(self.names)
        return "(" + (" OR ".join(tests) or "0") + ")", [name for one in self.names for name in (one, one)]

    def matches(self, cube: MemCube) -> bool:
        return cube.descriptive.speaker in self.names or any(name in cube.text for name in self.names)


class FromTurn(Where):
    """One of the cube's sources is a given turn, session or dialogue; empty strings match any."""

    def __init__(self, dialogue: str = "", session: str = "", turn: str = "") -> None:
        self.wanted = {
            name: value for name, value in (("dialogue", dialogue), ("session", session), ("turn", turn)) if value
        }

    def sql(self, wide: bool = False) -> Sql:
        tests = "".join(f" AND sources.{name} = ?" for name in self.wanted)
        if wide:
            return f"cubes.id IN (SELECT id FROM sources WHERE 1{tests})", list(self.wanted.values())
        return f"EXISTS (SELECT 1 FROM sources WHERE sources.id = cubes.id{tests})", list(self.wanted.values())

    def matches(self, cube: MemCube) -> bool:
        return any(
            all(getattr(source, name) == value for name, value in self.wanted.items())
            for source in cube.descriptive.sources
        )

    @property
    def names_rows(self) -> bool:
        return bool(self.wanted)


class DerivedFrom(Where):
    """The cube was made from one of the given cubes (its lineage or its training cubes name it)."""

    def __init__(self, *cube_ids: str) -> None:
        self.cube_ids = frozenset(cube_ids)

    def sql(self, wide: bool = False) -> Sql:
        text = "cubes.id IN (SELECT id FROM lineage WHERE parent IN (SELECT value FROM json_each(?)))"
        return text, [json.dumps(sorted(self.cube_ids))]

    def matches(self, cube: MemCube) -> bool:
        return not self.cube_ids.isdisjoint(cube.parents)

    @property
    def names_rows(self) -> bool:
        return True


def _second(moment: str) -> str:
    """A time in ISO form, cut to the second; texts of this length sort as times do."""
    return moment[:19]


def _known(column: str) -> str:
    if column not in COLUMNS:
        raise CubeError(f"filter field {column!r} is none of {', '.join(COLUMNS)}")
    return column


def _joined(conditions: tuple[Where, ...], word: str, empty: str, wide: bool) -> Sql:
    compiled = [condition.sql(wide) for condition in conditions]
    text = word.join(f"({text})" for text, _ in compiled) or empty
    return text, [value for _, parameters in compiled for value in parameters]


def _range(column: str, low: float | None, high: float | None, below: str) -> Sql:
    tests, parameters = [f"{column} IS NOT NULL"], []
    if low is not None:
        tests.append(f"{column} >= ?")
        parameters.append(low)
    if high is not None:
        tests.append(f"{column} {below} ?")
        parameters.append(high)
    return " AND ".join(tests), parameters
