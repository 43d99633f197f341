"""Reading and writing the vault's tables: batches of new cubes, revisions, edges, uses, audit entries."""

from __future__ import annotations

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from memos.cube.codec import canonical
from memos.cube.cube import MemCube
from memos.cube.errors import NotFound
from memos.cube.versions import Version
from memos.infrastructure.audit import AuditEntry, LogQuery, seal
from memos.infrastructure.vault import rows
from memos.infrastructure.vault.base import Edge, Use, UseRecord
from memos.infrastructure.vault.schema import IN_LIVE_STATE


def _insert(table: str, columns: int) -> str:
    return f"INSERT INTO {table} VALUES ({','.join('?' * columns)})"


_ALL = ("id", *rows.CONTENT_COLUMNS, *rows.PLACE_COLUMNS, *rows.COUNT_COLUMNS)
_INSERT_CUBE = f"INSERT INTO cubes ({', '.join(_ALL)}) VALUES ({','.join('?' * len(_ALL))})"
_UPDATE_CUBE = f"UPDATE cubes SET {', '.join(f'{name} = ?' for name in rows.CONTENT_COLUMNS)} WHERE id = ?"


class Batch:
    """New cubes as rows, collected so that each table is written once."""

    def __init__(self) -> None:
        self.cubes: list[tuple] = []
        self.versions: list[tuple] = []
        self.uses: list[tuple] = []
        self.sides: dict[str, list[tuple]] = {table: [] for table in rows.SIDE_TABLES}
        self.indexed: list[tuple[int, int, str, str]] = []
        """(namespace, row, body, head) for the keyword index."""
        self.vectors: list[tuple[int, int, Any]] = []
        """(namespace, row, vector) for the vector index."""

    def add(self, cube: MemCube, row: int, ns: int, vector: Any) -> None:
        """Collect one cube."""
        self.cubes.append((row, *rows.content_row(cube, ns, cube.content()), *rows.place_row(cube)))
        for table, side_rows in rows.side_rows(cube, row).items():
            self.sides[table] += side_rows
        self.indexed.append((ns, row, *rows.indexed_text(cube)))
        if vector is not None:
            self.vectors.append((ns, row, vector))

    def first_version(self, cube: MemCube, row: int, actor: str, cause: str) -> None:
        """Start the version chain of a collected cube."""
        behaviour = cube.behavioural
        self.versions.append(
            (
                row,
                1,
                None,
                cube.descriptive.updated_at.isoformat(),
                None,
                behaviour.content_digest,
                behaviour.digest,
                actor,
                cause,
            )
        )

    def history(self, row: int, versions: Sequence[Version], uses: Sequence[UseRecord]) -> None:
        """Take over the version chain and access log of a collected cube; its newest content is in the cube itself."""
        self.versions += [
            (
                row,
                one.version,
                one.parent_version,
                one.at.isoformat(),
                None if one is versions[-1] else one.content,
                one.content_digest,
                one.digest,
                one.actor,
                one.cause,
            )
            for one in versions
        ]
        self.uses += [(row, use.at.isoformat(), use.use, use.caller) for use in uses]

    def write(self, db: sqlite3.Connection) -> None:
        """Insert the rows (the indexes are written by ``Indexes.insert``)."""
        db.executemany(_INSERT_CUBE, self.cubes)
        db.executemany(_insert("versions", 9), self.versions)
        db.executemany("INSERT INTO uses (id, at, use, caller) VALUES (?, ?, ?, ?)", self.uses)
        for table, side_rows in self.sides.items():
            if side_rows:
                db.executemany(_insert(table, rows.SIDE_TABLES[table]), side_rows)


def write_revision(
    db: sqlite3.Connection, row: int, ns: int, old: MemCube, new: MemCube, content: str, actor: str, cause: str
) -> None:
    """Replace a cube's content columns and side rows; the old content moves into its version's row."""
    behaviour = new.behavioural
    db.execute(
        "UPDATE versions SET content = (SELECT content FROM cubes WHERE id = ?) WHERE id = ? AND version = ?",
        (row, row, old.version),
    )
    db.execute(
        _insert("versions", 9),
        (
            row,
            new.version,
            old.version,
            new.descriptive.updated_at.isoformat(),
            None,
            behaviour.content_digest,
            behaviour.digest,
            actor,
            cause,
        ),
    )
    db.execute(_UPDATE_CUBE, (*rows.content_row(new, ns, content), row))
    for table, side_rows in rows.side_rows(new, row).items():
        db.execute(f"DELETE FROM {table} WHERE id = ?", (row,))
        db.executemany(_insert(table, rows.SIDE_TABLES[table]), side_rows)


