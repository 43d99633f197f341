"""The jobs of a local sweep side by side on the cores there are, with the records of one process.

All work is done first, by as many processes as there are cores. What is timed comes after it, one job after another in
the command's own process while the others wait, so that times are those of a quiet machine. Then jobs are summed up.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from eval.command.workers import Done, Workers
from eval.core import device, machine
from eval.core.config import component_config
from eval.core.progress import say
from eval.experiments.load import load, staged
from eval.experiments.protocol import BUDGET_REACHED, CONFIG_ERROR, Config, Outcome, Staged, Untimed
from memos import terminal
from memos.errors import BudgetExceeded, ConfigError, MemosError
from memos.secret_values import hidden, hidden_in

T = TypeVar("T")
AUTO = "auto"


def count(configs: Sequence[Config]) -> int:
    """How many jobs of a sweep run at once, by the setting ``jobs``.

    ``auto`` takes the cores of this machine, and one where a job asks a language model that runs here: such a model
    fills the machine by itself, and two would not fit beside one another.

    Raises:
        ConfigError: the setting is neither ``auto`` nor a number from 1 on.
    """
    setting = configs[0].get("jobs", 1)
    if setting != AUTO and (not isinstance(setting, int) or isinstance(setting, bool) or setting < 1):
        raise ConfigError(f"jobs: expected {AUTO} or a number from 1 on, found {setting!r}")
    if len(configs) < 2 or staged(configs[0]["entry"]) is None:
        return 1
    if setting == AUTO:
        setting = 1 if any(_runs_a_model(config) for config in configs) else device.cores()
    return min(setting, len(configs))


def side_by_side(configs: Sequence[Config], at_once: int) -> list[Outcome]:
    """Run every job of a sweep; returns their outcomes in the order of the jobs.

    The last job starts first: experiments list their systems from the one with the least work to the one with the most,
    and a long job that started last would leave the other cores idle at the end.

    A job whose process was killed, as one is that takes too much memory, is brought to its end in this process.
    """
    jobs, order = _Jobs(configs), range(len(configs))[::-1]
    with Workers(at_once) as workers:
        for number, done in workers.each(_beside, [configs[index] for index in order]):
            jobs.take(order[number], done)
        for index in sorted(jobs.untimed):
            jobs.alone(index)
        left = sorted(jobs.untimed.items())
        for number, done in workers.each(_ended, [(configs[index], untimed) for index, untimed in left]):
            jobs.take(left[number][0], done)
    for index in jobs.lost:
        jobs.end(index, run_job(configs[index]))
    return jobs.outcomes()


def one_by_one(configs: Sequence[Config]) -> list[Outcome]:
    """Run every job of a sweep in this process; returns their outcomes in the order of the jobs.

    Hydra would run them just so, but compose each of them twice more, which takes as long as a small job itself.
    """
    jobs = _Jobs(configs)
    for index, config in enumerate(configs):
        jobs.end(index, run_job(config))
    return jobs.outcomes()


def run_job(config: Config) -> Outcome:
    """One job whole. A failure is its outcome, so that the other jobs go on."""
    outcome = _attempt(lambda: _here(config) or load(config["entry"]).run(config))
    assert outcome is not None
    return outcome


def one_line(error: Exception) -> str:
    """The first line of an error's text, with the options Hydra lists where it does."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def tell(outcome: Outcome) -> None:
    """Print what a job came to."""
    failed = outcome["code"] == CONFIG_ERROR
    say(("error: " if failed else "") + outcome["message"], sys.stderr if outcome["code"] else sys.stdout)


class _Jobs:
    """What is known of the jobs of a sweep, by their number."""

    def __init__(self, configs: Sequence[Config]) -> None:
        self.configs = configs
        self.untimed: dict[int, Untimed] = {}
        self.lost: list[int] = []
        """Jobs whose process ended in the middle."""
        self._ended: dict[int, Outcome] = {}
        self._printed: set[str] = set()
        """Lines of any job that were told: notes on the data set are each job's."""

    def take(self, index: int, done: Done[Outcome] | Done[Outcome | Untimed]) -> None:
        """Note what a worker gave back."""
        for line in done.printed.splitlines():
            if line not in self._printed:
                self._printed.add(line)
                say(line)
        if done.lost:
            say(f"note: {_name(self.configs[index])}: {done.failure}; it goes on alone", sys.stderr)
            self.lost.append(index)
        elif done.result is None:
            say(done.failure or "", sys.stderr)
            self.end(index, _failure((done.failure or "").strip().rpartition("\n")[2]))
        elif isinstance(done.result, Untimed):
            self.untimed[index] = done.result
        else:
            self.end(index, done.result)

    def alone(self, index: int) -> None:
        """Time a job in this process, while no other works."""
        config = self.configs[index]
        outcome = _attempt(lambda: _staged(config).alone(config))
        if outcome is not None:
            del self.untimed[index]
            self.end(index, outcome)

    def end(self, index: int, outcome: Outcome) -> None:
        self._ended[index] = outcome
        tell(outcome)

    def outcomes(self) -> list[Outcome]:
        """All outcomes in the order of the jobs, also written where Hydra's own sweeps leave theirs."""
        first = self.configs[0]
        folder = Path(first["out"]) / "sweeps" / first["name"] / f"{datetime.now():%Y%m%d-%H%M%S-%f}"
        ordered = [self._ended[index] for index in range(len(self.configs))]
        for index, outcome in enumerate(ordered):
            (folder / str(index)).mkdir(parents=True)
            (folder / str(index) / "outcome.json").write_text(json.dumps(outcome), encoding="utf-8")
        return ordered


def _here(config: Config) -> None:
    """Refuse a device that the machine of the job does not have; the one that the command was typed on may have less.

    Raises:
        ConfigError: naming the field.
    """
    device.check_devices(config)


def _beside(config: Config) -> Outcome | Untimed:
    """In a worker: what others may work beside."""
    return _attempt(lambda: _here(config) or _staged(config).beside(config))


def _ended(task: tuple[Config, Untimed]) -> Outcome:
    """In a worker: the end of a job that was timed."""
    config, untimed = task
    return _attempt(lambda: _staged(config).ended(config, untimed))


def _attempt(work: Callable[[], T]) -> T | Outcome:
    """The result of a job without the keys that it read: the process that tells it has read none of them."""
    try:
        return hidden_in(work())
    except BudgetExceeded as error:
        return {**_failure(f"{one_line(error)}; the same command resumes"), "code": BUDGET_REACHED}
    except MemosError as error:
        return _failure(one_line(error))
    except BrokenPipeError:
        terminal.leave()
    except terminal.MACHINE_ERRORS as error:
        return _failure(machine.line(error))


def _failure(message: str) -> Outcome:
    return {"folder": None, "code": CONFIG_ERROR, "message": hidden(message)}


def _staged(config: Config) -> Staged:
    experiment = staged(config["entry"])
    assert experiment is not None, "count() lets such experiments run one job after the other"
    return experiment


def _name(config: Config) -> str:
    return config["system"]["name"]


def _runs_a_model(config: Config) -> bool:
    """Whether a language model that runs on this machine is configured for any role."""
    askers = [config, config["answerer"], config["judge"], *config["also_judges"].values()]
    models = [part["llm"] for part in askers if part.get("llm") and part["llm"]["name"] != "none"]
    return any(not getattr(component_config(model, "llm")[0], "remote", False) for model in models)
