"""What the ranker knows of each unit for a question: one interpretable number a row and feature.

Three groups, each a channel that can be switched off: ``keyword`` and ``vector`` score the unit, ``graph`` looks at its
neighbours and its session along the follows-edges; ``speaker``, ``time`` and ``traits`` are structured signals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np

from memos.operation import keyword, traits
from memos.operation.index import MemoryIndex
from memos.operation.question import Question

GROUPS: dict[str, tuple[str, ...]] = {
    "keyword": ("keyword", "keyword_window", "keyword_wide", "keyword_session", "keyword_share"),
    "vector": ("vector", "vector_window", "vector_wide"),
    "graph": (
        "keyword_before", "keyword_after", "vector_before", "vector_after", "reply_keyword", "reply_vector",
    ),
    "speaker": ("speaker",),
    "time": ("on_date", "in_month", "in_event", "time_word"),
    "traits": ("asks", "has_question", "first_person", "name", "length", "place_name", "number_word"),
}  # fmt: skip
FEATURES = tuple(name for group in GROUPS.values() for name in group)


def features(index: MemoryIndex, question: Question, vector: np.ndarray, off: frozenset[str] = frozenset()) -> np.ndarray:
    """All features of all rows.

    Args:
        index: the units.
        question: the question as read.
        vector: its unit vector.
        off: groups that are switched off; their columns stay 0.

    Returns:
        float64 (n, len(FEATURES)).
    """
    columns: dict[str, np.ndarray] = {}
    if "keyword" not in off:
        _keyword(index, question, columns)
    if "vector" not in off:
        _vector(index, vector, columns)
    if "graph" not in off:
        _graph(index, columns)
    if "speaker" not in off:
        columns["speaker"] = _speaker(index, question)
    if "time" not in off:
        _time(index, question, columns)
    if "traits" not in off:
        _traits(index, question, columns)
    out = np.zeros((index.n, len(FEATURES)))
    for place, name in enumerate(FEATURES):
        if name in columns:
            out[:, place] = columns[name]
    return out


def _scaled(values: np.ndarray) -> np.ndarray:
    top = values.max(initial=0.0)
    return values / top if top > 0 else values


def _keyword(index: MemoryIndex, question: Question, columns: dict[str, np.ndarray]) -> None:
    query = {term: float(count) for term, count in Counter(question.terms).items()}
    body = keyword.scores(index, query)
    most = sum(weight * keyword.idf(index, term) for term, weight in query.items()) * (keyword.K1 + 1)
    columns["keyword"] = _scaled(body)
    columns["keyword_share"] = body / most if most > 0 else body
    columns["keyword_window"] = _scaled(keyword.scores(index, query, 1))
    columns["keyword_wide"] = _scaled(keyword.scores(index, query, 2))
    columns["keyword_session"] = _scaled(keyword.session_scores(index, query))


def _gather(values: np.ndarray, rows: np.ndarray, empty: float) -> np.ndarray:
    return np.where(rows >= 0, values[rows], empty)


def _vector(index: MemoryIndex, vector: np.ndarray, columns: dict[str, np.ndarray]) -> None:
    cosine = (index.vectors @ vector).astype(np.float64)
    columns["vector"] = cosine
    near, wide = index.window_norms()
    one = cosine + _gather(cosine, index.before, 0.0) + _gather(cosine, index.after, 0.0)
    columns["vector_window"] = one / near
    before2 = _gather(index.before, index.before, -1)
    after2 = _gather(index.after, index.after, -1)
    columns["vector_wide"] = (one + _gather(cosine, before2, 0.0) + _gather(cosine, after2, 0.0)) / wide


def _graph(index: MemoryIndex, columns: dict[str, np.ndarray]) -> None:
    asked = (index.traits[index.before] & traits.HAS_QUESTION > 0) & (index.before >= 0)
    if "keyword" in columns:
        columns["keyword_before"] = _gather(columns["keyword"], index.before, 0.0)
        columns["keyword_after"] = _gather(columns["keyword"], index.after, 0.0)
        columns["reply_keyword"] = asked * columns["keyword_before"]
    if "vector" in columns:
        mean = float(columns["vector"].mean()) if index.n else 0.0
        columns["vector_before"] = _gather(columns["vector"], index.before, mean)
        columns["vector_after"] = _gather(columns["vector"], index.after, mean)
        columns["reply_vector"] = asked * (columns["vector_before"] - mean)


def _speaker(index: MemoryIndex, question: Question) -> np.ndarray:
    """1 for units of a named speaker, -1 for the others, 0 where none or everybody is named."""
    named = [index.speakers[name] for name in question.speakers]
    if not named or len(named) >= len([name for name in index.speakers if name]):
        return np.zeros(index.n)
    return np.where(np.isin(index.speaker, named), 1.0, -1.0)


def _time(index: MemoryIndex, question: Question, columns: dict[str, np.ndarray]) -> None:
    days, months = [], []
    for mention in question.times:
        (days if mention.grain in ("day", "weekend", "week") else months).append(mention)
    on_date = _spoken_within(index, [(m.start, m.end) for m in days])
    in_month = _spoken_within(index, [_month_of(m) for m in days] + [(m.start, m.end) for m in months])
    columns["on_date"] = on_date
    columns["in_month"] = in_month * (1 - on_date)
    columns["in_event"] = _tells_of(index, [(m.start, m.end) for m in days + months])
    columns["time_word"] = float(question.wants_time) * (index.traits & traits.TIME > 0)


def _month_of(mention):
    start = mention.start.replace(day=1)
    after = start.replace(year=start.year + 1, month=1) if start.month == 12 else start.replace(month=start.month + 1)
    return start, max(after, mention.end)


def _spoken_within(index: MemoryIndex, spans: list) -> np.ndarray:
    return _where_unit(index, bool(spans), lambda u: u.time is not None and any(a <= u.time < b for a, b in spans))


def _tells_of(index: MemoryIndex, spans: list) -> np.ndarray:
    return _where_unit(
        index, bool(spans), lambda u: u.event is not None and any(u.event[0] < b and a < u.event[1] for a, b in spans)
    )


def _where_unit(index: MemoryIndex, any_span: bool, test: Callable) -> np.ndarray:
    if not any_span:
        return np.zeros(index.n)
    return np.fromiter((float(test(unit)) for unit in index.units), dtype=np.float64, count=index.n)


def _traits(index: MemoryIndex, question: Question, columns: dict[str, np.ndarray]) -> None:
    bits = index.traits
    columns["asks"] = (bits & traits.ENDS_AS_QUESTION > 0).astype(float)
    columns["has_question"] = (bits & traits.HAS_QUESTION > 0).astype(float)
    columns["first_person"] = (bits & traits.FIRST_PERSON > 0).astype(float)
    columns["name"] = (bits & traits.NAME > 0).astype(float)
    columns["length"] = np.log(np.maximum(index.words, 1))
    columns["place_name"] = float(question.wants_place) * columns["name"]
    columns["number_word"] = float(question.wants_count) * (bits & traits.NUMBER > 0)
