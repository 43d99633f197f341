"""The SQLite file of a vault: its tables, and opening it with the checks that keep foreign and newer files out."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from memos.cube.errors import CubeError, ForeignFile, VaultLocked
from memos.errors import DataError, MemosError
from memos.infrastructure.licence import licence_allows
from memos.locks import set_journal_mode

APPLICATION_ID = 0x4D454D43
"""The bytes ``MEMC`` in the file's header."""
VERSION = 1
PATIENCE_S = 120.0
"""How long a change waits for those of other processes before the vault counts as locked."""

_TABLES = """
CREATE TABLE namespaces (ns INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE cubes (
  id INTEGER PRIMARY KEY, cube_id TEXT NOT NULL UNIQUE, ns INTEGER NOT NULL, namespace TEXT NOT NULL,
  provenance_id TEXT NOT NULL, owner TEXT NOT NULL, layer TEXT NOT NULL, sensitivity TEXT NOT NULL,
  contexts TEXT NOT NULL, priority INTEGER NOT NULL, kind TEXT NOT NULL, origin TEXT NOT NULL,
  semantic_type TEXT NOT NULL, speaker TEXT NOT NULL, topic TEXT NOT NULL, concept TEXT NOT NULL,
  dialogue TEXT NOT NULL, session TEXT NOT NULL, position INTEGER, created_at REAL NOT NULL, updated_at REAL NOT NULL,
  event_start REAL, event_end REAL, expires_at REAL, created TEXT NOT NULL, updated TEXT NOT NULL,
  fingerprint TEXT NOT NULL, version INTEGER NOT NULL, parent_version INTEGER, derived_from TEXT NOT NULL,
  content_digest TEXT NOT NULL, digest TEXT NOT NULL, decay_half_life REAL, content TEXT NOT NULL,
  state TEXT NOT NULL, tier TEXT NOT NULL, frozen INTEGER NOT NULL,
  access_count INTEGER NOT NULL, last_access REAL, last_use TEXT, heat REAL NOT NULL,
  injections INTEGER NOT NULL, helpful INTEGER NOT NULL, unhelpful INTEGER NOT NULL);
CREATE INDEX cubes_place ON cubes (ns, state, tier, frozen, expires_at, speaker, owner, layer, kind, semantic_type,
  session, dialogue, topic, concept, position, created_at, event_start, event_end, cube_id);
CREATE INDEX cubes_order ON cubes (dialogue, position);
CREATE TABLE versions (
  id INTEGER NOT NULL, version INTEGER NOT NULL, parent_version INTEGER, at TEXT NOT NULL, content TEXT,
  content_digest TEXT NOT NULL, digest TEXT NOT NULL, actor TEXT NOT NULL, cause TEXT NOT NULL,
  PRIMARY KEY (id, version)) WITHOUT ROWID;
CREATE TABLE vectors (id INTEGER PRIMARY KEY, ns INTEGER NOT NULL, seq INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX vectors_seq ON vectors (seq);
CREATE TABLE tags (id INTEGER NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (id, tag)) WITHOUT ROWID;
CREATE INDEX tags_tag ON tags (tag, id);
CREATE TABLE sources (id INTEGER NOT NULL, place INTEGER NOT NULL, dialogue TEXT NOT NULL, session TEXT NOT NULL,
  turn TEXT NOT NULL, PRIMARY KEY (id, place)) WITHOUT ROWID;
CREATE INDEX sources_turn ON sources (turn, dialogue);
CREATE TABLE lineage (id INTEGER NOT NULL, parent TEXT NOT NULL, PRIMARY KEY (id, parent)) WITHOUT ROWID;
CREATE INDEX lineage_parent ON lineage (parent);
CREATE TABLE acl (id INTEGER NOT NULL, principal TEXT NOT NULL, right TEXT NOT NULL, allow INTEGER NOT NULL,
  PRIMARY KEY (id, principal, right, allow)) WITHOUT ROWID;
CREATE TABLE edges (source TEXT NOT NULL, target TEXT NOT NULL, relation TEXT NOT NULL, weight REAL NOT NULL,
  attributes TEXT NOT NULL, PRIMARY KEY (source, target, relation)) WITHOUT ROWID;
CREATE INDEX edges_target ON edges (target);
CREATE TABLE uses (seq INTEGER PRIMARY KEY, id INTEGER NOT NULL, at TEXT NOT NULL, use TEXT NOT NULL,
  caller TEXT NOT NULL);
CREATE INDEX uses_id ON uses (id);
CREATE TABLE audit (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, at_seconds REAL NOT NULL, actor TEXT NOT NULL,
  operation TEXT NOT NULL, cube_id TEXT NOT NULL, kind TEXT NOT NULL, cause TEXT NOT NULL, outcome TEXT NOT NULL,
  details TEXT NOT NULL, digest TEXT NOT NULL);
CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('dim', 0), ('purges', 0);
"""
READING = 1
"""How the keyword index reads words: 1, scripts without blanks by characters and pairs; kept in ``meta`` as
``reading``, absent
where it was made before."""
IN_LIVE_STATE = "state IN ('generated','activated')"
"""The condition of the partial indexes; a query uses one of them only where it has these very words."""
_CROWDS = f"""
CREATE TABLE crowds (ns INTEGER NOT NULL, tier TEXT NOT NULL, live INTEGER NOT NULL, PRIMARY KEY (ns, tier)) WITHOUT
ROWID;
INSERT INTO crowds SELECT ns, tier, count(*) FROM cubes WHERE {IN_LIVE_STATE} GROUP BY ns, tier;
CREATE TRIGGER crowds_join AFTER INSERT ON cubes WHEN NEW.{IN_LIVE_STATE} BEGIN
  INSERT INTO crowds VALUES (NEW.ns, NEW.tier, 1) ON CONFLICT (ns, tier) DO UPDATE SET live = live + 1; END;
CREATE TRIGGER crowds_leave AFTER DELETE ON cubes WHEN OLD.{IN_LIVE_STATE} BEGIN
  UPDATE crowds SET live = live - 1 WHERE ns = OLD.ns AND tier = OLD.tier; END;
CREATE TRIGGER crowds_from AFTER UPDATE OF state, tier ON cubes WHEN OLD.{IN_LIVE_STATE} BEGIN
  UPDATE crowds SET live = live - 1 WHERE ns = OLD.ns AND tier = OLD.tier; END;
CREATE TRIGGER crowds_to AFTER UPDATE OF state, tier ON cubes WHEN NEW.{IN_LIVE_STATE} BEGIN
  INSERT INTO crowds VALUES (NEW.ns, NEW.tier, 1) ON CONFLICT (ns, tier) DO UPDATE SET live = live + 1; END;
CREATE INDEX cubes_recency ON cubes (ns, tier, max(updated_at, coalesce(last_access, updated_at))) WHERE
{IN_LIVE_STATE};
CREATE INDEX cubes_mortal ON cubes (ns, tier, expires_at) WHERE expires_at IS NOT NULL AND {IN_LIVE_STATE};
CREATE INDEX cubes_session ON cubes (session);
"""
"""How many live cubes each tier holds and which were used last, so that an insert into a full tier looks at no others;
a file made before these were kept gets them when it is opened for writing, and an older program's writes keep them
right."""


