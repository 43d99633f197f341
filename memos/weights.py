"""Digests of model files, so that replaced weights are another model. Neither torch nor a model is loaded for it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from http.client import HTTPException
from pathlib import Path
from typing import Any

from memos.errors import ConfigError
from memos.resources import cache_root, language_place

IDENTIFIES_ONLY = True
"""What is here computes no outcome: the digests of code (``eval.core.code``) do not follow it."""
SUFFIXES = (
    ".safetensors",
    ".bin",
    ".pt",
    ".pth",
    ".gguf",
    ".onnx",
    ".npz",
    ".h5",
    ".json",
    ".txt",
    ".model",
    ".jinja",
    ".py",
    ".vocab",
    ".tiktoken",
)
"""Files of a model's folder that can change what it computes: weights, settings, vocabulary, chat template, its own
code.
"""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_DIGEST = re.compile(r"[0-9a-f]{16}|[0-9a-f]{64}")
_HUB_TIMEOUT_S = 10.0


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes.

    It is kept in the user's cache by path, size, inode and both times of the file, so that a large file is read once a
    machine.
    """
    real = path.resolve()
    state = real.stat()
    return _file_digest(str(real), state.st_size, state.st_ino, state.st_mtime_ns, state.st_ctime_ns)


@lru_cache(maxsize=1024)
def _file_digest(real: str, *state: int) -> str:
    def read() -> str:
        with open(real, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    return remembered([real, *state], read)


def remembered(key: Sequence[object], make: Callable[[], str]) -> str:
    """A digest from the user's cache, made and kept where it is not there yet.

    Args:
        key: JSON values that name everything the digest depends on.
        make: makes it; hexadecimal digits.
    """
    name = hashlib.sha256(json.dumps(key).encode("utf-8", "surrogateescape")).hexdigest()
    file = cache_root() / "digests" / name
    try:
        text = file.read_text(encoding="ascii")
        if _DIGEST.fullmatch(text):
            return text
    except (OSError, UnicodeDecodeError):
        pass
    made = make()
    _keep(file, made)
    return made


def _keep(file: Path, text: str) -> None:
    """Write a digest to the cache; a cache that cannot be written only costs time."""
    if not _DIGEST.fullmatch(text):
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        scratch = file.with_name(f".{file.name}.{os.getpid()}")
        scratch.write_text(text, encoding="ascii")
        os.replace(scratch, file)
    except OSError:
        return


def files_digest(root: Path, files: Iterable[Path]) -> str:
    """Digest (16 hex digits) of some files, by name below ``root`` and content."""
    rows = sorted((path.relative_to(root).as_posix(), file_digest(path)) for path in files)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]


def weights_digest(place: Path) -> str | None:
    """Digest (16 hex digits) of a model file, or of all files of a folder that can change what the model computes.

    None where there is nothing at ``place``.
    """
    if place.is_file():
        return file_digest(place)[:16]
    if not place.is_dir():
        return None
    inside = (path for path in place.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    return files_digest(
        place, (path for path in inside if not any(p.startswith(".") for p in path.relative_to(place).parts))
    )


@lru_cache(maxsize=64)
def hub_commit(model: str, revision: str | None = None) -> str | None:
    """The commit that a hub id stands for: the one in the local cache, else the hub's own answer.

    None where neither is to be had; the model cannot be loaded then either.
    """
    if revision and _COMMIT.fullmatch(revision):
        return revision
    reference = _hub_cache() / f"models--{model.replace('/', '--')}" / "refs" / (revision or "main")
    try:
        commit = reference.read_text(encoding="ascii").strip()
        if _COMMIT.fullmatch(commit):
            return commit
    except (OSError, UnicodeDecodeError):
        pass
    return _ask_hub(model, revision)


def _hub_cache() -> Path:
    home = os.environ.get("HF_HOME")
    base = Path(home) if home else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "huggingface"
    return Path(os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE") or base / "hub")


def _ask_hub(model: str, revision: str | None) -> str | None:
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        return None
    token = os.environ.get("HF_TOKEN")
    base = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    request = urllib.request.Request(
        f"{base}/api/models/{urllib.parse.quote(model)}/revision/{urllib.parse.quote(revision or 'main', safe='')}",
        headers={"Authorization": f"Bearer {token}"} if token else {},
    )
    try:
        with urllib.request.urlopen(request, timeout=_HUB_TIMEOUT_S) as reply:
            commit = json.load(reply).get("sha")
    except (OSError, ValueError, AttributeError, HTTPException):
        return None
    return commit if isinstance(commit, str) and _COMMIT.fullmatch(commit) else None


def language_digest(folder: str) -> str | None:
    """Digest of an NLTK data folder (``memos.resources.PUNKT_FOLDER``, ``WORDNET_FOLDER``); None where it is absent."""
    place = language_place(folder)
    if place is None:
        return None
    return (
        file_digest(place)[:16]
        if place.is_file()
        else files_digest(place, (p for p in place.rglob("*") if p.is_file()))
    )


def model_identity(model: str, revision: str | None = None) -> dict[str, Any]:
    """Which weights a name stands for: the digest of a local file or folder, or the commit of a hub id.

    Raises:
        ConfigError: it is the path of a folder that is not there.
    """
    place = Path(model).expanduser()
    if place.exists():
        return {"weights": weights_digest(place)}
    if model.startswith(("/", "./", "../", "~")):
        raise ConfigError(f"model folder {model} does not exist; give one that holds a model, or a hub id (owner/name)")
    return {"commit": hub_commit(model, revision)}


def pinned(model: str, revision: str | None = None) -> str | None:
    """The revision to load, so that it is the very one ``model_identity`` names; None for a folder."""
    return None if Path(model).expanduser().exists() else hub_commit(model, revision) or revision
