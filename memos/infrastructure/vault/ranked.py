"""Filtered top-k over a channel that ranks everything: take a few of the best, drop what the filter refuses, and only
where too few are left go deeper or rank the allowed ones alone. The result is exact in every case."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from memos.infrastructure.vault.base import Match

Ranked = list[tuple[int, float]]
"""(row id, score), best first."""


def filtered_top(
    k: int,
    fetch: Callable[[int], Ranked],
    keep: Callable[[list[int]], dict[int, str]],
    fetch_allowed: Callable[[], Ranked],
    narrow: bool,
) -> list[Match]:
    """The ``k`` best matches that the filter keeps, equal scores by cube id.

    Args:
        k: how many.
        fetch: the channel's ``n`` best, whatever the filter.
        keep: of these row ids the ones the filter keeps, with their cube ids.
        fetch_allowed: the ranking over everything that the filter keeps (slow for wide filters).
        narrow: whether the filter asks for more than live memories.
    """
    if k <= 0:
        return []
    for depth in (2 * k + 32 if narrow else k + 16, 16 * k + 256):
        ranked = fetch(depth)
        matches = _matches(ranked, keep([row for row, _ in ranked]))
        if len(ranked) < depth:
            return matches[:k]
        if len(matches) >= k and matches[k - 1].score > ranked[-1][1]:
            return matches[:k]
        if len(matches) * 8 < k:
            break
    ranked = fetch_allowed()
    end = next((end for end in range(k, len(ranked)) if ranked[end][1] < ranked[k - 1][1]), len(ranked))
    return _matches(ranked[:end], keep([row for row, _ in ranked[:end]]))[:k]


def merged(rankings: Iterable[list[Match]], k: int) -> list[Match]:
    """One ranking of several namespaces' results."""
    return sorted((match for part in rankings for match in part), key=lambda match: (-match.score, match.cube_id))[:k]


def _matches(ranked: Ranked, cube_ids: dict[int, str]) -> list[Match]:
    matches = [Match(cube_ids[row], score) for row, score in ranked if row in cube_ids]
    matches.sort(key=lambda match: (-match.score, match.cube_id))
    return matches
