"""How MemSifter puts sessions in order and how many of them it reads (docs/systems.md#memsifter)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

BEST_TURNS = 3
"""Turns whose mean cosine is a session's; the released code cuts a session to one vector of 512 tokens."""
POINTS = 10.0
"""Score of the last of the sessions that were ranked; cosines lie below it."""


def session_cosines(cosines: np.ndarray, owners: Sequence[int], sessions: int) -> list[float]:
    """The mean of the best turns of each session.

    Args:
        cosines: float32, one a turn.
        owners: position of each turn's session.
        sessions: how many there are; one without turns has -1.
    """
    by_session: list[list[float]] = [[] for _ in range(sessions)]
    for owner, cosine in zip(owners, cosines.tolist(), strict=True):
        by_session[owner].append(cosine)
    best = [sorted(own, reverse=True)[:BEST_TURNS] for own in by_session]
    return [sum(top) / len(top) if top else -1.0 for top in best]


def in_order(scores: Sequence[float]) -> list[int]:
    """Positions by score, best first, equal ones in their order."""
    return sorted(range(len(scores)), key=lambda place: -scores[place])


def with_ranking(ranking: Sequence[int], cosines: Sequence[float]) -> list[float]:
    """Scores of all sessions once some are ranked: these get ten points a place, the others keep their cosines.

    Positions that do not exist, and repeats, are left out of the ranking.
    """
    ranked = list(dict.fromkeys(place for place in ranking if 0 <= place < len(cosines)))
    scores = list(cosines)
    for place, session in enumerate(ranked):
        scores[session] = POINTS * (len(ranked) - place)
    return scores


def fitting(order: Sequence[int], sizes: Sequence[int], room: int, skip_too_long: bool) -> list[int]:
    """The sessions that are read: in order until the first that does not fit.

    Args:
        order: positions, best first.
        sizes: tokens of each session.
        room: tokens.
        skip_too_long: go on behind one that does not fit.

    Returns:
        Positions in that order; the first of ``order`` at least, however long it is.
    """
    chosen, left = [], room
    for place in order:
        if sizes[place] <= left:
            chosen.append(place)
            left -= sizes[place]
        elif not skip_too_long:
            break
    return chosen or list(order[:1])


def listwise(
    order: Sequence[int], sizes: Sequence[int], window: int, rank: Callable[[Sequence[int]], Sequence[int]]
) -> list[int]:
    """The ranking of a list that may be longer than what a model reads at once.

    Windows of ``window`` tokens go from the end of the list to its start, each over the front half of the one before,
    so that what is ranked high moves on with them. Within a window sessions are shown in time order.

    Args:
        order: positions, best first by a cheaper rule.
        sizes: tokens of each.
        window: tokens of a window.
        rank: positions in time order to those of them that matter, best first.

    Returns:
        What the window at the start of the list ranked.
    """
    listed = list(order)
    end = len(listed)
    while True:
        start = end
        total = 0
        while start > 0 and (start == end or total + sizes[listed[start - 1]] <= window):
            start -= 1
            total += sizes[listed[start]]
        shown = listed[start:end]
        ranked = [place for place in dict.fromkeys(rank(sorted(shown))) if place in shown]
        if start == 0:
            return ranked
        listed[start:end] = [*ranked, *(place for place in shown if place not in ranked)]
        end = start + (end - start + 1) // 2 if end - start > 1 else start
