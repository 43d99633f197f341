"""Groups of which a run has exactly one choice: a list of choices, of which Hydra would silently take the last, is
refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from memos.errors import ConfigError

ROLE_MODEL = re.compile(r"(answerer|judge|also_judges\.[^.]+)\.llm(?=\.|$)")
"""The key of a part's own model, and the part."""
HYDRA = ("hydra/launcher", "hydra/sweeper")
"""Groups of Hydra's own of which there is one choice as well."""


def refuse_lists(conf: Path, overrides: Sequence[str]) -> None:
    """Refuse a group that is given a list on the command line of one job.

    Raises:
        ConfigError: naming the group, the list, and how to have several.
    """
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        group = override.key_or_group
        if override.is_delete() and override.package is None and group in _single_groups(conf):
            names = sorted(path.stem for path in (conf / group).glob("*.yaml"))
            raise ConfigError(f"~{group}: may not be deleted; choose one of {', '.join(names)}")
        chosen = override.value()
        if (conf / group).is_dir() and not isinstance(chosen, (str, list)) and not override.is_delete():
            shown = "null" if chosen is None else chosen
            names = sorted(path.stem for path in (conf / group).glob("*.yaml"))
            raise ConfigError(f"{group}={shown}: no such {group}; one of {', '.join(names)}")
        if isinstance(chosen, list) and ((conf / group).is_dir() or group in HYDRA):
            raise ConfigError(_told(override.get_key_element().lstrip("+"), chosen))


def refuse_unchosen(conf: Path, choices: Mapping[str, Any]) -> None:
    """Refuse a group that a configuration file gave a list.

    Args:
        conf: the folder of groups.
        choices: Hydra's record of the choices that were made; a list leaves no choice of its group there.

    Raises:
        ConfigError: naming the group, and how to have several.
    """
    for group in _single_groups(conf):
        if group not in choices:
            raise ConfigError(_told(group, "a list"))


def _single_groups(conf: Path) -> list[str]:
    """The groups that the configuration of every experiment begins with."""
    defaults: Any = OmegaConf.to_container(OmegaConf.load(conf / "config.yaml"))
    entries = [next(iter(entry)) for entry in defaults["defaults"] if isinstance(entry, dict)]
    return [entry for entry in entries if not entry.startswith(("optional ", "experiment")) and "@" not in entry]


def _told(key: str, given: Any) -> str:
    """One line: what was given, and how to have several."""
    named = [str(name) for name in given] if isinstance(given, list) else ["A", "B"]
    shown = f"[{','.join(named)}]" if isinstance(given, list) else given
    group, _, package = key.partition("@")
    if len(named) < 2:
        return f"{key}={shown}: a list where one choice is wanted; write {key}={''.join(named) or 'NAME'}"
    if package.startswith("also_judges.") or group == "judge":
        several = f"another judge beside it is +judge@also_judges.NAME={named[-1]}"
    else:
        several = f"{key}={','.join(named)} runs one after the other"
    return f"{key}={shown}: one choice only, and Hydra would take the last of a list; {several}"


def no_own_model(key: str, part: str) -> str:
    """One line: a field of the own model of a part that has none."""
    chosen = f"+llm@{part}.llm=openai" if part.startswith("also_judges.") else f"{part}/llm=openai"
    return f"{key}: {part} has no model of its own yet; give it one first, such as {chosen}"
