"""The tables of ``experiment=suite``: scores by data set and pooled, all pairs, and how many of them are told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from eval.report.pooling import ALPHA, LARGE, POWER, Basis, SuiteSet, SystemPair, bases, gather, shared_systems
from eval.report.sources import sources
from eval.report.tables.fitted import fitted_line
from eval.report.tables.summaries import metric_cell, model_notes
from eval.report.tables.table import Cell, Column, Section, Table
from eval.report.tables.write import write
from eval.runs.labels import label, ranked
from eval.runs.read import Run

NO_MEMORY = "null"
"""The system without a memory, which every other is easily told from."""
POOLED = (
    "Pooled: the mean of the data sets' means, each data set a stratum and its conversations the clusters; 95 % "
    "interval, t with Satterthwaite's degrees of freedom. Tests flip the sign of whole conversations within each data "
    "set (docs/protocol.md#pooling)."
)
JUDGED = (
    "apart: Holm over all pairs of the column, 5 %. 'if the judge is right': the difference is below 1.96 times the "
    "judge's own standard error of it, so that the judge alone might make it."
)


def suite_tables(runs: Sequence[Run]) -> dict[str, Table]:
    """File suffix to table; empty where no data set can be compared."""
    sets, left_out = gather(runs)
    tracks = list(dict.fromkeys(one.track for one in sets))
    grouped = [(track, [one for one in sets if one.track == track]) for track in tracks]
    compared = [(f"track {track}" if len(tracks) > 1 else "", own, bases(own)) for track, own in grouped]
    if not compared:
        return {}
    fitted = fitted_line([run for one in sets for run in one.runs.values()])
    notes = (
        *_set_notes(sets),
        *([fitted] if fitted else ()),
        *(f"Not pooled: {line}" for line in left_out),
        *_absent(grouped),
    )
    return {
        "": _scores(compared, notes),
        "_pairs": _pairs(compared, notes),
        "_apart": _apart(compared, notes),
    }


def write_suite_tables(runs: Sequence[Run], stem: Path) -> list[Table]:
    """Write ``<stem>.*``, ``<stem>_pairs.*`` and ``<stem>_apart.*``; returns the tables."""
    made, origin = suite_tables(runs), sources([run.summary for run in runs])
    for suffix, table in made.items():
        write(table, stem.with_name(stem.name + suffix), origin)
    return list(made.values())


Compared = Sequence[tuple[str, Sequence[SuiteSet], Sequence[Basis]]]
"""Heading, data sets and bases of each track."""


def _names(sets: Sequence[SuiteSet]) -> dict[str, str]:
    """System to its name for people."""
    return {name: label(run.summary) for one in reversed(sets) for name, run in one.runs.items()}


def _scores(compared: Compared, notes: Sequence[str]) -> Table:
    """One row a system: its score on every data set, pooled, and on real data alone."""
    titles = list(dict.fromkeys(basis.title for _, _, own in compared for basis in own))
    columns = [Column("method", "Method", "text")]
    columns += [Column(_key(title), title, better=1, primary=i == len(titles) - 1) for i, title in enumerate(titles)]
    sections = []
    for heading, sets, own in compared:
        systems = list(dict.fromkeys(name for one in sets for name in one.runs))
        cells = {basis.title: _score_cells(basis, sets, systems) for basis in own}
        empty = [Cell()] * len(systems)
        names = _names(sets)
        rows = [
            (Cell(names[system]), *(cells.get(title, empty)[i] for title in titles)) for i, system in enumerate(systems)
        ]
        sections.append(Section(heading, tuple(rows), tuple(_ranked(sets, system) for system in systems)))
    title = "Scores by data set and pooled"
    return Table("suite", title, tuple(columns), tuple(sections), (*notes, POOLED)).marked()


def _score_cells(basis: Basis, sets: Sequence[SuiteSet], systems: Sequence[str]) -> list[Cell]:
    """A system's cell on a basis; on one data set also where other data sets lack the system."""
    alone = next((one for one in sets if basis.sets == (one.name,) and basis.title == one.name), None)
    if alone:
        return [metric_cell(alone.runs[s].summary, alone.metric) if s in alone.runs else Cell() for s in systems]
    scored = [basis.scores.get(system) for system in systems]
    return [Cell(one.mean, one.low, one.high) if one else Cell() for one in scored]


def _ranked(sets: Sequence[SuiteSet], system: str) -> bool:
    return all(ranked(one.runs[system].summary) for one in sets if system in one.runs)


def _pairs(compared: Compared, notes: Sequence[str]) -> Table:
    """All pairs on all data, and beside it on real data alone where that is not all."""
    beside = any(_real(own, sets) for _, sets, own in compared)
    columns = [Column("first", "Ahead", "text"), Column("second", "Behind", "text")]
    columns += _pair_columns("pooled", _whole(compared[0][2]).title, primary=True)
    columns += _pair_columns("real", "real data alone") if beside else []
    sections = []
    for heading, sets, own in compared:
        names, real = _names(sets), _real(own, sets)
        rows = []
        for pair in _whole(own).pairs:
            row = (Cell(names[pair.first]), Cell(names[pair.second]), *_pair_cells(pair, pair.first))
            same = real.pair(pair.first, pair.second) if real else None
            rows.append((*row, *(_pair_cells(same, pair.first) if beside else ())))
        sections.append(Section(heading, tuple(rows)))
    explained = (
        POOLED,
        JUDGED,
        f"Further conversations: how many more, in the same shares of the data sets, would find a true difference of "
        f"this size with power {POWER:g} at Holm's next step; a dash: none needed, or more than can be stated.",
    )
    return Table("suite_pairs", "All pairs of systems", tuple(columns), tuple(sections), (*notes, *explained))


