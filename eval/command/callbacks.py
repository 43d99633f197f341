"""What happens when all jobs of a command have ended: their outcomes are gathered, the experiment makes its tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from eval.experiments.load import load
from eval.experiments.protocol import Config, Outcome
from eval.runs.write import writing_outputs


@dataclass
class Sweep:
    """The jobs of one command that have ended, in order."""

    config: Config | None = None
    """Of any one job: all of a command share experiment and results folder. None until the jobs have ended."""
    outcomes: list[Outcome] = field(default_factory=list)

    def end(self, config: Config, outcomes: list[Outcome]) -> None:
        """Note that the jobs ended."""
        self.config = config
        self.outcomes.extend(outcomes)

    def finish(self) -> None:
        """Let the experiment write its tables; nothing where no job ended."""
        if self.config is not None:
            outcomes = [outcome for outcome in self.outcomes if outcome["folder"]]
            experiment, out, name = load(self.config["entry"]), Path(self.config["out"]), self.config["name"]
            with writing_outputs(out, name):
                experiment.finish(out, name, outcomes, bool(self.config["figures"]))


_RUNNING: ContextVar[Sweep | None] = ContextVar("sweep", default=None)


@contextmanager
def sweep() -> Iterator[Sweep]:
    """The sweep of a command; jobs that end inside are noted in it."""
    made = Sweep()
    token = _RUNNING.set(made)
    try:
        yield made
    finally:
        _RUNNING.reset(token)


class SweepTables(Callback):
    """Gathers the jobs' outcomes, wherever they ran. Hydra only warns of errors in a callback, so the tables come
    later.
    """

    def on_run_end(self, config: DictConfig, **kwargs: Any) -> None:
        self._end(config, Path(config.hydra.runtime.output_dir), "outcome.json")

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        self._end(config, Path(config.hydra.sweep.dir), "*/outcome.json")

    def _end(self, config: DictConfig, folder: Path, pattern: str) -> None:
        paths = sorted(folder.glob(pattern), key=lambda p: (len(p.parent.name), p.parent.name))
        running = _RUNNING.get()
        if running is not None:
            running.end(config, [json.loads(path.read_text(encoding="utf-8")) for path in paths])
