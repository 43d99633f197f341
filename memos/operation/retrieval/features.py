"""What the ranker knows of each unit for a question: one interpretable number a row and feature.

Three groups, each a channel that can be switched off: ``keyword`` and ``vector`` score the unit, ``graph`` looks at its
neighbours and its session along the follows-edges; ``speaker``, ``time`` and ``traits`` are structured signals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np

from memos.operation.retrieval import keyword, traits
from memos.operation.retrieval.index import MemoryIndex, Unit
from memos.operation.retrieval.question import ReadQuestion
from memos.operation.retrieval.rank_fusion import RRF_K, rrf

Span = tuple[datetime, datetime]

GROUPS: dict[str, tuple[str, ...]] = {
    "keyword": (
        "keyword",
        "keyword_window",
        "keyword_wide",
        "keyword_session",
        "keyword_share",
        "keyword_rank",
        "coverage",
        "coverage_window",
    ),
    "vector": ("vector", "vector_window", "vector_wide", "vector_share", "vector_rank"),
    "graph": (
        "keyword_before",
        "keyword_after",
        "vector_before",
        "vector_after",
        "reply_keyword",
        "reply_vector",
    ),
    "speaker": ("speaker",),
    "time": ("on_date", "in_month", "in_event", "time_word"),
    "traits": ("asks", "has_question", "first_person", "name", "brief", "place_name", "number_word"),
}
FEATURES = tuple(name for group in GROUPS.values() for name in group)


WHOLE = 4096
"""Up to so many units every one is ranked; beyond, the best of each channel with their neighbours are."""
POOL = 150
"""Candidates a channel. Over all of LOCOMO in one index (5,882 turns), 100, 150 and 300 find 88.7, 89.9 and 89.9 % of
the evidence in 20 hits, and ranking every unit 91.1 % (400 questions)."""
ENOUGH = 100
"""Allowed candidates from which a filter needs no look at all the rest."""
WORDY = 24
"""Words from which on length says nothing: a shorter unit holds less, a longer one is no better for it."""
SAMPLE = 24
"""Candidates that tell how much a filter lets through."""


class Allowed(Protocol):
    """What structured filters let through."""

    def few(self) -> bool:
        """Whether so little is let through that it was listed at once; ``mask`` then costs nothing."""
        ...

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Which of the given rows are allowed, boolean of the same length."""
        ...

    def mask(self) -> np.ndarray:
        """Which of all rows are allowed, boolean (n,)."""
        ...


@dataclass(frozen=True, slots=True)
class First:
    """What the two channels say of rows, before anything else is looked at; None for a channel that is off."""

    query: dict[str, float]
    body: np.ndarray | None
    """BM25 of the unit alone, float64 (n,)."""
    cosine: np.ndarray | None
    """float32 (n,); in a large index only the candidates and their neighbours are filled in."""
    mean: float = 0.0
    """Mean cosine over all rows."""


def first_pass(
    index: MemoryIndex, question: ReadQuestion, vector: np.ndarray, off: frozenset[str] = frozenset()
) -> First:
    """Score every row by each channel that is on. ``vector`` is the question's unit vector."""
    query = {term: float(count) for term, count in Counter(question.terms).items()}
    cosine = None if "vector" in off else index.cosines(vector)
    mean = float(cosine.mean()) if cosine is not None and index.n else 0.0
    return First(query, None if "keyword" in off else keyword.scores(index, query), cosine, mean)


