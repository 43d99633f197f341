"""MemDumper (paper section 5.5): a whole vault, or what a caller may take, as JSON lines.

A dump is one header line, one line a cube (with versions, vector and access log), one line an edge, and a last line
with the digest of all before it, so that a cut or changed file is noticed. ``memos.infrastructure.loader`` reads it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from memos.cube.codec import canonical, to_json
from memos.cube.cube import SCHEMA, MemCube
from memos.errors import DataError
from memos.infrastructure.access import Caller
from memos.infrastructure.governance import MemGovernance, redacted_cube
from memos.infrastructure.new_file import new_file
from memos.infrastructure.vault.base import Vault
from memos.infrastructure.vault.filters import Where

FORMAT = "memos-dump"


class MemDumper:
    """Writes dumps and exports of one vault."""

    def __init__(self, *, vault: Vault, governance: MemGovernance, embedder: str | None = None) -> None:
        """
        Args:
            embedder: of which the vault's vectors are; the file's first line names it.
        """
        self.vault, self.governance, self.embedder = vault, governance, embedder

    def dump(self, path: Path | str, caller: Caller, where: Where | None = None) -> int:
        """Write everything (or what a filter keeps), states, versions and counters included, and log it.

        Loading the file of a privileged caller into an empty vault of any adapter gives an equal ``digest()``. The file
        replaces an older one only when it is complete. What is others' is redacted in a user's dump; nothing else is.

        Args:
            caller: a privileged one gets everything; another what they may read, of others' memories the present
                version without history, and a read under a licence counts.

        Returns:
            The number of cubes written.

        Raises:
            DataError: the path cannot be written, or is the vault itself.
        """
        self._check_apart(Path(path))
        if not caller.privileged:
            where = self.governance.readable(caller) if where is None else where & self.governance.readable(caller)
        ids = self.vault.find(where, live=False)
        if not caller.privileged:
            self.governance.charge(caller, self.vault.get_many(ids))
        _write(Path(path), self._lines(ids, None if caller.privileged else caller), self.embedder)
        self.governance.log(caller, "dump", cubes=ids if len(ids) <= 1000 else ids[:1000], count=len(ids))
        return len(ids)

    def export(self, path: Path | str, caller: Caller, cube_ids: Iterable[str], *, mark: str = "") -> int:
        """Write cubes as they may leave the store: readable by the caller, redacted, watermarked, without history.

        Raises:
            AccessDenied: for a cube the caller may not read; then nothing is written.
            DataError: the path cannot be written, or is the vault itself.
        """
        self._check_apart(Path(path))
        given = self.vault.get_many(list(cube_ids))
        cubes = [self.governance.exported(caller, cube, mark=mark) for cube in given]
        self.governance.charge(caller, given)
        _write(Path(path), ({"cube": cube.to_json()} for cube in cubes))
        self.governance.log(caller, "export", cubes=[cube.cube_id for cube in cubes], watermark=mark)
        return len(cubes)

    def _check_apart(self, path: Path) -> None:
        """The vault's own file is not overwritten."""
        own = getattr(getattr(self.vault, "config", None), "path", ":memory:")  # only the SQLite adapter has a file
        try:
            same = own != ":memory:" and os.path.samefile(path, own)
        except (OSError, ValueError):  # there is no such file yet, or there cannot be
            return
        if same:
            raise DataError(f"{path}: is the vault itself; give the dump a file of its own")

    def _lines(self, ids: list[str], caller: Caller | None) -> Iterator[dict[str, Any]]:
        """The cubes and the edges between them.

        Args:
            caller: who gets the history of own cubes only; None: of all.
        """
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            for cube, vector in zip(self.vault.get_many(part), self.vault.vectors(part), strict=True):
                own = caller is None or caller.user == cube.governance.owner
                yield self._cube_line(cube, vector) if own else _bare_line(cube, vector)
        exported = set(ids)
        for edge in self.vault.edges(ids, direction="out"):
            if edge.target in exported:
                yield {"edge": to_json(edge)}

    def _cube_line(self, cube: MemCube, vector: Any) -> dict[str, Any]:
        versions = [to_json(version) for version in self.vault.versions(cube.cube_id)]
        del versions[-1]["content"]
        line = {"cube": cube.to_json(), "versions": versions} | _encoded(vector)
        uses = [to_json(use) for use in self.vault.uses(cube.cube_id)]
        return line | ({"uses": uses} if uses else {})


def _bare_line(cube: MemCube, vector: Any) -> dict[str, Any]:
    """A cube as others get it: as it is now, redacted, without history and uses."""
    clean = redacted_cube(cube).as_first_version()
    return {"cube": clean.to_json()} | _encoded(vector if clean.text == cube.text else None)


def _encoded(vector: Any) -> dict[str, str]:
    if vector is None:
        return {}
    return {"vector": base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")}


def _write(path: Path, lines: Iterable[dict[str, Any]], embedder: str | None = None) -> None:
    """Write atomically: a file beside it, then a rename."""
    hasher, count = hashlib.blake2b(digest_size=16), 0
    with new_file(path) as file:

        def put(value: dict[str, Any]) -> None:
            text = canonical(value) + "\n"
            hasher.update(text.encode("ascii"))
            file.write(text)

        put({"format": FORMAT, "schema": SCHEMA} | ({} if embedder is None else {"embedder": embedder}))
        for line in lines:
            put(line)
            count += 1
        file.write(json.dumps({"lines": count, "digest": hasher.hexdigest()}) + "\n")
