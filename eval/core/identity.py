"""Identity: canonical JSON, digests, and records as plain values (the chain of fingerprints: ``eval.stages.bench``)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

IDENTIFIES_ONLY = True
"""What is here computes no outcome: the digests of code (``eval.core.code``) do not follow it."""


def canonical(value: Any) -> str:
    """JSON with sorted keys, no spaces and plain UTF-8: equal values give equal text."""
    return _CANONICAL.encode(value)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any, length: int = 16) -> str:
    """First ``length`` hex digits of the SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()[:length]


def record(value: Any) -> Any:
    """A frozen record as plain JSON values, every field of it; what is None is left out, so that a new optional field
    changes nothing.
    """
    if is_dataclass(value) and not isinstance(value, type):
        value = {f.name: getattr(value, f.name) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): record(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [record(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
