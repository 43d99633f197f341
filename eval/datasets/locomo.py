"""The LOCOMO loader: any file in LOCOMO's format, checked, with the official file recognised by its content.

Facts and traps of the format: docs/protocol.md#data-set. Sessions are iterated by their lists (conv-26 has 16 dates
without a session); answers may be integers; evidence strings may be malformed; questions are keyed by position because
texts repeat. The ``query`` field of image turns is annotators' metadata no participant saw; it is never read.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from eval.core import categories
from eval.core.identity import digest
from eval.core.types import Dataset, Question
from eval.datasets import answer_key
from eval.datasets.find import find_locomo
from eval.datasets.reading import JsonPlace, read_conversations
from eval.datasets.selection import DatasetConfig
from memos.errors import ConfigError, DataError
from memos.types import Conversation, Session, Turn

OFFICIAL_CONTENT = "93808652e5318eaf"
"""Digest of the canonical JSON of the official content; byte-different equal copies have it too."""
ADVERSARIAL = 5
"""The category of questions that cannot be answered."""
OFFICIAL_COUNTS = {1: 282, 2: 321, 3: 96, 4: 841, 5: 446}
TINY = Path(__file__).with_name("tiny.json")
"""The file of ``Tiny``."""


@dataclass
class LocomoConfig(DatasetConfig):
    """The fields of ``conf/dataset/locomo.yaml``."""

    captions: bool = field(default=False, metadata={"help": "show captions of shared images (the paper drops them)"})
    answer_key: str = field(default="official", metadata={"help": "official, audited or clean (issue of wrong keys)"})
    answer_key_errors: str | None = field(default=None, metadata={"help": "file of audited errors; null searches it"})
    image_query: bool = field(
        default=False, metadata={"help": "refused: the image-search text is annotators' metadata and leaks answers"}
    )

    def __post_init__(self) -> None:
        DatasetConfig.__post_init__(self)
        if self.answer_key not in answer_key.MODES:
            raise ConfigError(f"dataset.answer_key: expected official, audited or clean, found {self.answer_key!r}")
        if self.image_query:
            raise ConfigError("dataset.image_query: refused, the image-search text was never seen by a participant")


class Locomo:
    """LOCOMO (snap-research/locomo), or any file in its format."""

    Config = LocomoConfig
    categories = categories.LOCOMO

    def __init__(self, config: LocomoConfig) -> None:
        self.config = config

    def file(self) -> Path:
        """The file to read."""
        return find_locomo(self.config.path)

    def load(self) -> Dataset:
        """The whole data set, with the configured answer key."""
        config = self.config
        if config.answer_key == "official":
            return self.official(self.file())
        errors = answer_key.find_errors(config.answer_key_errors)
        return answer_key.apply(read(self.file(), config.captions), config.answer_key, errors)

    def official(self, file: Path) -> Dataset:
        """The data set with the key of the file, and a note of how high an honest answerer can score under it."""
        return _with_ceilings(file, self.config.captions, self.config.answer_key_errors)


class Tiny(Locomo):
    """A small synthetic data set in LOCOMO's format, written for this project."""

    def file(self) -> Path:
        """The file in the package, or the one that is given."""
        return Path(self.config.path) if self.config.path else TINY

    def official(self, file: Path) -> Dataset:
        """The data set as it is: nobody audited its key."""
        return replace(read(file, self.config.captions), synthetic=True)


@lru_cache(maxsize=4)
def read(path: Path, captions: bool) -> Dataset:
    """``load``, once a file."""
    return load(path, captions=captions)


@lru_cache(maxsize=4)
def _with_ceilings(path: Path, captions: bool, errors: str | None) -> Dataset:
    return answer_key.noted(read(path, captions), errors)


_SESSION = re.compile(r"session_([1-9][0-9]{0,8})")
_EVIDENCE = re.compile(r"D:?(\d+):0*(\d+)")


