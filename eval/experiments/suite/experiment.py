"""``experiment=suite``: all systems on all data sets found here. Each job is an ordinary run under the data set's
name.

A data set that cannot be had is left out with a line, and one whose files are damaged fails alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eval.datasets.load import load
from eval.experiments.benchmark import experiment as benchmark
from eval.experiments.protocol import CONFIG_ERROR, OK, Config, Outcome, Untimed, summed_up
from eval.runs.write import write_json
from memos.errors import AbsentData, DataError, MissingDependency

if TYPE_CHECKING:
    from eval.report.groups import RunGroup
    from eval.stages.changes import CodeChange

ENTRY = __name__
_JOBS: dict[int, tuple[Config, Config]] = {}
"""A job's configuration (kept, so that no other takes its place in memory) with that of its run."""


def _run_of(config: Config) -> Config:
    """The configuration of a job's run: that of an experiment named as the data set, so that the run is one with those
    of ``experiment=locomo`` and the like; the suite's jobs count as one in what they may spend.
    """
    if id(config) not in _JOBS:
        budget = {**config["budget"], "account": config["budget"].get("account") or config["name"]}
        own = {**config, "name": config["dataset"]["name"], "entry": benchmark.__name__, "budget": budget, "sweeps": []}
        _JOBS[id(config)] = (config, own)
    return _JOBS[id(config)][1]


def left_out(config: Config) -> Outcome | None:
    """What a data set comes to that cannot be read: left out where it is not to be had, an error where it is damaged;
    None where it can be read.
    """
    name = config["dataset"]["name"]
    try:
        load(config["dataset"])
    except (AbsentData, MissingDependency) as error:
        return {"folder": None, "code": OK, "message": f"{name}: left out: {error}"}
    except DataError as error:
        return {"folder": None, "code": CONFIG_ERROR, "message": f"{name}: {error}"}
    return None


def check(config: Config) -> None:
    """Raise for anything wrong that can be known beforehand."""
    benchmark.check(_run_of(config))


def changed(config: Config) -> list[CodeChange]:
    """The stages of a run whose code is no more the one that made their records."""
    return benchmark.changed(_run_of(config))


def up_to_date(config: Config) -> Outcome | None:
    """The outcome of a run that has nothing left to do, whichever experiment made it."""
    outcome = benchmark.up_to_date(_run_of(config))
    return outcome and _named(config, outcome)


def run(config: Config) -> Outcome:
    """Bring one system's run on one data set to its end."""
    return _named(config, benchmark.run(_run_of(config)))


def beside(config: Config) -> Outcome | Untimed:
    """All of a run but the latency pass."""
    made = benchmark.beside(_run_of(config))
    return made if isinstance(made, Untimed) else _named(config, made)


def alone(config: Config) -> Outcome | None:
    """The latency pass of a run."""
    outcome = benchmark.alone(_run_of(config))
    return outcome and _named(config, outcome)


def ended(config: Config, untimed: Untimed) -> Outcome:
    """The summary of a run that was timed."""
    return _named(config, benchmark.ended(_run_of(config), untimed))


def foretell(configs: Sequence[Config], jobs_at_once: int = 1) -> None:
    """Tell what all runs will use, in ``tables/<experiment>_forecast.*``."""
    benchmark.foretell([_run_of(config) for config in configs], jobs_at_once, configs[0]["name"])


def _named(config: Config, outcome: Outcome) -> Outcome:
    """An outcome that says of which data set it is."""
    return {**outcome, "message": f"{config['dataset']['name']}, {outcome['message']}"}


def tables(group: RunGroup, out: Path, width: int = 120) -> list[str]:
    """Write the tables of each data set and those over all of them; only the latter are returned for the terminal."""
    from eval.report.benchmark_tables import write_benchmark_tables
    from eval.report.groups import RunGroup
    from eval.report.suite_tables import write_suite_tables
    from eval.report.tables import terminal

    by_set: dict[str, list[Path]] = {}
    for one in group.runs:
        by_set.setdefault(str(one.summary["dataset"]["name"]), []).append(one.folder)
    for name, folders in by_set.items():
        write_benchmark_tables(RunGroup(f"{group.experiment}_{_slug(name)}", tuple(folders)), out)
    made = write_suite_tables(group.recorded, out / "tables" / group.experiment)
    return [terminal(table, width) for table in made]


def _slug(name: str) -> str:
    """A data set's name as a part of a file's: ``generated (own knobs)`` is ``generated_own_knobs``."""
    words = "".join(sign if sign.isalnum() else " " for sign in name.lower()).split()
    return "_".join(words)


def finish(out: Path, name: str, outcomes: Sequence[Outcome], draw: bool = True) -> None:
    """Write ``tables/<name>*`` and ``figures/<name>_pooled``, and print the tables over all data sets."""
    from eval.report.groups import RunGroup

    folders = summed_up(outcomes)
    if not folders:
        return
    group = RunGroup(name, folders, entry=ENTRY)
    for text in tables(group, out):
        print("\n" + text)
    if draw:
        from eval.report.figures import make_figures

        for line in make_figures([group], out)[1]:
            print(f"not drawn: {line}")
    write_json(out / "tables" / f"{name}.runs.json", {"entry": ENTRY, "runs": [str(folder) for folder in folders]})
    print(
        f"\ntables: {out}/tables/{name}.md, .csv, .tex, {name}_pairs, {name}_apart, and {name}_DATASET of each data set"
        + (f"; figure: {out}/figures/{name}_pooled" if draw else "")
    )
