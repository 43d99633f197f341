"""The LOCOMO loader: any file in LOCOMO's format, checked, with the official file recognised by its content.

Facts and traps of the format: docs/protocol.md#data-set. Sessions are iterated by their lists (conv-26 has 16 dates
without a session); answers may be integers; evidence strings may be malformed; questions are keyed by position because
texts repeat. The ``query`` field of image turns is annotators' metadata no participant saw; it is never read.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from eval.core.identity import digest
from eval.core.types import Dataset, Question
from memos.errors import DataError
from memos.types import Conversation, Session, Turn

OFFICIAL_SHA256 = "79fa87e90f04081343b8c8debecb80a9a6842b76a7aa537dc9fdf651ea698ff4"
"""SHA-256 of the bytes of the official ``locomo10.json`` (2,805,274 bytes)."""
OFFICIAL_CONTENT = "93808652e5318eaf"
"""Digest of the canonical JSON of the official content; byte-different equal copies have it too."""
OFFICIAL_COUNTS = {1: 282, 2: 321, 3: 96, 4: 841, 5: 446}

_SESSION = re.compile(r"session_(\d+)")
_EVIDENCE = re.compile(r"D:?(\d+):0*(\d+)")


@dataclass(frozen=True)
class _Place:
    """Where in the file we are, for error messages."""

    path: Path
    at: str = ""

    def __truediv__(self, part: str | int) -> _Place:
        step = f"[{part}]" if isinstance(part, int) else (f".{part}" if self.at else part)
        return _Place(self.path, self.at + step)

    def error(self, reason: str) -> DataError:
        return DataError(f"{self.path}: {self.at or 'top level'}: {reason}")

    def get(self, owner: Any, key: str, kind: type | tuple[type, ...], what: str) -> Any:
        if key not in owner:
            raise (self / key).error(f"missing; expected {what}")
        if not isinstance(owner[key], kind) or isinstance(owner[key], bool):
            raise (self / key).error(f"expected {what}, found {owner[key]!r:.60}")
        return owner[key]


def load(path: Path, *, captions: bool = False) -> Dataset:
    """Read and check a file in LOCOMO's format.

    Args:
        path: the file.
        captions: whether turns carry the captions of shared images.

    Raises:
        DataError: one line with the file, the place in it and the reason.
    """
    return parse(_read(path), path, captions=captions)


def parse(samples: list[Any], path: Path, *, captions: bool = False) -> Dataset:
    """Check what a file in LOCOMO's format holds; ``path`` names it in messages and gives the data set its name."""
    content = digest(samples)
    official = content == OFFICIAL_CONTENT
    notes: list[str] = []
    conversations, questions, seen = [], [], set()
    for index, sample in enumerate(samples):
        place = _Place(path) / index
        if not isinstance(sample, dict):
            raise place.error(f"expected an object, found {sample!r:.60}")
        sample_id = place.get(sample, "sample_id", str, "a text")
        if sample_id in seen:
            raise (place / "sample_id").error(f"{sample_id!r} occurs twice")
        seen.add(sample_id)
        conversation = _conversation(place, sample, sample_id, captions, notes)
        conversations.append(conversation)
        questions += _questions(place, sample, conversation, notes)
    counts = Counter(q.category for q in questions)
    if official and counts != OFFICIAL_COUNTS:
        raise DataError(f"{path}: category counts {dict(counts)} differ from the official {OFFICIAL_COUNTS}")
    if not official:
        shares = ", ".join(f"category {c}: {counts[c]}" for c in sorted(counts))
        notes.insert(0, f"{path} is not the official LOCOMO file ({shares}); numbers are not comparable with papers")
    return Dataset(
        name="locomo" if official else path.stem,
        sha256=digest([content, captions]),
        path=str(path),
        official=official,
        conversations=tuple(conversations),
        questions=tuple(questions),
        notes=tuple(notes),
    )


def _read(path: Path) -> list[Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start}: not UTF-8 text") from error
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    try:
        samples = json.loads(text)
    except json.JSONDecodeError as error:
        cut = " (the file ends early: truncated?)" if error.pos >= len(text.rstrip()) - 1 else ""
        raise DataError(f"{path}: line {error.lineno} column {error.colno}: not JSON: {error.msg}{cut}") from error
    if not isinstance(samples, list) or not samples:
        raise DataError(
            f"{path}: top level: expected a non-empty list of conversations, found {type(samples).__name__}"
        )
    return samples


