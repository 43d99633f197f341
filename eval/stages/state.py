"""The saved store of one conversation: whose it is, whether it is whole, and who may write it.

Beside the folders of the systems lies ``.side`` with, by system and the store's full name, its lock and what a save is
made of (``.new``, ``.old``). No store lies there, so that nothing in it can be taken for one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from eval.core.protocols import MemorySystem
from memos import strict_json
from memos.errors import DataError
from memos.locks import locked, sync_folder
from memos.secret_values import hidden_in
from memos.types import Usage

SIDE = ".side"
RECORD = "progress.json"
OWNER = "store"
"""Field of the record that says whose store it is and which files it has."""


class UnusableStore(DataError):
    """A saved store that is damaged, half there, or another conversation's."""


class StateFolder:
    """Complete folders that replace one another by renaming, under one lock a store.

    Args:
        path: the store's folder; its name is part of its identity.
        identity: what the record must say besides, such as ``sample_id`` and ``fingerprint``.
    """

    def __init__(self, path: Path, identity: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.owner = {"folder": path.name, **(identity or {})}
        self._side = path.parent.parent / SIDE / path.parent.name
        self._new, self._old = (self._side / f"{path.name}{suffix}" for suffix in (".new", ".old"))

    @property
    def store(self) -> Path:
        """What the system itself wrote."""
        return self.path / "store"

    def reading(self, *, wait: bool = True) -> AbstractContextManager[None]:
        """Hold the store as it is; others may read it too. Raises LockBusy with ``wait=False`` while one writes."""
        return self._locked(shared=True, wait=wait)

    def writing(self, *, wait: bool = True) -> AbstractContextManager[None]:
        """Be the only one at the store. Raises LockBusy with ``wait=False`` while another is at it."""
        return self._locked(shared=False, wait=wait)

    def _locked(self, *, shared: bool, wait: bool) -> AbstractContextManager[None]:
        note = f"waiting for another run that ingests {self.owner.get('sample_id', self.path.name)}"
        return locked(self._side / f"{self.path.name}.lock", shared=shared, wait=wait, note=note)

    def progress(self) -> dict[str, Any] | None:
        """How far the saved store is, or None where there is none. Takes the lock."""
        with self.writing():
            return self.recover()

    def read(self) -> dict[str, Any] | None:
        """The record of a store that is this one and whole; None of any other. Changes nothing; wants ``reading``."""
        self._look_again()
        try:
            return self._record(self.path)
        except UnusableStore:
            return None

    def recover(self) -> dict[str, Any] | None:
        """The record of this store, once what a crash left has been put in order; wants ``writing``.

        What is damaged or another's is moved aside, with one note, and never removed.
        """
        self._look_again()
        try:
            record = self._record(self.path)
        except UnusableStore as error:
            self._put_aside(self.path, error)
            record = None
        if record is None:
            record = self._adopt(self._new) or self._adopt(self._old) or self._adopt(self._earlier_side())
        for side in (self._new, self._old):
            shutil.rmtree(side, ignore_errors=True)
        return record

    def _look_again(self) -> None:
        """Another node may have changed the folder since this one last looked; opening it asks the server."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        sync_folder(self.path.parent)

    def _adopt(self, side: Path | None) -> dict[str, Any] | None:
        """A crash between the two renames of ``save`` leaves this store under its side names only."""
        if side is None:
            return None
        try:
            record = self._record(side)
        except UnusableStore as error:
            if side != self._new:  # a new one that is not whole was being written
                self._put_aside(side, error)
            return None
        if record is not None:
            os.rename(side, self.path)
            sync_folder(self.path.parent)
        return record

    def _earlier_side(self) -> Path | None:
        """Where earlier versions kept the old store; in a name with a dot it could be another conversation's."""
        return None if "." in self.path.name else self.path.with_name(self.path.name + ".old")

    def _record(self, folder: Path) -> dict[str, Any] | None:
        """The checked record of a folder, without its owner; None where there is no folder.

        Raises:
            UnusableStore: saying what is wrong.
        """
        if not os.path.lexists(folder):
            return None
        try:
            record = strict_json.read((folder / RECORD).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise UnusableStore(f"it has no {RECORD}") from None
        except (ValueError, RecursionError):
            raise UnusableStore(f"{RECORD} is damaged") from None
        if not _well_formed(record):
            raise UnusableStore(f"{RECORD} is damaged")
        owner = record.pop(OWNER, None)
        if owner is None:
            self._check_earlier(folder)
            return record
        for field, wanted in self.owner.items():
            if owner.get(field) != wanted:
                raise UnusableStore(f"{RECORD} says {field} {owner.get(field)!r}, not {wanted!r}")
        if (changed := _changed(folder / "store", owner.get("files"))) is not None:
            raise UnusableStore(f"store/{changed} is not as it was saved")
        return record

    def _check_earlier(self, folder: Path) -> None:
        """Earlier versions named no owner; they could mix up conversations whose name has a dot, and only those."""
        if "." in self.path.name:
            raise UnusableStore(f"{RECORD} of an earlier version does not say whose store it is")
        if not (folder / "store").is_dir():
            raise UnusableStore("it has no store")

    def _put_aside(self, folder: Path, reason: UnusableStore) -> None:
        number = 1
        while os.path.lexists(target := self._side / f"{self.path.name}.damaged-{number}"):
            number += 1
        os.rename(folder, target)
        print(f"note: {folder}: {reason}; moved to {target}, the store is made again", flush=True)

    def save(self, system: MemorySystem, progress: Mapping[str, Any]) -> None:
        """Replace the saved store; wants ``writing``. A crash leaves the one before or this one, whole."""
        shutil.rmtree(self._new, ignore_errors=True)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        (self._new / "store").mkdir(parents=True)
        system.save(self._new / "store")
        owner = {**self.owner, "files": _sealed(self._new / "store")}
        with open(self._new / RECORD, "w", encoding="utf-8") as file:
            json.dump(hidden_in({**progress, OWNER: owner}), file)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self._new)
        shutil.rmtree(self._old, ignore_errors=True)
        if self.path.exists():
            os.rename(self.path, self._old)
        os.rename(self._new, self.path)
        sync_folder(self._side)
        sync_folder(self.path.parent)
        shutil.rmtree(self._old, ignore_errors=True)


def _well_formed(record: Any) -> bool:
    """Whether a record has the fields of an ingestion, of their kinds."""
    if not isinstance(record, dict):
        return False
    kinds = {"sessions": int, "finished": bool, "seconds": (int, float), "stats": dict, "usage": dict}
    fields = Usage.__dataclass_fields__.keys()
    return (
        all(isinstance(record.get(field), kind) for field, kind in kinds.items())
        and record["sessions"] >= 0
        and isinstance(record.get(OWNER, {}), dict)
        and all(isinstance(usage, dict) and usage.keys() <= fields for usage in record["usage"].values())
    )


def _sealed(folder: Path) -> dict[str, str]:
    """Make the files below a folder durable; their digests by their names within it."""
    digests = {}
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            sync_folder(path)
            continue
        with open(path, "rb+") as file:
            os.fsync(file.fileno())
        digests[path.relative_to(folder).as_posix()] = _digest(path)
    sync_folder(folder)
    return digests


def _changed(folder: Path, digests: Any) -> str | None:
    """The first file that is missing or has other bytes than its digest says; None where all are as they were."""
    if not isinstance(digests, dict) or not folder.is_dir():
        return ""
    return next((n for n, d in digests.items() if not (folder / n).is_file() or _digest(folder / n) != d), None)


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
