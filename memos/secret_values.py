"""Keys of this process: where they may stand in a configuration, and that no file and no message holds one.

A configuration is written into every run folder, so a key stands in it by the NAME of its environment variable only.
What is read from such a variable is remembered here, and taken out of everything that the harness writes or prints: a
server may repeat a key in its error.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from memos.errors import ConfigError

HIDDEN = "(key)"
SHORTEST = 8
"""A shorter value is no key, and would be met by chance."""
NAMES = frozenset(
    "authorization api-key api_key apikey key token access_token x-api-key x-goog-api-key sig signature secret "
    "password passwd".split()
)
"""Names of headers, query parameters and fields that hold keys, in small letters."""
ADDRESSES = frozenset({"base_url", "url"})
"""Names of fields that hold a server's address."""
VARIABLES = frozenset({"api_key_env"})
"""Names of fields that hold the name of a variable."""
_NAMED_LIKE_A_KEY = re.compile(
    r"(?i)(?:.*[-_.])?(?:api[-_]?key|subscription[-_]key|(?:access|auth|api|bearer|refresh|security|session|x)[-_]token"
    r"|secret|secret[-_]access[-_]key|password|passwd|authorization|credentials?|cookie)"
)
KEY_VARIABLE = re.compile(r"(?i).*(?:key|token|secret|password|passwd|credentials?)")
"""How variables are named that hold keys."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LIKE_A_KEY = re.compile(r"(?i)(?:sk|pk|rk|gsk|hf|xai|aiza|ghp|r8)[-_]?(?=\w*\d)[\w-]{16,}")
KEY_IN_TEXT = re.compile(
    r"\b(?:(?:sk|pk|rk|xai)-|gsk_|hf_|ghp_|github_pat_|AIza)[\w-]{16,}"
    r"|(?i:bearer) +[\w.~+/-]{16,}=*"
)
"""What is a key by its looks, wherever it stands."""
_RANDOM = 16
"""Signs from which on a value is hardly met by chance, and a name without bars or of mixed letters is rather a key."""
_values: set[str] = set()


def from_variable(name: str | None) -> str:
    """The value of an environment variable, remembered as a key; empty where there is none."""
    value = os.environ.get(name, "") if name else ""
    if len(value) >= SHORTEST:
        _remember(value)
    return value


def remember_environment() -> None:
    """Remember every variable of the environment that is named like a key: a package or a program that is about to be
    started reads it by itself.
    """
    for name, value in os.environ.items():
        if KEY_VARIABLE.fullmatch(name) and len(value) >= _RANDOM:
            _remember(value)


def _remember(value: str) -> None:
    _values.update(forms(value))


def forms(value: str) -> tuple[str, ...]:
    """A key as it is, as it stands within JSON, and within an address."""
    return value, json.dumps(value)[1:-1], quote(value, safe="")


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
    for value in sorted(_values, key=len, reverse=True) if _values else ():
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
        made = {hidden_in(key): hidden_in(item) for key, item in value.items()}
        same = made.keys() == value.keys() and all(made[key] is value[key] for key in made)
        return value if same else made
    if isinstance(value, (list, tuple)):
        items = [hidden_in(item) for item in value]
        return value if all(one is other for one, other in zip(items, value, strict=True)) else items
    return value


def check_variable(name: str | None, where: str) -> None:
    """Refuse what is no name of a variable; a key that was typed in its place is not repeated.

    Raises:
        ConfigError: one line that names the field.
    """
    if name is not None and (not _VARIABLE.fullmatch(name) or _is_rather_a_key(name)):
        raise ConfigError(
            f"{where}: expected the NAME of the environment variable that holds the key, such as OPENAI_API_KEY; what "
            f"was given ({len(name)} signs) is no such name"
        )


def _is_rather_a_key(name: str) -> bool:
    """Whether what stands in the place of a variable's name is a key: by its looks, or since no variable is so called
    and nobody would call one so.
    """
    if name in os.environ:
        return False
    mixed = "_" not in name or name not in (name.upper(), name.lower())
    random = len(name) >= _RANDOM and mixed and any(sign.isdigit() for sign in name)
    return random or _LIKE_A_KEY.fullmatch(name) is not None


def check_address(url: str | None, where: str) -> None:
    """Refuse an address that holds a key, which is not repeated.

    Raises:
        ConfigError: one line that names the field.
    """
    if not url:
        return
    try:
        split = urlsplit(url)
        _ = split.port
    except ValueError as error:
        raise ConfigError(f"{where}: no address that can be read ({error})") from error
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
            if is_key_name(str(name)) and isinstance(value, str) and not value.startswith("env:"):
                raise ConfigError(f"{where}.{name}: give env:NAME, the variable that holds the key")
            check_fields(value, f"{where}.{name}")
    elif isinstance(fields, (list, tuple)):
        for number, item in enumerate(fields):
            check_fields(item, f"{where}[{number}]")


def is_key_name(name: str) -> bool:
    """Whether a header, a parameter or a field of this name holds a key."""
    return name.lower() in NAMES or _NAMED_LIKE_A_KEY.fullmatch(name) is not None


def check_configuration(config: Mapping[str, Any]) -> None:
    """Refuse a configuration that holds a key, in whichever field; it is not repeated.

    Raises:
        ConfigError: one line that names the field.
    """
    held = {value: name for name, value in os.environ.items() if KEY_VARIABLE.fullmatch(name) and len(value) >= _RANDOM}
    for where, name, text in texts_of(config):
        if name in VARIABLES:
            check_variable(text, where)
        elif name in ADDRESSES:
            check_address(text, where)
        variable = next((held[value] for value in held if value in text), None)
        if variable is not None:
            raise ConfigError(
                f"{where}: holds the value of the variable {variable}, which would be written into every run; give its "
                "name (api_key_env), or env:NAME"
            )
        if KEY_IN_TEXT.search(text):
            raise ConfigError(
                f"{where}: holds what looks like a key, which would be written into every run; give the NAME of the "
                "variable that holds it (api_key_env), or env:NAME"
            )


def texts_of(node: Any, where: str = "", name: str = "") -> Iterator[tuple[str, str, str]]:
    """Every text of a configuration, names of fields among them: its full name, its field, and the text."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            inner = f"{where}.{key}" if where else str(key)
            yield where or "configuration", "", str(key)
            yield from texts_of(value, inner, str(key))
    elif isinstance(node, (list, tuple)):
        for number, item in enumerate(node):
            yield from texts_of(item, f"{where}[{number}]", name)
    elif isinstance(node, str):
        yield where, name, node
