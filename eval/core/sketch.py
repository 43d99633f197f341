"""Sketches of conversations: which turns two of them share can be told from their sketches, their texts cannot.

A turn's text is cut into shingles (runs of ``SHINGLE`` words, letters and digits alone, without case). Each shingle has
two hashes, and the least of each over a turn are the turn's two marks (MinHash, Broder 1997). Two turns that share a
mark are taken for the same: always where their words are the same; of LOCOMO's turns 92 in a hundred where one word in
fifty was changed, and 67 where one in ten was. Two different conversations of LOCOMO share at most 5 in a hundred.
Ids, speakers, captions, times, the order of sessions and the limits of sessions play no part.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from memos.types import Conversation

SHINGLE = 5
"""Words of a shingle."""
LEAST_WORDS = 6
"""A turn of fewer words has no marks: "thanks, that sounds great" is said everywhere."""
_WORD = re.compile(r"[^\W_]+")
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
"""Odd multipliers, one a hash."""


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """What is kept of one conversation."""

    digest: str
    """Digest (16 hex digits) of the words of all its turns, in whatever order they stand."""
    marks: np.ndarray
    """uint32 (turns with marks, 2): the two marks of each turn, in the order of the first mark."""

    @property
    def turns(self) -> int:
        """Turns that are long enough to have marks."""
        return len(self.marks)

    def shared(self, other: Sketch) -> int:
        """How many of its turns the other one has, too."""
        return int((np.isin(self.marks[:, 0], other.marks[:, 0]) | np.isin(self.marks[:, 1], other.marks[:, 1])).sum())


_KNOWN: dict[tuple[str, int], Sketch] = {}
"""Sketches made before, by id and hash of the conversation, which itself is not kept."""


def sketch(conversation: Conversation) -> Sketch:
    """The sketch of a conversation; made once a process, however many components are held against it."""
    key = (conversation.sample_id, hash(conversation))
    if key not in _KNOWN:
        _KNOWN[key] = sketch_of(turn.text for _, turn in conversation.turns())
    return _KNOWN[key]


def sketch_of(texts: Iterable[str]) -> Sketch:
    """The sketch of a conversation whose turns say this."""
    said = [_WORD.findall(text.casefold()) for text in texts]
    lines = sorted(" ".join(words) for words in said if words)
    digest = hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return Sketch(digest, _marks([words for words in said if len(words) >= LEAST_WORDS]))


def _marks(turns: Sequence[Sequence[str]]) -> np.ndarray:
    if not turns:
        return np.zeros((0, 2), np.uint32)
    known: dict[str, int] = {}
    codes = [known.setdefault(w, zlib.crc32(w.encode("utf-8", "surrogatepass"))) for words in turns for w in words]
    hashes = np.array(codes, np.uint64)
    sizes = np.array([len(words) for words in turns])
    run = np.zeros(len(hashes) - SHINGLE + 1, np.uint64)
    for step in range(SHINGLE):
        run = run * _MIX[0] + hashes[step : step + len(run)] + np.uint64(1)
    ends = np.cumsum(sizes)
    first = ends - sizes
    whole = np.ones(len(run), bool)  # shingles that lie within one turn
    for end in ends[:-1]:
        whole[end - SHINGLE + 1 : end] = False
    columns = []
    for multiplier in _MIX:
        mixed = (run ^ (run >> np.uint64(29))) * multiplier
        hashed = (mixed ^ (mixed >> np.uint64(32))).astype(np.uint32)
        hashed[~whole] = np.iinfo(np.uint32).max
        columns.append(np.minimum.reduceat(hashed, first))
    marks = np.stack(columns, 1)
    return marks[np.lexsort(marks.T[::-1])]
