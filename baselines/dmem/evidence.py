"""D-Mem's second way of reading: the whole history, turn by turn (docs/systems.md#d-mem)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from baselines.ranking import BM25, reciprocal_rank_fusion, terms
from memos.tokens import count_tokens

BEST_TURNS = 3
"""Turns of a session that are evidence by rules, each with the turns beside it."""
FUSION = 60
NEIGHBOUR = 0.5
"""Share of a turn's score that the turns beside it have at least."""


@dataclass(frozen=True, slots=True)
class RawTurn:
    """A turn as it was said, which is never changed or dropped."""

    turn_id: str
    session: int
    time_text: str
    speaker: str
    said: str

    @property
    def shown(self) -> str:
        """``[time] speaker: words (id)``."""
        when = f"[{self.time_text}] " if self.time_text else ""
        return f"{when}{self.speaker}: {self.said} ({self.turn_id})"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a part of the history says about a question."""

    text: str
    turn_ids: tuple[str, ...]
    place: int
    """Position of its first turn in the history."""
    score: float


def chunks(sizes: Sequence[int], limit: int) -> list[range]:
    """Positions of turns in pieces of at most ``limit`` tokens. No turn is cut; one that is longer stands alone."""
    pieces, start, total = [], 0, 0
    for place, size in enumerate(sizes):
        if place > start and total + size > limit:
            pieces.append(range(start, place))
            start, total = place, 0
        total += size
    return [*pieces, range(start, len(sizes))] if sizes else []


def best_turns(question: str, turns: Sequence[RawTurn], cosines: Sequence[float]) -> list[Evidence]:
    """Evidence by rules: the best turns of each session by words and vectors, and the turns beside them.

    Args:
        question: the question.
        turns: all turns in order.
        cosines: of each turn with the question.
    """
    index = BM25()
    for place, turn in enumerate(turns):
        index.put(str(place), terms(f"{turn.speaker} {turn.said}"))
    by_vector = sorted(range(len(turns)), key=lambda place: -cosines[place])
    by_words = [key for key, _ in index.search(terms(question), len(turns))]
    fused = reciprocal_rank_fusion([[str(place) for place in by_vector], by_words], FUSION)
    taken: dict[int, int] = {}
    scores: dict[int, float] = {}
    for key, score in fused:
        place = int(str(key))
        session = turns[place].session
        if taken.get(session, 0) == BEST_TURNS:
            continue
        taken[session] = taken.get(session, 0) + 1
        scores[place] = max(score, scores.get(place, 0.0))
        for other in (place - 1, place + 1):
            if 0 <= other < len(turns) and turns[other].session == session:
                scores[other] = max(NEIGHBOUR * score, scores.get(other, 0.0))
    return [Evidence(turns[place].shown, (turns[place].turn_id,), place, scores[place]) for place in sorted(scores)]


def fitting_evidence(evidence: Iterable[Evidence], limit: int) -> list[Evidence]:
    """The best of the evidence, best first, as far as ``limit`` tokens go."""
    chosen, left = [], limit
    for item in sorted(evidence, key=lambda item: (-item.score, item.place)):
        left -= count_tokens(item.text)
        if left < 0:
            break
        chosen.append(item)
    return chosen
