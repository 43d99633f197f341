"""The rules under which a person remembers something: layer, rights, life, priority, sensitivity, licence."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args

from memos.cube.codec import canonical, to_json
from memos.cube.header import Grant, Layer, Right, Sensitivity
from memos.errors import ConfigError
from memos.infrastructure.licence import Licence

Span = float | timedelta
"""Seconds, or a span of time."""
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}


@dataclass(frozen=True, slots=True)
class Rules:
    """What ``MemOS.add`` takes beside the text."""

    layer: Layer | None = None
    """private, shared (those with a right) or global; None: shared where rights are given, else private."""
    rights: Sequence[Grant | str] = ()
    """Who else may: a ``Grant``, or ``bob``, ``bob:read,write``, ``group:lab:read``, ``!eve`` (who may not)."""
    ttl: Span | None = None
    """How long after its last change it ends."""
    decay: Span | None = None
    """How long it takes an unused memory to lose half of its strength."""
    priority: int = 0
    sensitivity: Sensitivity = "internal"
    licence: Licence | str = ""
    contexts: Sequence[str] = ()
    """What calls may be for that use it; none: anything."""

    def governance(self, namespace: str) -> dict[str, Any]:
        """The fields of the governance header.

        Raises:
            ConfigError: one line that names the field and its value.
        """
        grants = tuple(map(grant, self.rights))
        layer = self.layer or ("shared" if grants else "private")
        for name, value, known in (
            ("layer", layer, get_args(Layer)),
            ("sensitivity", self.sensitivity, get_args(Sensitivity)),
        ):
            if value not in known:
                raise ConfigError(f"add: {name} {value!r} is none of {', '.join(known)}")
        if grants and layer == "private":
            raise ConfigError("add: rights are given, but the layer is private to its owner; use shared")
        licence = self.licence if isinstance(self.licence, str) else canonical(to_json(self.licence))
        return {
            "namespace": namespace,
            "layer": layer,
            "acl": grants,
            "contexts": tuple(self.contexts),
            "ttl_seconds": _seconds("ttl", self.ttl),
            "decay_half_life": _seconds("decay", self.decay),
            "priority": self.priority,
            "sensitivity": self.sensitivity,
            "licence": licence,
        }


def rules_of(given: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """The governance fields of rules given by name.

    Raises:
        ConfigError: naming the rule that there is not, or its value.
    """
    unknown = next((name for name in given if name not in Rules.__dataclass_fields__), None)
    if unknown is not None:
        raise ConfigError(f"add: no rule {unknown!r}; there are {', '.join(Rules.__dataclass_fields__)}")
    return Rules(**given).governance(namespace)


def grant(text: Grant | str) -> Grant:
    """A grant as a person writes it; see ``Rules.rights``.

    Raises:
        ConfigError: it names a right that there is not.
    """
    if isinstance(text, Grant):
        return text
    denied = text.startswith("!")
    *name, last = text.removeprefix("!").split(":")
    listed = last.split(",")
    if not name or (name == ["group"]):
        name, listed = [*name, last], ["read"]
    unknown = next((one for one in listed if one not in get_args(Right)), None)
    if unknown is not None or not name[-1]:
        raise ConfigError(f"add: right {text!r} is not NAME or NAME:RIGHTS with rights of {', '.join(get_args(Right))}")
    return Grant(":".join(name), tuple(listed), "deny" if denied else "allow")  # pyright: ignore[reportArgumentType]


def span(text: str) -> float:
    """Seconds of a span such as ``90``, ``30m``, ``12h``, ``7d`` or ``2w``.

    Raises:
        ValueError: it is none.
    """
    read = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw]?)", text.strip())
    if read is None:
        raise ValueError(f"{text!r} is no span of time such as 90, 30m, 12h, 7d or 2w")
    return float(read[1]) * _UNITS[read[2]]


def _seconds(name: str, given: Span | None) -> float | None:
    seconds = given.total_seconds() if isinstance(given, timedelta) else given
    if seconds is not None and not seconds > 0:
        raise ConfigError(f"add: {name} {given} is not positive")
    return seconds
