"""Fitting ``ranker.json``: the linear ranker over all memories, then the second look over the best by it.

Trains on several sources of conversations at once, each with its weight, and by folds: the weights for a conversation
that is measured come from a fit that never saw it (``memos.operation.retrieval.folds``). There is one set of weights
for each switched-off group of features. The second look is ``memos.operation.retrieval.feedback``. A data set is
anything with ``conversations`` and ``questions``. ``scripts/train_retrieval.py`` runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from memos.embed.base import Embedder
from memos.operation.retrieval import feedback, folds, listwise, ranker
from memos.operation.retrieval.features import FEATURES, GROUPS, features, first_pass
from memos.operation.retrieval.index import MemoryIndex, Unit
from memos.operation.retrieval.listwise import RankedList
from memos.operation.retrieval.long_turns import passages_of
from memos.operation.retrieval.question import ReadQuestion, read
from memos.operation.retrieval.ranker import ALL, SECOND, best, key
from memos.operation.retrieval.units import line
from memos.tokens import count_words

WEIGHTS, FOLDS = (Path(ranker.__file__).with_name(name) for name in ("ranker.json", "folds.json"))
RIDGE, SECOND_RIDGE = 1e-3, 1e-2
HARD, REST = 50, 30
"""Rows of a question that the fit sees: the best by rank fusion, and so many of the others, which stand for all."""
SECOND_EVERY = 4
"""The second look is fitted on every fourth question."""
MATCHES = frozenset(
    (
        *(GROUPS["keyword"] + GROUPS["vector"] + GROUPS["speaker"] + GROUPS["time"]),
        *("reply_keyword", "reply_vector", "place_name", "number_word"),
    )
)
"""Features that speak for a unit: their weights are not negative, so that no source's habits turn a match around."""
_SIGNS = frozenset(("speaker", "time", "traits"))
ABLATIONS = (
    *(frozenset([group]) for group in GROUPS),
    *(_SIGNS | off for off in (frozenset[str](), {"graph"}, {"graph", "keyword"}, {"graph", "vector"})),
)
"""Switched-off groups that have weights of their own: each group, and the channels together and alone."""
LEAST = np.array([0.0 if name in MATCHES else -np.inf for name in FEATURES])


@dataclass(frozen=True)
class TrainSource:
    """Conversations with questions whose evidence is known."""

    name: str
    dataset: Any
    weight: float = 1.0
    """Of all its questions together, beside other sources."""
    folds: int = 0
    """How many of its first conversations are left out of one fold each."""
    only: tuple[str, ...] = ()
    """Ids of the conversations that are used; none: all."""

    def conversations(self) -> Iterator[tuple[str, Any]]:
        """Each conversation with its fold; empty for one that every fold sees."""
        chosen = [one for one in self.dataset.conversations if not self.only or one.sample_id in self.only]
        for place, conversation in enumerate(chosen):
            yield str(place) if place < self.folds else "", conversation


@dataclass(frozen=True, eq=False)
class TrainQuestion:
    """A question with the index of its conversation."""

    source: str
    sample_id: str
    fold: str
    index: MemoryIndex
    question: ReadQuestion
    vector: np.ndarray
    gold: np.ndarray
    """Numbers of the gold turns (``MemoryIndex.turn``)."""
    table: np.ndarray
    """Features of all rows, float32 (n, len(FEATURES))."""

    def gold_rows(self, rows: np.ndarray) -> np.ndarray:
        """The gold turn of each of the rows, -1 for none."""
        turns = self.index.turn[rows]
        return np.where(np.isin(turns, self.gold), turns, -1)


def units_of(conversation: Any) -> list[Unit]:
    """The units under which the fast reading stores a conversation."""
    units = (
        Unit(f"{t.turn_id}#{place}", text, t.speaker, s.session_id, s.time_of(t), None, (t.turn_id,))
        for s, t in conversation.turns()
        for place, text in enumerate(passages_of(t.said.strip() or "(said nothing)"))
    )
    return [replace(unit, words=count_words(line(unit, "iso"))) for unit in units]


def questions(source: TrainSource, embedder: Embedder) -> Iterator[TrainQuestion]:
    """Every question of a source that has evidence and an answer."""
    for fold, conversation in source.conversations():
        units = units_of(conversation)
        index = MemoryIndex(embedder.dim)
        index.add(units, embedder.encode([unit.line() for unit in units]))
        turns = {unit.turn_ids[0]: int(turn) for unit, turn in zip(units, index.turn, strict=True)}
        own = (q for q in source.dataset.questions if q.sample_id == conversation.sample_id)
        asked = [q for q in own if not q.unanswerable and q.evidence]
        for question, vector in zip(asked, embedder.encode([q.text for q in asked]), strict=True):
            asks = read(question.text, index.speakers)
            table = features(index, asks, first_pass(index, asks, vector)).astype(np.float32)
            gold = np.array([turns[turn] for turn in question.evidence])
            yield TrainQuestion(source.name, conversation.sample_id, fold, index, asks, vector, gold, table)


_RANKS = [FEATURES.index("keyword_rank"), FEATURES.index("vector_rank")]


