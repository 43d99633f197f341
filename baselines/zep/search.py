"""Zep's search recipes (docs/systems.md#zep): candidates by full text, cosine and breadth-first walk, then a
reranker.

Each method brings twice the limit. Recipes: ``rrf`` and ``mmr`` over full text and cosine; ``cosine`` over full text,
cosine and a walk from the first hits, reordered by cosine, which stands in for the cross-encoder recipe where no
cross-encoder is at hand; ``episode_mentions`` and ``node_distance`` reorder the ``rrf`` result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from baselines.ranking import maximal_marginal_relevance, reciprocal_rank_fusion, terms
from baselines.zep.graph import Graph

RECIPES = ("rrf", "mmr", "cosine", "episode_mentions", "node_distance")
MAX_QUERY_TERMS = 128
WALK_DEPTH = 3

Ranked = list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class EdgeCandidates:
    """Edges by full text and by cosine, deep; each recipe takes what it needs from the front."""

    by_text: list[str]
    by_vector: Ranked

    def top(self, limit: int, least: float) -> list[list[str]]:
        """The first ``limit`` of each method, those by cosine at least ``least``."""
        return [self.by_text[:limit], [key for key, score in self.by_vector[:limit] if score >= least]]


def edge_candidates(graph: Graph, query: str, vector: np.ndarray, limit: int) -> EdgeCandidates:
    """Up to ``limit`` edges by each method; the query is cut at 128 terms for the full text."""
    by_text = [key for key, _ in graph.edge_terms.search(terms(query)[:MAX_QUERY_TERMS], limit)]
    return EdgeCandidates(by_text, graph.edge_vectors.search(vector, limit))


def search_edges(
    graph: Graph,
    candidates: EdgeCandidates,
    vector: np.ndarray,
    recipe: str,
    limit: int,
    least: float,
    mmr_lambda: float,
) -> Ranked:
    """The best edges with their scores.

    Args:
        graph: what to search.
        candidates: at least twice ``limit`` deep.
        vector: the question's unit vector.
        recipe: one of ``RECIPES``.
        limit: how many to return.
        least: least cosine of the vector candidates.
        mmr_lambda: weight of relevance in ``mmr``.
    """
    rankings = candidates.top(2 * limit, least)
    if recipe == "cosine":
        origins = [graph.edges[key].source for key in dict.fromkeys([*rankings[0], *rankings[1]])]
        rankings.append(graph.reachable(origins, WALK_DEPTH, 2 * limit))
    if recipe in ("mmr", "cosine"):
        keys = list(dict.fromkeys(key for ranking in rankings for key in ranking))
        weight = mmr_lambda if recipe == "mmr" else 1.0
        return maximal_marginal_relevance(vector, [(k, graph.edge_vectors.vector(k)) for k in keys], weight, limit)
    fused = [(str(key), score) for key, score in reciprocal_rank_fusion(rankings)]
    if recipe == "episode_mentions":
        fused.sort(key=lambda item: -len(graph.edges[item[0]].episodes))
    elif recipe == "node_distance":
        fused = _by_distance(graph, vector, fused)
    return fused[:limit]


def _by_distance(graph: Graph, vector: np.ndarray, fused: Ranked) -> Ranked:
    """Edges nearest to the entity that best matches the question first."""
    centre = graph.node_vectors.search(vector, 1)
    if not centre:
        return fused
    steps = graph.distance(centre[0][0])
    far = len(graph.entities) + 1
    return sorted(
        fused,
        key=lambda item: min(steps.get(graph.edges[item[0]].source, far), steps.get(graph.edges[item[0]].target, far)),
    )


def search_nodes(graph: Graph, query: str, vector: np.ndarray, limit: int, least: float) -> Ranked:
    """The best entities by full text over name and summary, and cosine over names, fused by RRF."""
    wanted = terms(query)[:MAX_QUERY_TERMS]
    by_text = [key for key, _ in graph.node_terms.search(wanted, 2 * limit)]
    by_vector = [key for key, _ in graph.node_vectors.search(vector, 2 * limit, least)]
    return [(str(key), score) for key, score in reciprocal_rank_fusion([by_text, by_vector])][:limit]
