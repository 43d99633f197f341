"""Next-scene preload (paper section 5.4.2): which memories the next question is likely to need.

No learning beyond counting: after a memory was used, those used right after it before, its neighbours in the dialogue,
and those that share labels with it are likely next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from memos.operation.scheduler.policy import LruPolicy, PolicyCandidate, PolicyScene, Ranked


class NextScenePolicy:
    """Ranks by counted transitions from the memories used lately, then by dialogue neighbourhood and shared labels."""

    name = "next_scene"

    @dataclass
    class Config:
        window: int = field(default=3, metadata={"help": "memories used lately that the prediction starts from"})
        transitions: float = field(default=2.0, metadata={"help": "weight of what followed before"})
        neighbours: float = field(default=1.0, metadata={"help": "weight of 1 / distance in the dialogue"})
        labels: float = field(default=0.5, metadata={"help": "weight of the share of labels in common"})

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()
        self._after: dict[str, Counter[str]] = {}
        self._last: tuple[str, ...] = ()

    def observe(self, used: Sequence[str]) -> None:
        """Learn from a step of the trace: these memories were used together, after those of the step before."""
        for before in self._last:
            counts = self._after.setdefault(before, Counter())
            counts.update(used)
        self._last = tuple(used)

    def rank(self, candidates: Sequence[PolicyCandidate], scene: PolicyScene) -> list[Ranked]:
        by_id = {candidate.cube_id: candidate for candidate in candidates}
        recent = [by_id[cube_id] for cube_id in scene.recent[-self.config.window :] if cube_id in by_id]
        ties = {one.cube_id: place for place, one in enumerate(LruPolicy().rank(candidates, scene))}
        ranked = [Ranked(candidate.cube_id, self._score(candidate, recent)) for candidate in candidates]
        return sorted(ranked, key=lambda one: (-one.score, ties[one.cube_id]))

    def _score(self, candidate: PolicyCandidate, recent: Sequence[PolicyCandidate]) -> float:
        score = 0.0
        for source in recent:
            counts = self._after.get(source.cube_id)
            if counts:
                score += self.config.transitions * counts[candidate.cube_id] / counts.total()
            if candidate.position is not None and source.position is not None:
                distance = abs(candidate.position - source.position)
                score += self.config.neighbours / distance if distance else 0.0
            union = candidate.labels | source.labels
            score += self.config.labels * len(candidate.labels & source.labels) / len(union) if union else 0.0
        return score
