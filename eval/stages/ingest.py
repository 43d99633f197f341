"""Ingest: a conversation into a store, session by session, saved so that a crash repeats and loses nothing."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eval.bench import Bench
from eval.protocols import MemorySystem
from memos.errors import DataError
from memos.types import Conversation, Usage

SAVE_EVERY_S = 5.0
"""Seconds between saves while sessions are ingested."""


class StateFolder:
    """The saved store of one conversation: complete folders that replace one another by renaming."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def progress(self) -> dict[str, Any] | None:
        """How far the saved store is, or None where there is none."""
        self._recover()
        try:
            return json.loads((self.path / "progress.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def _recover(self) -> None:
        """A crash between the two renames of ``save`` leaves the previous store under its side name."""
        old = self.path.with_suffix(".old")
        if old.exists() and not self.path.exists():
            os.rename(old, self.path)

    def save(self, system: MemorySystem, progress: Mapping[str, Any]) -> None:
        fresh, old = self.path.with_suffix(".new"), self.path.with_suffix(".old")
        shutil.rmtree(fresh, ignore_errors=True)
        (fresh / "store").mkdir(parents=True)
        system.save(fresh / "store")
        with open(fresh / "progress.json", "w", encoding="utf-8") as file:
            json.dump(progress, file)
            file.flush()
            os.fsync(file.fileno())
        shutil.rmtree(old, ignore_errors=True)
        if self.path.exists():
            os.rename(self.path, old)
        os.rename(fresh, self.path)
        shutil.rmtree(old, ignore_errors=True)


def check_drained(system: MemorySystem, sample_id: str) -> None:
    """Refuse to search a system that says (``pending``) that work of its ingestion still waits.

    Raises:
        DataError: naming the conversation and the number of tasks.
    """
    waiting = getattr(system, "pending", int)()
    if waiting:
        raise DataError(f"{sample_id}: {type(system).__name__} still has {waiting} waiting tasks; finish() must drain them")


def ingest(bench: Bench, conversation: Conversation, system: MemorySystem) -> dict[str, Any]:
    """Bring a fresh system to the finished store of a conversation, from what is saved where possible.

    Returns the ingest record: seconds of work (over all sessions of the run), stats, usage by phase.
    """
    state = StateFolder(bench.state_folder(conversation))
    saved = state.progress()
    progress = saved or {"sessions": 0, "finished": False, "seconds": 0.0, "stats": {}, "usage": {}}
    if saved:
        system.load(state.path / "store")
    if not progress["finished"]:
        earlier = {phase: Usage(**usage) for phase, usage in progress["usage"].items()}
        loaded = dict(system.usage()) if saved else {}
        before, clock = progress["seconds"], time.perf_counter()
        if not saved:
            system.start(conversation)

        def snapshot(sessions: int, finished: bool) -> None:
            usage = dict(earlier)
            for phase, total in system.usage().items():
                spent = total - loaded.get(phase, Usage())  # a loaded system may bring its ledger along
                usage[phase] = usage.get(phase, Usage()) + spent
            progress.update(
                sessions=sessions, finished=finished, seconds=before + time.perf_counter() - clock,
                stats=dict(system.stats()), usage={phase: asdict(u) for phase, u in usage.items()},
            )  # fmt: skip
            state.save(system, progress)

        last_save = clock
        for number, session in enumerate(conversation.sessions, 1):
            if number <= progress["sessions"]:
                continue
            system.add(session)
            if time.perf_counter() - last_save > SAVE_EVERY_S:
                snapshot(number, False)
                last_save = time.perf_counter()
        system.finish()
        check_drained(system, conversation.sample_id)
        snapshot(len(conversation.sessions), True)
    else:
        check_drained(system, conversation.sample_id)
    return {
        "sample_id": conversation.sample_id,
        "status": "ok",
        "seconds": progress["seconds"],
        "stats": progress["stats"],
        "usage": progress["usage"],
    }
