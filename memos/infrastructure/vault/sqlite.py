"""The default vault: one SQLite file with rows, keyword index, vectors, edges and audit log (paper section 5.5)."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memos.cube.clock import Clock, SystemClock
from memos.cube.cube import MemCube
from memos.cube.errors import MALFORMED, CubeError, DuplicateCube, ForeignFile, NotFound
from memos.cube.versions import Version
from memos.errors import ConfigError
from memos.infrastructure.vault import rows, tables
from memos.infrastructure.vault.base import Match, Use, UseRecord
from memos.infrastructure.vault.digests import vault_digest
from memos.infrastructure.vault.filters import Is, Where
from memos.infrastructure.vault.following import admitted, after_place, after_update, with_descendants
from memos.infrastructure.vault.indexes import Indexes
from memos.infrastructure.vault.rules import check_new, check_restored, check_revision, used_once_more
from memos.infrastructure.vault.schema import READING, open_database, told
from memos.infrastructure.vault.search import Search

if TYPE_CHECKING:
    import numpy as np

_KNOWN_CUBES = 20_000
"""Decoded cubes kept in memory."""


class SqliteVault(tables.Relations):
    """See ``memos.infrastructure.vault.base.Vault``. Several processes may open one file; threads may share a vault.

    A commit survives ``kill -9``; with ``synchronous=full`` it survives a power cut as well.
    """

    @dataclass
    class Config:
        path: str = field(default=":memory:", metadata={"help": "the vault's file; :memory: keeps it in memory"})
        synchronous: str = field(
            default="normal", metadata={"help": "normal: a commit survives kill -9; full: also a power cut"}
        )
        read_only: bool = field(default=False, metadata={"help": "mount without the right to change anything"})
        heat_half_life: float = field(default=86_400.0, metadata={"help": "seconds in which the heat of use halves"})

        keyword_matches: int = field(
            default=1000,
            metadata={"help": "above 4,000 memories: matches ranked before a query's commonest words are left out"},
        )

        def __post_init__(self) -> None:
            if not self.path.strip():
                raise ConfigError("vault.path: empty; give a file, or :memory: for a vault that is not kept")
            if self.keyword_matches < 1:
                raise ConfigError(f"vault.keyword_matches: {self.keyword_matches} is not positive")
            if self.synchronous not in ("normal", "full"):
                raise ConfigError(f"vault.synchronous: {self.synchronous!r} is neither normal nor full")
            if not self.heat_half_life > 0:
                raise ConfigError(f"vault.heat_half_life: {self.heat_half_life} is not positive")

    def __init__(self, config: Config | str | Path | None = None, *, clock: Clock | None = None) -> None:
        """Open the file, making it where there is none.

        Raises:
            ForeignFile: not a vault, damaged, or newer than this program.
            VaultLocked: another process holds it.
        """
        if not isinstance(config, self.Config):
            config = self.Config() if config is None else self.Config(path=str(config))
        self.config = config
        self.clock = clock or SystemClock()
        self._db, self.read_only = open_database(
            self.config.path, synchronous=self.config.synchronous, read_only=self.config.read_only
        )
        """Also true where the file may be read, but not written."""
        self._lock = threading.RLock()
        self._depth = 0
        self._known: dict[str, MemCube] = {}
        try:
            self._indexes = Indexes(self._db)
            self._search = Search(self._db, self._indexes, self.clock, self.config.keyword_matches)
            self._seen = self._data_version()
        except sqlite3.Error as error:
            raise told(error, self.config.path) from error
        if not self.read_only:
            self._reread()

    def _reread(self) -> None:
        """Bring the keyword index of a file that an older program wrote to this program's reading of words, once."""
        with self._reading():
            known = self._db.execute("SELECT value FROM meta WHERE key = 'reading'").fetchone()
        if known is None:
            with self.transaction():
                self._indexes.reread()
                self._db.execute("INSERT OR REPLACE INTO meta VALUES ('reading', ?)", (READING,))

    # -- transactions ------------------------------------------------------------------------------------------
    @property
    def lock(self) -> threading.RLock:
        return self._lock

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; nested, a savepoint."""
        with self._lock:
            depth = self._depth
            if depth == 0:
                self._begin()
            else:
                self._db.execute(f"SAVEPOINT level_{depth}")
            mark = self._indexes.mark()
            self._depth += 1
            try:
                yield
                if depth == 0:
                    self._db.execute("COMMIT")
            except BaseException as error:
                self._undo(depth, mark)
                if isinstance(error, sqlite3.Error):
                    raise told(error, self.config.path) from error
                raise
            finally:
                self._depth = depth
            if depth == 0:
                self._indexes.forget()
            else:
                self._db.execute(f"RELEASE level_{depth}")

    def _begin(self) -> None:
        if self.read_only:
            raise CubeError(f"vault {self.config.path}: read-only; its memories can be searched, not changed")
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._refresh()
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise told(error, self.config.path) from error

    def _undo(self, depth: int, mark: Any) -> None:
        if depth and self._db.in_transaction:  # a full disk ends the whole transaction
            self._db.execute(f"ROLLBACK TO level_{depth}")
            self._db.execute(f"RELEASE level_{depth}")
        elif self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._indexes.undo(mark)
        self._known.clear()

    @property
    def bytes(self) -> int:
        """Size of the database, what still lies in its write-ahead log included."""
        pages, size = (self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        return pages * size

    def _data_version(self) -> int:
        return self._db.execute("PRAGMA data_version").fetchone()[0]

    def _refresh(self) -> None:
        """Take in what other processes have committed."""
        version = self._data_version()
        if version != self._seen:
            self._seen = version
            self._known.clear()
            self._indexes.catch_up()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock:
            try:
                if not self._depth:
                    self._refresh()
                yield
            except sqlite3.Error as error:
                raise told(error, self.config.path) from error

    # -- cubes -------------------------------------------------------------------------------------------------
    def add(self, cubes: Sequence[MemCube], vectors: Any = None, *, actor: str = "", cause: str = "") -> None:
        given = [None] * len(cubes) if vectors is None else list(vectors)
        if len(given) != len(cubes):
            raise CubeError(f"{len(given)} vectors for {len(cubes)} cubes")
        with self.transaction():
            cubes, batch, first = admitted(self, cubes, owners=False), tables.Batch(), self._next_row()
            for row, (cube, vector) in enumerate(zip(cubes, given, strict=True), first):
                check_new(cube)
                batch.add(cube, row, self._indexes.namespace(cube.governance.namespace), vector)
                batch.first_version(cube, row, actor, cause)
            self._write(batch, cubes)

    def restore(
        self,
        cube: MemCube,
        versions: Sequence[Version],
        vector: np.ndarray | None = None,
        uses: Sequence[UseRecord] = (),
    ) -> None:
        with self.transaction():
            check_restored(cube, versions)
            batch, row = tables.Batch(), self._next_row()
            batch.add(cube, row, self._indexes.namespace(cube.governance.namespace), vector)
            batch.history(row, versions, uses)
            self._write(batch, [cube])

    def _next_row(self) -> int:
        return (self._db.execute("SELECT max(id) FROM cubes").fetchone()[0] or 0) + 1

    def _write(self, batch: tables.Batch, cubes: Sequence[MemCube]) -> None:
        try:
            batch.write(self._db)
        except sqlite3.IntegrityError as error:
            raise DuplicateCube(f"cube {self._duplicate(cubes)} is in the vault already") from error
        self._indexes.insert(batch)

    def _duplicate(self, cubes: Sequence[MemCube]) -> str:
        seen: set[str] = set()
        for cube in cubes:
            if cube.cube_id in seen:
                return cube.cube_id
            seen.add(cube.cube_id)
        marks = ",".join("?" * len(seen))
        return self._db.execute(f"SELECT cube_id FROM cubes WHERE cube_id IN ({marks})", list(seen)).fetchone()[0]

    def update(self, cube: MemCube, vector: np.ndarray | None = None, *, actor: str = "", cause: str = "") -> None:
        with self.transaction():
            row, old = self._row(cube.cube_id), self._cube(cube.cube_id)
            content = check_revision(old, cube)
            ns = self._indexes.namespace(cube.governance.namespace)
            tables.write_revision(self._db, row, ns, old, cube, content, actor, cause)
            self._indexes.replace(row, ns, old, cube, vector)
            self._known.pop(cube.cube_id, None)
            after_update(self, old, self._cube(cube.cube_id))

    def place(
        self, cube_id: str, *, state: str | None = None, tier: str | None = None, frozen: bool | None = None
    ) -> None:
        wanted = {"state": state, "tier": tier, "frozen": None if frozen is None else int(frozen)}
        changes = {name: value for name, value in wanted.items() if value is not None}
        with self.transaction():
            row, before = self._row(cube_id), self._cube(cube_id)
            for name, value in changes.items():
                self._db.execute(f"UPDATE cubes SET {name} = ? WHERE id = ?", (value, row))
            self._known.pop(cube_id, None)
            after_place(self, before, self._cube(cube_id))

    def touch(self, cube_ids: Iterable[str], at: datetime, use: Use = "access", caller: str = "") -> None:
        with self.transaction():
            ids, used = list(cube_ids), dict[str, MemCube]()
            for cube_id in ids:
                cube = used.get(cube_id) or self._cube(cube_id)
                used[cube_id] = used_once_more(cube, at, use, self.config.heat_half_life)
            tables.write_uses(self._db, ids, used, at, use, caller)
            for cube in used.values():
                self._remember(cube)

    def purge(self, cube_ids: Iterable[str]) -> None:
        with self.transaction():
            for cube_id in with_descendants(self, cube_ids):
                row = self._row(cube_id)
                self._indexes.remove(row, self._cube(cube_id))
                tables.delete_cube(self._db, row, cube_id)
                self._known.pop(cube_id, None)

    def scrub(self) -> None:
        """Rewrite the file so that no byte of purged memories stays in it. Not inside a transaction."""
        with self._reading():
            if self._depth:
                raise CubeError("vault: scrub cannot run inside a transaction")
            self._indexes.compact()
            self._db.execute("VACUUM")
            if self.config.path != ":memory:":
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def backup(self, path: Path | str) -> None:
        """Copy the whole vault, as last committed, into a file of its own. Not inside a transaction."""
        with self._reading():
            if self._depth:
                raise CubeError("vault: backup cannot run inside a transaction")
            with closing(sqlite3.connect(path)) as target:
                self._db.backup(target)

    def get(self, cube_id: str) -> MemCube:
        return self.get_many([cube_id])[0]

    def get_many(self, cube_ids: Sequence[str]) -> list[MemCube]:
        with self._reading():
            return list(map(self._cube, cube_ids))

    def _row(self, cube_id: str) -> int:
        stored = self._db.execute("SELECT id FROM cubes WHERE cube_id = ?", (cube_id,)).fetchone()
        if stored is None:
            raise self._missing(cube_id)
        return stored[0]

    def _cube(self, cube_id: str) -> MemCube:
        cube = self._known.get(cube_id)
        if cube is None:
            stored = self._db.execute(f"SELECT {rows.SELECT} FROM cubes WHERE cube_id = ?", (cube_id,)).fetchone()
            if stored is None:
                raise self._missing(cube_id)
            try:
                cube = rows.read_cube(stored)
            except (CubeError, *MALFORMED) as error:
                raise ForeignFile(f"{self.config.path}: damaged at memory {cube_id} ({error})") from error
            self._remember(cube)
        return cube

    def _remember(self, cube: MemCube) -> None:
        if len(self._known) >= _KNOWN_CUBES and cube.cube_id not in self._known:
            self._known.clear()
        self._known[cube.cube_id] = cube

    def _missing(self, cube_id: str) -> NotFound:
        return NotFound(f"no cube {cube_id} in vault {self.config.path}")

    def versions(self, cube_id: str) -> list[Version]:
        with self._reading():
            row = self._row(cube_id)
            return tables.read_versions(self._db, row, cube_id)

    # -- search ------------------------------------------------------------------------------------------------
    def find(
        self,
        where: Where | None = None,
        *,
        namespaces: Sequence[str] | None = None,
        live: bool = True,
        order: Sequence[str] = ("id",),
        limit: int | None = None,
    ) -> list[str]:
        with self._reading():
            return self._search.find(where, namespaces, live, order, limit)

    def count(self, where: Where | None = None, *, namespaces: Sequence[str] | None = None, live: bool = True) -> int:
        with self._reading():
            return self._search.count(where, namespaces, live)

    def crowd(self, namespace: str, tier: str) -> int:
        with self._reading():
            if self.read_only:  # the file may be older than the table of crowds
                return self._search.count(Is("tier", tier), [namespace], live=True)
            return self._search.crowd(namespace, tier)

    def keyword(
        self,
        query: str,
        k: int,
        *,
        where: Where | None = None,
        namespaces: Sequence[str] = ("default",),
        live: bool = True,
    ) -> list[Match]:
        with self._reading():
            return self._search.keyword(query, k, where, namespaces, live)

    def nearest(
        self,
        vector: np.ndarray,
        k: int,
        *,
        where: Where | None = None,
        namespaces: Sequence[str] = ("default",),
        live: bool = True,
    ) -> list[Match]:
        with self._reading():
            return self._search.nearest(vector, k, where, namespaces, live)

    def vectors(self, cube_ids: Sequence[str]) -> list[np.ndarray | None]:
        with self._reading():
            return self._indexes.vectors([self._row(cube_id) for cube_id in cube_ids])

    def revector(self, cube_ids: Sequence[str], vectors: np.ndarray) -> None:
        """Put vectors of any dimension in the place of all that are stored; float32 (len(cube_ids), dim)."""
        with self.transaction():
            cubes = self.get_many(cube_ids)
            spaces = [self._indexes.namespace(cube.governance.namespace) for cube in cubes]
            self._indexes.put_all(list(zip(spaces, map(self._row, cube_ids), vectors, strict=True)))

    # -- state -------------------------------------------------------------------------------------------------
    def namespaces(self) -> list[str]:
        with self._reading():
            return [name for (name,) in self._db.execute("SELECT DISTINCT namespace FROM cubes ORDER BY namespace")]

    def generation(self, namespace: str) -> int:
        with self._reading():
            return tables.generation(self._db, namespace)

    def stamps(self, namespace: str) -> dict[str, int]:
        with self._reading():
            return tables.stamps(self._db, namespace)

    def digest(self) -> str:
        return vault_digest(self)

    def close(self) -> None:
        with self._lock:
            self._db.close()
