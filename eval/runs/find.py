"""Which runs there are: the newest sweep of an experiment, and the state of every run folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval.runs.derived import read_json, read_object
from eval.runs.labels import full_label
from memos.errors import DataError

SWEEP = ".runs.json"
"""Ending of the file of tables/ that names an experiment's newest sweep."""


def sweep_entry(out: Path, experiment: str) -> str:
    """Module of the experiment that gathered a sweep out of runs of several experiments; empty for any other sweep."""
    listed = _listed(out / "tables" / f"{experiment}{SWEEP}", experiment)
    return listed["entry"] if isinstance(listed, dict) else ""


def find_runs(out: Path, experiment: str) -> list[Path]:
    """Run folders of the newest sweep of an experiment, in its order (``tables/<experiment>.runs.json``: their list, or
    an object that has it as ``runs``).

    Raises:
        DataError: when there is none.
    """
    path = out / "tables" / f"{experiment}.runs.json"
    if not path.exists():
        ran = [p.name.removesuffix(".runs.json") for p in sorted(path.parent.glob("*.runs.json"))]
        other = f"give --experiment {' or '.join(ran)} (it ran), " if ran else ""
        raise DataError(f"{path}: missing; {other}run python run.py experiment={experiment} first, or name run folders")
    listed = _listed(path, experiment)
    folders = [Path(folder) for folder in (listed["runs"] if isinstance(listed, dict) else listed)]
    gone = [folder for folder in folders if not folder.exists()]
    if gone:
        raise DataError(f"{path}: {gone[0]} is gone; run python run.py experiment={experiment} again")
    return folders


def _listed(path: Path, experiment: str) -> Any:
    """The list of a sweep's runs, or the object that has it.

    Raises:
        DataError: it is damaged.
    """
    remedy = f"run python run.py experiment={experiment} again, which writes it"
    listed = read_json(path, remedy)
    runs = listed.get("runs") if isinstance(listed, dict) and isinstance(listed.get("entry"), str) else listed
    if not isinstance(runs, list) or not all(isinstance(folder, str) for folder in runs):
        raise DataError(f"{path}: expected a list of run folders, found {runs!r:.60}; {remedy}")
    return listed


@dataclass(frozen=True, slots=True)
class RunState:
    """One run folder and how far it is."""

    experiment: str
    folder: Path
    state: str
    """``complete``, ``failed questions`` (or cells), ``unfinished`` or ``begun`` (no summary yet)."""
    n: int
    failed: int
    what: str = "questions"
    """What ``n`` and ``failed`` count: questions, or cells of a time-to-first-token run."""
    label: str = ""
    """The system's name for people, with its settings where it has any."""


def states(out: Path) -> list[RunState]:
    """Every run folder below a results folder."""
    return [_state(folder) for folder in sorted((out / "runs").glob("*/*/")) if not folder.name.startswith(REPLACED)]


def _state(folder: Path) -> RunState:
    experiment, path = folder.parent.name, folder / "summary.json"
    if (folder / "abstention.json").exists():
        made = read_json(folder / "abstention.json", "the run's own command writes it")
        failed = max(made.get("failed", 0), made.get("failed_choices", 0))
        return RunState(
            experiment, folder, "failed questions" if failed else "complete", made["free_form"]["n"], failed
        )
    summary = read_object(path)
    if summary is None:
        return RunState(experiment, folder, "begun", 0, 0)
    if "cells" in summary:
        n, failed, what = len(summary["cells"]), len(summary.get("failed_cells", ())), "cells"
    else:
        n, failed, what = summary.get("n", 0), summary.get("failed", 0), "questions"
    whole = summary.get("complete") or what == "cells"
    state = "unfinished" if not whole else f"failed {what}" if failed else "complete"
    return RunState(experiment, folder, state, n, failed, what, full_label(summary) if "system" in summary else "")


REPLACED = "replaced-"
"""Start of the names of folders that hold what a rerun moved aside."""


def aside(path: Path) -> Path:
    """A free name beside a folder, for what is kept of it when it is made again."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    return path.with_name(f"{REPLACED}{stamp}-{path.name}")
