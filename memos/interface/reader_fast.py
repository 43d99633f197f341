"""MemReader, fast extraction: memories from dialogue without a model (docs/memos.md#reading, C10).

One memory a turn, several of a long one (``long_turns``): what was said with the image's caption, who said it, the
names in it, and the time of the event it tells of, resolved against the time of speaking and kept apart from the record
time. Every memory names its turn.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from memos.cube import MemCube, Source, new_cube
from memos.cube.clock import UNSET, Clock, Ids
from memos.language import dates
from memos.language.dates_text import say
from memos.language.names import names
from memos.operation.retrieval.long_turns import passages_of
from memos.types import Session, Turn

_SURE = ("day", "weekend", "week", "month", "quarter", "season", "year", "decade")


def event_of(text: str, said_at: datetime | None) -> dates.Mention | None:
    """The time a sentence tells of: the finest exact interval it names; vague words count where nothing better is."""
    if said_at is None:
        return None
    mentions = dates.find(text, said_at)
    exact = [mention for mention in mentions if not mention.vague]
    return min(exact or mentions, key=lambda m: _SURE.index(m.grain) if m.grain in _SURE else len(_SURE), default=None)


def turn_cube(
    turn: Turn,
    session: Session,
    *,
    dialogue: str,
    owner: str,
    ids: Ids,
    clock: Clock,
    position: int | None = None,
    namespace: str = "default",
    tier: str = "long_term",
    tags: tuple[str, ...] = (),
    passage: str | None = None,
) -> MemCube:
    """The memory of one turn, or of one passage of it. A turn without words and caption gives a memory that says so."""
    said = passage or turn.said.strip() or "(said nothing)"
    text = passage or turn.text
    said_at = session.time_of(turn)
    event = event_of(text, said_at)
    attributes: dict[str, object] = {"time_text": session.time_text_of(turn)}
    if said_at is not None:
        attributes["said_at"] = said_at.isoformat()
    if event is not None:
        attributes["event"] = say(event)
    if turn.caption:
        attributes["caption"] = turn.caption
    return new_cube(
        said,
        owner=owner,
        ids=ids,
        clock=clock,
        governance={"namespace": namespace},
        tier=tier,
        state="activated",
        semantic_type="episode",
        speaker=turn.speaker,
        tags=tags,
        entities=names(text),
        sources=(Source(dialogue=dialogue, session=session.session_id, turn=turn.turn_id),),
        position=position,
        trigger="read:fast",
        event_start=event.start if event else None,
        event_end=event.end if event else None,
        attributes=attributes,
    )


def read_session(
    session: Session,
    *,
    dialogue: str,
    owner: str,
    ids: Ids,
    clock: Clock,
    start: int = 0,
    namespace: str = "default",
    tags: tuple[str, ...] = (),
) -> list[MemCube]:
    """The memories of a session's turns in order, one for each turn or passage of a long turn.

    Args:
        start: position of the first memory in the dialogue.
    """
    passages = [
        (turn, passage if len(of_turn) > 1 else None)
        for turn in session.turns
        for of_turn in (passages_of(turn.said.strip()),)
        for passage in of_turn
    ]
    return [
        turn_cube(
            turn,
            session,
            dialogue=dialogue,
            owner=owner,
            ids=ids,
            clock=clock,
            position=start + place,
            namespace=namespace,
            tags=tags,
            passage=passage,
        )
        for place, (turn, passage) in enumerate(passages)
    ]


class SessionClock:
    """A clock that stands at the wall-clock time of the session being read, taken as UTC."""

    def __init__(self, start: datetime = UNSET) -> None:
        self.now = start.replace(tzinfo=UTC)

    def set(self, time: datetime | None) -> None:
        """Move to a session's time; a session without a time leaves the clock where it is."""
        if time is not None:
            self.now = (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)

    def __call__(self) -> datetime:
        return self.now


def speakers_of(cubes: Iterable[MemCube]) -> tuple[str, ...]:
    """Speakers of memories, in order of appearance."""
    return tuple(dict.fromkeys(cube.descriptive.speaker for cube in cubes if cube.descriptive.speaker))
