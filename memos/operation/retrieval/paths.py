"""Topic, concept, fact (paper section 5.4.1; docs/memos.md C16): which paths a question leads down, in which order, and
why.

Facts are clustered into concepts and these into topics, by their vectors, as the reorganiser does it. A path is a topic
and one of its concepts; it is as good as the concept's (and topic's) mean vector is near to the question. Routing
brings the facts on good paths forward; it hides none. Equal memories and questions give equal plans.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from memos.infrastructure.vault import Is
from memos.language.words import stem, surface
from memos.operation.retrieval.index import MemoryIndex
from memos.operation.retrieval.route import Plan, PlannedSearch
from memos.operation.retrieval.tree import Tree
from memos.operation.upkeep.organise import Reorganiser, clusters

SHAPE = Reorganiser.Config(least=2)
"""The reorganiser's concepts and topics, pairs included: here a parent costs nothing."""
WEIGHT = 0.03
"""Standard deviations of the scores that a fact gains for each by which its concept, and its topic, stand out."""


def tree(index: MemoryIndex) -> Tree:
    """The structure, made again where memories came or went since it was made; a few seconds for 10,000 memories."""
    state = (index.n, len(index))
    if index.structure is None or index.structure[0] != state:
        rows = np.flatnonzero(index.alive)
        concept_of, concepts = _grouped(index.vectors[rows], SHAPE.distance)
        topic_of, topics = _grouped(concepts, SHAPE.topic_distance)
        every = np.full(index.n, -1, dtype=np.int64)
        every[rows] = concept_of
        index.structure = (state, Tree(every, topic_of, concepts, topics))
    return index.structure[1]


def _grouped(vectors: np.ndarray, distance: float) -> tuple[np.ndarray, np.ndarray]:
    """Group of each vector (-1: none) and the groups' unit means."""
    group_of, means = np.full(len(vectors), -1, dtype=np.int64), []
    for start in range(0, len(vectors), SHAPE.batch):
        part = vectors[start : start + SHAPE.batch]
        for members in clusters(part, distance, SHAPE.least, SHAPE.most) if len(part) > 1 else []:
            group_of[np.array(members) + start] = len(means)
            means.append(part[members].mean(axis=0))
    centres = np.stack(means) if means else np.zeros((0, vectors.shape[1]), dtype=np.float32)
    return group_of, centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)


def routed(index: MemoryIndex, vector: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Scores with the facts on good paths brought forward; -inf stays -inf. float64 (n,)."""
    known = np.isfinite(scores)
    if not known.any():
        return scores
    made = tree(index)
    concept, topic = _standing(made.concepts @ vector), _standing(made.topics @ vector)
    gain = concept + np.where(made.topic_of >= 0, np.append(topic, 0.0)[made.topic_of], 0.0)
    return scores + WEIGHT * float(scores[known].std()) * np.append(gain, 0.0)[made.concept_of]


def _standing(cosine: np.ndarray) -> np.ndarray:
    """By how many standard deviations each stands out."""
    return (cosine - cosine.mean()) / max(float(cosine.std()), 1e-9) if len(cosine) else cosine.astype(np.float64)


def plan_paths(index: MemoryIndex, query: str, vector: np.ndarray, count: int = 3) -> Plan:
    """What is looked at, where and in which order: the best paths, then everything.

    Args:
        index: the memories.
        query: the question.
        vector: its unit vector, shape (dim,).
        count: paths at most.
    """
    made = tree(index)
    cosine = made.concepts @ vector
    steps = []
    for concept in np.argsort(-cosine, kind="stable")[:count].tolist():
        rows = np.flatnonzero(made.concept_of == concept).tolist()
        topic = int(made.topic_of[concept])
        inside = np.flatnonzero(np.isin(made.concept_of, np.flatnonzero(made.topic_of == topic))).tolist()
        above = f"topic {_title(index, inside)!r}, " if topic >= 0 else ""
        why = f"its {len(rows)} facts are near to the question (cosine {cosine[concept]:.2f})"
        ids = [index.units[row].unit_id for row in rows]
        steps.append(PlannedSearch("facts", f"{above}concept {_title(index, rows)!r}", why, Is("cube_id", *ids)))
    steps.append(PlannedSearch("facts", "everything the caller may read", "what the paths leave open"))
    return Plan(query, tuple(steps))


def _title(index: MemoryIndex, rows: list[int]) -> str:
    """The three commonest content words of some memories."""
    counts: Counter[str] = Counter()
    shown: dict[str, str] = {}
    for row in rows:
        for word in dict.fromkeys(surface(index.units[row].text)):
            counts[stem(word)] += 1
            shown.setdefault(stem(word), word)
    return " ".join(shown[term] for term in sorted(counts, key=lambda term: (-counts[term], term))[:3])
