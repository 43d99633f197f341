"""ConvoMem's evidence items and fillers as they stand in the files."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.datasets.reading import JsonPlace, read_json
from memos.errors import DataError

Line = tuple[str, str]
"""Speaker and text."""
KINDS = {
    "user_evidence": "user facts",
    "assistant_facts_evidence": "assistant facts",
    "changing_evidence": "changing facts",
    "abstention_evidence": "abstention",
    "preference_evidence": "preferences",
    "implicit_connection_evidence": "implicit connections",
}
"""Folder to category."""
_COUNT = re.compile(r"(\d+)_evidence")
_SPEAKERS = {"user": "User", "assistant": "Assistant"}


@dataclass(frozen=True)
class ShortChat:
    """One short conversation."""

    chat_id: str
    lines: tuple[Line, ...]
    evidence: bool


@dataclass(frozen=True)
class Item:
    """A question with the chats that hold its answer."""

    place: JsonPlace
    kind: str
    count: int
    """Messages of evidence, by the folder."""
    question: str
    answer: str
    messages: tuple[Line, ...]
    """The evidence, as texts."""
    chats: tuple[ShortChat, ...]
    person: str


def drawn(folder: Path, counts: Sequence[int] | None, each: int, seed: int) -> list[Item]:
    """A seeded sample: at most ``each`` items of every category and number of evidence messages.

    Files are opened in a seeded order until there are enough items, so a small sample reads little.

    Raises:
        DataError: the folder holds none of what is wanted, or a file is malformed.
    """
    root = next((at for at in (folder / "core_benchmark" / "evidence_questions", folder) if at.is_dir()), folder)
    out: list[Item] = []
    for kind in KINDS:
        for cell in sorted((root / kind).glob("*_evidence"), key=_count):
            if counts is None or _count(cell) in counts:
                out += _of_cell(cell, kind, each, random.Random(f"{seed}:{kind}:{_count(cell)}"))
    if not out:
        raise DataError(f"{root}: no evidence items; expected folders such as user_evidence/1_evidence with JSON files")
    return out


def _count(cell: Path) -> int:
    match = _COUNT.fullmatch(cell.name)
    return int(match[1]) if match else 0


def _of_cell(cell: Path, kind: str, each: int, draw: random.Random) -> list[Item]:
    files = sorted(cell.rglob("*.json"))
    draw.shuffle(files)
    items: list[Item] = []
    for file in files:
        if len(items) >= each:
            break
        own = [item for item in _items(file, kind, _count(cell))]
        draw.shuffle(own)
        items += own[: each - len(items)]
    return sorted(items, key=lambda item: (str(item.place.path), item.place.at))


def _items(file: Path, kind: str, count: int) -> Iterator[Item]:
    for place, raw in _raw_items(file):
        messages = tuple(
            _line(place / "message_evidences" / i, one)
            for i, one in enumerate(place.get(raw, "message_evidences", list, "a list of messages"))
        )
        yield Item(
            place=place,
            kind=KINDS[kind],
            count=count,
            question=place.get(raw, "question", str, "a text"),
            answer=place.get(raw, "answer", str, "a text"),
            messages=messages,
            chats=tuple(_chats(place, raw)),
            person=str(raw.get("personId") or ""),
        )


def _raw_items(file: Path) -> Iterator[tuple[JsonPlace, Mapping[str, Any]]]:
    content, place = read_json(file), JsonPlace(file)
    if not isinstance(content, dict):
        raise place.error(f"expected an object with evidence_items, found {type(content).__name__}")
    for index, raw in enumerate(place.get(content, "evidence_items", list, "a list of items")):
        here = place / "evidence_items" / index
        if not isinstance(raw, dict):
            raise here.error(f"expected an object, found {raw!r:.60}")
        yield here, raw


def _chats(place: JsonPlace, raw: Mapping[str, Any]) -> Iterator[ShortChat]:
    for index, one in enumerate(place.get(raw, "conversations", list, "a list of conversations")):
        here = place / "conversations" / index
        if not isinstance(one, dict):
            raise here.error(f"expected an object, found {one!r:.60}")
        messages = here.get(one, "messages", list, "a list of messages")
        lines = tuple(_line(here / "messages" / i, message) for i, message in enumerate(messages))
        name = str(one.get("id") or "")
        if lines:
            yield ShortChat(name, lines, one.get("containsEvidence") is True)


def _line(place: JsonPlace, raw: Any) -> Line:
    if not isinstance(raw, dict):
        raise place.error(f"expected a message, found {raw!r:.60}")
    speaker = place.get(raw, "speaker", str, "User or Assistant")
    if speaker.strip().lower() not in _SPEAKERS:
        raise (place / "speaker").error(f"expected User or Assistant, found {speaker!r:.40}")
    return _SPEAKERS[speaker.strip().lower()], place.get(raw, "text", str, "a text")


def fillers(folder: Path) -> list[ShortChat]:
    """All chats of a folder of filler files, each text once.

    Raises:
        DataError: there are none, or a file is malformed.
    """
    held: dict[tuple[Line, ...], ShortChat] = {}
    for file in sorted(folder.rglob("*.json")):
        for place, raw in _raw_items(file):
            for chat in _chats(place, raw):
                held.setdefault(chat.lines, ShortChat(chat.chat_id, chat.lines, False))
    if not held:
        raise DataError(f"{folder}: no filler conversations; expected JSON files with evidence_items")
    return list(held.values())