def _conversation(place: _Place, sample: dict, sample_id: str, captions: bool, notes: list[str]) -> Conversation:
    body = place.get(sample, "conversation", dict, "an object")
    place /= "conversation"
    speakers = tuple(place.get(body, key, str, "a name") for key in ("speaker_a", "speaker_b"))
    numbers = sorted(
        int(m.group(1)) for key, value in body.items() if (m := _SESSION.fullmatch(key)) and isinstance(value, list)
    )
    if not numbers:
        raise place.error("no session_<n> list")
    orphans = sum(
        1
        for k in body
        if k.endswith("_date_time") and k.removesuffix("_date_time") not in {f"session_{n}" for n in numbers}
    )
    if orphans:
        notes.append(f"{sample_id}: {orphans} session dates without a session are ignored")
    ids: set[str] = set()
    sessions = tuple(_session(place, body, number, captions, ids) for number in numbers)
    return Conversation(sample_id, speakers, sessions)


def _session(place: _Place, body: dict, number: int, captions: bool, ids: set[str]) -> Session:
    name = f"session_{number}"
    time_text = body.get(f"{name}_date_time", "")
    if not isinstance(time_text, str):
        raise (place / f"{name}_date_time").error(f"expected a text, found {time_text!r:.60}")
    turns = []
    for index, raw in enumerate(body[name]):
        here = place / name / index
        if not isinstance(raw, dict):
            raise here.error(f"expected an object, found {raw!r:.60}")
        turn_id = here.get(raw, "dia_id", str, "a text")
        if turn_id in ids:
            raise (here / "dia_id").error(f"{turn_id!r} occurs twice")
        ids.add(turn_id)
        caption = raw.get("blip_caption") if captions else None
        turns.append(
            Turn(
                turn_id, here.get(raw, "speaker", str, "a name"), here.get(raw, "text", str, "a text"), caption or None
            )
        )
    time = _time(place / f"{name}_date_time", time_text) if time_text else None
    return Session(name, time, time_text, tuple(turns))


def _time(place: _Place, text: str) -> datetime:
    for form in ("%I:%M %p on %d %B, %Y", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    raise place.error(f"expected a time such as '1:56 pm on 8 May, 2023', found {text!r:.60}")


def _questions(place: _Place, sample: dict, conversation: Conversation, notes: list[str]) -> list[Question]:
    items = place.get(sample, "qa", list, "a list of questions")
    known = {turn.turn_id for _, turn in conversation.turns()}
    out = []
    for index, raw in enumerate(items):
        here = place / "qa" / index
        if not isinstance(raw, dict):
            raise here.error(f"expected an object, found {raw!r:.60}")
        category = here.get(raw, "category", int, "an integer category")
        if category not in OFFICIAL_COUNTS:
            raise (here / "category").error(f"expected 1 to 5, found {category}")
        text = here.get(raw, "question", str, "a text")
        if category != 5:
            here.get(raw, "answer", (str, int, float), "a text or a number")
        evidence, unresolved = _evidence(here, raw.get("evidence") or [], known)
        if unresolved:
            notes.append(f"{conversation.sample_id} question {index}: evidence {unresolved} names no turn")
        out.append(
            Question(
                sample_id=conversation.sample_id,
                qa_index=index,
                category=category,
                text=text,
                gold=str(raw.get("answer", "")),
                evidence=evidence,
                unresolved=tuple(unresolved),
                adversarial=None if raw.get("adversarial_answer") is None else str(raw["adversarial_answer"]),
            )
        )
    return out


def _evidence(place: _Place, raw: Any, known: set[str]) -> tuple[tuple[str, ...], list[str]]:
    """Split, normalise and resolve evidence strings such as ``D8:6; D9:17``, ``D:11:26`` or ``D30:05``."""
    if not isinstance(raw, list) or not all(isinstance(item, str) for item in raw):
        raise (place / "evidence").error(f"expected a list of turn ids, found {raw!r:.60}")
    resolved: dict[str, None] = {}
    unresolved = []
    for item in raw:
        if item in known:
            resolved[item] = None
            continue
        names = [f"D{m.group(1)}:{m.group(2)}" for m in _EVIDENCE.finditer(item)]
        resolved.update((name, None) for name in names if name in known)
        if not names or any(name not in known for name in names):
            unresolved.append(item)
    return tuple(resolved), unresolved