_COUNTED = "INSERT INTO generations VALUES ({row}.ns, 1) ON CONFLICT (ns) DO UPDATE SET value = value + 1"
_GENERATIONS = f"""
CREATE TABLE generations (ns INTEGER PRIMARY KEY, value INTEGER NOT NULL);
CREATE TRIGGER generations_insert AFTER INSERT ON cubes BEGIN {_COUNTED.format(row="NEW")}; END;
CREATE TRIGGER generations_delete AFTER DELETE ON cubes BEGIN {_COUNTED.format(row="OLD")}; END;
CREATE TRIGGER generations_update AFTER UPDATE OF state, frozen, version ON cubes BEGIN
  {_COUNTED.format(row="NEW")}; END;
"""
"""How often each namespace has changed (uses are no change): what is kept outside of the vault, such as a key-value
cache or an index, is good for one generation. An older program's writes count too."""


def fts_table(ns: int) -> str:
    """Statement that makes the keyword index of a namespace; its word statistics are the namespace's own."""
    return (
        f"CREATE VIRTUAL TABLE fts_{ns} USING fts5(body, head, content='', "
        "tokenize='porter unicode61 remove_diacritics 2')"
    )


def open_database(path: Path | str, *, synchronous: str, read_only: bool) -> tuple[sqlite3.Connection, bool]:
    """Open (or, where there is none, make) a vault file.

    A file that this process may read but not write is opened for reading.

    Returns:
        The database, and whether it is open for reading only.

    Raises:
        ForeignFile: the file is no vault, is damaged, or is of a newer version; it is left as it was.
        VaultLocked: another process holds it.
        DataError: there can be no file of that name.
    """
    name = str(path)
    _check_place(name, read_only)
    read_only = read_only or (
        os.path.isfile(name) and not _may(name, os.W_OK)
    )  # SQLite says so at the first write only
    try:
        return _opened(name, synchronous, read_only), read_only
    except sqlite3.Error as error:
        if read_only or _code(error) not in _UNWRITABLE or not (os.path.isfile(name) and _may(name, os.R_OK)):
            raise told(error, name) from error
    try:
        return _opened(name, synchronous, True), True
    except sqlite3.Error as error:
        raise told(error, name) from error


