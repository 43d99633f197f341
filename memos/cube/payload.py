"""The three payloads of a MemCube (paper section 4.2; docs/memos.md#header). Exactly one a cube; all three are
first-class.

Tensors and weights never live inside a cube: activation and parametric payloads name a file by digest, and the rooms
``memos.activation`` and ``memos.parametric`` build and load it.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Literal

from memos.cube.errors import CubeError

Form = Literal["text", "record", "graph", "template"]


def stays_inside(file: str) -> bool:
    """Whether a payload's file is named by a path that stays in the folder it is relative to: not absolute, on no
    system, and not up and out of it."""
    steps = PurePosixPath(file).parts + PureWindowsPath(file).parts
    whole = PurePosixPath(file).is_absolute() or PureWindowsPath(file).anchor
    return bool(file.strip()) and not whole and ".." not in steps and file.isprintable()


def check_payload(payload: Payload) -> None:
    """What a payload that comes from outside must hold: a text something to be seen, a cache or an adapter a file below
    its folder.

    Raises:
        CubeError: naming the field.
    """
    if isinstance(payload, PlaintextPayload):
        check_content(payload.text)
    elif not stays_inside(payload.file):
        raise CubeError(f"{type(payload).__name__}.file: {payload.file!r} is no path below the vault's folder")


def check_content(text: str) -> str:
    """A text that somebody wants remembered: it must hold a character that can be seen.

    Raises:
        CubeError: it is empty, or all blanks, control and format characters.
    """
    if not any(map(_seen, text)):
        raise CubeError("PlaintextPayload.text: empty or blank; a memory needs a text")
    return text


def _seen(letter: str) -> bool:
    return letter.isalnum() or (not letter.isspace() and unicodedata.category(letter) not in ("Cc", "Cf"))


@dataclass(frozen=True, slots=True)
class PlaintextPayload:
    """Text, a structured record, a graph fragment or a prompt template."""

    text: str
    """What is read and searched; for a record or graph, its reading."""
    form: Form = "text"
    record: dict[str, Any] = field(default_factory=dict)
    """The structured content as JSON, where ``form`` is record, graph or template."""
    language: str = "en"
    tokens: int | None = None
    """Length in the tokens of the counter named by the deployment; None where not counted."""
    embedder: str = ""
    """Name of the model whose vector the vault keeps beside the cube; empty: no vector."""

    def __post_init__(self) -> None:
        if not self.text:
            raise CubeError("PlaintextPayload.text: empty; a memory needs a text")
        try:
            self.text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise CubeError(f"PlaintextPayload.text: lone surrogate at character {error.start}") from error


@dataclass(frozen=True, slots=True)
class ActivationPayload:
    """Key-value tensors of a text under one model, kept in a file of their own."""

    model: str
    revision: str
    weights_digest: str
    dtype: str
    tokenizer_digest: str
    template_digest: str
    file: str
    """Path of the tensors, relative to the vault's folder."""
    file_digest: str
    bytes: int
    token_ids: tuple[int, ...] = ()
    first_position: int = 0
    """Absolute position of the first token."""
    first_layer: int = 0
    layers: int = 0
    form: Literal["kv", "hidden_states", "attention_template", "steering_vector"] = "kv"
    injection_point: Literal["prefix", "infix", "residual"] = "prefix"
    composition: Literal["exact", "rotated", "blended"] = "exact"

    def __post_init__(self) -> None:
        if self.bytes < 0 or self.layers < 0 or self.first_layer < 0 or self.first_position < 0:
            raise CubeError("ActivationPayload: bytes, layers and positions must not be negative")


@dataclass(frozen=True, slots=True)
class ParametricPayload:
    """A weight delta (LoRA) or adapter of one base model, kept in a file of its own."""

    base_model: str
    base_revision: str
    file: str
    file_digest: str
    bytes: int
    target_modules: tuple[str, ...]
    rank: int
    alpha: float
    training_cubes: tuple[str, ...]
    """Ids of the cubes the adapter was trained on: its lineage."""
    form: Literal["lora", "adapter"] = "lora"

    def __post_init__(self) -> None:
        if self.rank <= 0:
            raise CubeError(f"ParametricPayload.rank: {self.rank} is not positive")
        if not self.training_cubes:
            raise CubeError("ParametricPayload.training_cubes: empty; an adapter must name its sources")


Payload = PlaintextPayload | ActivationPayload | ParametricPayload
KINDS: dict[str, type] = {
    "plaintext": PlaintextPayload,
    "activation": ActivationPayload,
    "parametric": ParametricPayload,
}
KIND_OF: dict[type, str] = {cls: kind for kind, cls in KINDS.items()}
