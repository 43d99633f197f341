"""MemLoader (paper section 5.5): dumps of this project (any schema), and text files with provenance filled in.

A dump is foreign input: its digest only tells that it was not damaged. So every value is checked before it is stored,
and a caller loads memories of their own only, unless privileged.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from memos.cube.clock import Clock, Ids
from memos.cube.codec import from_json
from memos.cube.cube import SCHEMA, MemCube, new_cube, parse_content
from memos.cube.errors import MALFORMED, AccessDenied, CubeError, ForeignFile
from memos.cube.header import Governance, Source
from memos.cube.payload import PlaintextPayload, check_payload
from memos.cube.versions import Version
from memos.errors import DataError, MemosError
from memos.infrastructure.access import Caller, check_namespace
from memos.infrastructure.dumper import FORMAT
from memos.infrastructure.governance import MemGovernance
from memos.infrastructure.migrate import read_cube
from memos.infrastructure.vault.base import Edge, UseRecord, Vault

_LONGEST = 1 << 20
"""Letters of an encoded vector at most."""


class MemLoader:
    """Reads files into one vault; each call is one transaction, so that a bad file changes nothing."""

    def __init__(
        self,
        *,
        vault: Vault,
        governance: MemGovernance,
        clock: Clock,
        ids: Ids,
        embed: Callable[[Sequence[MemCube]], Any] | None = None,
        embedder: str | None = None,
    ) -> None:
        """
        Args:
            embed: gives loaded memories vectors where their file has none of use; None: they stay without.
            embedder: of which the vault's vectors are, as a dump names it; those of another are of no use.
        """
        self.vault, self.governance, self.clock, self.ids = vault, governance, clock, ids
        self.embed, self.embedder = embed, embedder

    def load(self, path: Path | str, caller: Caller) -> list[str]:
        """Load a dump or export; gives the ids of its cubes.

        Args:
            caller: must own every memory in it, in every version, unless privileged.

        Raises:
            AccessDenied: the dump holds memories of others, or of a namespace of MemOS itself.
            ForeignFile, CubeError: not a dump, cut, changed, malformed, or of a newer schema.
            DuplicateCube: a cube of the dump is in the vault already.
            ChainBroken: a version chain does not verify.
        """
        path = Path(path)
        lines, theirs = _checked_lines(path)
        foreign = self.embed is not None and theirs is not None and theirs != self.embedder
        loaded: dict[str, None] = {}
        with self.vault.transaction():
            for number, line in enumerate(lines, 2):
                try:
                    if "cube" in line:
                        if foreign:
                            line.pop("vector", None)
                        loaded[self._load_cube(line, path.parent, caller)] = None
                    else:
                        self._load_edge(line, loaded)
                except MemosError as error:
                    raise type(error)(f"{path}, line {number}: {error}") from error
                except MALFORMED as error:
                    raise ForeignFile(f"{path}, line {number}: malformed ({type(error).__name__}: {error})") from error
            self.governance.log(caller, "load", cubes=list(loaded)[:1000], count=len(loaded), file=path.name)
        return list(loaded)

    def _load_edge(self, line: dict[str, Any], loaded: dict[str, None]) -> None:
        if set(line) != {"edge"}:
            raise ForeignFile("neither a memory nor an edge")
        edge = from_json(Edge, line["edge"])
        missing = next((end for end in (edge.source, edge.target) if end not in loaded), None)
        if missing is not None:
            raise ForeignFile(f"an edge at {missing!r}, which the dump does not hold before it")
        self.vault.link([edge])

    def _load_cube(self, line: dict[str, Any], folder: Path, caller: Caller) -> str:
        unknown = next((name for name in line if name not in ("cube", "versions", "vector", "uses")), None)
        if unknown is not None:
            raise ForeignFile(f"unknown field {unknown!r}")
        cube = read_cube(line["cube"])
        _check_payload(cube, folder)
        _check_rights(cube.cube_id, cube.governance, caller)
        vector = _vector(line.get("vector"))
        if vector is None and self.embed is not None and cube.kind == "plaintext":
            vector = self.embed([cube])[0]
        if "versions" not in line or line["cube"]["schema"] != SCHEMA:
            if cube.version == 1:
                self.vault.add([cube], None if vector is None else [vector], cause="load")
            else:
                self.vault.add([cube.as_first_version()], None if vector is None else [vector], cause="load")
            return cube.cube_id
        versions = [dict(version) for version in line["versions"]]
        versions[-1]["content"] = cube.content()
        chain = [from_json(Version, version) for version in versions]
        for one in chain[:-1]:
            _check_rights(cube.cube_id, parse_content(one.content)[2], caller)
        self.vault.restore(
            cube,
            chain,
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
            The stored cubes.
        """
        check_namespace(caller, namespace)
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
        vectors = None if self.embed is None or not cubes else self.embed(cubes)
        with self.vault.transaction():
            self.vault.add(cubes, vectors, actor=caller.user, cause="load_texts")
            self.governance.log(caller, "load", cubes=[cube.cube_id for cube in cubes][:1000], count=len(cubes))
        return cubes


def _checked_lines(path: Path) -> tuple[list[dict[str, Any]], str | None]:
    """The body of a dump, after header and digest were checked, and the embedder it names."""
    raw = _plain_bytes(path)
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
        return [_object(line) for line in lines[1:-1]], head.get("embedder")
    except MALFORMED as error:
        raise ForeignFile(f"{path}: no dump of this project, or damaged ({error})") from error


def _object(line: bytes) -> dict[str, Any]:
    value = json.loads(line, parse_constant=_no_number)
    if not isinstance(value, dict):
        raise ValueError(f"a line holds {type(value).__name__} where an object is expected")
    return value


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _check_rights(cube_id: str, rules: Governance, caller: Caller) -> None:
    if caller.privileged:
        return
    if rules.owner != caller.user:
        raise AccessDenied(
            f"memory {cube_id} belongs to another user than {caller.user}; a dump of several users is loaded by a "
            "privileged caller (memos load without --user)"
        )
    check_namespace(caller, rules.namespace)


def _check_payload(cube: MemCube, folder: Path) -> None:
    """That a cache or an adapter names a file below the dump's folder, with no link on the way."""
    if isinstance(cube.payload, PlaintextPayload):
        return
    check_payload(cube.payload)
    place = folder
    for name in Path(cube.payload.file).parts:
        place = place / name
        if place.is_symlink():
            raise ForeignFile(f"memory {cube.cube_id}: its file {cube.payload.file!r} is a link, or lies behind one")


def _plain_bytes(path: Path) -> bytes:
    """The content of a plain file; no pipe or device is waited for."""
    try:
        if path.exists() and not path.is_file():
            raise DataError(f"{path}: cannot be read (no plain file)")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise DataError(f"{path}: cannot be read ({reason})") from error


def _vector(text: Any):
    if text is None:
        return None
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise CubeError("vector: expected base64 of float32 numbers")
    import numpy as np

    return np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4")


def _text(path: Path) -> str:
    try:
        return _plain_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: cannot be read as UTF-8 text ({error})") from error


def _paragraphs(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
