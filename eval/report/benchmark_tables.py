"""The tables of question-answering runs: scores, depths, retrieval, cost, what was fitted, and ablations."""

from __future__ import annotations

from pathlib import Path

from eval.core.categories import CategoryId
from eval.report import tables
from eval.report.groups import RunGroup
from eval.report.significance import against_best, apart_in_all, compare_runs, ties
from eval.report.sources import sources
from eval.report.tables.ablation import ablation_table
from eval.report.tables.fitted import fitted_apart
from eval.report.tables.locomo import Ties
from eval.report.tables.summaries import main_metrics, questions_of
from eval.report.tables.table import Table
from eval.runs.read import Run


def significant_ties(group: RunGroup) -> Ties | None:
    """Ties with the best on each judge where at least two runs have per-question records; only runs of the same
    questions are tested against one another."""
    if len(group.recorded) < 2 or len(group.recorded) < len(group.runs):
        return None
    alike: dict[tuple, list[Run]] = {}
    for run in group.recorded:
        alike.setdefault((questions_of(run.summary), frozenset(run.keys)), []).append(run)
    near: dict[tuple[str, CategoryId | None], set[str]] = {}
    whole: dict[str, tuple[int, int]] = {}
    for judge in main_metrics(group.summaries):
        for runs in alike.values():
            tests = against_best(runs, judge)
            if not tests:
                continue
            for category, tied in ties(tests).items():
                near.setdefault((judge, category), set()).update(tied)
            before, own = whole.get(judge, (0, 0)), apart_in_all(tests)
            whole[judge] = (before[0] + own[0], before[1] + own[1])
    return Ties(near, whole)


def write_benchmark_tables(group: RunGroup, out: Path) -> list[Table]:
    """Write ``tables/<experiment>*`` of question-answering runs and return the tables for printing."""
    if not group.runs:
        return []
    known = significant_ties(group)
    made = {
        "": tables.table3(group.summaries, known),
        "_table4": tables.table4(group.summaries, known),
        "_recall": tables.recall_table(group.summaries),
        "_cost": tables.cost_table(group.summaries),
    }
    further = {
        "_retrieval": tables.retrieval_table(group.summaries),
        "_evidence": tables.evidence_table(group.summaries),
        "_fitted": tables.fitted_table(group.recorded),
        "_repeats": tables.repeats_table(group.summaries),
    }
    made |= {suffix: table for suffix, table in further.items() if table is not None}
    if group.experiment.endswith("_ablation"):
        made = {"": ablation_table(group.runs, compare_runs), "_answers": made.pop(""), **made}
    made = fitted_apart(made, group.recorded)
    origin = sources(group.summaries)
    for suffix, table in made.items():
        tables.write(table, out / "tables" / f"{group.experiment}{suffix}", origin)
    return list(made.values())
