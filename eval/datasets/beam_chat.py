"""A chat file of BEAM as a conversation: batches as sessions, messages as turns, the plan's marks cut."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from eval.datasets.dates import MONTHS, day_text
from eval.datasets.reading import JsonPlace, read_json
from memos.errors import DataError
from memos.types import Conversation, Session, Turn

ROLES: tuple[str, ...] = ("user", "assistant")
FILES = ("chat_trunecated.json", "chat.json")
"""Names of a chat's file, in the order the official code looks for them (sic)."""
_MARK = re.compile(r"\s*->->[^\n]{0,200}$")
_ANCHOR = re.compile(r"([A-Z][a-z]+)-(\d{1,2})-(\d{4})")


@dataclass(frozen=True, slots=True)
class ChatFile:
    """A chat as read."""

    file: Path
    truncated: bool
    conversation: Conversation
    turn_of: dict[int, str]
    """Id of a message to the id of its turn."""
    marks_cut: Mapping[str, int]
    """Role to the marks of the plan that were cut from the ends of its messages."""
    marks_left: int
    """Those that stand inside messages."""


def find_chat(place: Path) -> Path:
    """The file of a chat in its folder: the truncated one where there is one.

    Raises:
        DataError: there is none.
    """
    for name in FILES:
        if (place / name).is_file():
            return place / name
    raise DataError(f"{place}: expected {' or '.join(reversed(FILES))}, found neither")


def read_chat(file: Path, sample_id: str) -> ChatFile:
    """Read and check one chat.

    Raises:
        DataError: one line with the file, the place in it and the reason.
    """
    turn_of: dict[int, str] = {}
    sessions: list[Session] = []
    cut, left = dict.fromkeys(ROLES, 0), 0
    last = -1
    for number, (place, batch) in enumerate(_batches(JsonPlace(file), read_json(file)), 1):
        turns: list[Turn] = []
        anchor: tuple[JsonPlace, str] | None = None
        for here, message in _messages(place, batch):
            last = _next_id(here, message, last)
            role = here.get(message, "role", str, "user or assistant")
            if role not in ROLES:
                raise (here / "role").error(f"expected user or assistant, found {role!r}")
            text = here.get(message, "content", str, "a text")
            text, marks = _MARK.subn("", text)
            cut[role] += marks
            left += text.count("->->")
            turn_id = f"D{number}:{len(turns) + 1}"
            turn_of[last] = turn_id
            turns.append(Turn(turn_id, role, text))
            if anchor is None and message.get("time_anchor"):
                anchor = (here / "time_anchor", here.get(message, "time_anchor", str, "a day"))
        if not turns:
            raise place.error("a batch without messages")
        if anchor is None:
            raise place.error("no message has a time_anchor")
        time = _day(*anchor)
        if sessions and sessions[-1].time is not None and time < sessions[-1].time:
            raise anchor[0].error(f"{anchor[1]} lies before the batch before it")
        sessions.append(Session(f"session_{number}", time, day_text(time), tuple(turns)))
    if not sessions:
        raise JsonPlace(file).error("expected a list of batches, found none")
    return ChatFile(file, file.name == FILES[0], Conversation(sample_id, ROLES, tuple(sessions)), turn_of, cut, left)


def _batches(place: JsonPlace, content: Any) -> Iterator[tuple[JsonPlace, Any]]:
    """Every batch with its place: of a list of batches, or of plans that hold batches (10M)."""
    if not isinstance(content, list):
        raise place.error(f"expected a list of batches, found {type(content).__name__}")
    for index, item in enumerate(content):
        here = place / index
        if not isinstance(item, dict):
            raise here.error(f"expected an object, found {item!r:.60}")
        if "turns" in item:
            yield here, item
            continue
        plans = {name: inner for name, inner in item.items() if isinstance(inner, list)}
        if not plans:
            raise (here / "turns").error("missing; expected a list of lists of messages")
        for name, inner in plans.items():
            yield from _batches(here / str(name), inner)


def _messages(place: JsonPlace, batch: dict[str, Any]) -> Iterator[tuple[JsonPlace, dict[str, Any]]]:
    """Every message of a batch with its place."""
    place, groups = place / "turns", place.get(batch, "turns", list, "a list of lists of messages")
    for outer, group in enumerate(groups):
        if not isinstance(group, list):
            raise (place / outer).error(f"expected a list of messages, found {group!r:.60}")
        for inner, message in enumerate(group):
            here = place / outer / inner
            if not isinstance(message, dict):
                raise here.error(f"expected an object, found {message!r:.60}")
            yield here, message


def _next_id(place: JsonPlace, message: dict[str, Any], last: int) -> int:
    """The id of a message; ids are unique because they ascend."""
    number = place.get(message, "id", int, "an integer")
    if number <= last:
        raise (place / "id").error(f"expected a number above {last}, found {number}")
    return number


def _day(place: JsonPlace, text: str) -> datetime:
    """``March-15-2024`` as a day, whatever the machine's locale."""
    match = _ANCHOR.fullmatch(text.strip())
    if match and match[1] in MONTHS:
        try:
            return datetime(int(match[3]), MONTHS.index(match[1]) + 1, int(match[2]))
        except ValueError:
            pass
    raise place.error(f"expected a day such as March-15-2024, found {text!r:.40}")
