"""Progress bars tell what a command has spent so far."""

from __future__ import annotations

import io

from eval.core.progress import SpendingBar, bar, showing
from memos.llm.budget import Budget
from memos.types import Usage


def test_a_bar_that_moves_shows_dollars_and_tokens():
    budget, drawn = Budget(), io.StringIO()
    with showing(budget.shown), SpendingBar(total=3, file=drawn, mininterval=0, miniters=1) as moving:
        moving.update()
        budget.charge("gpt-4o-mini", Usage(2, 1_200_000, 300_000), 1.236)
        moving.update()
    assert "$1.24, 1.5M tokens" in drawn.getvalue()
    with SpendingBar(total=1, file=drawn, mininterval=0) as later:
        later.update()
    assert later.postfix is None, "what was shown belongs to the run that is over"


def test_bars_that_are_not_drawn_ask_nobody():
    def never() -> str:
        raise AssertionError("nobody looks")

    with showing(never):
        hidden = bar("hidden", 1)
        hidden.update()
        hidden.close()
    assert isinstance(hidden, SpendingBar)
