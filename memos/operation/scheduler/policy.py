"""Policies that rank memories for a place in the working set (paper section 5.4.2), behind one interface.

Scores are of one policy and compare only within it. Equal scores are ordered by cube id, so that equal inputs give
equal rankings. What a policy ranks last is what a full working set gives up first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from memos.cube.cube import MemCube
from memos.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class PolicyCandidate:
    """What a policy needs to know of a memory."""

    cube_id: str
    tokens: int = 1
    vector: np.ndarray | None = None
    labels: frozenset[str] = frozenset()
    access_count: int = 0
    last_access: datetime | None = None
    helpful: int = 0
    unhelpful: int = 0
    priority: int = 0
    position: int | None = None
    """Place in its dialogue."""

    @classmethod
    def of(cls, cube: MemCube, vector: np.ndarray | None = None) -> PolicyCandidate:
        """The candidate of a cube; its labels are its tags, topic and entities."""
        header, use = cube.descriptive, cube.behavioural
        labels = {*header.tags, header.topic, *header.entities} - {""}
        tokens = getattr(cube.payload, "tokens", None) or max(1, len(cube.text.split()))
        return cls(
            cube.cube_id,
            tokens,
            vector,
            frozenset(labels),
            use.access_count,
            use.last_access,
            use.helpful,
            use.unhelpful,
            cube.governance.priority,
            header.position,
        )


@dataclass(frozen=True, slots=True)
class PolicyScene:
    """The situation a choice is made in."""

    now: datetime
    vector: np.ndarray | None = None
    """Of the present query."""
    labels: frozenset[str] = frozenset()
    """Of the present query or task."""
    recent: tuple[str, ...] = ()
    """Ids of the memories used lately, oldest first."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A memory's place in a ranking."""

    cube_id: str
    score: float


@runtime_checkable
class Policy(Protocol):
    """Ranks candidates for a scene, best first."""

    name: str

    def rank(self, candidates: Sequence[PolicyCandidate], scene: PolicyScene) -> list[Ranked]: ...


class ScoredPolicy:
    """A policy that gives each candidate a score of its own."""

    name = "scored"

    def score(self, candidate: PolicyCandidate, scene: PolicyScene) -> float:
        raise TypeError(f"policy {self.name} scores nothing")

    def rank(self, candidates: Sequence[PolicyCandidate], scene: PolicyScene) -> list[Ranked]:
        ranked = [Ranked(candidate.cube_id, self.score(candidate, scene)) for candidate in candidates]
        return sorted(ranked, key=lambda one: (-one.score, one.cube_id))


class LruPolicy(ScoredPolicy):
    """What was used last stays; what was never used goes first."""

    name = "lru"

    def score(self, candidate: PolicyCandidate, scene: PolicyScene) -> float:
        return -math.inf if candidate.last_access is None else candidate.last_access.timestamp()


class SemanticPolicy(ScoredPolicy):
    """Nearness of the memory's vector to the query's."""

    name = "semantic"

    def score(self, candidate: PolicyCandidate, scene: PolicyScene) -> float:
        return similarity(candidate, scene)


class LabelPolicy(ScoredPolicy):
    """Share of the scene's labels that the memory carries."""

    name = "label"

    def score(self, candidate: PolicyCandidate, scene: PolicyScene) -> float:
        return len(candidate.labels & scene.labels) / max(len(scene.labels), 1)


class HeatPolicy(ScoredPolicy):
    """Similarity, labels, frequency, recency, feedback and priority together.

    Frequency enters as log2(1 + uses), which has no ceiling: for every lead in the other parts there is a number of
    uses that makes up for it (docs/memos.md defect 11 is the opposite), and one more use never lowers a score.
    """

    name = "heat"

    @dataclass
    class Config:
        similarity: float = field(default=1.0, metadata={"help": "weight of the query's similarity, -1 to 1"})
        labels: float = field(default=0.5, metadata={"help": "weight of the share of matching labels, 0 to 1"})
        frequency: float = field(default=0.1, metadata={"help": "weight of log2(1 + uses)"})
        recency: float = field(default=0.3, metadata={"help": "weight of 0.5 ** (age of the last use / half-life)"})
        feedback: float = field(
            default=0.2, metadata={"help": "weight of (helpful - unhelpful) / (helpful + unhelpful + 2)"}
        )
        priority: float = field(default=0.2, metadata={"help": "weight of the priority tag"})
        half_life: float = field(default=86_400.0, metadata={"help": "seconds in which recency halves"})

        def __post_init__(self) -> None:
            if not self.half_life > 0:
                raise ConfigError(f"heat.half_life: {self.half_life} is not positive")
            if not self.frequency > 0:
                raise ConfigError(f"heat.frequency: {self.frequency} is not positive; use counts must matter")

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()

    def score(self, candidate: PolicyCandidate, scene: PolicyScene) -> float:
        weights = self.config
        recency = 0.0
        if candidate.last_access is not None:
            age = max(0.0, (scene.now - candidate.last_access).total_seconds())
            recency = 0.5 ** (age / weights.half_life)
        votes = candidate.helpful + candidate.unhelpful
        return (
            weights.similarity * similarity(candidate, scene)
            + weights.labels * len(candidate.labels & scene.labels) / max(len(scene.labels), 1)
            + weights.frequency * math.log2(1 + candidate.access_count)
            + weights.recency * recency
            + weights.feedback * (candidate.helpful - candidate.unhelpful) / (votes + 2)
            + weights.priority * candidate.priority
        )


def similarity(candidate: PolicyCandidate, scene: PolicyScene) -> float:
    """Inner product of memory and query; 0 where one has no vector."""
    if candidate.vector is None or scene.vector is None:
        return 0.0
    return float(candidate.vector @ scene.vector)


POLICIES: dict[str, type] = {policy.name: policy for policy in (LruPolicy, SemanticPolicy, LabelPolicy, HeatPolicy)}
"""Policies by name; next_scene is ``preload.NextScenePolicy``."""
