"""What happens when all jobs of a command have ended: the experiment's own tables, and the exit code."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from eval.runs.write import writing_outputs

OUTCOMES: list[dict[str, Any]] = []
"""Outcomes of the jobs of this command, in order; read by ``eval.command.cli`` for the exit code."""
ENDED: list[tuple[str, Path, str, bool]] = []
"""Entry, results folder, experiment and whether to draw, of the sweep that ended."""


class SweepTables(Callback):
    """Gathers the jobs' outcomes, wherever they ran. Hydra only warns of errors in a callback, so the tables come later."""

    def on_run_end(self, config: DictConfig, **kwargs: Any) -> None:
        self._end(config, Path(config.hydra.runtime.output_dir), "outcome.json")

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        self._end(config, Path(config.hydra.sweep.dir), "*/outcome.json")

    def _end(self, config: DictConfig, folder: Path, pattern: str) -> None:
        paths = sorted(folder.glob(pattern), key=lambda p: (len(p.parent.name), p.parent.name))
        ended(config, [json.loads(path.read_text(encoding="utf-8")) for path in paths])


def ended(config: Mapping[str, Any], outcomes: Iterable[dict[str, Any]]) -> None:
    """Note that the jobs of an experiment ended."""
    OUTCOMES.extend(outcomes)
    ENDED.append((config["entry"], Path(config["out"]), config["name"], bool(config["figures"])))


def finish() -> None:
    """Let the experiment of this command write its tables."""
    for entry, out, name, figures in dict.fromkeys(ENDED):
        module = importlib.import_module(entry.rpartition(".")[0])
        if hasattr(module, "finish"):
            with writing_outputs(out, name):
                module.finish(out, name, [o for o in OUTCOMES if o["folder"]], figures)
