"""What must not be handed on: keys, passwords, and where files lie on somebody's machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from eval.core.config import PLACES
from memos.errors import ConfigError
from memos.secret_values import KEY_IN_TEXT, KEY_VARIABLE, SHORTEST, forms, is_key_name, texts_of


def public(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration without the places of files and without credentials in addresses.

    Raises:
        ConfigError: another field holds what looks like a key.
    """
    cleaned = _cleaned(config)
    cleaned.pop("out", None)
    for name in PLACES & cleaned.get("dataset", {}).keys():
        cleaned["dataset"][name] = None
    for where, name, value in texts_of(cleaned):
        if (value and not value.startswith("env:") and is_key_name(name)) or KEY_IN_TEXT.search(value):
            raise ConfigError(f"{where}: looks like a key, which no pack may hold; give the NAME of a variable instead")
    return cleaned


def check(name: str, content: bytes) -> None:
    """Refuse a member of a pack that holds the value of a variable of this machine that is named like a key.

    Raises:
        ConfigError: naming member and variable.
    """
    for variable, value in os.environ.items():
        if not KEY_VARIABLE.fullmatch(variable) or len(value) < SHORTEST:
            continue
        if any(form.encode() in content for form in forms(value)):
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