def _may(name: str, how: int) -> bool:
    return os.access(name, how, effective_ids=os.access in os.supports_effective_ids)


def _check_place(name: str, read_only: bool) -> None:
    """A vault is a plain file: what is written to a device is lost, and a folder holds none."""
    if name == ":memory:":
        return
    try:
        if "\x00" in name:
            raise ValueError("a name with a null character")
        if not read_only:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
        if Path(name).exists() and not Path(name).is_file():
            kind = "a folder" if Path(name).is_dir() else "no plain file"
            raise ForeignFile(f"{name}: cannot be opened as a vault (it is {kind})")
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise ForeignFile(f"{name}: cannot be opened as a vault ({reason})") from error


def _opened(name: str, synchronous: str, read_only: bool) -> sqlite3.Connection:
    """The open database. One whose folder may not be written either is read as it stands, if nothing waits in its
    write-ahead log."""
    modes = [""]
    if read_only:
        wal = Path(f"{name}-wal")
        settled = not wal.exists() or not wal.stat().st_size
        modes = ["?mode=ro", "?mode=ro&immutable=1"] if settled else ["?mode=ro"]
    for mode in modes:
        db = sqlite3.connect(
            f"{Path(name).absolute().as_uri()}{mode}" if read_only else name,
            uri=read_only,
            timeout=PATIENCE_S,
            isolation_level=None,
            check_same_thread=False,
        )
        db.create_function("licence_allows", 4, licence_allows)
        try:
            _prepare(db, name, synchronous, read_only)
            return db
        except (sqlite3.Error, ForeignFile) as error:
            db.close()
            if mode == modes[-1] or not isinstance(error, sqlite3.Error) or _code(error) not in _UNWRITABLE:
                raise
    raise AssertionError("one of the modes opens the file or raises")


def told(error: sqlite3.Error, name: str) -> MemosError:
    """What an error of the database means for a person: one line that names the file."""
    if not isinstance(error, sqlite3.DatabaseError):
        return DataError(f"vault {name}: {error}")
    return _TOLD.get(_code(error), lambda name, error: DataError(f"vault {name}: {error}"))(name, error)


def _code(error: sqlite3.Error) -> int:
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


_UNWRITABLE = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})
_TOLD: dict[int, Callable[[str, Exception], MemosError]] = {
    **dict.fromkeys(
        (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED),
        lambda name, error: VaultLocked(f"vault {name}: locked by another process; try again when that is done"),
    ),
    **dict.fromkeys(
        (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM),
        lambda name, error: CubeError(f"vault {name}: read-only; its memories can be searched, not changed"),
    ),
    **dict.fromkeys(
        (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB),
        lambda name, error: ForeignFile(f"{name}: not a vault, or damaged ({error})"),
    ),
    sqlite3.SQLITE_FULL: lambda name, error: DataError(f"vault {name}: no space left on its disk; nothing was changed"),
    sqlite3.SQLITE_CANTOPEN: lambda name, error: ForeignFile(f"{name}: cannot be opened as a vault ({error})"),
}


def _prepare(db: sqlite3.Connection, name: str, synchronous: str, read_only: bool) -> None:
    # Another process may be making the file just now, in one transaction: once a table is seen, the rest is there too.
    empty = not db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    application = db.execute("PRAGMA application_id").fetchone()[0]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if empty and read_only:
        raise ForeignFile(f"{name}: empty, and opened read-only")
    if not empty and application != APPLICATION_ID:
        raise ForeignFile(f"{name}: an SQLite file of another program (application id {application:#x})")
    if version > VERSION:
        raise ForeignFile(f"{name}: vault version {version} is newer than this program's {VERSION}; update it")
    db.execute("PRAGMA cache_size=-65536")
    db.execute("PRAGMA temp_store=MEMORY")
    if read_only:
        return
    set_journal_mode(db, "WAL", PATIENCE_S)
    db.execute(f"PRAGMA synchronous={synchronous}")
    db.execute("PRAGMA secure_delete=ON")
    db.execute("BEGIN IMMEDIATE")
    if not db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        for statement in _statements(_TABLES):
            db.execute(statement)
        db.execute(f"PRAGMA application_id={APPLICATION_ID}")
        db.execute(f"PRAGMA user_version={VERSION}")
        db.execute("INSERT INTO meta VALUES ('reading', ?)", (READING,))
    if not db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'crowds'").fetchone()[0]:
        for statement in _statements(_CROWDS):
            db.execute(statement)
    if not db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'generations'").fetchone()[0]:
        for statement in _statements(_GENERATIONS):
            db.execute(statement)
    db.execute("COMMIT")


def _statements(script: str) -> list[str]:
    statements, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    return statements
