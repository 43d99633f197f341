"""Retrieval of every system in one table, and what right answers owe to the evidence."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from eval.metrics.ranked import CUTS, OWN
from eval.metrics.retrieval import BUDGETS
from eval.report.tables.fitted_marks import method_cell
from eval.report.tables.summaries import by_questions, estimate_cell, judge_error, judges, origin_notes
from eval.report.tables.table import Cell, Column, Section, Table
from eval.runs.labels import Summary, labels, ranked

GRAINS = {"turn": "turns", "session": "sessions"}
MEASURES = {
    "share": "share of the gold {}",
    "any": "any gold {}",
    "all": "all gold {}",
    "ndcg": "NDCG of {}",
    "rcap": "R_cap of {}",
    "mrr": "MRR of {}",
}
OFFICIAL = "official"
WHOLE = "whole"
_NAME = re.compile(r"(?P<stem>.+?)(?:_(?P<cut>at_\d+|words_\d+|context))?")
OLD = "made before retrieval had measures of its own; the run's command makes its summary anew and searches nothing"


def retrieval_table(summaries: Sequence[Summary]) -> Table | None:
    """One section a measure and unit: share, any and all of the gold, NDCG, R_cap, MRR, by turn and by session, and the
    data set's official ones; None where no run has them.
    """
    if not any(_metrics(summary) for summary in summaries):
        return None
    stems = _stems(summaries)
    depths = sorted({int(cut[3:]) for cuts in stems.values() for cut in cuts if cut.startswith("at_")} | set(CUTS))
    columns = (
        Column("method", "Method", "text"),
        Column("n", "n", "count"),
        *(Column(f"at_{k}", str(k), better=1, group="first k hits") for k in depths),
        *(Column(f"words_{b}", f"{b:,}", better=1, group="first words") for b in BUDGETS),
        Column(OWN, "own context", better=1),
        Column(WHOLE, "whole", better=1),
    )
    cuts = [column.key for column in columns[2:]]
    names, sections = labels(summaries), []
    for heading, places in by_questions(summaries):
        for stem in stems:
            rows = tuple(_row(summaries[i], names[i], stem, cuts) for i in places)
            if any(cell.value is not None for row in rows for cell in row[2:]):
                title = f"{heading}{_title(stem)}"
                sections.append(Section(title, rows, tuple(ranked(summaries[i]) for i in places)))
    notes = [
        *origin_notes(summaries),
        *_old(summaries),
        "n: questions that name evidence; the others are left out. Gold: the evidence turns, and the sessions that "
        "hold them. A hit of several turns is one hit; first words: NLTK words, whole hits. own context: the hits that "
        "the answerer read. Definitions: docs/protocol.md#retrieval.",
        "Percent. Brackets: 95 % interval, t over conversations. It needs no model, so it is comparable between runs.",
    ]
    title = "Retrieval: how much of the gold is found, and how early"
    return Table("retrieval", title, columns, tuple(sections), tuple(notes)).marked()


def evidence_table(summaries: Sequence[Summary]) -> Table | None:
    """What the context holds, how long answers are, and how often they are right with and without all evidence in the
    context; None where no run has it.
    """
    if not any(_metrics(summary) for summary in summaries):
        return None
    shown = judges(summaries)
    held = (("share", "share"), ("any", "any"), ("all", "all"))
    given = (("evidence", "all there"), ("no_evidence", "not all"))
    columns = (
        Column("method", "Method", "text"),
        Column("empty_contexts", "empty", "count", group="context"),
        *(Column(f"turn_{kind}_{OWN}", title, better=1, group="gold turns in it") for kind, title in held),
        Column("answer_words", "words", "mean", group="answer"),
        *(
            column
            for judge in shown
            for key, title in given
            for column in (
                Column(f"{judge}_{key}", title, primary=True, group=f"{judge.removeprefix('judge_')}: correct where"),
                Column(f"{judge}_{key}_n", "n", "count", group=f"{judge.removeprefix('judge_')}: correct where"),
            )
        ),
    )
    rows = {}
    for i, (summary, name) in enumerate(zip(summaries, labels(summaries), strict=True)):
        own = summary.get("retrieval") or {}
        cells = [estimate_cell(own.get("metrics", {}).get(f"turn_{kind}_{OWN}")) for kind, _ in held]
        for judge in shown:
            for key, _ in given:
                entry = own.get("correct", {}).get(judge, {}).get(key)
                cells += [estimate_cell(entry, judge_error(summary, judge)), Cell(entry["n"] if entry else None)]
        rows[i] = (
            method_cell(summary, name),
            Cell(own.get("empty_contexts")),
            *cells[:3],
            estimate_cell(own.get("answer_words")),
            *cells[3:],
        )
    sections = tuple(
        Section(heading.removesuffix(": "), tuple(rows[i] for i in places), tuple(ranked(summaries[i]) for i in places))
        for heading, places in by_questions(summaries)
    )
    notes = [
        *origin_notes(summaries),
        *_old(summaries),
        "Percent. Brackets: 95 % interval, t over conversations. correct where: of questions that can be answered and "
        "name evidence, those with every gold turn in the context that the answerer read, and the rest; what failed is "
        "of the rest and wrong. empty: contexts without a word. words: NLTK words of an answer.",
    ]
    title = "Evidence in the context, and answers with and without it"
    return Table("evidence", title, columns, sections, tuple(notes)).marked()


def _metrics(summary: Summary) -> Mapping[str, Any]:
    return (summary.get("retrieval") or {}).get("metrics") or {}


def _split(name: str) -> tuple[str, str]:
    """A measure's name without its cut, and the cut; ``whole`` where it has none."""
    match = _NAME.fullmatch(name)
    return (match["stem"], match["cut"] or WHOLE) if match else (name, WHOLE)


def _stems(summaries: Sequence[Summary]) -> dict[str, list[str]]:
    """Measures without their cuts, each with its cuts, in printing order."""
    ours = [f"{grain}_{measure}" for grain in GRAINS for measure in MEASURES]
    met: dict[str, list[str]] = {}
    for name in dict.fromkeys(name for summary in summaries for name in _metrics(summary)):
        stem, cut = _split(name)
        met.setdefault(stem, []).append(cut)
    return {stem: met[stem] for stem in (*ours, *sorted(met.keys() - set(ours))) if stem in met}


def _title(stem: str) -> str:
    grain, _, measure = stem.partition("_")
    if grain == OFFICIAL:
        return f"official: {measure.replace('_', ' ')}"
    return MEASURES.get(measure, measure).format(GRAINS.get(grain, grain))


def _row(summary: Summary, name: str, stem: str, cuts: Sequence[str]) -> tuple[Cell, ...]:
    own = _metrics(summary)
    entries = [own.get(stem if cut == WHOLE else f"{stem}_{cut}") for cut in cuts]
    counts = [entry["n"] for entry in entries if entry]
    return (method_cell(summary, name), Cell(counts[0] if counts else None), *map(estimate_cell, entries))


def _old(summaries: Sequence[Summary]) -> list[str]:
    """Which rows have none of these numbers, and why."""
    lacking = [name for summary, name in zip(summaries, labels(summaries), strict=True) if not _metrics(summary)]
    return [f"Missing for {', '.join(lacking)}: {OLD}."] if lacking else []
