"""Sparse matrices of named features, and the conversations that are turned into them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from scipy import sparse

from baselines.transcript import line as transcript_line
from memos.types import Conversation


class Names:
    """Feature names to columns, in the order in which they are met."""

    def __init__(self) -> None:
        self.column: dict[str, int] = {}

    def row(self, features: dict[str, float] | Sequence[str]) -> tuple[list[int], list[float]]:
        items = features.items() if isinstance(features, dict) else ((name, 1.0) for name in features)
        pairs = [(self.column.setdefault(name, len(self.column)), value) for name, value in items]
        return [column for column, _ in pairs], [value for _, value in pairs]


def height(matrix: sparse.csr_matrix) -> int:
    """Number of rows."""
    return cast("tuple[int, int]", matrix.shape)[0]


class SparseRows:
    """Collects sparse rows and makes them a matrix."""

    def __init__(self, names: Names) -> None:
        self.names, self.columns, self.values, self.ends = names, [], [], [0]

    def add(self, features: dict[str, float] | Sequence[str]) -> int:
        columns, numbers = self.names.row(features)
        self.columns += columns
        self.values += numbers
        self.ends.append(len(self.columns))
        return len(self.ends) - 2

    def matrix(self) -> sparse.csr_matrix:
        shape = (len(self.ends) - 1, len(self.names.column))
        return sparse.csr_matrix((np.array(self.values), np.array(self.columns, np.int32), np.array(self.ends)), shape)


def rendered(conversation: Conversation, wanted: Sequence[str] | None = None) -> str:
    """The conversation's transcript, or only the turns wanted."""
    keep = None if wanted is None else set(wanted)
    return "\n".join(
        transcript_line(session, turn).text
        for session, turn in conversation.turns()
        if keep is None or turn.turn_id in keep
    )
