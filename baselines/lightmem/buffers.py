"""LightMem's two buffers: turns until they are cut into segments by topic, segments until they make a batch
(docs/systems.md#lightmem).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from baselines.heard import HeardTurn, heard_again, heard_state
from memos.language.words import stems

NEAR = 3
"""Turns that a boundary by cosine may lie from one by words."""
Cut = Callable[[Sequence[HeardTurn]], list[int]]
"""Turns of a full buffer to the indexes at which a new segment begins."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Neighbouring turns on one topic."""

    topic: int
    """Counts up in a conversation."""
    turns: tuple[HeardTurn, ...]
    tokens: int


def fine_boundaries(cosines: Sequence[float]) -> list[int]:
    """Where neighbouring turns are less alike than the first of 0.20, 0.25 … 0.50 that any pair lies below.

    Args:
        cosines: of turns i and i + 1, at index i.

    Returns:
        Indexes of turns that begin a segment; empty where all neighbours are alike.
    """
    for step in range(7):
        boundaries = [index + 1 for index, cosine in enumerate(cosines) if cosine < 0.20 + 0.05 * step]
        if boundaries:
            return boundaries
    return []


def coarse_boundaries(texts: Sequence[str]) -> list[int]:
    """Where neighbours share fewer words than the pairs before and after them. It stands in for the attention of
    LLMLingua-2.
    """
    pairs = zip(texts, texts[1:], strict=False)
    shared = [len(stems(a) & stems(b)) / max(1, len(stems(a) | stems(b))) for a, b in pairs]
    return [i + 1 for i in range(1, len(shared) - 1) if shared[i - 1] > shared[i] < shared[i + 1]]


def agreed(fine: Sequence[int], coarse: Sequence[int]) -> list[int]:
    """Fine boundaries near a coarse one; all of them where none is near, none where there is no coarse one."""
    if not coarse:
        return []
    return [index for index in fine if any(abs(index - other) <= NEAR for other in coarse)] or list(fine)


class SensoryBuffer:
    """Turns up to ``limit`` tokens; one that does not fit has the buffer cut before it enters."""

    def __init__(self, limit: int, count: Callable[[str], int], cut: Cut) -> None:
        self._limit, self._tokens, self._cut = limit, count, cut
        self.turns: list[HeardTurn] = []

    def tokens(self, turns: Sequence[HeardTurn]) -> int:
        """Tokens of what was said in some turns."""
        return sum(self._tokens(item.turn.said) for item in turns)

    def add(self, item: HeardTurn) -> list[tuple[HeardTurn, ...]]:
        """Take a turn; the segments that had to make room for it. A turn longer than the buffer is one of its own."""
        size, pieces = self.tokens([item]), []
        while self.turns and self.tokens(self.turns) + size > self._limit:
            pieces += self._segments()
        if size > self._limit:
            return [*pieces, (item,)]
        self.turns.append(item)
        return pieces

    def flush(self) -> list[tuple[HeardTurn, ...]]:
        """Everything that waits, the part behind the last boundary included."""
        pieces = self._segments() if self.turns else []
        tail, self.turns = tuple(self.turns), []
        return [*pieces, tail] if tail else pieces

    def _segments(self) -> list[tuple[HeardTurn, ...]]:
        """Cut the buffer: what lies behind the last boundary stays; without a boundary the whole of it goes."""
        starts = self._cut(self.turns) or [len(self.turns)]
        pieces = [tuple(self.turns[a:b]) for a, b in zip([0, *starts], starts, strict=False)]
        self.turns = self.turns[starts[-1] :]
        return pieces


class Batcher:
    """Turns to batches of segments, each of which one extraction reads.

    Args:
        sensory_tokens: room of the first buffer.
        batch_tokens: a batch is closed before a segment that would take it beyond.
        count: tokens of a text.
        cut: where a full buffer is cut.
    """

    def __init__(self, sensory_tokens: int, batch_tokens: int, count: Callable[[str], int], cut: Cut) -> None:
        self._sensory = SensoryBuffer(sensory_tokens, count, cut)
        self._limit = batch_tokens
        self._waiting: list[Segment] = []
        self._topics = 0

    def add(self, item: HeardTurn) -> list[list[Segment]]:
        """The batches that a turn closes."""
        return [batch for piece in self._sensory.add(item) for batch in self.put(piece)]

    def put(self, piece: tuple[HeardTurn, ...]) -> list[list[Segment]]:
        """Take a segment; the batch that had to make room for it, if any."""
        segment = Segment(self._topics, piece, self._sensory.tokens(piece))
        self._topics += 1
        full = self._waiting and sum(item.tokens for item in self._waiting) + segment.tokens > self._limit
        batches = [self._waiting] if full else []
        self._waiting = [segment] if full else [*self._waiting, segment]
        return batches

    def flush(self) -> list[list[Segment]]:
        """The last batches, after which nothing waits."""
        batches = [batch for piece in self._sensory.flush() for batch in self.put(piece)]
        last, self._waiting = self._waiting, []
        return [*batches, last] if last else batches

    def state(self) -> dict[str, Any]:
        """What waits, as JSON."""
        waiting = [[item.topic, heard_state(item.turns), item.tokens] for item in self._waiting]
        return {"sensory": heard_state(self._sensory.turns), "waiting": waiting, "topics": self._topics}

    def restore(self, state: Mapping[str, Any]) -> None:
        self._sensory.turns = heard_again(state["sensory"])
        self._waiting = [Segment(topic, tuple(heard_again(turns)), size) for topic, turns, size in state["waiting"]]
        self._topics = state["topics"]
