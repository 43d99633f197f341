"""MemLoader (paper section 5.5): dumps of this project (any schema), and text files with provenance filled in."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from memos.cube.clock import Clock, Ids
from memos.cube.codec import from_json
from memos.cube.cube import SCHEMA, MemCube, new_cube
from memos.cube.errors import ForeignFile
from memos.cube.header import Source
from memos.cube.versions import Version
from memos.errors import DataError
from memos.infrastructure.access import Caller
from memos.infrastructure.dumper import FORMAT
from memos.infrastructure.governance import MemGovernance
from memos.infrastructure.migrate import read_cube
from memos.infrastructure.vault.base import Edge, UseRecord, Vault


class MemLoader:
    """Reads files into one vault; each call is one transaction, so that a bad file changes nothing."""

    def __init__(self, *, vault: Vault, governance: MemGovernance, clock: Clock, ids: Ids) -> None:
        self.vault, self.governance, self.clock, self.ids = vault, governance, clock, ids

    def load(self, path: Path | str, caller: Caller) -> list[str]:
        """Load a dump or export; gives the ids of its cubes.

        Raises:
            ForeignFile: not a dump, cut, changed, or of a newer schema.
            DuplicateCube: a cube of the dump is in the vault already.
            ChainBroken: a version chain does not verify.
        """
        lines = _checked_lines(Path(path))
        loaded = []
        with self.vault.transaction():
            for number, line in enumerate(lines, 2):
                try:
                    if "cube" in line:
                        loaded.append(self._load_cube(line))
                    else:
                        self.vault.link([from_json(Edge, line["edge"])])
                except (KeyError, ValueError) as error:
                    raise ForeignFile(f"{path}, line {number}: {error}") from error
            self.governance.log(caller, "load", cubes=loaded[:1000], count=len(loaded), file=Path(path).name)
        return loaded

    def _load_cube(self, line: dict[str, Any]) -> str:
        cube = read_cube(line["cube"])
        vector = _vector(line.get("vector"))
        if "versions" not in line or line["cube"]["schema"] != SCHEMA:
            if cube.version == 1:
                self.vault.add([cube], None if vector is None else [vector], cause="load")
            else:
                self.vault.add([cube.as_first_version()], None if vector is None else [vector], cause="load")
            return cube.cube_id
        versions = [dict(version) for version in line["versions"]]
        versions[-1]["content"] = cube.content()
        self.vault.restore(
            cube,
            [from_json(Version, version) for version in versions],
            vector,
            [from_json(UseRecord, use) for use in line.get("uses", ())],
        )
        return cube.cube_id

    def load_texts(
        self,
        paths: Sequence[Path | str],
        caller: Caller,
        *,
        namespace: str = "default",
        tags: Sequence[str] = (),
        ttl_seconds: float | None = None,
        split: Callable[[str], list[str]] | None = None,
    ) -> list[MemCube]:
        """Import text files as memories of the caller, with file, place and content kind filled in.

        Args:
            split: cuts a file into memories; by default at blank lines.

        Returns:
            The stored cubes; vectors are given later by ``Vault.update``.
        """
        cubes = []
        for path in map(Path, paths):
            passages = (split or _paragraphs)(_text(path))
            for place, part in enumerate(passages):
                cube = new_cube(
                    part,
                    owner=caller.user,
                    ids=self.ids,
                    clock=self.clock,
                    origin="retrieval",
                    sources=(Source(dialogue=path.name, uri=path.absolute().as_uri()),),
                    position=place,
                    tags=(*tags, f"file:{path.name}"),
                    trigger="load_texts",
                    governance={"namespace": namespace, "ttl_seconds": ttl_seconds},
                )
                classified = self.governance.classify(cube)
                cubes.append(cube.governed(**classified) if classified else cube)
        with self.vault.transaction():
            self.vault.add(cubes, actor=caller.user, cause="load_texts")
            self.governance.log(caller, "load", cubes=[cube.cube_id for cube in cubes][:1000], count=len(cubes))
        return cubes


def _checked_lines(path: Path) -> list[dict[str, Any]]:
    """The body of a dump, after header and digest were checked."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    lines = raw.splitlines(keepends=True)
    try:
        head = json.loads(lines[0])
        tail = json.loads(lines[-1])
        if head["format"] != FORMAT:
            raise ForeignFile(f"{path}: no dump of this project (format {head['format']!r})")
        if not 1 <= head["schema"] <= SCHEMA:
            raise ForeignFile(f"{path}: schema {head['schema']!r} is newer than this program's {SCHEMA}")
        digest = hashlib.blake2b(b"".join(lines[:-1]), digest_size=16).hexdigest()
        if tail.get("digest") != digest or tail.get("lines") != len(lines) - 2:
            raise ForeignFile(f"{path}: cut or changed after {len(lines) - 1} lines (the digest does not match)")
        return [json.loads(line) for line in lines[1:-1]]
    except (IndexError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ForeignFile(f"{path}: no dump of this project, or damaged ({error})") from error


def _vector(text: str | None):
    if text is None:
        return None
    import numpy as np

    return np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as UTF-8 text ({error})") from error


def _paragraphs(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
