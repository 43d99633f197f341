"""Which runs there are: the newest sweep of an experiment, and the state of every run folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from memos.errors import DataError


def find_runs(out: Path, experiment: str) -> list[Path]:
    """Run folders of the newest sweep of an experiment, in its order (``tables/<experiment>.runs.json``).

    Raises:
        DataError: when there is none.
    """
    path = out / "tables" / f"{experiment}.runs.json"
    if not path.exists():
        raise DataError(f"{path}: missing; run python run.py experiment={experiment} first, or name run folders")
    folders = [Path(folder) for folder in json.loads(path.read_text(encoding="utf-8"))]
    gone = [folder for folder in folders if not folder.exists()]
    if gone:
        raise DataError(f"{path}: {gone[0]} is gone; run python run.py experiment={experiment} again")
    return folders


@dataclass(frozen=True, slots=True)
class RunState:
    """One run folder and how far it is."""

    experiment: str
    folder: Path
    state: str
    """``complete``, ``failed questions``, ``unfinished`` or ``begun`` (no summary yet)."""
    n: int
    failed: int


def states(out: Path) -> list[RunState]:
    """Every run folder below a results folder."""
    found = []
    for folder in sorted((out / "runs").glob("*/*/")):
        path = folder / "summary.json"
        if not path.exists():
            found.append(RunState(folder.parent.name, folder, "begun", 0, 0))
            continue
        summary = json.loads(path.read_text(encoding="utf-8"))
        n, failed = summary.get("n", 0), summary.get("failed", 0)
        state = "unfinished" if not summary.get("complete") else "failed questions" if failed else "complete"
        found.append(RunState(folder.parent.name, folder, state, n, failed))
    return found
