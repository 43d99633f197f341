"""Check every job of a command before the first one starts, and turn mistakes into one line each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import ConfigCompositionException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from eval.bench import plain
from eval.schema import nearest
from memos.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Checked:
    """The jobs of a command that were composed and found valid, in the sweep's order."""

    configs: list[dict[str, Any]]
    whole: bool
    """Whether these are all jobs of the command: at most one key is swept, by Hydra's own sweeper."""


def precheck(conf: Path, arguments: Sequence[str]) -> Checked:
    """Compose and validate the jobs of a command line.

    Each value of each swept key is checked once, with the other keys at their first value.

    Raises:
        ConfigError: one line naming the key or value, with the nearest valid names.
    """
    words = [arg for arg in arguments if not arg.startswith("-")]
    if not any(word.startswith("experiment=") for word in words):
        names = sorted(path.stem for path in (conf / "experiment").glob("*.yaml"))
        raise ConfigError(f"name an experiment: python run.py experiment=NAME, with NAME one of {', '.join(names)}")
    overrides = _parse(words)
    with initialize_config_dir(str(conf), version_base="1.3"):
        jobs, whole = _jobs(conf, overrides)
        return Checked([_validate(_compose(conf, job)) for job in jobs], whole)


def _parse(words: Sequence[str]) -> list[Override]:
    try:
        return OverridesParser.create().parse_overrides(list(words))
    except OverrideParseException as error:
        raise ConfigError(f"{error.override}: not of the form key=value") from error


def _jobs(conf: Path, overrides: Sequence[Override]) -> tuple[list[list[str]], bool]:
    """The override lists to check, and whether they are all: the experiment's own sweep, narrowed by the command line."""
    fixed = [o.input_line for o in overrides if not o.is_sweep_override()]
    swept = {o.get_key_element(): _values(o) for o in overrides if o.is_sweep_override()}
    named = {o.get_key_element() for o in overrides}
    base = _compose(conf, [word for word in fixed if word.startswith("experiment=")], whole=True)
    if str(OmegaConf.select(base, "hydra.mode", default="")).endswith("MULTIRUN"):
        params = OmegaConf.to_container(OmegaConf.select(base, "hydra.sweeper.params") or {}, resolve=False)
        for override in _parse([f"{key}={value}" for key, value in params.items()]):
            key = override.get_key_element()
            if key not in named:
                swept[key] = _values(override) if override.is_sweep_override() else [override.input_line]
    first = {key: values[0] for key, values in swept.items()}
    jobs = [fixed + list(first.values())]
    for key, values in swept.items():
        jobs += [fixed + list({**first, key: value}.values()) for value in values[1:]]
    own_sweeper = not any(key.startswith(("hydra/sweeper", "hydra.sweeper", "hydra.mode")) for key in named)
    return jobs, own_sweeper and sum(len(values) > 1 for values in swept.values()) <= 1


def _values(override: Override) -> list[str]:
    key = override.get_key_element()
    return [f"{key}={value}" for value in override.sweep_string_iterator()]


def _compose(conf: Path, overrides: Sequence[str], whole: bool = False) -> DictConfig:
    try:
        return compose("config", list(overrides), return_hydra_config=whole)
    except MissingConfigException as error:
        group, _, name = (error.missing_cfg_file or "").rpartition("/")
        raise ConfigError(f"{group}={name}: no such {group}; {nearest(name, error.options or [])}") from error
    except (ConfigCompositionException, OmegaConfBaseException) as error:
        raise ConfigError(_composition(error, overrides)) from error


def _composition(error: Exception, overrides: Sequence[str]) -> str:
    """One line for Hydra's composition errors; a key that does not exist comes with the nearest names."""
    text = f"{error}\n{error.__cause__ or ''}"
    key = re.search(r"Could not override '([^']+)'", text)
    if key and "not in" in text:
        parent, _, leaf = key.group(1).rpartition(".")
        others = [o for o in overrides if not re.match(rf"[+~]*{re.escape(key.group(1))}=", o)]
        config = compose("config", others)
        while parent and OmegaConf.select(config, parent) is None:
            parent, _, leaf = parent.rpartition(".")
        node = OmegaConf.select(config, parent) if parent else config
        if isinstance(node, DictConfig):
            return f"{key.group(1)}: unknown key; {nearest(leaf, node.keys())}"
    match = re.search(r"Could not override '([^']+)'. No match in the defaults list", text)
    if match:
        return f"{match.group(1)}: unknown group"
    return " ".join(line.strip() for line in str(error).splitlines() if line.strip())[:300]


def _validate(config: DictConfig) -> dict[str, Any]:
    """The plain form of a composed configuration, after the experiment's own check of it."""
    import importlib

    try:
        values = plain(config)
    except OmegaConfBaseException as error:
        raise ConfigError(" ".join(str(error).split("\n")[:2])) from error
    module, _, _ = values["entry"].rpartition(".")
    importlib.import_module(module).check(values)
    return values
