"""The operator's local index (paper section 5.4.1): memory units with their words, vectors and neighbours, in memory.

It is a read model of the vault: rows are added and removed as cubes are, and everything added is found by the next
search. All levels of the keyword channel (unit, window, session) come from one set of postings, and all levels of the
vector channel from one product with the query's vector, so a search is a few passes over plain arrays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from memos.errors import DataError
from memos.infrastructure.vault import kernels, nearest
from memos.language.words import terms
from memos.operation.retrieval import folds
from memos.operation.retrieval.postings import Postings
from memos.operation.retrieval.traits import traits

if TYPE_CHECKING:
    from memos.operation.retrieval.tree import Tree

SCREENED = nearest.SCREENED
"""Rows from which whole-number codes of the vectors choose the candidates for the nearest."""
SIDE = (40, 80)
"""Words a side of the near and of the wide window around a unit: one and two neighbours, of long ones a share."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is retrieved: a turn of a dialogue, or any other short memory."""

    unit_id: str
    text: str
    """What was said or is remembered, without the speaker's name."""
    speaker: str = ""
    group: str = ""
    """Session or document the unit belongs to; neighbours share it."""
    time: datetime | None = None
    """When it was said (wall clock)."""
    event: tuple[datetime, datetime] | None = None
    """Interval of the event it tells of, where that differs."""
    turn_ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    words: int = 0
    """NLTK words of the rendered unit."""

    def line(self) -> str:
        """``speaker: text``, the form that is embedded; a text that begins with the name stands alone."""
        if not self.speaker or self.text.startswith(self.speaker):
            return self.text
        return f"{self.speaker}: {self.text}"


