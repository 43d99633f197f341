"""Keys of this process: where they may stand in a configuration, and that no file and no message holds one.

A configuration is written into every run folder, so a key stands in it by the NAME of its environment variable only.
What is read from such a variable is remembered here, and taken out of everything that the harness writes or prints: a
server may repeat a key in its error.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from memos.errors import ConfigError

HIDDEN = "(key)"
SHORTEST = 8
"""A shorter value is no key, and would be met by chance."""
NAMES = frozenset(
    "authorization api-key api_key apikey key token access_token x-api-key x-goog-api-key sig signature secret "
    "password passwd".split()
)
"""Names of headers, query parameters and fields that hold keys, in small letters."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LIKE_A_KEY = re.compile(r"(?i)^(?:sk|pk|rk|gsk|hf|xai|aiza|ghp|r8)[-_]?(?=\w*\d)[\w-]{16,}$")
_values: set[str] = set()


def from_variable(name: str | None) -> str:
    """The value of an environment variable, remembered as a key; empty where there is none."""
    value = os.environ.get(name, "") if name else ""
    if len(value) >= SHORTEST:
        _values.add(value)
    return value


def key_from(name: str | None, where: str) -> str:
    """The key in an environment variable (``from_variable``).

    Raises:
        ConfigError: what is there can be no key; it is not repeated.
    """
    key = from_variable(name)
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(f"{where}={name!r}: the key has a blank, a line break or a sign that is no ASCII")
    return key


def hidden(text: str) -> str:
    """A text without any key that was read."""
    for value in _values:
        if value in text:
            text = text.replace(value, HIDDEN)
    return text


def hidden_in(value: Any) -> Any:
    """Plain JSON values without any key that was read; the very same object where there is none in it."""
    if not _values:
        return value
    if isinstance(value, str):
        return hidden(value)
    if isinstance(value, Mapping):
        made = {key: hidden_in(item) for key, item in value.items()}
        return made if any(made[key] is not value[key] for key in made) else value
    if isinstance(value, (list, tuple)):
        items = [hidden_in(item) for item in value]
        return value if all(one is other for one, other in zip(items, value, strict=True)) else items
    return value


def check_variable(name: str | None, where: str) -> None:
    """Refuse what is no name of a variable; a key that was typed in its place is not repeated.

    Raises:
        ConfigError: one line that names the field.
    """
    if name is not None and (not _VARIABLE.fullmatch(name) or _LIKE_A_KEY.match(name)):
        raise ConfigError(
            f"{where}: expected the NAME of the environment variable that holds the key, such as OPENAI_API_KEY; what "
            f"was given ({len(name)} signs) is no such name"
        )


def check_address(url: str | None, where: str) -> None:
    """Refuse an address that holds a key, which is not repeated.

    Raises:
        ConfigError: one line that names the field.
    """
    if not url:
        return
    split = urlsplit(url)
    if "@" in split.netloc:
        raise ConfigError(
            f"{where}: a user or password stands in the address, and would be written into every run; give the key by "
            "api_key_env, or a header by headers.Authorization=env:NAME"
        )
    keys = sorted({name for name, _ in parse_qsl(split.query, keep_blank_values=True) if name.lower() in NAMES})
    if keys:
        raise ConfigError(
            f"{where}: {', '.join(keys)} stands in the address, and would be written into every run; give it by "
            f"query.{keys[0]}=env:NAME, the variable that holds it"
        )


def check_fields(fields: Any, where: str) -> None:
    """Refuse fields named like a key that hold one and not ``env:NAME``; what they hold is not repeated.

    Raises:
        ConfigError: one line that names the field.
    """
    if isinstance(fields, Mapping):
        for name, value in fields.items():
            if str(name).lower() in NAMES and isinstance(value, str) and not value.startswith("env:"):
                raise ConfigError(f"{where}.{name}: give env:NAME, the variable that holds the key")
            check_fields(value, f"{where}.{name}")
    elif isinstance(fields, (list, tuple)):
        for number, item in enumerate(fields):
            check_fields(item, f"{where}[{number}]")
