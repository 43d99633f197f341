"""Whether a finished run is up to date: its summary still that of its journals, those of older folders included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.runs.snapshot import untouched, write_summary
from eval.runs.write import RunDir
from eval.stages.bench import Bench
from eval.stages.summarise import summarise

TOLERANCE = 1e-9


def up_to_date(bench: Bench, summary: Mapping[str, Any]) -> bool:
    """Whether the journals in the run's folder say what its summary says.

    A summary that does not name its journals (commit 160bb13 and before) is made again from them, without any stage:
    where it says the same, it is replaced by the one that names them, and the run is up to date.
    """
    if "journals" in summary:
        return untouched(bench.folder, summary)
    run = RunDir(bench.folder)
    try:
        fresh = summarise(bench, run, {})
        if not _same(summary, fresh):
            return False
        write_summary(run, fresh)
    finally:
        run.close()
    return True


def _same(old: Mapping[str, Any], fresh: Mapping[str, Any]) -> bool:
    """Whether the new summary is complete, without failures, and has every number of the old one."""
    if not fresh["complete"] or fresh["failed"] or fresh["n"] != old["n"]:
        return False
    sections = [(old["metrics"], fresh["metrics"])]
    sections += [(own, fresh["by_category"].get(category, {})) for category, own in old.get("by_category", {}).items()]
    return all(
        name in new and abs(new[name]["mean"] - entry["mean"]) <= TOLERANCE and new[name]["n"] == entry["n"]
        for own, new in sections
        for name, entry in own.items()
    )
