"""Which finished runs belong together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from eval.report import plots
from eval.report.tables.growth import Sized
from eval.runs.find import find_runs, sweep_entry
from eval.runs.format.growth import MEMORY_SIZE
from eval.runs.labels import Summary
from eval.runs.read import Run, is_locomo, load_run, load_summary, run_folders
from memos.errors import DataError

BASELINES = (
    "rag",
    "mem0",
    "mem0_graph",
    "langmem",
    "zep",
    "openai_memory",
    "lightmem",
    "amem",
    "memoryos",
    "hymem",
    "memsifter",
    "memgas",
    "dmem",
    "simplemem",
)
ORDER = ("null", "oracle", "full_context", *BASELINES, "memos")


@dataclass(frozen=True)
class RunGroup:
    """Runs that share a table: the newest sweep of one experiment, or the folders a user named."""

    experiment: str
    folders: tuple[Path, ...]
    cards: Path | None = None
    """Folder of judge cards (``experiment=judge_card``), where the group is one."""
    entry: str = ""
    """Module of the experiment that gathered runs of several data sets (``experiment=suite``); empty for any other."""

    @cached_property
    def runs(self) -> list[Run]:
        """The question-answering runs."""
        return [load_run(f) for f in self.folders if is_locomo(load_summary(f))]

    @property
    def summaries(self) -> list[Summary]:
        return [run.summary for run in self.runs]

    @property
    def others(self) -> list[Path]:
        """Folders of other experiments (kv_ttft)."""
        return [f for f in self.folders if not is_locomo(load_summary(f))]

    @cached_property
    def sized(self) -> list[Sized]:
        """Summaries with the size of the memory, of runs that note it (``experiment=growth``)."""
        noted = [(run.summary, run.folder / MEMORY_SIZE) for run in self.runs]
        return [(summary, json.loads(path.read_text(encoding="utf-8"))) for summary, path in noted if path.exists()]

    @property
    def recorded(self) -> list[Run]:
        """Runs whose per-question records are at hand."""
        return [run for run in self.runs if (run.folder / "search.jsonl").exists()]


def groups(paths: Sequence[Path], out: Path) -> list[RunGroup]:
    """Runs by experiment, and the judge cards.

    Args:
        paths: folders of runs or of judge cards the user named; none: the newest sweep of every experiment and the
            cards in the
            results folder.
        out: the results folder.

    Raises:
        DataError: when nothing is found.
    """
    if paths:
        carded = [path for path in paths if plots.card_files(path)]
        by_experiment: dict[str, list[Path]] = {}
        for folder in run_folders([path for path in paths if path not in carded]):
            by_experiment.setdefault(str(load_summary(folder).get("experiment", "runs")), []).append(folder)
        made = [RunGroup(name, tuple(sorted(folders, key=_place))) for name, folders in by_experiment.items()]
        return made + [RunGroup("judge_card", (), path) for path in carded]
    sweeps = sorted((out / "tables").glob("*.runs.json"))
    names = [p.name.removesuffix(".runs.json") for p in sweeps]
    made = [
        RunGroup(
            name,
            tuple(folder for folder in find_runs(out, name) if (folder / "summary.json").exists()),
            entry=sweep_entry(out, name),
        )
        for name in names
    ]
    if "kv_ttft" not in {group.experiment for group in made}:
        folders = sorted(p.parent for p in (out / "runs" / "kv_ttft").glob("*/summary.json"))
        made += [RunGroup("kv_ttft", tuple(folders))] if folders else []
    made += [RunGroup("judge_card", (), out / "cards")] if plots.card_files(out / "cards") else []
    if not made:
        raise DataError(f"{out}: no finished sweep; run: python run.py experiment=locomo")
    return made


def _place(folder: Path) -> tuple:
    """Printing order of a folder the user named: references first, then baselines, MemOS last; by size and depth
    within.
    """
    summary = load_summary(folder)
    system, display = str(summary.get("system", "")), summary.get("display") or {}
    place = next((i for i, name in reversed(list(enumerate(ORDER))) if system.startswith(name)), len(ORDER))
    return place, display.get("chunk") or 0, display.get("top_k") or 0, folder.name