def _pair_columns(key: str, group: str, primary: bool = False) -> list[Column]:
    return [
        Column(f"{key}_difference", "difference", primary=primary, group=group),
        Column(f"{key}_p", "p Holm", "text", group=group),
        Column(f"{key}_verdict", "verdict", "text", group=group),
        Column(f"{key}_further", "further conversations", "count", group=group),
    ]


def _pair_cells(pair: SystemPair | None, first: str) -> tuple[Cell, ...]:
    """Difference, p, verdict and need; the sign is that of ``first`` minus the other."""
    if pair is None:
        return (Cell(), Cell(), Cell(), Cell())
    sign, own = (1, pair.difference) if pair.first == first else (-1, pair.difference)
    low, high = (own.low, own.high) if sign > 0 else (_minus(own.high), _minus(own.low))
    p = "<0.0001" if pair.p_holm < 0.0001 else f"{pair.p_holm:.4f}"
    return Cell(sign * own.mean, low, high), Cell(p), Cell(_verdict(pair)), Cell(pair.further or None)


def _minus(end: float | None) -> float | None:
    return None if end is None else -end


def _verdict(pair: SystemPair) -> str:
    if not pair.apart:
        return "not told apart"
    return "apart" if pair.beyond_judge else "apart if the judge is right"


def _apart(compared: Compared, notes: Sequence[str]) -> Table:
    """How many pairs each basis tells apart, of all and of those that differ by 5 points."""
    large = f"pairs of {100 * LARGE:g} points or over"
    columns = (
        Column("basis", "On", "text"),
        Column("conversations", "Conversations", "count"),
        Column("questions", "Questions", "count"),
        Column("pairs", "pairs", "count", group="all"),
        Column("apart", "apart", "count", group="all"),
        Column("large", "pairs", "count", group=large),
        Column("large_apart", "apart", "count", group=large),
        Column("share", "share", group=large, primary=True),
        Column("beyond", "beyond judge", "count", group=large),
        Column("memories", "pairs", "count", group="with a memory each"),
        Column("memories_share", "share", group="with a memory each"),
        Column("median", "median half-width"),
    )
    sections = [Section(heading, tuple(_apart_row(basis) for basis in own)) for heading, _, own in compared]
    explained = (
        f"Pairs of {100 * LARGE:g} points or over: those whose observed difference on that basis is as large.",
        "With a memory each: without the pairs of 'no memory', which are easily told apart.",
        "Beyond judge: apart, and larger than 1.96 times the judge's own standard error of the difference. Median "
        "half-width: of the 95 % interval of a pair's difference.",
    )
    return Table("suite_apart", "Pairs of systems that are told apart", columns, tuple(sections), (*notes, *explained))


def _apart_row(basis: Basis) -> tuple[Cell, ...]:
    large = [pair for pair in basis.pairs if pair.difference.mean >= LARGE]
    memories = [pair for pair in large if NO_MEMORY not in (pair.first, pair.second)]
    ends = [(pair.difference.low, pair.difference.high) for pair in basis.pairs]
    widths = sorted((high - low) / 2 for low, high in ends if low is not None and high is not None)
    return (
        Cell(basis.title),
        Cell(basis.conversations),
        Cell(basis.questions),
        Cell(len(basis.pairs)),
        Cell(sum(pair.apart for pair in basis.pairs)),
        Cell(len(large)),
        Cell(sum(pair.apart for pair in large)),
        Cell(_share(large)),
        Cell(sum(pair.beyond_judge for pair in large)),
        Cell(len(memories)),
        Cell(_share(memories)),
        Cell(widths[len(widths) // 2] if widths else None),
    )


def _share(pairs: Sequence[SystemPair]) -> float | None:
    return sum(pair.p_holm <= ALPHA for pair in pairs) / len(pairs) if pairs else None


def _whole(own: Sequence[Basis]) -> Basis:
    """The basis of all data sets: the one with the most."""
    return max(own, key=lambda basis: len(basis.sets))


def _real(own: Sequence[Basis], sets: Sequence[SuiteSet]) -> Basis | None:
    """The basis of all data sets that no program wrote; None where it is the one of all."""
    names = tuple(one.name for one in sets if not one.synthetic)
    return next((b for b in reversed(own) if b.sets == names and len(names) < len(sets)), None)


def _key(title: str) -> str:
    return "".join(sign if sign.isalnum() else "_" for sign in title.lower()).strip("_")


def _set_notes(sets: Sequence[SuiteSet]) -> Iterator[str]:
    for one in sets:
        judge = _metric(one.metric)
        written = "; written by a program" if one.synthetic else ""
        yield f"{one.name}: {one.conversations} conversations, {len(one.keys)} questions, {judge}{written}."
    judges = dict.fromkeys(one.metric for one in sets)
    if len(judges) > 1:
        yield "The data sets are not scored alike: the pooled score is the mean of their own scores."
    yield from model_notes([run.summary for one in sets for run in one.runs.values()])


def _metric(name: str) -> str:
    return f"judge {name.removeprefix('judge_')}" if name.startswith("judge_") else f"{name} metric"


def _absent(grouped: Sequence[tuple[str, Sequence[SuiteSet]]]) -> Iterator[str]:
    """Systems that not every data set has, and so are not pooled."""
    for _, sets in grouped:
        shared = shared_systems(sets)
        lacking: Mapping[str, list[str]] = {
            name: [one.name for one in sets if name not in one.runs]
            for one in sets
            for name in one.runs
            if name not in shared
        }
        for name, absent in lacking.items():
            yield f"Not pooled: {_names(sets)[name]} has no finished run on {', '.join(absent)}."
