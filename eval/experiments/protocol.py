"""What an experiment is: the contract between the command line and everything that can be run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired, Protocol, TypedDict

if TYPE_CHECKING:
    from eval.report.groups import RunGroup
    from eval.stages.changes import CodeChange

OK, CONFIG_ERROR, FAILED_QUESTIONS, BUDGET_REACHED, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes: done; a configuration or data error; finished with more failed questions than ``max_errors``; budget
reached, resumable; interrupted, resumable."""

Config = Mapping[str, Any]
"""The resolved configuration of one job, as plain dictionaries."""


class Outcome(TypedDict):
    """What one job came to; written as ``outcome.json``, so that jobs may run on any node."""

    folder: str | None
    """The run folder; None where the job failed before there was one."""
    code: int
    """Exit code of the job."""
    message: str
    """One line for people."""
    fresh: NotRequired[bool]
    """Whether there was anything to do."""


def summed_up(outcomes: Sequence[Outcome]) -> tuple[Path, ...]:
    """The run folders of outcomes that have a summary to show."""
    folders = (Path(one["folder"]) for one in outcomes if one["folder"])
    return tuple(folder for folder in folders if (folder / "summary.json").exists())


class Experiment(Protocol):
    """One thing that ``run.py`` can do. A module satisfies it by functions of these names; ``entry`` names it.

    An experiment may have two functions beside them: ``foretell(configs, jobs_at_once)`` prints what its jobs will use
    (``check=true``), and ``left_out(config)`` gives the outcome of a sweep that a command goes on without, such as one
    over a data set that is not here.
    """

    def check(self, config: Config) -> None:
        """Raise for anything wrong that can be known before the run starts, the data included."""

    def changed(self, config: Config) -> list[CodeChange]:
        """The stages of a begun or finished run whose code is no more the one that made its records."""
        ...

    def up_to_date(self, config: Config) -> Outcome | None:
        """The outcome of a run that has nothing left to do; None where there is something, or where that cannot be
        known.
        """
        ...

    def run(self, config: Config) -> Outcome:
        """Bring one job to its end; issuing it again resumes it."""
        ...

    def tables(self, group: RunGroup, out: Path, width: int = 120) -> list[str]:
        """Write ``tables/<experiment>*`` of finished runs, which nothing else writes, and return them for a terminal.

        Args:
            group: run folders that share a table.
            out: the results folder.
            width: columns of the terminal.
        """
        ...

    def finish(self, out: Path, name: str, outcomes: Sequence[Outcome], draw: bool = True) -> None:
        """What follows when all jobs of a command have ended: print the tables, draw the figures.

        Args:
            out: the results folder.
            name: the experiment's name, with which its files begin.
            outcomes: of the jobs that have a folder.
            draw: whether figures are wanted.
        """


@dataclass(frozen=True, slots=True)
class Untimed:
    """A job of which all is done that others may work beside: it has yet to be timed and summed up."""

    missing: Mapping[str, str]
    """Metrics that could not be computed, with the reasons."""


class Staged(Experiment, Protocol):
    """An experiment whose jobs may run side by side. ``run`` does the same as its three parts, in one process.

    An experiment without these parts, such as one that measures times throughout, runs its jobs one after the other.
    """

    def beside(self, config: Config) -> Outcome | Untimed:
        """All of a job that others may work beside; its outcome where nothing is left, or where it had to stop."""
        ...

    def alone(self, config: Config) -> Outcome | None:
        """What is timed, while nothing else runs; the outcome where it had to stop."""
        ...

    def ended(self, config: Config, untimed: Untimed) -> Outcome:
        """Sum up a job that was timed."""
        ...
