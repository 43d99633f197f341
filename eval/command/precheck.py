"""Check every job of a command before the first one starts, and turn mistakes into one line each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from pathlib import Path
from typing import Any, cast

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from eval.command.single import ROLE_MODEL, no_own_model, refuse_lists, refuse_unchosen
from eval.core.config import nearest
from eval.core.settings import SETTINGS, plain
from eval.experiments.load import load
from eval.experiments.protocol import Outcome
from memos.errors import ConfigError, MissingDependency

MOST_JOBS = 100
"""Jobs of one sweep that are all composed before it starts; composing one takes some hundredths of a second."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The jobs of a command that were composed and found valid, in the sweep's order."""

    configs: list[dict[str, Any]]
    whole: bool
    """Whether these are all jobs of the command: not too many, and swept by Hydra's own sweeper."""
    sweeps: list[list[str]]
    """The arguments of each of the command's sweeps, which run one after the other; one, as it was typed, where the
    experiment has none.
    """
    local: bool = False
    """Whether Hydra's own launcher would run all of them on this machine, as it comes: then they may as well be run
    side by side.
    """
    left_out: list[Outcome] = field(default_factory=list)
    """What came of the experiment's sweeps with which the command goes on without, such as one over data that are not
    here.
    """


@dataclass(frozen=True, slots=True)
class _Entry:
    """What one of an experiment's own sweeps makes of the command line."""

    added: list[str] = field(default_factory=list)
    """Words that follow those that were typed."""
    without: frozenset[str] = frozenset()
    """Keys of typed words that are not this sweep's."""


OPTIONS = tuple(
    "--help -h --hydra-help --version --cfg -c --resolve --package -p --run -r --multirun -m --shell-completion -sc "
    "--config-path -cp --config-name -cn --config-dir -cd --experimental-rerun --info -i".split()
)
"""Hydra's own options."""
_PLUGINS = {
    ("hydra/launcher", "submitit"): "hydra-submitit-launcher is not installed; run: pip install -e '.[slurm]'",
    ("hydra/launcher", "joblib"): "hydra-joblib-launcher is not installed; run: pip install hydra-joblib-launcher",
    ("hydra/launcher", "ray"): "hydra-ray-launcher is not installed; run: pip install hydra-ray-launcher",
    ("hydra/sweeper", "optuna"): "hydra-optuna-sweeper is not installed; run: pip install hydra-optuna-sweeper",
    ("hydra/sweeper", "ax"): "hydra-ax-sweeper is not installed; run: pip install hydra-ax-sweeper",
}
"""Plugins of Hydra by group and beginning of a choice, which ships its configuration."""
PICKING = "dataset"
"""Where each of an experiment's sweeps has its own choice of this group, the command line picks among them by it."""


def precheck(conf: Path, arguments: Sequence[str]) -> Checked:
    """Compose and validate the jobs of a command line.

    Every job is checked where a sweep has at most MOST_JOBS; else each value of each swept key once, the other keys at
    their first.

    Raises:
        ConfigError: one line naming the key or value, with the nearest valid names.
    """
    _refuse_options(arguments)
    words = [arg for arg in arguments if not arg.startswith("-")]
    if not any(word.startswith("experiment=") for word in words):
        names = sorted(path.stem for path in (conf / "experiment").glob("*.yaml"))
        raise ConfigError(f"name an experiment: python run.py experiment=NAME, with NAME one of {', '.join(names)}")
    overrides = _parse(words)
    with initialize_config_dir(str(conf), version_base="1.3"):
        fixed = _fixed(overrides)
        base = _compose(conf, [word for word in fixed if word.startswith("experiment=")], whole=True)
        _refuse_new_keys(conf, base, overrides)
        configs, whole, sweeps, left_out = [], True, [], []
        for entry in _entries(base, overrides):
            own = [override for override in overrides if override.get_key_element() not in entry.without]
            jobs, complete = _jobs(base, [*own, *_parse(entry.added)])
            if outcome := _left_out(conf, base, jobs[0]):
                left_out.append(outcome)
                continue
            configs += [_validate(_compose(conf, job)) for job in jobs]
            whole = whole and complete
            replaced = {_typed(override) for override in overrides if override not in own}
            sweeps.append([*(word for word in arguments if word not in replaced), *entry.added])
        if not configs:
            raise ConfigError("; ".join(outcome["message"] for outcome in left_out))
        local = whole and _runs_here(base, arguments, overrides)
        return Checked(configs, whole, sweeps, local, left_out)


def _refuse_options(arguments: Sequence[str]) -> None:
    """Refuse options that are none of Hydra's.

    Raises:
        ConfigError: naming the nearest ones.
    """
    for arg in arguments:
        name = arg.partition("=")[0]
        if arg.startswith("-") and name not in OPTIONS:
            raise ConfigError(f"{arg}: no such option; {nearest(name, OPTIONS)} Settings are words such as system=rag")


