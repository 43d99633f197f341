"""A memory as keys and values. Importing this module loads torch and transformers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import torch

from memos.activation.identity import ModelIdentity
from memos.llm.kv import SharedPrefix

Composition = Literal["exact", "rotated", "blended", "naive"]


@dataclass(frozen=True, slots=True, eq=False)
class KVMemory:
    """A cache of the memory part of a prompt. Nothing ever writes to its tensors; readers share them."""

    identity: ModelIdentity
    system: str
    """The system message the tokens come from: instructions and memories."""
    states: SharedPrefix
    composition: Composition = "exact"
    """exact: the states of a plain prefill. The others are approximations (``memos.activation.compose``)."""

    def __len__(self) -> int:
        return len(self.states)

    @property
    def nbytes(self) -> int:
        """Bytes of the tensors."""
        return self.states.nbytes

    @property
    def device(self) -> torch.device:
        return self.states.keys[0].device

    def digest(self) -> str:
        """SHA-256 over tokens and tensors; the same before and after any use."""
        made = hashlib.sha256(repr(self.states.ids).encode())
        for tensor in (*self.states.keys, *self.states.values):
            made.update(tensor.detach().contiguous().cpu().view(torch.uint8).numpy().data)
        return made.hexdigest()

    def to(self, device: str | torch.device) -> KVMemory:
        """The same memory on a device (itself where it is there already)."""
        if self.device == torch.device(device):
            return self
        keys = tuple(tensor.to(device, non_blocking=True) for tensor in self.states.keys)
        values = tuple(tensor.to(device, non_blocking=True) for tensor in self.states.values)
        return KVMemory(self.identity, self.system, SharedPrefix(self.states.ids, keys, values), self.composition)


def join(pieces: list[SharedPrefix]) -> SharedPrefix:
    """States one after the other in new tensors, positions as they are."""
    if len(pieces) == 1:
        return pieces[0]
    ids = tuple(token for part in pieces for token in part.ids)
    layers = range(len(pieces[0].keys))
    keys = tuple(torch.cat([part.keys[layer] for part in pieces], dim=1) for layer in layers)
    values = tuple(torch.cat([part.values[layer] for part in pieces], dim=1) for layer in layers)
    return SharedPrefix(ids, keys, values)


def tail(states: SharedPrefix, start: int) -> SharedPrefix:
    """The states from token ``start`` on, as views."""
    return SharedPrefix(
        states.ids[start:], tuple(k[:, start:] for k in states.keys), tuple(v[:, start:] for v in states.values)
    )
