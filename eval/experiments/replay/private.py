"""What must not be handed on: keys, passwords, and where files lie on somebody's machine."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from eval.core.config import PLACES
from memos.errors import ConfigError

_SECRET_NAME = re.compile(
    r"(?i)(?:^|[-_])(?:api[-_]?key|apikey|token|secret|password|passwd|authorization|credentials?)$"
)
_SECRET_VALUE = re.compile(r"\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}|(?i:bearer) +[A-Za-z0-9._~+/-]{16,}=*")
_VARIABLE = re.compile(r"(?i)(?:key|token|secret|password|passwd|credentials?)$")
_SHORTEST = 8
"""Values of variables that are shorter are no keys, and would be met by chance."""


def public(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration without the places of files and without credentials in addresses.

    Raises:
        ConfigError: another field holds what looks like a key.
    """
    cleaned = _cleaned(config)
    cleaned.pop("out", None)
    for name in PLACES & cleaned.get("dataset", {}).keys():
        cleaned["dataset"][name] = None
    for where, value in _texts(cleaned):
        name = where.rpartition(".")[2]
        held = value and not value.startswith("env:") and _SECRET_NAME.search(name)
        if held or _SECRET_VALUE.search(value):
            raise ConfigError(f"{where}: looks like a key, which no pack may hold; give the NAME of a variable instead")
    return cleaned


def check(name: str, content: bytes) -> None:
    """Refuse a member of a pack that holds the value of a variable of this machine that is named like a key.

    Raises:
        ConfigError: naming member and variable.
    """
    for variable, value in os.environ.items():
        if _VARIABLE.search(variable) and len(value) >= _SHORTEST and value.encode() in content:
            raise ConfigError(f"{name}: holds the value of ${variable}, which no pack may hold; nothing was written")


def _cleaned(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {key: _address(value) if key == "base_url" else _cleaned(value) for key, value in node.items()}
    return [_cleaned(value) for value in node] if isinstance(node, list | tuple) else node


def _address(url: str | None) -> str | None:
    """An address without user, password and query, which are no part of a server's identity."""
    if not url:
        return url
    split = urlsplit(url)
    return urlunsplit((split.scheme, split.netloc.rpartition("@")[2], split.path, "", ""))


def _texts(node: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a configuration with its full name."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _texts(value, f"{where}.{key}" if where else str(key))
    elif isinstance(node, list | tuple):
        for number, value in enumerate(node):
            yield from _texts(value, f"{where}[{number}]")
    elif isinstance(node, str):
        yield where, node
