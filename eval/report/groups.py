"""Which finished runs belong together, and all tables from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from eval.report import plots, tables
from eval.report.paper import reference
from eval.report.paper.audit import Finding, audit, audit_table
from eval.report.paper.kv_audit import kv_audit
from eval.report.significance import against_best, apart_in_all, ties
from eval.report.sources import sources
from eval.report.tables.ablation import ablation_table
from eval.report.tables.kv import table5
from eval.report.tables.model import Table
from eval.report.tables.summaries import judges, questions_of
from eval.runs.find import find_runs
from eval.runs.labels import Summary
from eval.runs.read import Run, is_locomo, kv_cells, load_run, load_summary, run_folders
from memos.errors import DataError

ORDER = ("null", "oracle", "full_context", "rag", "mem0", "mem0_graph", "langmem", "zep", "openai_memory", "memos")


@dataclass(frozen=True)
class Group:
    """Runs that share a table: the newest sweep of one experiment, or the folders a user named."""

    experiment: str
    folders: tuple[Path, ...]
    cards: Path | None = None
    """Folder of judge cards (``experiment=judge_card``), where the group is one."""

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

    @property
    def recorded(self) -> list[Run]:
        """Runs whose per-question records are at hand."""
        return [run for run in self.runs if (run.folder / "search.jsonl").exists()]


def groups(paths: Sequence[Path], out: Path) -> list[Group]:
    """Runs by experiment, and the judge cards.

    Args:
        paths: folders of runs or of judge cards the user named; none: the newest sweep of every experiment and the cards in the
            results folder.
        out: the results folder.

    Raises:
        DataError: when nothing is found.
    """
    if paths:
        carded = [path for path in paths if plots.card_files(path)]
        found: dict[str, list[Path]] = {}
        for folder in run_folders([path for path in paths if path not in carded]):
            found.setdefault(str(load_summary(folder).get("experiment", "runs")), []).append(folder)
        made = [Group(name, tuple(sorted(folders, key=_place))) for name, folders in found.items()]
        return made + [Group("judge_card", (), path) for path in carded]
    sweeps = sorted((out / "tables").glob("*.runs.json"))
    made = [
        Group(p.name.removesuffix(".runs.json"), tuple(find_runs(out, p.name.removesuffix(".runs.json"))))
        for p in sweeps
    ]
    made = [Group(g.experiment, tuple(f for f in g.folders if (f / "summary.json").exists())) for g in made]
    if "kv_ttft" not in {group.experiment for group in made}:
        folders = sorted(p.parent for p in (out / "runs" / "kv_ttft").glob("*/summary.json"))
        made += [Group("kv_ttft", tuple(folders))] if folders else []
    made += [Group("judge_card", (), out / "cards")] if plots.card_files(out / "cards") else []
    if not made:
        raise DataError(f"{out}: no finished sweep; run: python run.py experiment=locomo")
    return made


def _place(folder: Path) -> tuple:
    """Printing order of a folder the user named: references first, then baselines, MemOS last; by size and depth within."""
    summary = load_summary(folder)
    system, display = str(summary.get("system", "")), summary.get("display") or {}
    place = next((i for i, name in reversed(list(enumerate(ORDER))) if system.startswith(name)), len(ORDER))
    return place, display.get("chunk") or 0, display.get("top_k") or 0, folder.name


def significant_ties(group: Group) -> tables.locomo.Ties | None:
    """Ties with the best on each judge where at least two runs have per-question records; only runs of the same questions are
    tested against one another."""
    if len(group.recorded) < 2 or len(group.recorded) < len(group.runs):
        return None
    alike: dict[tuple, list[Run]] = {}
    for run in group.recorded:
        alike.setdefault((questions_of(run.summary), frozenset(run.keys)), []).append(run)
    near: dict[tuple[str, int | None], set[str]] = {}
    whole: dict[str, tuple[int, int]] = {}
    for judge in judges(group.summaries):
        for runs in alike.values():
            tests = against_best(runs, judge)
            if not tests:
                continue
            for category, tied in ties(tests).items():
                near.setdefault((judge, category), set()).update(tied)
            whole[judge] = tuple(a + b for a, b in zip(whole.get(judge, (0, 0)), apart_in_all(tests), strict=True))
    return tables.locomo.Ties(near, whole)


def make_tables(group: Group, out: Path) -> list[Table]:
    """Write ``tables/<experiment>*`` of one experiment and return the tables for printing."""
    made: dict[str, Table] = {}
    if group.runs:
        known = significant_ties(group)
        made = {
            "": tables.table3(group.summaries, known),
            "_table4": tables.table4(group.summaries, known),
            "_recall": tables.recall_table(group.summaries),
            "_cost": tables.cost_table(group.summaries),
        }
        if group.experiment.endswith("_ablation"):
            made = {"": ablation_table(group.runs), "_answers": made.pop(""), **made}
    cells = kv_cells(group.others)
    if cells:
        made["_table5"] = table5(cells)
        local = [s for s in map(load_summary, group.others) if "random_weights" in s]
        made |= {"_audit": kv_audit(local)} if local else {}
    origin = sources([load_summary(f) for f in group.folders])
    for suffix, table in made.items():
        tables.write(table, out / "tables" / f"{group.experiment}{suffix}", origin)
    return list(made.values())


def make_check(
    found: Sequence[Group], out: Path, path: Path = reference.PAPER
) -> tuple[list[reference.Check], list[Finding]]:
    """Write ``tables/reproduction*`` and ``tables/audit*``: every cell of the paper beside ours, and the paper's own sums."""
    paper = reference.load(path)
    summaries = [s for group in found for s in group.summaries]
    checks = reference.check(paper, summaries, kv_cells([f for group in found for f in group.others]))
    findings = audit(paper)
    origin = sources(summaries) | {"reference": path.name}
    tables.write(reference.check_table(checks), out / "tables" / "reproduction", origin)
    tables.write(audit_table(findings), out / "tables" / "audit", origin)
    return checks, findings
