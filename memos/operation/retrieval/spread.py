"""The graph channel over stored edges: what ranks high lends its rank to what it is linked with (docs/memos.md C24)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from memos.infrastructure.vault import Edge
from memos.operation.retrieval.features import Allowed
from memos.operation.retrieval.index import MemoryIndex
from memos.operation.retrieval.ranker import best

Edges = Callable[[Sequence[str]], Sequence[Edge]]
"""All edges at the given ids, in both directions."""

COST = {"causes": 0.5, "conditions": 0.5, "contradicts": 0.5, "follows": 1.0, "relates": 1.0, "aggregates": 1.0}
"""What a hop along a relation takes off, in standard deviations of the scores; others cost 1."""


def spread(
    index: MemoryIndex,
    scores: np.ndarray,
    edges: Edges,
    *,
    hops: int = 2,
    seeds: int = 10,
    allowed: Allowed | None = None,
) -> np.ndarray:
    """Scores after the best ``seeds`` rows have lent theirs along edges, ``hops`` times.

    A linked row gets at least the lender's score less the cost of the relation; no score falls. Removed rows, and
    rows that are not ``allowed``, stay -inf.
    """
    frontier = best(scores, seeds)[:seeds].tolist() if hops > 0 else []
    if not frontier:
        return scores
    deviation = float(scores[np.isfinite(scores)].std()) or 1.0
    out = scores.copy()
    for _ in range(hops):
        lent: dict[int, float] = {}
        ids = [index.units[row].unit_id for row in frontier]
        known = set(ids)
        for edge in edges(ids):
            for here, there in ((edge.source, edge.target), (edge.target, edge.source)):
                row = index.row_of.get(there)
                if here in known and row is not None and index.alive[row]:
                    gain = out[index.row_of[here]] - COST.get(edge.relation, 1.0) * deviation
                    if gain > max(out[row], lent.get(row, -np.inf)):
                        lent[row] = float(gain)
        if allowed is not None and lent:
            rows = np.array(sorted(lent), dtype=np.int64)
            lent = {row: lent[row] for row in rows[allowed.of(rows)].tolist()}
        if not lent:
            break
        for row, score in lent.items():
            out[row] = score
        frontier = sorted(lent)
    return out