def delete_cube(db: sqlite3.Connection, row: int, cube_id: str) -> None:
    """Remove every row of a cube; edges at both its ends go too."""
    for table in ("cubes", "versions", "uses", *rows.SIDE_TABLES):
        db.execute(f"DELETE FROM {table} WHERE id = ?", (row,))
    db.execute("DELETE FROM edges WHERE source = ? OR target = ?", (cube_id, cube_id))
    db.execute("UPDATE meta SET value = value + 1 WHERE key = 'purges'")


def generation(db: sqlite3.Connection, namespace: str) -> int:
    """How many changes a namespace has seen; 0 where none was counted."""
    try:
        stored = db.execute(
            "SELECT value FROM generations JOIN namespaces USING (ns) WHERE name = ?", (namespace,)
        ).fetchone()
    except sqlite3.OperationalError:  # a file of before they were counted, opened read-only
        stored = db.execute("SELECT value FROM meta WHERE key = 'purges'").fetchone()
    return 0 if stored is None else stored[0]


def stamps(db: sqlite3.Connection, namespace: str) -> dict[str, int]:
    """The version of each plaintext cube of a namespace in a live state."""
    return dict(
        db.execute(
            "SELECT cube_id, version FROM cubes JOIN namespaces USING (ns) "
            f"WHERE name = ? AND kind = 'plaintext' AND {IN_LIVE_STATE} ORDER BY id",
            (namespace,),
        )
    )


def write_uses(
    db: sqlite3.Connection, cube_ids: Sequence[str], used: Mapping[str, MemCube], at: datetime, use: Use, caller: str
) -> None:
    """Log a use of each cube in order, a repeat once more.

    Args:
        used: each of the cubes with its new counters, by id.
    """
    db.executemany(
        "UPDATE cubes SET access_count = ?, last_access = ?, last_use = ?, heat = ?, injections = ?, helpful = ?, "
        "unhelpful = ? WHERE cube_id = ?",
        [(*rows.count_row(cube.behavioural), cube_id) for cube_id, cube in used.items()],
    )
    when = at.isoformat()
    db.executemany(
        "INSERT INTO uses (id, at, use, caller) SELECT id, ?, ?, ? FROM cubes WHERE cube_id = ?",
        [(when, use, caller, cube_id) for cube_id in cube_ids],
    )


def read_versions(db: sqlite3.Connection, row: int, cube_id: str) -> list[Version]:
    """Versions oldest first; the newest one's content is the cube's own."""
    versions = db.execute(
        "SELECT version, parent_version, at, coalesce(content, (SELECT content FROM cubes WHERE id = ?)), "
        "content_digest, digest, actor, cause FROM versions WHERE id = ? ORDER BY version",
        (row, row),
    )
    return [
        Version(cube_id, version, parent, datetime.fromisoformat(at), content, content_digest, digest, actor, cause)
        for version, parent, at, content, content_digest, digest, actor, cause in versions
    ]


