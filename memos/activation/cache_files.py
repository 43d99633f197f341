"""Caches as files: safetensors with a JSON sidecar, nothing executable (docs/memos.md C36). Loading torch on import.

``<name>.safetensors`` holds ``keys`` and ``values``, each (layers, heads, tokens, size); int8 files add ``*_scale``.
``<name>.json`` holds identity, tokens, text, sizes and checksums. A name is the content's digest, so a stored cache
never
changes; the sidecar is written last, so a crash leaves no cache that looks whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from memos.activation.errors import ActivationError, CorruptCache
from memos.activation.identity import ModelIdentity
from memos.activation.memory import KVMemory
from memos.activation.quantise import dequantised, quantised
from memos.llm.kv import SharedPrefix

SCHEMA = 2
"""2: the sidecar is itself under a checksum."""
FORMATS = {"fp32": torch.float32, "bf16": torch.bfloat16, "int8": torch.int8}


@dataclass(frozen=True, slots=True)
class Stored:
    """A cache on disk."""

    path: Path
    """The safetensors file; the sidecar lies beside it."""
    file_bytes: int
    tensor_bytes: int
    sha256: str


def save(memory: KVMemory, folder: Path, form: str = "bf16") -> Stored:
    """Write a cache; the same content in the same form again is not written twice.

    Args:
        form: fp32 (bit-exact for float32 models), bf16 (half), or int8 (a quarter, with scales).

    Raises:
        ActivationError: an unknown form.
    """
    if form not in FORMATS:
        raise ActivationError(f"store.form: {form!r} is unknown; use one of {', '.join(FORMATS)}")
    path = Path(folder) / f"{memory.digest()[:24]}-{form}.safetensors"
    if path.with_suffix(".json").exists() and path.exists():
        sidecar = _sidecar(path)
        return Stored(path, sidecar["file_bytes"], sidecar["tensor_bytes"], sidecar["sha256"])
    tensors = _tensors(memory, form)
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    save_file(tensors, scratch)
    digest = _sha256(scratch)
    sidecar = {
        "schema": SCHEMA,
        "form": form,
        "identity": memory.identity.to_json(),
        "composition": memory.composition,
        "system": memory.system,
        "ids": list(memory.states.ids),
        "file_bytes": scratch.stat().st_size,
        "tensor_bytes": sum(t.numel() * t.element_size() for t in tensors.values()),
        "checksums": {name: _checksum(tensor) for name, tensor in tensors.items()},
        "sha256": digest,
    }
    sidecar["sidecar"] = _sidecar_digest(sidecar)
    os.replace(scratch, path)
    _write(path.with_suffix(".json"), json.dumps(sidecar, ensure_ascii=False))
    return Stored(path, sidecar["file_bytes"], sidecar["tensor_bytes"], digest)


def load(
    path: Path, *, identity: ModelIdentity | None = None, device: str = "cpu", verify: str = "checksum"
) -> KVMemory:
    """Read a cache back, ready to be injected; tensors of the model's own precision stay mapped from the file.

    Args:
        identity: of the model that will read it; checked before any tensor is touched.
        verify: size (lengths and shapes), checksum (also a sum over all words), or digest (also SHA-256 of the file).

    Raises:
        CorruptCache: missing, cut, changed, or of another schema; the message names the file and what is wrong.
        ForeignCache: built by another model.
    """
    if verify not in ("size", "checksum", "digest"):
        raise ActivationError(f"store.verify: {verify!r} is unknown; use size, checksum or digest")
    path = Path(path)
    sidecar = _sidecar(path)
    made_by = ModelIdentity.from_json(sidecar["identity"])
    if identity is not None:
        identity.require(made_by)
    if not path.exists() or path.stat().st_size != sidecar["file_bytes"]:
        size = path.stat().st_size if path.exists() else "no"
        raise CorruptCache(f"{path}: {size} bytes instead of {sidecar['file_bytes']}; build the cache anew")
    if verify == "digest" and _sha256(path) != sidecar["sha256"]:
        raise CorruptCache(f"{path}: SHA-256 differs from the sidecar's; build the cache anew")
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError) as error:
        raise CorruptCache(f"{path}: no readable safetensors file ({error}); build the cache anew") from error
    if set(tensors) != set(sidecar["checksums"]):
        raise CorruptCache(f"{path}: tensors {sorted(tensors)} differ from the sidecar's; build the cache anew")
    for name, expected in sidecar["checksums"].items():
        if verify != "size" and _checksum(tensors[name]) != expected:
            raise CorruptCache(f"{path}: checksum of {name} differs from the sidecar's; build the cache anew")
    return _memory(path, sidecar, tensors, made_by, device)


def remove(path: Path) -> int:
    """Delete a stored cache; returns the bytes freed."""
    freed = 0
    for one in (Path(path).with_suffix(".json"), Path(path)):
        if one.exists():
            freed += one.stat().st_size
            one.unlink()
    return freed


def _tensors(memory: KVMemory, form: str) -> dict[str, torch.Tensor]:
    keys = torch.stack([tensor.detach().cpu() for tensor in memory.states.keys])
    values = torch.stack([tensor.detach().cpu() for tensor in memory.states.values])
    if form != "int8":
        return {"keys": keys.to(FORMATS[form]).contiguous(), "values": values.to(FORMATS[form]).contiguous()}
    out = {}
    for name, states, over in (("keys", keys, 2), ("values", values, 3)):
        out[name], out[f"{name}_scale"] = quantised(states, over)
    return out


def _memory(
    path: Path, sidecar: dict[str, Any], tensors: dict[str, torch.Tensor], made_by: ModelIdentity, device: str
) -> KVMemory:
    ids, dtype = tuple(sidecar["ids"]), getattr(torch, made_by.dtype, None)
    kind = re.fullmatch(r"full:(\d+)x(\d+)x(\d+)", made_by.cache)
    if kind is None or not isinstance(dtype, torch.dtype):
        raise CorruptCache(f"{path}: identity names cache {made_by.cache!r} in {made_by.dtype!r}; build the cache anew")
    layers, heads, size = map(int, kind.groups())
    for name in ("keys", "values"):
        if tuple(tensors[name].shape) != (layers, heads, len(ids), size):
            raise CorruptCache(
                f"{path}: {name} has shape {tuple(tensors[name].shape)}, the sidecar tells "
                f"{(layers, heads, len(ids), size)}; build the cache anew"
            )
    states = []
    for name in ("keys", "values"):
        tensor = tensors[name].to(device)
        scale = tensors.get(f"{name}_scale")
        tensor = tensor.to(dtype) if scale is None else dequantised(tensor, scale.to(device), dtype)
        states.append(tensor.unbind(0))
    return KVMemory(made_by, sidecar["system"], SharedPrefix(ids, *states), sidecar["composition"])


def _sidecar(path: Path) -> dict[str, Any]:
    file = path.with_suffix(".json")
    try:
        sidecar = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CorruptCache(f"{file}: {error.strerror}; build the cache anew") from error
    except ValueError as error:
        raise CorruptCache(f"{file}: not JSON ({error}); build the cache anew") from error
    wanted = {
        "form": str,
        "identity": dict,
        "composition": str,
        "system": str,
        "ids": list,
        "file_bytes": int,
        "tensor_bytes": int,
        "checksums": dict,
        "sha256": str,
        "sidecar": str,
    }
    if not isinstance(sidecar, dict) or sidecar.get("schema") != SCHEMA:
        raise CorruptCache(
            f"{file}: schema is {sidecar.get('schema') if isinstance(sidecar, dict) else None!r}, expected {SCHEMA}"
        )
    wrong = [name for name, kind in wanted.items() if not isinstance(sidecar.get(name), kind)]
    if wrong or sidecar["form"] not in FORMATS:
        raise CorruptCache(
            f"{file}: {wrong[0] if wrong else 'form'} is missing or of the wrong kind; build the cache anew"
        )
    if sidecar["sidecar"] != _sidecar_digest(sidecar):
        raise CorruptCache(f"{file}: its text, tokens or sizes were changed; build the cache anew")
    if not all(type(token) is int for token in sidecar["ids"]):
        raise CorruptCache(f"{file}: ids hold something else than tokens; build the cache anew")
    return sidecar


def _sidecar_digest(sidecar: dict[str, Any]) -> str:
    """SHA-256 of all that a sidecar tells: identity, text, tokens, sizes and checksums."""
    stated = {name: value for name, value in sidecar.items() if name != "sidecar"}
    return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()


def _checksum(tensor: torch.Tensor) -> int:
    """A sum over the tensor's words that any single changed word changes; runs at memory speed."""
    raw = tensor.contiguous().view(-1).view(torch.uint8)
    words = raw[: raw.numel() // 8 * 8]
    total = (
        int(words.view(torch.int64).sum()) if words.data_ptr() % 8 == 0 else int(words.clone().view(torch.int64).sum())
    )
    return total + int(raw[len(words) :].sum(dtype=torch.int64))


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, text: str) -> None:
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    with open(scratch, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(scratch, path)
