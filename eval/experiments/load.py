"""From the name of an experiment's module, as ``entry`` gives it, to the experiment."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

from eval.experiments.protocol import Experiment, Staged
from eval.runs.manifest_file import read_manifest
from eval.runs.read import is_locomo, load_summary
from memos.errors import ConfigError

if TYPE_CHECKING:
    from eval.report.groups import RunGroup

BENCHMARK, KV_TTFT, JUDGE_CARD = (
    f"eval.experiments.{name}.experiment" for name in ("benchmark", "kv_ttft", "judge_card")
)
FORMER = {
    "eval.run": BENCHMARK,
    "eval.experiments.adversarial": "eval.experiments.adversarial.experiment",
    "eval.experiments.judge_card": JUDGE_CARD,
    "eval.experiments.kv_ttft": KV_TTFT,
}
"""Names that manifests of older run folders and configurations of others still hold, each followed by ``.run``."""
FUNCTIONS = ("check", "changed", "up_to_date", "run", "tables", "finish")
PARTS = ("beside", "alone", "ended")
"""Functions of an experiment whose jobs may run side by side."""


def load(entry: str) -> Experiment:
    """The experiment whose module ``entry`` names, with or without ``.run`` at its end.

    Raises:
        ConfigError: there is no such module, or it lacks a function of ``Experiment``.
    """
    name = entry.removesuffix(".run")
    name = FORMER.get(name, name)
    try:
        module = importlib.import_module(name)
    except (ImportError, ValueError) as error:
        raise ConfigError(f"entry: cannot load {entry!r}: {error}") from error
    lacking = [function for function in FUNCTIONS if not callable(getattr(module, function, None))]
    if lacking:
        raise ConfigError(
            f"entry: {entry!r} is no experiment, it lacks {', '.join(lacking)} (eval.experiments.protocol.Experiment)"
        )
    return cast(Experiment, module)


def staged(entry: str) -> Staged | None:
    """The experiment that ``entry`` names, where its jobs may run side by side; None where they may not.

    Raises:
        ConfigError: as ``load``.
    """
    experiment = load(entry)
    return cast(Staged, experiment) if all(callable(getattr(experiment, part, None)) for part in PARTS) else None


def experiment_of(group: RunGroup) -> Experiment:
    """The experiment that made the runs of a group, by the sweep where it names one, by the first manifest that
    does, else by what the runs hold.

    Raises:
        ConfigError: the manifest names what cannot be loaded.
        DataError: the manifest is damaged.
    """
    if group.cards:
        return load(JUDGE_CARD)
    if group.entry:
        return load(group.entry)
    for folder in group.folders:
        entry = _entry(folder)
        if entry:
            return load(entry)
    return load(BENCHMARK if any(is_locomo(load_summary(folder)) for folder in group.folders) else KV_TTFT)


def _entry(folder: Path) -> str | None:
    return ((read_manifest(folder) or {}).get("config") or {}).get("entry")