def pooled(
    index: MemoryIndex, question: ReadQuestion, vector: np.ndarray, off: frozenset[str], allowed: Allowed | None = None
) -> tuple[First, np.ndarray]:
    """The first pass over a large index, and the rows worth ranking.

    These are, ascending, the ``POOL`` best of each channel and their neighbours as far as they are live. Where a filter
    lets fewer than about ``ENOUGH`` of them through (a sample tells), the best of all that it lets through are taken
    instead; else it is left to the caller to ask it about the rows that matter.
    """
    query = {term: float(count) for term, count in Counter(question.terms).items()}
    body = None if "keyword" in off else keyword.scores(index, query)
    narrow = allowed is not None and allowed.few()
    if not narrow:
        rows = _best(index, body, None if "vector" in off else vector, None)
        if allowed is not None:
            sample = rows[:: max(len(rows) // SAMPLE, 1)]
            narrow = np.count_nonzero(allowed.of(sample)) * len(rows) < ENOUGH * len(sample)
    if narrow and allowed is not None:
        mask = allowed.mask() & index.alive
        rows = _best(index, body, None if "vector" in off else vector, np.flatnonzero(mask))
        rows = rows[mask[rows]]
    if "vector" in off:
        return First(query, body, None), rows
    cosine = np.zeros(index.n, dtype=np.float32)
    around = _around(index, rows)
    cosine[around] = index.cosines(vector, around)
    return First(query, body, cosine, index.mean_cosine(vector)), rows


def refusals(allowed: Allowed, rows: np.ndarray, scores: np.ndarray, count: int) -> np.ndarray:
    """Which rows a filter refuses, boolean (len(rows),); asked by falling score until ``count`` rows have passed."""
    order = np.argsort(-scores, kind="stable")
    refused = np.zeros(len(rows), dtype=bool)
    asked, passed = 0, 0
    while asked < len(rows) and passed < count:
        size = int((count - passed) * asked / max(passed, 1)) + 16 if asked else count
        part = order[asked : asked + size]
        good = allowed.of(rows[part])
        refused[part[~good]] = True
        asked, passed = asked + len(part), passed + np.count_nonzero(good)
    return refused


def _best(
    index: MemoryIndex, body: np.ndarray | None, vector: np.ndarray | None, among: np.ndarray | None
) -> np.ndarray:
    """The ``POOL`` best live rows of each channel (among given rows) and their live neighbours."""
    chosen = []
    if body is not None:
        matching = np.flatnonzero(body) if among is None else among[body[among] > 0]
        if len(matching) > POOL:
            matching = matching[np.argpartition(-body[matching], POOL)[:POOL]]
        chosen.append(matching[index.alive[matching]])
    if vector is not None:
        chosen.append(index.pool(vector, POOL, among))
    rows = _around(index, np.concatenate(chosen))
    return rows[index.alive[rows]]


def _around(index: MemoryIndex, rows: np.ndarray) -> np.ndarray:
    """Rows with their neighbours up to two steps away, each once, ascending."""
    held = np.zeros(index.n + 1, dtype=bool)
    held[rows] = True
    for link in (index.before, index.after):
        step = link[rows]
        held[step] = True
        held[link[step[step >= 0]]] = True
    return np.flatnonzero(held[:-1])


def features(
    index: MemoryIndex,
    question: ReadQuestion,
    first: First,
    off: frozenset[str] = frozenset(),
    rows: np.ndarray | None = None,
) -> np.ndarray:
    """The features of rows.

    Args:
        index: the units.
        question: the question as read.
        first: the first pass over the same index.
        off: groups that are switched off; their columns stay 0.
        rows: which rows; None for all.

    Returns:
        float64 (len(rows), len(FEATURES)).
    """
    rows = np.arange(index.n) if rows is None else rows
    columns: dict[str, np.ndarray] = {}
    body = None if first.body is None else _scaled(first.body)
    if first.body is not None and body is not None:
        _keyword(index, first, first.body, body, columns, rows)
    if first.cosine is not None:
        _vector(index, first, columns, rows)
    if "graph" not in off:
        _graph(index, columns, rows, body, first)
    if "speaker" not in off:
        columns["speaker"] = _speaker(index, question, rows)
    if "time" not in off:
        _time(index, question, columns, rows)
    if "traits" not in off:
        _traits(index, question, columns, rows)
    out = np.zeros((len(rows), len(FEATURES)))
    for place, name in enumerate(FEATURES):
        if name in columns:
            out[:, place] = columns[name]
    return out


def _scaled(column: np.ndarray) -> np.ndarray:
    top = column.max(initial=0.0)
    return column / top if top > 0 else column


def _keyword(
    index: MemoryIndex,
    first: First,
    body: np.ndarray,
    scaled: np.ndarray,
    columns: dict[str, np.ndarray],
    rows: np.ndarray,
) -> None:
    most = sum(weight * keyword.idf(index, term) for term, weight in first.query.items()) * (keyword.K1 + 1)
    columns["keyword"] = scaled[rows]
    columns["keyword_share"] = body[rows] / most if most > 0 else body[rows]
    near, wide, own, around = keyword.window_scores(index, first.query, rows)
    columns["keyword_window"], columns["keyword_wide"] = _scaled(near), _scaled(wide)
    columns["coverage"], columns["coverage_window"] = own, around
    columns["keyword_rank"] = _ranked(columns["keyword"], near)
    columns["keyword_session"] = _scaled(keyword.session_scores(index, first.query))[index.group[rows]]


def _ranked(*scores: np.ndarray) -> np.ndarray:
    """Reciprocal rank fusion of scores, as a share of what the first by all of them would have."""
    return rrf(scores) * (RRF_K + 1) / len(scores)


def _gather(column: np.ndarray, rows: np.ndarray, empty: float) -> np.ndarray:
    return np.where(rows >= 0, column[rows], empty)


def _vector(index: MemoryIndex, first: First, columns: dict[str, np.ndarray], rows: np.ndarray) -> None:
    cosine = first.cosine
    assert cosine is not None
    own = cosine[rows]
    near, wide = index.window_norms()
    shares = index.shares()[:, rows]
    before, after = index.before[rows], index.after[rows]
    places = (before, after, _gather(index.before, before, -1), _gather(index.after, after, -1))
    around = np.stack([_gather(cosine, place, 0.0) for place in places])
    columns["vector"] = own
    columns["vector_window"] = (own + np.einsum("ij,ij->j", shares[:2], around[:2])) / near[rows]
    columns["vector_wide"] = (own + np.einsum("ij,ij->j", shares[2:], around)) / wide[rows]
    top = float(own.max(initial=first.mean)) - first.mean
    columns["vector_share"] = np.clip((own - first.mean) / max(top, 1e-3), -1.0, 1.0)
    columns["vector_rank"] = _ranked(own, columns["vector_window"])


def _graph(
    index: MemoryIndex, columns: dict[str, np.ndarray], rows: np.ndarray, body: np.ndarray | None, first: First
) -> None:
    before, after = index.before[rows], index.after[rows]
    asked = (index.traits[before] & traits.HAS_QUESTION > 0) & (before >= 0)
    if body is not None:
        columns["keyword_before"] = _gather(body, before, 0.0)
        columns["keyword_after"] = _gather(body, after, 0.0)
        columns["reply_keyword"] = asked * columns["keyword_before"]
    if first.cosine is not None:
        columns["vector_before"] = _gather(first.cosine, before, first.mean)
        columns["vector_after"] = _gather(first.cosine, after, first.mean)
        columns["reply_vector"] = asked * (columns["vector_before"] - first.mean)


def _speaker(index: MemoryIndex, question: ReadQuestion, rows: np.ndarray) -> np.ndarray:
    """1 for units of a named speaker, -1 for the others, 0 where none or everybody is named."""
    named = [index.speakers[name] for name in question.speakers]
    if not named or len(named) >= len([name for name in index.speakers if name]):
        return np.zeros(len(rows))
    return np.where(np.isin(index.speaker[rows], named), 1.0, -1.0)


def _time(index: MemoryIndex, question: ReadQuestion, columns: dict[str, np.ndarray], rows: np.ndarray) -> None:
    columns["time_word"] = float(question.wants_time) * (index.traits[rows] & traits.TIME > 0)
    if not question.times:
        return
    days = [(m.start, m.end) for m in question.times if m.grain in ("day", "weekend", "week")]
    months = [_month_of(*span) for span in days]
    longer = [(m.start, m.end) for m in question.times if m.grain not in ("day", "weekend", "week")]
    units = [index.units[row] for row in rows.tolist()]
    on_date = _share(units, days, _spoken)
    columns["on_date"] = on_date
    columns["in_month"] = _share(units, months + longer, _spoken) * (1 - on_date)
    columns["in_event"] = _share(units, days + longer, _tells_of)


def _month_of(start: datetime, end: datetime) -> Span:
    first = start.replace(day=1)
    after = first.replace(year=first.year + 1, month=1) if first.month == 12 else first.replace(month=first.month + 1)
    return first, max(after, end)


def _spoken(unit: Unit, span: Span) -> bool:
    return unit.time is not None and span[0] <= unit.time < span[1]


def _tells_of(unit: Unit, span: Span) -> bool:
    return unit.event is not None and unit.event[0] < span[1] and span[0] < unit.event[1]


def _share(units: list[Unit], spans: list[Span], test: Callable[[Unit, Span], bool]) -> np.ndarray:
    """1 for units that pass the test for one of the spans, else 0."""
    return np.fromiter((any(test(unit, span) for span in spans) for unit in units), dtype=np.float64, count=len(units))


def _traits(index: MemoryIndex, question: ReadQuestion, columns: dict[str, np.ndarray], rows: np.ndarray) -> None:
    bits = index.traits[rows]
    columns["asks"] = (bits & traits.ENDS_AS_QUESTION > 0).astype(float)
    columns["has_question"] = (bits & traits.HAS_QUESTION > 0).astype(float)
    columns["first_person"] = (bits & traits.FIRST_PERSON > 0).astype(float)
    columns["name"] = (bits & traits.NAME > 0).astype(float)
    columns["brief"] = 1.0 - np.minimum(index.words[rows], WORDY) / WORDY
    columns["place_name"] = float(question.wants_place) * columns["name"]
    columns["number_word"] = float(question.wants_count) * (bits & traits.NUMBER > 0)