def _refuse_new_keys(conf: Path, base: DictConfig, overrides: Sequence[Override]) -> None:
    """Refuse keys that a command adds beside those that there are: nobody would read them.

    Raises:
        ConfigError: naming the nearest ones.
    """
    known = {str(key) for key in base} | SETTINGS.keys()
    for override in overrides:
        key = override.key_or_group
        if key == "sweeps":
            raise ConfigError("sweeps: is the experiment's own; sweep by values with commas, such as system=rag,memos")
        if not (override.is_add() or override.is_force_add()) or override.package is not None or (conf / key).is_dir():
            continue
        top = key.partition(".")[0]
        if top not in known:
            raise ConfigError(f"{override.get_key_element()}: unknown key; {nearest(top, known)}")


def _runs_here(base: DictConfig, arguments: Sequence[str], overrides: Sequence[Override]) -> bool:
    """Whether a command sweeps by Hydra's defaults: its own launcher, and nothing of Hydra's named."""
    flags = {arg for arg in arguments if arg.startswith("-")}
    sweeping = _multirun(base) or bool(flags)
    basic = str(OmegaConf.select(base, "hydra.launcher._target_", default="")).endswith(".BasicLauncher")
    own = any(override.get_key_element().startswith("hydra") for override in overrides)
    return sweeping and flags <= {"-m", "--multirun"} and basic and not own


def _multirun(base: DictConfig) -> bool:
    return str(OmegaConf.select(base, "hydra.mode", default="")).endswith("MULTIRUN")


def _entries(base: DictConfig, overrides: Sequence[Override]) -> list[_Entry]:
    """What the experiment's own ``sweeps`` make of the command line, one a sweep; one that adds nothing where there are
    none.
    """
    own = cast(list[dict[str, Any]] | None, OmegaConf.to_container(base.sweeps, resolve=False))
    named = {o.get_key_element() for o in overrides}
    if own and all(PICKING in sweep for sweep in own):
        return _picked(own, overrides)
    if not own or "system" in named:
        return [_Entry()]
    narrowing = named & {key for sweep in own for key in sweep}
    matching = [sweep for sweep in own if narrowing <= set(sweep)]
    return [_Entry(_words(sweep, named)) for sweep in matching] or [_Entry()]


def _picked(own: Sequence[dict[str, Any]], overrides: Sequence[Override]) -> list[_Entry]:
    """Sweeps over a data set each: those that the command line names, in its order, and where it names none, all. Other
    keys of a sweep give way to the command line's; a data set's field is kept from those that do not have it.
    """
    named = {o.get_key_element() for o in overrides}
    wanted = [choice for o in overrides if o.get_key_element() == PICKING for choice in _choices(o)]
    known = {f"{PICKING}={sweep[PICKING]}": sweep for sweep in own}
    sweeps = [known.get(choice, {PICKING: choice.partition("=")[2]}) for choice in wanted] or list(own)
    fields = {key for key in named if key.startswith(f"{PICKING}.")}
    lacking = [{key for key in fields if not _is_field(key, sweep[PICKING])} for sweep in sweeps]
    nowhere = set.intersection(*lacking)
    return [
        _Entry(_words(sweep, named - {PICKING}), frozenset({PICKING, *(absent - nowhere)}))
        for sweep, absent in zip(sweeps, lacking, strict=True)
    ]


def _is_field(key: str, choice: str) -> bool:
    """Whether a data set has a field."""
    nothing = object()
    return OmegaConf.select(compose("config", [f"{PICKING}={choice}"]), key, default=nothing) is not nothing


def _words(sweep: dict[str, Any], named: set[str]) -> list[str]:
    """A sweep's own keys as words of the command line, without those that it names."""
    return [f"{key}={value}" for key, value in sweep.items() if key not in named]


def _parse(words: Sequence[str]) -> list[Override]:
    nameless = next((word for word in words if word.startswith("=")), None)
    if nameless is not None:
        raise ConfigError(f"{nameless}: not of the form key=value")
    try:
        return OverridesParser.create().parse_overrides(list(words))
    except OverrideParseException as error:
        raise ConfigError(f"{error.override}: not of the form key=value") from error


def _typed(override: Override) -> str:
    """An override as it was typed."""
    return override.input_line or ""


def _fixed(overrides: Sequence[Override]) -> list[str]:
    """The overrides that have one value, as they were typed."""
    return [_typed(o) for o in overrides if not o.is_sweep_override()]


