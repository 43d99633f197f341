"""What has been spent on models, kept in one file that all processes of a command, and all its invocations, share.

A call is reserved before it is made and settled after: so that many calls under way cannot pass a cap together. A
reservation belongs to a process, which holds a lock file as long as it lives. Where the process died, the provider may
have charged the call all the same: the estimate then counts as spent.
"""

from __future__ import annotations

import atexit
import os
import sqlite3
import threading
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from memos.locks import LockBusy, locked
from memos.shared_sqlite import open_shared
from memos.types import Usage

_COLUMNS = (
    "key TEXT PRIMARY KEY, account TEXT NOT NULL, owner TEXT NOT NULL, model TEXT NOT NULL, calls INTEGER NOT NULL, "
    "prompt INTEGER NOT NULL, completion INTEGER NOT NULL, cached INTEGER NOT NULL, usd REAL NOT NULL"
)
"""A row without owner is what an account spent on a model; one with an owner is a call under way."""
LOST = "calls under way in processes that ended"
"""Stands in the place of a model's name for reservations whose process died."""


@dataclass(frozen=True, slots=True)
class AccountTotal:
    """An account's total."""

    tokens: int = 0
    """Prompt and completion tokens of settled calls."""
    usd: float = 0.0
    """Dollars of settled calls."""
    calls_under_way: int = 0
    tokens_under_way: int = 0
    usd_under_way: float = 0.0


@dataclass(frozen=True, slots=True)
class Ticket:
    """A reservation."""

    key: str
    usage: Usage
    usd: float


