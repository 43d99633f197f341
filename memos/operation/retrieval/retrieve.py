"""Hybrid retrieval over the local index: keyword, vector and graph channels with structured signals,
fused and shaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from memos.errors import ConfigError
from memos.operation.retrieval.diverse import spread_turns
from memos.operation.retrieval.features import FEATURES, GROUPS, WHOLE, Allowed, features, first_pass, pooled, refusals
from memos.operation.retrieval.feedback import LOOKED_AT, second_look
from memos.operation.retrieval.index import MemoryIndex, Unit
from memos.operation.retrieval.passages import Passage, Shape, assemble, looked_at, singles
from memos.operation.retrieval.paths import routed
from memos.operation.retrieval.question import ReadQuestion, read
from memos.operation.retrieval.ranker import familiar, fused, linear
from memos.operation.retrieval.spread import Edges, spread

RRF_COLUMNS = ("keyword", "keyword_window", "vector", "vector_window")
"""What is fused by rank where the fitted ranker is switched off."""


@dataclass
class RetrieveConfig:
    """Every channel and mechanism, each switchable."""

    keyword: bool = field(
        default=True, metadata={"help": "BM25 channel over units, windows and sessions", "stage": "search"}
    )
    vector: bool = field(default=True, metadata={"help": "embedding channel over units and windows", "stage": "search"})
    graph: bool = field(
        default=True, metadata={"help": "neighbours along follows-edges; a question and its reply", "stage": "search"}
    )
    speaker: bool = field(default=True, metadata={"help": "prefer the speaker a question names", "stage": "search"})
    time: bool = field(
        default=True, metadata={"help": "match dates in the question with record and event times", "stage": "search"}
    )
    traits: bool = field(
        default=True, metadata={"help": "surface signs: asks, names, numbers, first person, brevity", "stage": "search"}
    )
    hops: int = field(
        default=2, metadata={"help": "steps along stored edges from the best hits; 0: none", "stage": "search"}
    )
    ranker: bool = field(
        default=True,
        metadata={
            "help": "fitted linear fusion, on stores like those fitted on; else and false: reciprocal rank fusion",
            "stage": "search",
        },
    )
    feedback: bool = field(
        default=True,
        metadata={"help": "second look: the best found say what else to look for; with the ranker", "stage": "search"},
    )
    turns: bool = field(
        default=True,
        metadata={"help": "further passages of a long turn come after those of other turns", "stage": "search"},
    )
    route: bool = field(
        default=False, metadata={"help": "facts on the best topic and concept paths come forward", "stage": "search"}
    )
    passages: bool = field(
        default=True, metadata={"help": "a hit is a passage of neighbours; false: one turn a hit", "stage": "search"}
    )
    passage_units: int = field(default=4, metadata={"help": "turns a passage may hold", "stage": "search"})
    passage_words: int = field(default=110, metadata={"help": "NLTK words a passage may hold", "stage": "search"})
    passage_rank: int = field(
        default=60, metadata={"help": "rank within which a neighbour joins a passage", "stage": "search"}
    )

    def __post_init__(self) -> None:
        for name in ("passage_units", "passage_words", "passage_rank"):
            if getattr(self, name) < 1:
                raise ConfigError(f"retrieve.{name}: must be at least 1, found {getattr(self, name)}")
        if self.hops < 0:
            raise ConfigError(f"retrieve.hops: must not be negative, found {self.hops}")
        if not (self.keyword or self.vector):
            raise ConfigError("retrieve.keyword, retrieve.vector: both are off; at least one channel must be on")

    @property
    def off(self) -> frozenset[str]:
        """Feature groups that are switched off."""
        return frozenset(group for group in GROUPS if not getattr(self, group))


@dataclass(frozen=True, slots=True)
class UnitHit:
    """A hit: units in the order of the dialogue."""

    units: tuple[Unit, ...]
    score: float


def ranked_by_weights(index: MemoryIndex, config: RetrieveConfig) -> bool:
    """Whether the fitted ranker is used: it is switched on, and the store is like those that it was fitted on."""
    return config.ranker and familiar(index)


def score_rows(
    index: MemoryIndex,
    question: ReadQuestion,
    vector: np.ndarray,
    config: RetrieveConfig,
    allowed: Allowed | None = None,
    count: int = LOOKED_AT,
) -> np.ndarray:
    """Score of every row; -inf for rows that are removed, no candidates, or among the best and not allowed. float64
    (n,).

    In a large index a filter is asked about the best rows only, until ``count`` have passed: below these there may be
    rows that it would refuse.
    """
    off = config.off
    if index.n <= WHOLE:
        first = first_pass(index, question, vector, off)
        rows = np.flatnonzero(index.alive if allowed is None else index.alive & allowed.mask())
    else:
        first, rows = pooled(index, question, vector, off, allowed)
    table = features(index, question, first, off, rows)
    if ranked_by_weights(index, config):
        scores = linear(table, off, index.fold)
    else:
        scores = fused(table, RRF_COLUMNS) * (1 + 0.3 * (table[:, FEATURES.index("speaker")] > 0))
    if index.n > WHOLE and allowed is not None:
        scores[refusals(allowed, rows, scores, count)] = -np.inf
    out = np.full(index.n, -np.inf)
    out[rows] = scores
    return out


def search(
    index: MemoryIndex,
    text: str,
    vector: np.ndarray,
    config: RetrieveConfig,
    *,
    depth: int = 20,
    allowed: Allowed | None = None,
    edges: Edges | None = None,
) -> list[UnitHit]:
    """Ranked hits for a question.

    Args:
        index: the units.
        text: the question.
        vector: its unit vector, shape (dim,).
        config: channels and mechanisms.
        depth: how many hits at most.
        allowed: what structured filters let through; None allows every row.
        edges: looks up stored edges, for the graph channel; None: there are none.
    """
    passages = ranked(index, text, vector, config, depth=depth, allowed=allowed, edges=edges)
    if allowed is None:
        return list(hits_of(index, passages))
    passages = list(passages)
    # Rows that came forward without having been asked about are asked about now.
    rows = np.array([row for passage in passages for row in passage.rows], dtype=np.int64)
    passing = frozenset(rows[allowed.of(rows)].tolist())
    hits = (
        UnitHit(tuple(index.units[row] for row in passage.rows if row in passing), passage.score)
        for passage in passages
    )
    return [hit for hit in hits if hit.units]


def hits_of(index: MemoryIndex, passages: Iterable[Passage]) -> Iterator[UnitHit]:
    """Passages with their units, one after the other."""
    return (UnitHit(tuple(map(index.units.__getitem__, passage.rows)), passage.score) for passage in passages)


def ranked(
    index: MemoryIndex,
    text: str,
    vector: np.ndarray,
    config: RetrieveConfig,
    *,
    depth: int,
    allowed: Allowed | None = None,
    edges: Edges | None = None,
) -> Iterator[Passage]:
    """The best passages, made as they are asked for; see ``search``. Their neighbours may not be allowed."""
    if not len(index):
        return iter(())
    question = read(text, index.speakers)
    shape = Shape(config.passage_units, config.passage_words, config.passage_rank)
    count = index.n if config.route else max(LOOKED_AT, looked_at(shape, depth))
    scores = score_rows(index, question, vector, config, allowed, count)
    if config.feedback and ranked_by_weights(index, config):
        scores = second_look(index, question, scores, config.off)
    if config.turns:
        scores = spread_turns(index, scores)
    if config.route:
        scores = routed(index, vector, scores)
    if edges is not None and config.graph and config.hops:
        scores = spread(index, scores, edges, hops=config.hops, allowed=allowed)
    return assemble(index, scores, shape, depth) if config.passages else singles(scores, depth)
