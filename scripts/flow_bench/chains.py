"""The longest chain of calls of a conversation in which each must wait for the one before (docs/systems.md).

Counted from what the server was asked, whatever order it was asked in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

Call = Mapping[str, str | int]
"""An entry of the server's log: ``kind``, ``talk`` and ``chain``."""


def longest(system: str, calls: Sequence[Call]) -> int:
    """Calls in the longest chain of any conversation."""
    talks = {call["talk"] for call in calls}
    return max(CHAINS[system]([call for call in calls if call["talk"] == talk]) for talk in talks)


def _mem0(calls: Sequence[Call]) -> int:
    """An extraction, then the decisions on one speaker's store, each on what the one before left."""
    stores = Counter(call["chain"] for call in calls if call["kind"] == "memory")
    return 1 + max(stores.values(), default=0)


def _zep(calls: Sequence[Call]) -> int:
    """Entities of the first message, its facts; then resolution, comparisons and summaries of each message in turn."""
    kinds = Counter(call["kind"] for call in calls)
    return 2 + kinds["resolutions"] + kinds["contradicted+duplicates"] + kinds["summaries"]


def _langmem(calls: Sequence[Call]) -> int:
    """The first session's searches, then one step of the manager a session."""
    return 1 + sum(call["kind"] == "insert+patch+remove" for call in calls)


def _memos(calls: Sequence[Call]) -> int:
    """A reading, then the comparison of each new memory with what is stored, with all its neighbours at once."""
    return 1 + len({call["chain"] for call in calls if call["kind"] == "relation"})


CHAINS: Mapping[str, Callable[[Sequence[Call]], int]] = {
    "mem0": _mem0,
    "zep": _zep,
    "langmem": _langmem,
    "memos": _memos,
}
