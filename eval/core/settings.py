"""The keys of a command that belong to no group: their kinds and bounds, checked before anything starts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from memos.errors import ConfigError
from memos.secret_values import check_configuration

AUTO = "auto"
LONGEST_NAME = 100
"""Characters of an experiment's name, which names files."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What one key may hold."""

    expected: str
    """For messages: ``a whole number from 0 on``."""
    allows: Callable[[Any], bool]


def _whole(low: int) -> Setting:
    return Setting(f"a whole number from {low} on", lambda value: _is_whole(value) and value >= low)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _auto_or_whole(value: Any) -> bool:
    return value == AUTO or (_is_whole(value) and value >= 1)


FLAG = Setting("true or false", lambda value: isinstance(value, bool))
TEXT = Setting("a text", lambda value: isinstance(value, str) and value.strip() != "")
AUTOMATIC = Setting(f"{AUTO} or a number from 1 on", _auto_or_whole)
SECTION = Setting("keys with values", lambda value: isinstance(value, Mapping))
NAME = Setting(
    f"a name of at most {LONGEST_NAME} letters without / and \\, since it names folders and files",
    lambda value: (
        isinstance(value, str)
        and re.fullmatch(r"[^/\\\x00-\x1f]+", value) is not None
        and value.strip(". ") != ""
        and len(value) <= LONGEST_NAME
    ),
)
SETTINGS: Mapping[str, Setting] = {
    "name": NAME,
    "entry": TEXT,
    "out": TEXT,
    "extractor": Setting("rules or llm", lambda value: value in ("rules", "llm")),
    "seed": Setting("a whole number", _is_whole),
    "repeats": _whole(1),
    "max_errors": _whole(0),
    "max_lost": Setting(
        "a number from 0 to 1",
        lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1,
    ),
    "retry_ingest": FLAG,
    "prices": Setting("a path, or null", lambda value: value is None or TEXT.allows(value)),
    "check": FLAG,
    "pilot": _whole(0),
    "probe": FLAG,
    "accept_code": FLAG,
    "rerun": FLAG,
    "figures": FLAG,
    "at_once": AUTOMATIC,
    "jobs": AUTOMATIC,
    "sweeps": Setting(
        "a list of keys with values",
        lambda value: isinstance(value, list) and all(isinstance(one, Mapping) for one in value),
    ),
    "also_judges": Setting(
        "judges by their names",
        lambda value: isinstance(value, Mapping) and all(isinstance(one, Mapping) for one in value.values()),
    ),
    **dict.fromkeys(("budget", "latency", "dataset", "system", "llm", "embedder", "answerer", "judge"), SECTION),
    **dict.fromkeys(("track", "metrics"), SECTION),
}
"""Keys in the order of ``conf/config.yaml``; ``cache`` is checked where its modes are known."""
AS_TEXT = ("name", "out")
"""Keys whose number, as a command line reads ``out=3``, is meant as text."""


def checked(config: Mapping[str, Any]) -> dict[str, Any]:
    """A composed configuration whose own keys hold what they may.

    Raises:
        ConfigError: one line with the key, what it may hold, and what it holds; or that it holds a key of a server.
    """
    made = dict(config)
    for key, setting in SETTINGS.items():
        if key not in made:
            raise ConfigError(f"{key}: missing; it may not be deleted (expected {setting.expected})")
        if key in AS_TEXT and _is_whole(made[key]):
            made[key] = str(made[key])
        if not setting.allows(made[key]):
            shown = "null" if made[key] is None else repr(made[key])
            raise ConfigError(f"{key}: expected {setting.expected}, found {shown:.80}")
    _check_numbers(made, "")
    check_configuration(made)
    return made


def _check_numbers(node: Any, where: str) -> None:
    """Refuse NaN and numbers beyond any limit (``nan``, ``inf``, ``1e400``): no record can hold them.

    Raises:
        ConfigError: naming the field.
    """
    if isinstance(node, float) and not math.isfinite(node):
        raise ConfigError(f"{where}: expected a number, found {node}")
    inner = node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        _check_numbers(value, f"{where}.{key}" if where else str(key))


def plain(config: DictConfig) -> dict[str, Any]:
    """The resolved configuration as plain dictionaries, with its own keys checked.

    Raises:
        ConfigError: one line with the key and its value.
    """
    return checked(cast(dict[str, Any], OmegaConf.to_container(config, resolve=True, throw_on_missing=True)))