class MemoryIndex:
    """Rows in order of insertion. ``n`` counts all rows, removed ones too; ``alive`` masks them."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self.units: list[Unit] = []
        self.terms: list[tuple[str, ...]] = []
        """Stems of each unit's content words, in order, repeats kept."""
        self.row_of: dict[str, int] = {}
        self.groups: dict[str, int] = {}
        self.speakers: dict[str, int] = {}
        self._turns: dict[tuple[str, ...], int] = {}
        self._met: Counter[str] = Counter()
        self._last: dict[int, int] = {}
        self._vectors = np.zeros((16, dim), dtype=np.float32)
        self._ints = np.zeros((8, 16), dtype=np.int64)
        self._alive = np.zeros(16, dtype=bool)
        self._postings = Postings()
        self._size = 0
        self._norms = np.ones((2, 16))
        self._spans = np.zeros((2, 16))
        self._shares = np.zeros((6, 16))
        self._totals = np.zeros(3)
        self._sessions = np.zeros(16)
        self._sum = np.zeros(dim)
        self._stale: set[int] = set()
        self._near = nearest.Nearest()
        self.rarity: dict[str, float] = {}
        """Kept for ``memos.operation.retrieval.keyword``: inverse document frequencies since the last change."""
        self.structure: tuple[tuple[int, int], Tree] | None = None
        """Kept for ``memos.operation.retrieval.paths``: rows and live rows when it was made, and the topics and
        concepts.
        """

    def __len__(self) -> int:
        return len(self.row_of)

    @property
    def n(self) -> int:
        return self._size

    @property
    def vectors(self) -> np.ndarray:
        """float32 (n, dim)."""
        return self._vectors[: self._size]

    @property
    def alive(self) -> np.ndarray:
        return self._alive[: self._size]

    @property
    def before(self) -> np.ndarray:
        """Row of the unit before in the same group, -1 at its beginning."""
        return self._ints[0, : self._size]

    @property
    def after(self) -> np.ndarray:
        return self._ints[1, : self._size]

    @property
    def group(self) -> np.ndarray:
        return self._ints[2, : self._size]

    @property
    def speaker(self) -> np.ndarray:
        return self._ints[3, : self._size]

    @property
    def lengths(self) -> np.ndarray:
        """Content words of each unit."""
        return self._ints[4, : self._size]

    @property
    def traits(self) -> np.ndarray:
        """Bits of ``memos.operation.retrieval.traits`` of each unit."""
        return self._ints[5, : self._size]

    @property
    def words(self) -> np.ndarray:
        """Words each unit brings into a context."""
        return self._ints[6, : self._size]

    @property
    def turn(self) -> np.ndarray:
        """Number of the turn of each unit; passages of a long turn share it."""
        return self._ints[7, : self._size]

    @property
    def split(self) -> bool:
        """Whether any turn may have several units."""
        return len(self._turns) < self._size

    @property
    def fold(self) -> str:
        """The fold of the ranker that left these units out; empty where none of them was fitted on."""
        return folds.chosen(self._met)

    def add(self, units: Sequence[Unit], vectors: np.ndarray) -> None:
        """Append units with their unit vectors, shape (len(units), dim). A known id is replaced by the new unit.

        Nothing is built again: a search after it takes in the new rows alone.

        Raises:
            DataError: a vector has a value that is not finite; nothing is added.
        """
        vectors = np.asarray(vectors, dtype=np.float32).reshape(len(units), self.dim)
        finite = np.isfinite(vectors).all(axis=1)
        if not finite.all():
            raise DataError(
                f"memory {units[int(np.argmin(finite))].unit_id}: its vector has a value that is not finite"
            )
        start = self._size
        self.rarity.clear()
        self._reserve(start + len(units))
        self._vectors[start : start + len(units)] = vectors
        for unit in units:
            if unit.unit_id in self.row_of:
                self.remove([unit.unit_id])
            self._append(unit)
        self._sum += self._vectors[start : self._size].sum(axis=0, dtype=np.float64)

    def _append(self, unit: Unit) -> None:
        row = self._size
        group = self.groups.setdefault(unit.group or f"\0{unit.unit_id}", len(self.groups))
        speaker = self.speakers.setdefault(unit.speaker, len(self.speakers))
        last = self._last.get(group, -1)
        line = unit.line()
        words = terms(line)
        size = unit.words or len(line.split())
        of_turn = (unit.group, *unit.turn_ids) if unit.group and len(unit.turn_ids) == 1 else (unit.unit_id,)
        turn = self._turns.setdefault(of_turn, len(self._turns))
        self._ints[:, row] = (last, -1, group, speaker, len(words), traits(unit.text), size, turn)
        if fold := folds.fold_of(unit.text):
            self._met[fold] += 1
        if last >= 0:
            self._ints[1, last] = row
        self._last[group] = row
        self._sessions[group] += len(words)
        self._totals[0] += len(words)
        self._alive[row] = True
        self._spoil(row)
        self.units.append(unit)
        self.terms.append(tuple(words))
        self.row_of[unit.unit_id] = row
        self._size += 1
        self._postings.add(row, words)

    def remove(self, unit_ids: Sequence[str]) -> None:
        """Hide units at once; unknown ids are ignored. Their neighbours become neighbours of each other."""
        self.rarity.clear()
        for unit_id in unit_ids:
            row = self.row_of.pop(unit_id, None)
            if row is None:
                continue
            self._alive[row] = False
            self._sessions[self._ints[2, row]] -= self._ints[4, row]
            self._totals[0] -= self._ints[4, row]
            self._spoil(row)
            before, after = self._ints[0, row], self._ints[1, row]
            if before >= 0:
                self._ints[1, before] = after
            if after >= 0:
                self._ints[0, after] = before
            else:
                self._last[int(self._ints[2, row])] = int(before)
            self._postings.remove(row, self.terms[row])
            if fold := folds.fold_of(self.units[row].text):
                self._met[fold] -= 1

    def window_lengths(self, reach: int) -> tuple[np.ndarray, float]:
        """Content words in the window of ``reach`` neighbours a side of each row (0 to 2), and their mean over live
        rows.
        """
        if reach:
            self._measure_stale()
            total = self._spans[reach - 1, : self._size]
        else:
            total = self.lengths
        return total, float(self._totals[reach]) / len(self) if len(self) else 1.0

    def session_lengths(self) -> np.ndarray:
        """Content words of the live units of each group. float64 (len(groups),)."""
        return self._sessions[: len(self.groups)]

    def mean_cosine(self, vector: np.ndarray) -> float:
        """Mean over all rows of the inner product with a vector."""
        return float(self._sum @ vector) / max(self._size, 1)

    def nearest(self, vector: np.ndarray, count: int, rows: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The live rows (among ``rows``, where given) whose vectors are nearest, at most ``count``, best first;
        cosines.

        Exact on every machine; equal cosines by row. float64.

        Raises:
            DataError: the vector is not ``dim`` finite numbers.
        """
        dead = self._size - len(self)
        if rows is None and count + dead < self._size // 8:
            best, cosine = self._near.rows(self.vectors, vector, count + dead, screened=SCREENED)
            live = self._alive[best]
            return best[live][:count], cosine[live][:count]
        best, cosine = self._near.rows(self.vectors, vector, count, self._living(rows), screened=SCREENED)
        return best[:count], cosine[:count]

    def pool(self, vector: np.ndarray, count: int, rows: np.ndarray | None = None) -> np.ndarray:
        """The rows that ``nearest`` gives, in no order: quicker where only they are needed.

        Raises:
            DataError: the vector is not ``dim`` finite numbers.
        """
        few = rows is None and count + self._size - len(self) < self._size // 8
        among = None if few else self._living(rows)
        return self._near.best(self.vectors, vector, count, self.alive, among, screened=SCREENED)

    def _living(self, rows: np.ndarray | None) -> np.ndarray:
        return np.flatnonzero(self.alive) if rows is None else rows[self._alive[rows]]

    def cosines(self, vector: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
        """Inner products of the rows' vectors (all rows', where none are given) with a vector. float32 (rows,)."""
        if rows is None:
            return kernels.products(self.vectors, np.asarray(vector, np.float32))
        return self._near.products(self.vectors, vector, rows)

    def window_norms(self) -> tuple[np.ndarray, np.ndarray]:
        """Lengths of the weighted sums of vectors over each row's near and wide window. float64 (n,)."""
        self._measure_stale()
        return self._norms[0, : self._size], self._norms[1, : self._size]

    def shares(self) -> np.ndarray:
        """How much of its neighbours lies in a row's windows, 0 to 1. float64 (6, n): in the near window the one
        before and the one after, in the wide one these two and the two beyond.
        """
        self._measure_stale()
        return self._shares[:, : self._size]

    def _measure_stale(self) -> None:
        if self._stale:
            rows = np.fromiter(self._stale, dtype=np.int64, count=len(self._stale))
            for start in range(0, len(rows), 4096):
                self._measure(rows[start : start + 4096])
            self._stale.clear()

    def _measure(self, rows: np.ndarray) -> None:
        left, right = self.before[rows], self.after[rows]
        far_left = np.where(left >= 0, self.before[left], -1)
        far_right = np.where(right >= 0, self.after[right], -1)
        near, far = np.stack([left, right]), np.stack([far_left, far_right])

        def sized(column: np.ndarray, places: np.ndarray) -> np.ndarray:
            return np.where(places >= 0, column[places], 0)

        def share(words: np.ndarray, room: np.ndarray | float) -> np.ndarray:
            return np.clip(room / np.maximum(words, 1), 0.0, 1.0) * (words > 0)

        beside, beyond = sized(self.words, near), sized(self.words, far)
        shares = np.concatenate([share(beside, SIDE[0]), share(beside, SIDE[1]), share(beyond, SIDE[1] - beside)])
        self._shares[:, rows] = shares

        own = self._vectors[rows]
        vectors = [np.where((places >= 0)[:, None], self._vectors[places], 0.0) for places in (*near, *far)]
        live = self._alive[rows]
        spans = np.empty((2, len(rows)))
        lengths = [sized(self.lengths, places) for places in (*near, *far)]
        for window, weights in enumerate((shares[:2], shares[2:])):
            total, length = own, self.lengths[rows].astype(np.float64)
            for weight, vector, size in zip(weights, vectors, lengths, strict=False):
                total = total + weight[:, None] * vector
                length = length + weight * size
            self._norms[window, rows] = np.maximum(np.linalg.norm(total, axis=1), 1e-9)
            spans[window] = length * live
        self._totals[1:] += (spans - self._spans[:, rows]).sum(axis=1)
        self._spans[:, rows] = spans

    def _spoil(self, row: int) -> None:
        """Mark the windows that hold a row as to be measured again."""
        self._stale.add(row)
        for link in (0, 1):
            here = row
            for _ in range(2):
                here = int(self._ints[link, here])
                if here < 0:
                    break
                self._stale.add(here)

    def posting(self, term: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Rows with a term and its counts there; None where no unit has it."""
        return self._postings.of(term)

    def holding(self, term: str) -> int:
        """How many live units have a term."""
        return self._postings.count(term)

    def _reserve(self, size: int) -> None:
        room = len(self._alive)
        if size <= room:
            return
        room = max(size, 2 * room)
        self._vectors, self._ints = _taller(self._vectors, room), _grown(self._ints, room)
        self._norms, self._spans = _grown(self._norms, room, 1.0), _grown(self._spans, room)
        self._shares = _grown(self._shares, room)
        self._sessions, self._alive = _grown(self._sessions, room), _grown(self._alive, room)


def _taller(matrix: np.ndarray, room: int) -> np.ndarray:
    """The same rows with room for more; what is not yet used takes no memory."""
    out = np.zeros((room, matrix.shape[1]), matrix.dtype)
    out[: len(matrix)] = matrix
    return out


def _grown(array: np.ndarray, room: int, empty: float = 0.0) -> np.ndarray:
    """The same values with room for more along the last axis; the new places hold ``empty``."""
    out = np.zeros((*array.shape[:-1], room), array.dtype)
    out[..., : array.shape[-1]] = array
    if empty:
        out[..., array.shape[-1] :] = empty
    return out
