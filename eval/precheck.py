"""Check every job of a command before the first one starts, and turn mistakes into one line each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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


def precheck(conf: Path, arguments: Sequence[str]) -> None:
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
        for job in _jobs(conf, overrides):
            _validate(_compose(conf, job))


def _parse(words: Sequence[str]) -> list[Override]:
    try:
        return OverridesParser.create().parse_overrides(list(words))
    except OverrideParseException as error:
        raise ConfigError(f"{error.override}: not of the form key=value") from error


def _jobs(conf: Path, overrides: Sequence[Override]) -> list[list[str]]:
    """The override lists to check: the experiment's own sweep, narrowed by the command line."""
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
    return jobs


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


def _validate(config: DictConfig) -> None:
    """The experiment's own check of a composed configuration."""
    import importlib

    try:
        values: Mapping[str, Any] = plain(config)
    except OmegaConfBaseException as error:
        raise ConfigError(" ".join(str(error).split("\n")[:2])) from error
    module, _, _ = values["entry"].rpartition(".")
    importlib.import_module(module).check(values)