class Relations(ABC):
    """Edges, access log, notes, audit log of ``SqliteVault``, which gives ``_db``, ``_reading`` and ``transaction``."""

    _db: sqlite3.Connection

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Any]:
        """A read that sees one state of the file."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Any]:
        """All changes inside, or none (``Vault.transaction``)."""

    def link(self, edges: Iterable[Edge]) -> None:
        with self.transaction():
            for edge in edges:
                for end in (edge.source, edge.target):
                    if not self._db.execute("SELECT 1 FROM cubes WHERE cube_id = ?", (end,)).fetchone():
                        raise NotFound(f"no cube {end} to link")
                self._db.execute(
                    "INSERT OR REPLACE INTO edges VALUES (?, ?, ?, ?, ?)",
                    (edge.source, edge.target, edge.relation, edge.weight, canonical(dict(edge.attributes))),
                )

    def unlink(self, edges: Iterable[Edge]) -> None:
        with self.transaction():
            self._db.executemany(
                "DELETE FROM edges WHERE source = ? AND target = ? AND relation = ?",
                [(edge.source, edge.target, edge.relation) for edge in edges],
            )

    def edges(
        self, cube_ids: Sequence[str], *, relations: Sequence[str] | None = None, direction: str = "both"
    ) -> list[Edge]:
        ids = json.dumps(list(cube_ids))
        test = "{} IN (SELECT value FROM json_each(?))"
        ends = {"out": ["source"], "in": ["target"], "both": ["source", "target"]}[direction]
        text = "(" + " OR ".join(test.format(end) for end in ends) + ")"
        parameters = [ids] * len(ends)
        if relations is not None:
            text += " AND " + test.format("relation")
            parameters.append(json.dumps(list(relations)))
        with self._reading():
            stored = self._db.execute(f"SELECT * FROM edges WHERE {text} ORDER BY source, target, relation", parameters)
            result = [Edge(a, b, relation, weight, json.loads(extra)) for a, b, relation, weight, extra in stored]
        return sorted(result, key=lambda edge: (edge.source, edge.relation, edge.target))

    def uses(self, cube_id: str | None = None) -> list[UseRecord]:
        test = "" if cube_id is None else " WHERE cubes.cube_id = ?"
        with self._reading():
            stored = self._db.execute(
                f"SELECT cube_id, at, use, caller FROM uses JOIN cubes ON cubes.id = uses.id{test} ORDER BY seq",
                () if cube_id is None else (cube_id,),
            )
            return [UseRecord(name, datetime.fromisoformat(at), use, caller) for name, at, use, caller in stored]

    def noted(self, name: str) -> str | None:
        """What the vault was told to remember under a name; None where that is nothing."""
        with self._reading():
            stored = self._db.execute("SELECT value FROM meta WHERE key = ?", (f"note:{name}",)).fetchone()
        return None if stored is None else str(stored[0])

    def note(self, name: str, text: str) -> None:
        """Remember a text (not of digits alone) under a name."""
        with self.transaction():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"note:{name}", text))

    def append_audit(self, entry: AuditEntry) -> AuditEntry:
        with self.transaction():
            seq, previous = self._db.execute("SELECT seq, digest FROM audit ORDER BY seq DESC LIMIT 1").fetchone() or (
                0,
                "",
            )
            sealed = seal(entry, seq + 1, previous)
            self._db.execute(
                _insert("audit", 11),
                (
                    sealed.seq,
                    sealed.at.isoformat(),
                    sealed.at.timestamp(),
                    sealed.actor,
                    sealed.operation,
                    sealed.cube_id,
                    sealed.kind,
                    sealed.cause,
                    sealed.outcome,
                    canonical(dict(sealed.details)),
                    sealed.digest,
                ),
            )
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('note:log', ?)", (f"{sealed.seq} {sealed.digest}",))
            return sealed

    def audit(self, query: LogQuery | None = None) -> list[AuditEntry]:
        text, parameters = _audit_sql(query or LogQuery())
        columns = "at, actor, operation, cube_id, kind, cause, outcome, details, seq, digest"
        with self._reading():
            stored = self._db.execute(f"SELECT {columns} FROM audit WHERE {text} ORDER BY seq", parameters)
            return [
                AuditEntry(
                    datetime.fromisoformat(at),
                    actor,
                    operation,
                    cube_id,
                    kind,
                    cause,
                    outcome,
                    json.loads(details),
                    seq,
                    digest,
                )
                for at, actor, operation, cube_id, kind, cause, outcome, details, seq, digest in stored
            ]


def _audit_sql(query: LogQuery) -> tuple[str, list[Any]]:
    conditions, parameters = ["1"], []
    about = "(cube_id = ? OR EXISTS (SELECT 1 FROM json_each(audit.details, '$.cubes') WHERE value = ?))"
    tests = [
        ("at_seconds >= ?", query.after and query.after.timestamp()),
        ("at_seconds < ?", query.before and query.before.timestamp()),
        ("actor = ?", query.actor),
        ("kind = ?", query.kind),
        ("outcome = ?", query.outcome),
        ("operation IN (SELECT value FROM json_each(?))", json.dumps(query.operations) if query.operations else None),
    ]
    for text, value in tests:
        if value is not None:
            conditions.append(text)
            parameters.append(value)
    if query.cube_id is not None:
        conditions.append(about)
        parameters += [query.cube_id, query.cube_id]
    return " AND ".join(conditions), parameters