def first_list(one: TrainQuestion, weight: float) -> RankedList:
    """What the fit of the ranker sees of a question."""
    count = len(one.table)
    rows = np.arange(count)
    gold = one.gold_rows(rows)
    order = np.argsort(-one.table[:, _RANKS].sum(axis=1), kind="stable")
    rest = order[HARD:]
    sampled = rest[:: max(len(rest) // REST, 1)]
    stands_for = np.zeros(count)
    stands_for[sampled] = len(rest) / max(len(sampled), 1)
    stands_for[order[:HARD]] = 1.0
    stands_for[gold >= 0] = 1.0
    chosen = stands_for > 0
    return RankedList(one.table[chosen], gold[chosen], stands_for[chosen], weight)


def second_list(one: TrainQuestion, weights: np.ndarray, off: frozenset[str], weight: float) -> RankedList | None:
    """What the fit of the second look sees of a question; None where no gold turn is among the best."""
    scores = one.table.astype(np.float64) @ weights
    order = best(scores, feedback.LOOKED_AT)[: feedback.LOOKED_AT]
    gold = one.gold_rows(order)
    if not (gold >= 0).any():
        return None
    table = feedback.features(one.index, one.question, scores, order, off).astype(np.float32)
    return RankedList(table, gold, np.ones(len(order)), weight)


def columns(off: frozenset[str]) -> np.ndarray:
    """1 for the features that are left when groups are switched off, else 0. float64 (len(FEATURES),)."""
    gone = {name for group in off for name in GROUPS[group]}
    gone |= {name for group in off for name in GROUPS["graph"] if group in name}
    return np.array([0.0 if name in gone else 1.0 for name in FEATURES])


def fit_looks(
    lists: Sequence[tuple[TrainQuestion, RankedList]],
    off: frozenset[str] = frozenset(),
    start: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Weights of both looks."""
    mask = columns(off)
    rounds = 80 if start is None else 30
    weights = listwise.fit([one for _, one in lists], RIDGE, LEAST, mask, start, rounds)
    again = (second_list(one, weights, off, chosen.weight) for one, chosen in lists[::SECOND_EVERY])
    return weights, listwise.fit([one for one in again if one is not None], SECOND_RIDGE)


def weighed(sources: Sequence[TrainSource], asked: Sequence[TrainQuestion]) -> list[tuple[TrainQuestion, RankedList]]:
    """Questions as the fit sees them, those of a source with its weight together."""
    counts = {source.name: sum(one.source == source.name for one in asked) for source in sources}
    weights = {source.name: source.weight / max(counts[source.name], 1) for source in sources}
    return [(one, first_list(one, weights[one.source])) for one in asked]


def fit_all(
    sources: Sequence[TrainSource],
    embedder: Embedder,
    ablations: Sequence[frozenset[str]] = ABLATIONS,
    tell: Callable[[str], None] = print,
) -> tuple[dict[str, Any], str]:
    """Weights of both looks for every switched-off group and fold, as ``ranker.json`` holds them, and ``folds.json``.

    Args:
        sources: what is fitted on.
        embedder: of the memories and questions.
        ablations: switched-off groups that are fitted, too, each on its own.
        tell: takes what was reached, line by line.
    """
    asked = [one for source in sources for one in questions(source, embedder)]
    lists = weighed(sources, asked)
    means = [one.index.window_lengths(0)[1] for one in asked]
    low, high = min(means), max(means)
    names = sorted({one.fold for one in asked if one.fold})
    first: dict[str, dict[str, list[float]]] = {}
    again: dict[str, dict[str, list[float]]] = {}
    for off in (frozenset[str](), *ablations):
        whole, second = fit_looks(lists, off)
        first[key(off)], again[key(off)] = {ALL: _short(whole)}, {ALL: _short(second)}
        for fold in names:
            seen = [pair for pair in lists if pair[0].fold != fold]
            weights, refined = fit_looks(seen, off, whole)
            first[key(off)][fold], again[key(off)][fold] = _short(weights), _short(refined)
        tell(f"{key(off)}: {len(lists)} questions, {len(names)} folds")
    on = " and ".join(source.name for source in sources)
    table = {
        "about": f"Fitted on {on} by scripts/train_retrieval.py; docs/ranker.md is the card of these weights.",
        "sources": {source.name: _described(source) for source in sources},
        "ridge": [RIDGE, SECOND_RIDGE],
        "seen": {"content_words": [round(low, 2), round(high, 2)]},
        "features": list(FEATURES),
        "weights": first,
        "second_features": list(SECOND),
        "feedback": again,
    }
    return table, folds.written(_texts(sources), " and ".join(source.name for source in sources if source.folds))


def _described(source: TrainSource) -> dict[str, Any]:
    ids = [conversation.sample_id for _, conversation in source.conversations()]
    return {"conversations": ids, "folds": source.folds, "weight": source.weight}


def _texts(sources: Sequence[TrainSource]) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for source in sources:
        for fold, conversation in source.conversations():
            if fold:
                texts.setdefault(fold, []).extend(unit.text for unit in units_of(conversation))
    return texts


def _short(weights: np.ndarray) -> list[float]:
    return [round(float(w), 4) for w in weights]


def write(table: dict[str, Any], marks: str) -> None:
    """Replace the weights that ship, and the marks of the conversations that have folds."""
    WEIGHTS.write_text(ranker.as_text(table), encoding="utf-8")
    FOLDS.write_text(marks, encoding="utf-8")
