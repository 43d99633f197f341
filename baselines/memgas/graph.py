"""MemGAS' arithmetic: which granularity counts, which nodes are alike, and how scores spread
(docs/systems.md#memgas).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import logsumexp

GRANULARITIES = 4
"""Nodes of a session, in this order: its text, its pairs of turns, its summary, its keywords."""
FIRST_LINKED = 5
"""Sessions before this one have no edges among themselves."""
ROUNDS = 200
"""Rounds of expectation and maximisation at most."""


def entropy(scores: np.ndarray, temperature: float) -> float:
    """Entropy in nats of the softmax of scores."""
    logits = scores.astype(np.float64) / temperature
    logs = logits - logsumexp(logits)
    return float(-(np.exp(logs) * logs).sum())


def router(entropies: Sequence[float], sessions: int, normalised: bool) -> np.ndarray:
    """Weights of the granularities: (1 - H) / sum of (1 - H).

    As released H is not divided by the logarithm of the number of sessions, so that with three or more the less sure
    granularity may weigh more. Where the weights are undefined, all are equal.
    """
    h = np.array(entropies, dtype=np.float64)
    if normalised:
        h = h / np.log(sessions) if sessions > 1 else np.zeros_like(h)
    left = 1.0 - h
    total = left.sum()
    return left / total if abs(total) > 1e-12 else np.full(len(h), 1.0 / len(h))


def higher_part(scores: np.ndarray) -> np.ndarray:
    """Which of some scores belong to the higher of two normal distributions fitted to them. Bool, same length.

    Expectation and maximisation from the lowest and the highest score; equal scores all belong to it.
    """
    x = scores.astype(np.float64)
    if len(x) < 2 or float(np.ptp(x)) < 1e-12:
        return np.ones(len(x), dtype=bool)
    means, shares = np.array([x.min(), x.max()]), np.array([0.5, 0.5])
    spreads, floor = np.full(2, x.var() + 1e-6), 1e-6
    resp = np.zeros((len(x), 2))
    for _ in range(ROUNDS):
        logs = np.log(shares) - 0.5 * (np.log(2 * np.pi * spreads) + (x[:, None] - means) ** 2 / spreads)
        new = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
        settled = np.abs(new - resp).max() < 1e-6
        resp = new
        weight = np.maximum(resp.sum(axis=0), 1e-12)
        shares, means = weight / weight.sum(), (resp * x[:, None]).sum(axis=0) / weight
        spreads = (resp * (x[:, None] - means) ** 2).sum(axis=0) / weight + floor
        if settled:
            break
    high = int(np.argmax(means))
    member = resp[:, high] > 0.5
    return member if member.any() else x == x.max()


def new_edges(vectors: np.ndarray, session: int, candidates: int) -> list[tuple[int, int]]:
    """Edges of a session's nodes to nodes of earlier sessions.

    Args:
        vectors: float32 (nodes, dim), four a session, up to and with this one.
        session: its number from 0.
        candidates: nearest earlier nodes that the two distributions are fitted to.
    """
    if session < FIRST_LINKED:
        return []
    first = session * GRANULARITIES
    edges = []
    for node in range(first, first + GRANULARITIES):
        scores = vectors[:first] @ vectors[node]
        nearest = np.argsort(-scores, kind="stable")[:candidates]
        edges += [(node, int(other)) for other in nearest[higher_part(scores[nearest])]]
    return edges


def seeded(scores: np.ndarray, seeds: int) -> np.ndarray:
    """Restart weights: scores below the ``seeds``-th largest, and negative ones, become 0."""
    least = np.sort(scores)[::-1][min(seeds, len(scores)) - 1]
    return np.where((scores >= least) & (scores > 0), scores, 0.0)


def spread(edges: Sequence[tuple[int, int]], restart: np.ndarray, damping: float) -> np.ndarray:
    """Personalised PageRank on an undirected graph. A node without edges sends what it has back to the restart.

    Args:
        restart: float64 (nodes,), not all 0.
        damping: share of a node's mass that follows edges.

    Returns:
        float64 (nodes,), adding up to 1.
    """
    size = len(restart)
    start = restart / restart.sum()
    links = np.zeros((size, size))
    for a, b in edges:
        links[a, b] = links[b, a] = 1.0
    degrees = links.sum(axis=1)
    steps = np.where(degrees[:, None] > 0, links / np.maximum(degrees, 1.0)[:, None], start[None, :])
    return np.linalg.solve(np.eye(size) - damping * steps.T, (1 - damping) * start)
