"""Scores and recall on the conversations that weights were fitted on, and on the others, side by side.

The halves are those of the whole table: a conversation is in the first where the memory or the answerer of any row was
fitted on it. So a row that was fitted on nothing shows how much easier one half is by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from eval.report.tables.fitted_marks import ANSWERER, MARK, MEMORY, fitted_conversations, method_cell
from eval.report.tables.summaries import by_questions, judge_error, judges, main_title, origin_notes
from eval.report.tables.table import Cell, Column, Section, Table
from eval.runs.labels import labels, ranked
from eval.runs.read import Run
from eval.stats import interval

RECALLS = (("evidence_recall_at_20", "recall at 20 hits"), ("evidence_recall_words_1600", "recall in 1,600 words"))
HALVES = (("fitted", "fitted"), ("unfitted", "not fitted"), ("change", "difference"))


def fitted_table(runs: Sequence[Run]) -> Table | None:
    """One row a run, the measures on both halves; None where nothing was fitted on what is measured.

    Args:
        runs: with their records.
    """
    summaries = [run.summary for run in runs]
    if not any(map(fitted_conversations, summaries)):
        return None
    measures = [(name, "judge " + name.removeprefix("judge_"), (MEMORY, ANSWERER)) for name in judges(summaries)]
    measures += [(name, title, (MEMORY,)) for name, title in RECALLS]
    columns = (
        Column("method", "Method", "text"),
        *(Column(f"{name}_{key}", half, group=title) for name, title, _ in measures for key, half in HALVES),
    )
    names, sections = labels(summaries), []
    for heading, places in by_questions(summaries):
        first = set[str]().union(*(fitted_conversations(summaries[i]) for i in places))
        rows = []
        for i in places:
            cells = [cell for name, _, roles in measures for cell in _cells(runs[i], name, first, roles)]
            rows.append((method_cell(summaries[i], names[i]), *cells))
        title = f"{heading}{_counted(runs[places[0]], first)}"
        sections.append(Section(title, tuple(rows), tuple(ranked(summaries[i]) for i in places)))
    notes = [
        *origin_notes(summaries),
        "Percent, with 95 % intervals over conversations. fitted: conversations on which weights of the memory or the "
        "answerer of any row were fitted; not fitted: all others, of which some may have been in view when settings "
        f"were chosen. {MARK} behind a value: that row itself was fitted there. A judge's own data are named above; "
        "they do not make the halves.",
    ]
    title = "Conversations that weights were fitted on, and the others"
    return Table("fitted", title, columns, tuple(sections), tuple(notes))


def fitted_line(runs: Sequence[Run]) -> str:
    """The first judge's score of each fitted row on the questions it was fitted on and on the others, as a note of any
    table of these runs; empty where no row was fitted on what is measured.

    Args:
        runs: with their records.
    """
    summaries = [run.summary for run in runs]
    lines = []
    for run, name in zip(runs, labels(summaries), strict=True):
        own = fitted_conversations(run.summary)
        judge = next(iter(judges([run.summary])), None)
        if not own or judge is None:
            continue
        column = run.column(judge)
        halves = [[value for key, value in column.items() if (key[0] in own) is inside] for inside in (True, False)]
        shown = [f"{100 * sum(half) / len(half):.1f} (n = {len(half):,})" if half else "–" for half in halves]
        lines.append(f"{name} {shown[0]} fitted, {shown[1]} not fitted")
    title = main_title(judges(summaries)[0]) if lines else ""
    return (
        f"{title} on questions of conversations that a row's weights were fitted on: {'; '.join(lines)}."
        if lines
        else ""
    )


def fitted_apart(made: Mapping[str, Table], runs: Sequence[Run]) -> dict[str, Table]:
    """Tables of these runs with ``fitted_line`` among their notes, where there is one to tell."""
    line = fitted_line(runs)
    return {name: table.noted(line) if line else table for name, table in made.items()}


def _cells(run: Run, metric: str, first: Collection[str], roles: Collection[str]) -> tuple[Cell, Cell, Cell]:
    column = run.column(metric)
    inside = _estimate(run, metric, [key for key in column if key[0] in first])
    outside = _estimate(run, metric, [key for key in column if key[0] not in first])
    change = None if inside.number is None or outside.number is None else inside.number - outside.number
    own = MARK if fitted_conversations(run.summary, roles) and inside.value is not None else ""
    return Cell(inside.value, inside.low, inside.high, flag=own), outside, Cell(change)


def _estimate(run: Run, metric: str, keys: Sequence[tuple[str, int]]) -> Cell:
    if not keys:
        return Cell()
    column, error = run.column(metric), judge_error(run.summary, metric)
    made = interval([column[key] for key in keys], [key[0] for key in keys], extra_se=error, bounds=(0.0, 1.0))
    return Cell(made.mean, made.low, made.high)


def _counted(run: Run, first: Collection[str]) -> str:
    inside = [key for key in run.keys if key[0] in first]
    outside = [key for key in run.keys if key[0] not in first]
    halves = [f"{len(keys):,} questions of {len({key[0] for key in keys})} conversations" for keys in (inside, outside)]
    return f"fitted: {halves[0]}; not fitted: {halves[1]}"
