"""Which prompts share a prefix: plans batches so that each long common start is encoded once. No model code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Ids = Sequence[int]


@dataclass(frozen=True, slots=True)
class Group:
    """Prompts that start with the same tokens."""

    shared: int
    """Length of the common prefix in tokens; shorter than each member."""
    members: tuple[int, ...]
    """Indexes of the prompts."""


def common_length(a: Ids, b: Ids) -> int:
    """Number of leading tokens two sequences share."""
    low, high = 0, min(len(a), len(b))
    if a[:high] == b[:high]:
        return high
    while high - low > 1:  # a and b differ somewhere in [low, high); halve towards the first difference
        middle = (low + high) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle
    return low


def group(prompts: Sequence[Ids], min_shared: int, min_saved: int = 0) -> list[Group]:
    """Partition prompts into groups by common prefix.

    Prompts are sorted; neighbours stay together while they share at least half of the shorter one (the questions of
    one conversation). Prompts that share less, and neighbours whose group would save fewer than ``min_saved`` tokens
    of encoding (decoding them in a batch of their own costs more), are gathered in a group that shares what
    they all start with (a system prompt). A common start shorter than ``min_shared`` tokens counts as none.
    """
    order = sorted(range(len(prompts)), key=lambda index: tuple(prompts[index]))
    runs: list[tuple[int, list[int]]] = []
    for index in order:
        ids = prompts[index]
        if runs:
            shared, members = runs[-1]
            both = min(shared, common_length(prompts[members[-1]], ids))
            if both >= max(min_shared, min(len(ids), *(len(prompts[m]) for m in members)) // 2):
                runs[-1] = (both, [*members, index])
                continue
        runs.append((len(ids), [index]))
    alone = [len(members) == 1 or shared * (len(members) - 1) < min_saved for shared, members in runs]
    groups = [_closed(prompts, members, min_shared) for (_, members), one in zip(runs, alone, strict=True) if not one]
    strays = [index for (_, members), one in zip(runs, alone, strict=True) if one for index in members]
    if strays:
        groups.append(_closed(prompts, strays, min_shared))
    return groups


def _closed(prompts: Sequence[Ids], members: Sequence[int], min_shared: int) -> Group:
    """A group over sorted members; its prefix leaves at least one token of each member to be encoded."""
    shared = common_length(prompts[members[0]], prompts[members[-1]]) if len(members) > 1 else 0
    shared = min([shared, *(len(prompts[index]) - 1 for index in members)])
    return Group(shared if shared >= min_shared else 0, tuple(members))


def batches(lengths: Sequence[int], max_rows: int, max_tokens: int) -> list[list[int]]:
    """Split rows of the given lengths into batches of similar length.

    Each has at most ``max_rows`` rows and, padded to its longest row, at most ``max_tokens`` tokens (one row is
    always allowed). Returns positions in ``lengths``.
    """
    order = sorted(range(len(lengths)), key=lambda position: lengths[position])
    out: list[list[int]] = []
    for position in order:
        if out and len(out[-1]) < max_rows and (len(out[-1]) + 1) * lengths[position] <= max_tokens:
            out[-1].append(position)
        else:
            out.append([position])
    return out
