"""Rotary positions that depend on how long the text is: states of a prefix are then not those of a longer text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

STATIC = frozenset({"default", "linear", "llama3", "yarn", "proportional", "mrope"})
"""Kinds whose angles do not depend on the length read; any other (longrope, su, dynamic, …) is taken to."""


def of_length(config: Any) -> str | None:
    """The kind of rotary positions that depends on the length, by a text model's configuration; None where none does.

    Transformers 4 keeps it in ``rope_scaling`` (``type`` or ``rope_type``), 5 in ``rope_parameters``, perhaps by kind
    of layer.
    """
    for name in ("rope_parameters", "rope_scaling"):
        for kind in _kinds(getattr(config, name, None)):
            if kind not in STATIC:
                return kind
    return None


def _kinds(settings: Any) -> Iterator[str]:
    if isinstance(settings, Mapping):
        for name in ("rope_type", "type"):
            if isinstance(settings.get(name), str):
                yield settings[name]
        for own in settings.values():
            yield from _kinds(own)