class Spending:
    """The account of one command in a results folder.

    Args:
        path: the file; None keeps the account in memory only.
        account: its name; accounts of one file do not know of each other.
    """

    def __init__(self, path: Path | None = None, account: str = "") -> None:
        self.path, self.account = path, account
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._pid = 0
        self._owner, self._alive = "", ExitStack()
        self._inherited: list[ExitStack] = []
        """Locks of the processes that this one was forked from; letting go of them here would free theirs."""
        self._count = 0

    def spent(self) -> AccountTotal:
        """What this account has spent so far, by every process; a file that is not there yet is not made."""
        if self.path is not None and not self.path.exists():
            return AccountTotal()
        with self._lock:
            return self._spent(self._open())

    def by_model(self) -> dict[str, tuple[Usage, float]]:
        """Model to usage and dollars of settled calls."""
        query = "SELECT model, calls, prompt, completion, cached, usd FROM spending WHERE account = ? AND owner = ''"
        with self._lock:
            rows = self._open().execute(query, (self.account,)).fetchall()
        return {model: (Usage(*numbers), usd) for model, *numbers, usd in sorted(rows)}

    def reserve(self, usage: Usage, usd: float, caps: tuple[int | None, float | None]) -> Ticket | AccountTotal:
        """Reserve a call, where it fits below the caps or no other is under way and they are not reached yet.

        Args:
            usage, usd: what the call is expected to take.
            caps: most tokens and dollars.

        Returns:
            The reservation, or the state of the account that stood against it.
        """
        with self._lock:
            db = self._open()
            with db:
                db.execute("BEGIN IMMEDIATE")
                now = self._spent(db)
                if not _fits(now, usage, usd, caps):
                    return now
                self._count += 1
                ticket = Ticket(f"{self._owner}/{self._count}", usage, usd)
                self._insert(db, ticket.key, self._owner, "", usage, usd)
                return ticket

    def settle(self, ticket: Ticket, model: str, usage: Usage, usd: float) -> None:
        """Replace a reservation by what the call took."""
        with self._lock:
            db = self._open()
            with db:
                db.execute("BEGIN IMMEDIATE")
                db.execute("DELETE FROM spending WHERE key = ?", (ticket.key,))
                self._add(db, model, usage, usd)

    def charge(self, model: str, usage: Usage, usd: float) -> None:
        """Add what a call took that was not reserved."""
        with self._lock:
            db = self._open()
            with db:
                db.execute("BEGIN IMMEDIATE")
                self._add(db, model, usage, usd)

    def claim_lost(self) -> None:
        """Count the calls as spent that were under way in processes which have ended."""
        with self._lock:
            db = self._open()
            for (owner,) in db.execute(
                "SELECT DISTINCT owner FROM spending WHERE owner NOT IN ('', ?)", (self._owner,)
            ):
                self._claim(db, owner)

    def _claim(self, db: sqlite3.Connection, owner: str) -> None:
        try:
            with locked(self._lock_file(owner), wait=False), db:
                db.execute("BEGIN IMMEDIATE")
                rows = db.execute(
                    "SELECT account, calls, prompt, completion, cached, usd FROM spending WHERE owner = ?", (owner,)
                ).fetchall()
                db.execute("DELETE FROM spending WHERE owner = ?", (owner,))
                for account, *numbers, usd in rows:
                    self._add(db, LOST, Usage(*numbers), usd, account)
                self._lock_file(owner).unlink(missing_ok=True)  # nobody ever waits for it
        except LockBusy:
            return

    def _spent(self, db: sqlite3.Connection) -> AccountTotal:
        query = (
            "SELECT sum((prompt + completion) * (owner = '')), sum(usd * (owner = '')), sum(owner != ''), "
            "sum((prompt + completion) * (owner != '')), sum(usd * (owner != '')) FROM spending WHERE account = ?"
        )
        tokens, usd, calls, held_tokens, held_usd = db.execute(query, (self.account,)).fetchone()
        return AccountTotal(tokens or 0, usd or 0.0, calls or 0, held_tokens or 0, held_usd or 0.0)

    def _add(self, db: sqlite3.Connection, model: str, usage: Usage, usd: float, account: str | None = None) -> None:
        account = self.account if account is None else account
        key = f"{account}\n{model}"
        self._insert(db, key, "", model, Usage(), 0.0, account)
        db.execute(
            "UPDATE spending SET calls = calls + ?, prompt = prompt + ?, completion = completion + ?, "
            "cached = cached + ?, usd = usd + ? WHERE key = ?",
            (usage.calls, usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens, usd, key),
        )

    def _insert(
        self,
        db: sqlite3.Connection,
        key: str,
        owner: str,
        model: str,
        usage: Usage,
        usd: float,
        account: str | None = None,
    ) -> None:
        numbers = (usage.calls, usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens)
        named = self.account if account is None else account
        db.execute(
            "INSERT OR IGNORE INTO spending VALUES (?,?,?,?,?,?,?,?,?)", (key, named, owner, model, *numbers, usd)
        )

    def _lock_file(self, owner: str) -> Path:
        assert self.path is not None
        return self.path.parent / "locks" / f"spending-{owner}.lock"

    def _open(self) -> sqlite3.Connection:
        """The connection of this process; a forked child opens one of its own."""
        if self._db is not None and self._pid == os.getpid():
            return self._db
        self._pid, self._owner, self._count = os.getpid(), uuid.uuid4().hex, 0
        if self.path is None:
            self._db = sqlite3.connect(":memory:", check_same_thread=False)
            self._db.execute(f"CREATE TABLE spending ({_COLUMNS}) WITHOUT ROWID")
        else:
            self._db = open_shared(self.path, "spending", _COLUMNS, "record of spending")
            self._inherited.append(self._alive)
            self._alive = ExitStack()
            self._alive.enter_context(locked(self._lock_file(self._owner)))
            atexit.register(self._leave, os.getpid())
        self._db.isolation_level = None
        return self._db

    def _leave(self, pid: int) -> None:
        """At the end of the process that opened the file: what is still under way counts as spent."""
        if pid != os.getpid() or self.path is None or self._db is None:
            return
        with self._lock:
            self._alive.close()
            self._claim(self._db, self._owner)
            self._db.close()
            self._db = None


def _fits(now: AccountTotal, usage: Usage, usd: float, caps: tuple[int | None, float | None]) -> bool:
    tokens = usage.prompt_tokens + usage.completion_tokens
    limits = [
        (cap, settled, held, own)
        for cap, settled, held, own in (
            (caps[0], now.tokens, now.tokens_under_way, tokens),
            (caps[1], now.usd, now.usd_under_way, usd),
        )
        if cap is not None
    ]
    if any(settled >= cap for cap, settled, _, _ in limits):
        return False
    return not now.calls_under_way or all(settled + held + own <= cap for cap, settled, held, own in limits)
