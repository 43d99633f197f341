"""MemoryOS' pages: what one speaker says and what the other replies (docs/systems.md#memoryos)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from baselines.heard import HeardTurn, heard, heard_again, heard_state
from memos.types import Session


@dataclass
class Page:
    """One side's words and the reply. Either may be missing where pages are made as ``fixed``."""

    asked: list[HeardTurn] = field(default_factory=list)
    replied: list[HeardTurn] = field(default_factory=list)
    time_text: str = ""
    """Of the session in which the page was opened."""
    session_id: str = ""
    meta: str = ""
    previous: int | None = None
    """Position of the page that it continues."""
    keywords: list[str] = field(default_factory=list)
    analysed: bool = False

    @property
    def user(self) -> str:
        """What the first speaker said."""
        return " ".join(item.turn.said for item in self.asked)

    @property
    def reply(self) -> str:
        """What was replied."""
        return " ".join(item.turn.said for item in self.replied)

    @property
    def turns(self) -> list[HeardTurn]:
        return [*self.asked, *self.replied]

    @property
    def turn_ids(self) -> tuple[str, ...]:
        return tuple(item.turn.turn_id for item in self.turns)

    def state(self) -> dict[str, Any]:
        sides = {"asked": heard_state(self.asked), "replied": heard_state(self.replied)}
        fields = ("time_text", "session_id", "meta", "previous", "keywords", "analysed")
        return {**sides, **{name: getattr(self, name) for name in fields}}

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Page:
        return cls(**{**state, "asked": heard_again(state["asked"]), "replied": heard_again(state["replied"])})


class Pager:
    """Turns to pages.

    As released, a turn of the first speaker opens a page, and any other turn overwrites the reply of the last page,
    even in the next session; a page without one of its sides is dropped. As ``fixed``, neighbouring turns of a side are
    joined, pages end with their session, and one side is enough.

    Args:
        first: the speaker whose turns open pages.
        fixed: whether pages are made as fixed.
    """

    def __init__(self, first: str, fixed: bool) -> None:
        self._first, self._fixed = first, fixed
        self._open: Page | None = None
        self.lost: dict[str, int] = {}
        """``pages`` dropped for a missing side, and ``turns`` that reach no page."""

    def add(self, session: Session) -> list[Page]:
        """The pages that a session closes."""
        closed = [self._take(item) for item in heard(session)]
        if self._fixed:
            closed.append(self.flush())
        return [page for page in closed if page is not None]

    def _take(self, item: HeardTurn) -> Page | None:
        """Put a turn into the open page; the one it closes, if any."""
        own, page, closed = item.turn.speaker == self._first, self._open, None
        if page is None or (own and (not self._fixed or page.replied)):
            closed = self.flush()
            page = self._open = Page(time_text=item.time_text, session_id=item.session.session_id)
        side = page.asked if own else page.replied
        if not own and side and not self._fixed:
            self._lose("turns", len(side))
            side.clear()
        side.append(item)
        return closed

    def flush(self) -> Page | None:
        """The page that is still open, where it is of use."""
        page, self._open = self._open, None
        if page is None or self._fixed or (page.asked and page.replied):
            return page
        self._lose("pages", 1)
        self._lose("turns", len(page.turns))
        return None

    def _lose(self, what: str, count: int) -> None:
        self.lost[what] = self.lost.get(what, 0) + count

    def state(self) -> dict[str, Any]:
        """The open page and what was lost, as JSON."""
        return {"open": self._open.state() if self._open else None, "lost": dict(self.lost)}

    def restore(self, state: Mapping[str, Any]) -> None:
        self._open = Page.of(state["open"]) if state["open"] else None
        self.lost = dict(state["lost"])


def chain(pages: Sequence[Page], last: int) -> list[int]:
    """Positions of the pages that a page continues, the nearest first."""
    earlier, place = [], pages[last].previous
    while place is not None:
        earlier.append(place)
        place = pages[place].previous
    return earlier
