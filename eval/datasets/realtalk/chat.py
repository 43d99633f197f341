"""One chat of RealTalk: its sessions with the time of every message, and its questions with repaired evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from eval.core.types import Question
from eval.datasets.reading import JsonPlace
from eval.datasets.realtalk import evidence
from memos.types import Conversation, Session, Turn, time_text

CATEGORIES = (1, 2, 3)
_SESSION = re.compile(r"session_(\d+)")
_OFFICIAL = re.compile(r"D(\d+):(\d+)")


@dataclass(frozen=True)
class RealTalkChat:
    """What the loader keeps of a chat."""

    conversation: Conversation
    questions: tuple[Question, ...]
    official_ids: Mapping[str, str]
    """Our turn ids, which are positions, to those of the file, which are not."""
    sessions: int
    """Sessions of the file, before they are split."""
    lost: int
    """Evidence ids of messages that were only a picture, which the file leaves out."""
    elsewhere: int
    """Links to evidence that was said on another day than its session's date."""

    @property
    def counts(self) -> tuple[int, int, int]:
        """Sessions, turns and questions."""
        return self.sessions, len(self.official_ids), len(self.questions)


@dataclass(frozen=True)
class _Message:
    official: evidence.Number
    turn: Turn
    """Without an id: that comes from its place."""
    time: datetime


def read(place: JsonPlace, raw: Any, sample_id: str, *, captions: bool, split_days: bool) -> RealTalkChat:
    """Check and read a chat.

    Args:
        place: of the chat, for messages.
        raw: the object.
        sample_id: what it is called here.
        captions: whether turns carry the captions of their pictures.
        split_days: whether sessions are cut at midnight, so that every turn has its session's date.

    Raises:
        DataError: one line with the file, the place in it and the reason.
    """
    if not isinstance(raw, dict):
        raise place.error(f"expected an object, found {raw!r:.60}")
    groups = _sessions(place, raw, captions)
    days = [list(own) for group in groups for _, own in groupby(group, key=lambda message: message.time.date())]
    sessions, official_ids = [], {}
    numbers: dict[evidence.Number, str] = {}
    for number, messages in enumerate(days if split_days else groups, 1):
        turns = []
        for place_in, message in enumerate(messages, 1):
            turn_id = f"D{number}:{place_in}"
            turn = message.turn
            turns.append(Turn(turn_id, turn.speaker, turn.text, turn.caption, message.time))
            numbers[message.official] = turn_id
            official_ids[turn_id] = f"D{message.official[0]}:{message.official[1]}"
        start = messages[0].time
        sessions.append(Session(f"session_{number}", start, time_text(start), tuple(turns)))
    own = place.get(raw, "name", dict, "an object with speaker_1 and speaker_2")
    speakers = [(place / "name").get(own, key, str, "a name") for key in ("speaker_1", "speaker_2")]
    said_by = [turn.speaker for session in sessions for turn in session.turns]
    conversation = Conversation(sample_id, tuple(dict.fromkeys((*speakers, *said_by))), tuple(sessions))
    dates = {turn.turn_id: (session, turn) for session, turn in conversation.turns()}
    questions, lost, elsewhere = [], 0, 0
    for question, names in _questions(place, raw, sample_id, numbers):
        questions.append(question)
        lost += sum(name.lost for name in names)
        elsewhere += sum(_another_day(*dates[turn_id]) for turn_id in question.evidence)
    return RealTalkChat(conversation, tuple(questions), official_ids, len(groups), lost, elsewhere)


def _another_day(session: Session, turn: Turn) -> bool:
    return session.time is not None and turn.time is not None and session.time.date() != turn.time.date()


def _sessions(place: JsonPlace, raw: Mapping[str, Any], captions: bool) -> list[list[_Message]]:
    """The messages of each session, in the order of their numbers."""
    numbers = sorted(int(m[1]) for key, own in raw.items() if (m := _SESSION.fullmatch(key)) and isinstance(own, list))
    seen: set[evidence.Number] = set()
    sessions: list[list[_Message]] = []
    for number in numbers:
        here = place / f"session_{number}"
        messages = [_message(here / i, one, captions, seen) for i, one in enumerate(raw[f"session_{number}"])]
        times = [message.time for message in messages]
        if late := next((i for i in range(1, len(times)) if times[i] < times[i - 1]), None):
            raise (here / late / "date_time").error(f"{times[late]} is before the message above it, {times[late - 1]}")
        if sessions and times and times[0] < sessions[-1][0].time:
            raise here.error(f"begins at {times[0]}, before the session above it, {sessions[-1][0].time}")
        if messages:
            sessions.append(messages)
    if not sessions:
        raise place.error("no session_<n> list with a message")
    return sessions


def _message(place: JsonPlace, raw: Any, captions: bool, seen: set[evidence.Number]) -> _Message:
    if not isinstance(raw, dict):
        raise place.error(f"expected an object, found {raw!r:.60}")
    name = place.get(raw, "dia_id", str, "an id such as D3:30")
    match = _OFFICIAL.fullmatch(name.strip())
    if not match:
        raise (place / "dia_id").error(f"expected an id such as D3:30, found {name!r:.40}")
    official = (int(match[1]), int(match[2]))
    if official in seen:
        raise (place / "dia_id").error(f"{name!r} occurs twice")
    seen.add(official)
    caption = raw.get("blip_caption") if captions else None
    text, speaker = place.get(raw, "clean_text", str, "a text"), place.get(raw, "speaker", str, "a name")
    return _Message(official, Turn("", speaker, text, caption or None), _time(place, raw))


def _time(place: JsonPlace, raw: Mapping[str, Any]) -> datetime:
    text = place.get(raw, "date_time", str, "a time such as '29.12.2023, 22:42:04'")
    try:
        return datetime.strptime(text, "%d.%m.%Y, %H:%M:%S")
    except ValueError:
        raise (place / "date_time").error(f"expected a time such as '29.12.2023, 22:42:04', found {text!r}") from None


def _questions(
    place: JsonPlace, raw: Mapping[str, Any], sample_id: str, numbers: Mapping[evidence.Number, str]
) -> Iterator[tuple[Question, Sequence[evidence.Named]]]:
    for index, item in enumerate(place.get(raw, "qa", list, "a list of questions")):
        here = place / "qa" / index
        if not isinstance(item, dict):
            raise here.error(f"expected an object, found {item!r:.60}")
        category = here.get(item, "category", int, "a category of 1 to 3")
        if category not in CATEGORIES:
            raise (here / "category").error(f"expected 1 to 3, found {category}")
        strings = item.get("evidence") or []
        if not isinstance(strings, list) or not all(isinstance(one, str) for one in strings):
            raise (here / "evidence").error(f"expected a list of texts, found {strings!r:.60}")
        names = [evidence.read(one, numbers) for one in strings]
        question = Question(
            sample_id=sample_id,
            qa_index=index,
            category=category,
            text=here.get(item, "question", str, "a text"),
            gold=here.get(item, "answer", str, "a text"),
            evidence=tuple(dict.fromkeys(turn for one in names for turn in one.turns)),
            unresolved=tuple(text for text, one in zip(strings, names, strict=True) if not one.whole),
        )
        yield question, names