def _jobs(base: DictConfig, overrides: Sequence[Override]) -> tuple[list[list[str]], bool]:
    """The override lists to check, and whether they are all: the experiment's sweep, narrowed by the command line."""
    fixed = _fixed(overrides)
    swept = {o.get_key_element(): _values(o) for o in overrides if o.is_sweep_override()}
    named = {o.get_key_element() for o in overrides}
    if _multirun(base):
        own = OmegaConf.select(base, "hydra.sweeper.params")
        params = cast(dict[str, Any], OmegaConf.to_container(own, resolve=False)) if own else {}
        for override in _parse([f"{key}={value}" for key, value in params.items()]):
            key = override.get_key_element()
            if key not in named:
                swept[key] = _choices(override)
    own_sweeper = not any(key.startswith(("hydra/sweeper", "hydra.sweeper", "hydra.mode")) for key in named)
    if prod(len(choices) for choices in swept.values()) <= MOST_JOBS:
        return [fixed + list(choices) for choices in product(*swept.values())], own_sweeper
    first = {key: choices[0] for key, choices in swept.items()}
    jobs = [fixed + list(first.values())]
    for key, choices in swept.items():
        jobs += [fixed + list({**first, key: value}.values()) for value in choices[1:]]
    return jobs, False


def _choices(override: Override) -> list[str]:
    """Every value of an override, swept or not, as a word of its own."""
    return _values(override) if override.is_sweep_override() else [_typed(override)]


def _values(override: Override) -> list[str]:
    key = override.get_key_element()
    try:
        return [f"{key}={value}" for value in override.sweep_string_iterator()]
    except HydraException as error:  # of glob and interval, which other sweepers know
        raise ConfigError(f"{_typed(override)}: cannot be swept here; list its values: {key}=A,B") from error


def _compose(conf: Path, overrides: Sequence[str], whole: bool = False) -> DictConfig:
    refuse_lists(conf, overrides)
    try:
        made = compose("config", list(overrides), return_hydra_config=True)
        refuse_unchosen(conf, OmegaConf.select(made, "hydra.runtime.choices"))
        if not whole:
            with open_dict(made):
                del made["hydra"]
        return made
    except MissingConfigException as error:
        group, _, name = (error.missing_cfg_file or "").rpartition("/")
        if (package := _PLUGINS.get((group, name.partition("_")[0]))) is not None:
            raise MissingDependency(f"{group}={name}: {package}") from error
        old = re.fullmatch(r"(?:sweep/)?rag_(\d+)_k(\d+)", name)
        if old:
            hint = f"write system=rag system.chunk_size={old[1]} system.top_k={old[2]}"
        else:
            hint = nearest(name, error.options or [])
        raise ConfigError(f"{group}={name}: no such {group}; {hint}") from error
    except (ConfigCompositionException, OmegaConfBaseException) as error:
        raise ConfigError(_composition(error, overrides)) from error


def _composition(error: Exception, overrides: Sequence[str]) -> str:
    """One line for Hydra's composition errors; a key that does not exist comes with the nearest names."""
    text = f"{error}\n{error.__cause__ or ''}"
    key = re.search(r"Could not override '([^']+)'", text)
    if key and "not in" in text:
        role = ROLE_MODEL.match(key.group(1))
        wrong = re.escape(role[0]) + r"(\.[^=]*)?" if role else re.escape(key.group(1))
        config = compose("config", [o for o in overrides if not re.match(rf"[+~]*{wrong}=", o)])
        if role and OmegaConf.select(config, role[1]) and not OmegaConf.select(config, role[0]):
            return no_own_model(key.group(1), role[1])
        parent, _, leaf = key.group(1).rpartition(".")
        while parent and OmegaConf.select(config, parent) is None:
            parent, _, leaf = parent.rpartition(".")
        node = OmegaConf.select(config, parent) if parent else config
        if isinstance(node, DictConfig):
            return f"{key.group(1)}: unknown key; {nearest(leaf, map(str, node.keys()))}"
    match = re.search(r"Could not override '([^']+)'. No match in the defaults list", text)
    if match:
        return f"{match.group(1)}: unknown group"
    return " ".join(line.strip() for line in str(error).splitlines() if line.strip())[:300]


def _validate(config: DictConfig) -> dict[str, Any]:
    """The plain form of a composed configuration, after the experiment's own check of it."""
    composed = _plain(config)
    load(composed["entry"]).check(composed)
    return composed


def _left_out(conf: Path, base: DictConfig, job: Sequence[str]) -> Outcome | None:
    """What comes of a sweep that its experiment goes on without, by its first job; None where it has to be run."""
    asked = getattr(load(base.entry), "left_out", None)
    return asked(_plain(_compose(conf, job))) if asked else None


def _plain(config: DictConfig) -> dict[str, Any]:
    try:
        return plain(config)
    except OmegaConfBaseException as error:
        raise ConfigError(" ".join(str(error).split("\n")[:2])) from error