def load(path: Path, *, captions: bool = False) -> Dataset:
    """Read and check a file in LOCOMO's format.

    Args:
        path: the file.
        captions: whether turns carry the captions of shared images.

    Raises:
        DataError: one line with the file, the place in it and the reason.
    """
    return parse(read_conversations(path), path, captions=captions)


def parse(samples: list[Any], path: Path, *, captions: bool = False) -> Dataset:
    """Check what a file in LOCOMO's format holds; ``path`` names it in messages and gives the data set its name."""
    content = digest(samples)
    official = content == OFFICIAL_CONTENT
    notes: list[str] = []
    conversations, questions, seen = [], [], set()
    for index, sample in enumerate(samples):
        place = JsonPlace(path) / index
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


def _conversation(place: JsonPlace, sample: dict, sample_id: str, captions: bool, notes: list[str]) -> Conversation:
    body = place.get(sample, "conversation", dict, "an object")
    place /= "conversation"
    speakers = [place.get(body, key, str, "a name") for key in ("speaker_a", "speaker_b")]
    if "further_speakers" in body:
        further = place.get(body, "further_speakers", list, "a list of names")
        if not all(isinstance(name, str) for name in further):
            raise (place / "further_speakers").error(f"expected a list of names, found {further!r:.60}")
        speakers += further
    speakers = [name.strip() for name in speakers]
    numbers = sorted(_number(place, key, value) for key, value in body.items() if _is_session(key))
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
    for turn in (turn for session in sessions for turn in session.turns):
        if turn.speaker not in speakers:
            notes.append(
                f"{sample_id}: {turn.speaker!r} speaks in {turn.turn_id} and is not among the speakers "
                f"{', '.join(speakers)}; added to them"
            )
            speakers.append(turn.speaker)
    return Conversation(sample_id, tuple(speakers), sessions)


def _is_session(key: str) -> bool:
    """Whether a key names a session, rightly or not; dates, summaries and the like have more behind the number."""
    return re.fullmatch(r"session_\w*\d", key) is not None


def _number(place: JsonPlace, key: str, value: Any) -> int:
    match = _SESSION.fullmatch(key)
    if match is None:
        raise (place / key).error("expected a name such as session_1, the number without zeros before it")
    if not isinstance(value, list):
        raise (place / key).error(f"expected a list of turns, found {value!r:.60}")
    return int(match.group(1))


def _session(place: JsonPlace, body: dict, number: int, captions: bool, ids: set[str]) -> Session:
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
                turn_id,
                here.get(raw, "speaker", str, "a name").strip(),
                here.get(raw, "text", str, "a text"),
                caption or None,
            )
        )
    time = _time(place / f"{name}_date_time", time_text) if time_text else None
    return Session(name, time, time_text, tuple(turns))


def _time(place: JsonPlace, text: str) -> datetime:
    for form in ("%I:%M %p on %d %B, %Y", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    raise place.error(f"expected a time such as '1:56 pm on 8 May, 2023', found {text!r:.60}")


def _questions(place: JsonPlace, sample: dict, conversation: Conversation, notes: list[str]) -> list[Question]:
    items = place.get(sample, "qa", list, "a list of questions")
    known = {turn.turn_id for _, turn in conversation.turns()}
    out = []
    for index, raw in enumerate(items):
        here = place / "qa" / index
        if not isinstance(raw, dict):
            raise here.error(f"expected an object, found {raw!r:.60}")
        category = here.get(raw, "category", int, "an integer category")
        if category not in categories.LOCOMO:
            raise (here / "category").error(f"expected 1 to 5, found {category}")
        text = here.get(raw, "question", str, "a text")
        if category != ADVERSARIAL:
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
                gold="" if raw.get("answer") is None else str(raw["answer"]),
                evidence=evidence,
                unresolved=tuple(unresolved),
                adversarial=None if raw.get("adversarial_answer") is None else str(raw["adversarial_answer"]),
                unanswerable=category == ADVERSARIAL or None,
            )
        )
    return out


def _evidence(place: JsonPlace, raw: Any, known: set[str]) -> tuple[tuple[str, ...], list[str]]:
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
