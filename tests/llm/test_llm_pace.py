"""The window of calls under way, on a clock of its own: how near callers come to what a server takes."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from memos.llm.pace import Pace, Sent


@dataclass(frozen=True)
class Simulated:
    """How a simulated run went."""

    seconds: float
    refused: int
    pace: Pace


def simulate(
    refuses: Callable[[float, int], bool],
    *,
    calls: int = 3000,
    callers: int = 64,
    reply_s: float = 0.2,
    refusal_s: float = 0.01,
    pause_s: float | None = 0.0,
) -> Simulated:
    """Callers that ask again and again, until so many calls came through.

    Args:
        refuses: from the time and the calls that the server has under way, whether it refuses one more.
        reply_s, refusal_s: how long it takes to reply, and to refuse.
        pause_s: what it asks to wait with a refusal; None: it does not say.
    """
    pace, now, number, idle, done, refused, under_way = Pace(), 0.0, 0, callers, 0, 0, 0
    ends: list[tuple[float, int, bool, Sent]] = []
    while done < calls:
        wait = 0.0
        while idle and not wait:
            pace.fill(now, {})
            sent = pace.admit(now, "1", 1.0)
            if not isinstance(sent, Sent):
                wait = sent
                continue
            refusal, idle, number = refuses(now, under_way), idle - 1, number + 1
            under_way += not refusal
            heapq.heappush(ends, (now + (refusal_s if refusal else reply_s), number, refusal, sent))
        now = min([end for end, *_ in ends[:1]] + ([now + wait] if wait else []))
        while ends and ends[0][0] <= now:
            _, _, refusal, sent = heapq.heappop(ends)
            pace.fill(now, {})
            pace.left(now, sent)
            idle += 1
            if refusal:
                refused += 1
                pace.refused(now, sent, pause_s, 0.25, {})
            else:
                done, under_way = done + 1, under_way - 1
                pace.came_through(now, sent, 1.0, {})
        assert Pace.from_json(pace.to_json(), now) == pace  # as another process reads it
    return Simulated(now, refused, pace)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("share", [0.05, 0.2])
def test_refusals_at_random_do_not_narrow_the_window(share, seed):
    """A gateway that fails one call in five, whatever is under way: 64 callers take at most three times what 64 calls
    at once take (1.3 to 2.6); a window that is cut to a quarter at each took 28 times as long."""
    draw = random.Random(seed)
    assert simulate(lambda now, under_way: draw.random() < share).seconds < 3 * 3000 / 64 * 0.2


@pytest.mark.parametrize("most", [3, 16, 50])
@pytest.mark.parametrize("pause_s", [0.0, 1.0])
def test_a_server_that_takes_so_many_at_once_gets_so_many(most, pause_s):
    """Near its own time, and few calls are sent in vain once its limit is found."""
    ran = simulate(lambda now, under_way: under_way >= most, pause_s=pause_s)
    assert ran.seconds < 1.35 * 3000 / most * 0.2
    assert ran.refused < 64 + (0.1 if most > 3 else 0.5) * 3000


@pytest.mark.parametrize("pause_s", [None, 1.0])
def test_after_an_outage_the_window_opens_again(pause_s):
    """Ten seconds without a reply: few calls are spent on it, and it costs little more than itself."""
    ran = simulate(lambda now, under_way: 2 < now < 12, pause_s=pause_s)
    assert ran.refused < 64 + 2 * 12
    assert ran.seconds < 10 + 2.5 * 3000 / 64 * 0.2


def test_a_window_is_what_was_under_way_and_grows():
    pace = Pace()
    calls = [pace.admit(1.0, "1", 1.0) for _ in range(16)]
    for sent in calls[:8]:
        pace.left(2.0, sent)
        pace.refused(2.0, sent, 0.5, 0.1, {})
    assert pace.window == 8.0 and pace.threshold == 8.0 and pace.refusals == 1
    assert pace.admit(2.1, "1", 1.0) == pytest.approx(0.4)
    for sent in calls[8:14]:
        pace.left(2.2, sent)
        pace.refused(2.2, sent, 0.5, 0.1, {})
    assert pace.window == 2.0
    again = [pace.admit(2.8, "1", 1.0) for _ in range(2)]
    assert not any(isinstance(sent, Sent) for sent in again)  # two are under way
    for sent in calls[14:]:
        pace.left(2.9, sent)
        pace.came_through(2.9, sent, 1, {})
    assert pace.window == 4.0
    pace.window = 8.0
    pace.came_through(2.95, calls[15], 1, {})
    assert pace.window == 8.0  # it is held for a while after a wait that was asked for
    pace.came_through(9.0, calls[15], 1, {})
    assert pace.window == 8.125
