"""The loader of LoCoMo-Plus: a cue is said in one of LOCOMO's conversations, and later something that calls for it.

Two variants. ``official``: each of the 401 items in a conversation of its own, so 401 ingests of about 20 thousand
tokens. ``shared``: all cues of a conversation in it together, so ten ingests; not the authors' protocol. Facts and
traps of the format: docs/datasets_locomo_plus.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from eval.core.categories import Categories, Category
from eval.core.identity import digest
from eval.core.types import Dataset, Question
from eval.datasets import locomo
from eval.datasets.cues import Cue, read_cue
from eval.datasets.dates import time_text
from eval.datasets.find import data_folder, find_locomo
from eval.datasets.reading import JsonPlace, content_digest, read_conversations
from eval.datasets.selection import DatasetConfig
from memos.errors import ConfigError, DataError
from memos.types import Conversation, Session, Turn

VARIANTS = ("shared", "official")
GAPS = ("meant", "official")
RELATIONS = {"causal": 101, "state": 100, "goal": 100, "value": 100}
"""Relation of cue and trigger to its items in the official file."""
OFFICIAL_CONTENT = "f7427b65af32c2d8"
"""Digest of the canonical JSON of the official file's content."""
AFTER = timedelta(days=7)
"""How long after the last session everything is asked."""
LICENCE = (
    "LoCoMo-Plus' repository states no licence (it stands on LOCOMO, CC BY-NC 4.0): nothing of it may be passed on"
)


@dataclass
class LocomoPlusConfig(DatasetConfig):
    """The fields of ``conf/dataset/locomo_plus.yaml``."""

    variant: str = field(
        default="shared",
        metadata={"help": "shared: ten conversations with all cues; official: one conversation an item"},
    )
    gaps: str = field(
        default="meant",
        metadata={"help": "meant: 'a few weeks' is three; official: what its parser cannot read is 0 days"},
    )
    locomo: str | None = field(default=None, metadata={"help": "file of LOCOMO; null searches the usual places"})
    captions: bool = field(default=False, metadata={"help": "show captions of shared images"})

    def __post_init__(self) -> None:
        DatasetConfig.__post_init__(self)
        for name, known in (("variant", VARIANTS), ("gaps", GAPS)):
            if getattr(self, name) not in known:
                raise ConfigError(f"dataset.{name}: expected {' or '.join(known)}, found {getattr(self, name)!r}")


class LocomoPlus:
    """LoCoMo-Plus (xjtuleeyf/Locomo-Plus): is what was said used where nobody asks for it?"""

    Config = LocomoPlusConfig
    categories = Categories((Category("cognitive", "cognitive", like=3, rule="cognitive"),))

    def __init__(self, config: LocomoPlusConfig) -> None:
        self.config = config

    def load(self) -> Dataset:
        """The items of the configured variant, put into LOCOMO's conversations."""
        config = self.config
        file = find_file(config.path)
        return read(file, find_locomo(config.locomo, "dataset.locomo"), config.variant, config.gaps, config.captions)


def find_file(path: str | None) -> Path:
    """The file of items: the one given, else the one beside the checkout.

    Raises:
        DataError: there is none.
    """
    file = Path(path).expanduser() if path else data_folder("locomo_plus") / "locomo_plus.json"
    if not file.is_file():
        raise DataError(
            f"dataset.path={file}: no such file; get data/locomo_plus.json of xjtuleeyf/Locomo-Plus and give its path "
            f"({LICENCE})"
        )
    return file


@lru_cache(maxsize=2)
def read(file: Path, locomo_file: Path, variant: str, gaps: str, captions: bool = False) -> Dataset:
    """Put every item of a file into its conversation of LOCOMO.

    Raises:
        DataError: one line with the file, the place in it and the reason.
    """
    host = locomo.read(locomo_file, captions)
    items = read_conversations(file)
    cues = [read_cue(JsonPlace(file) / index, raw, RELATIONS) for index, raw in enumerate(items)]
    official = digest(items) == OFFICIAL_CONTENT
    counts = Counter(cue.relation for cue in cues)
    if official and counts != RELATIONS:
        raise DataError(f"{file}: relations {dict(counts)} differ from the official {RELATIONS}")
    hosts = host.conversations
    ends = [_end(locomo_file, talk) for talk in hosts]
    talks: list[Conversation] = []
    questions: list[Question] = []
    groups = [[index] for index in range(len(cues))]
    if variant == "shared":
        groups = [list(range(number, len(cues), len(hosts))) for number in range(len(hosts))]
    for group in (group for group in groups if group):
        number = group[0] % len(hosts)
        asked = ends[number] + AFTER
        name = hosts[number].sample_id + (f"-cue-{group[0]}" if variant == "official" else "")
        said = [_session(index, cues[index], hosts[number], asked, gaps) for index in group]
        talks.append(replace(hosts[number], sample_id=name, sessions=_in_time(hosts[number].sessions, said)))
        questions += [
            _question(name, index, cues[index], hosts[number], session, asked)
            for index, session in zip(group, said, strict=True)
        ]
    whole = official and host.official
    return Dataset(
        name=f"locomo_plus {variant}",
        sha256=content_digest(talks, questions),
        path=str(file),
        official=whole and variant == "official" and gaps == "official",
        conversations=tuple(talks),
        questions=tuple(questions),
        notes=tuple(_notes(file, cues, hosts, ends, variant, gaps, official)),
        categories=LocomoPlus.categories,
        judge="locomo_plus",
    )


def _notes(
    file: Path,
    cues: Sequence[Cue],
    hosts: Sequence[Conversation],
    ends: Sequence[datetime],
    variant: str,
    gaps: str,
    official: bool,
) -> list[str]:
    notes = [LICENCE]
    relations = ", ".join(f"{count} {name}" for name, count in sorted(Counter(cue.relation for cue in cues).items()))
    if not official:
        notes.append(f"{file} is not the official file of LoCoMo-Plus ({relations})")
    if variant == "shared":
        notes.append("variant shared: all cues of a conversation stand in it together; not the authors' protocol")
    unread = sum(cue.days != cue.official_days for cue in cues)
    how = (
        "read as meant; the official code takes 0 days"
        if gaps == "meant"
        else "taken as 0 days, as the official code does"
    )
    notes.append(f"{unread} of {len(cues)} gaps that the official parser cannot read are {how}")
    early = late = 0
    for index, cue in enumerate(cues):
        talk, end = hosts[index % len(hosts)], ends[index % len(hosts)]
        time = _said_at(cue, end + AFTER, gaps)
        early += talk.sessions[0].time is not None and time < talk.sessions[0].time
        late += time >= end
    notes.append(
        f"{early} cues are said before the first session of their conversation, {late} with the last or after it"
    )
    return notes


def _end(file: Path, talk: Conversation) -> datetime:
    """When the last session of a conversation is."""
    times = [session.time for session in talk.sessions]
    known = [time for time in times if time is not None]
    if len(known) < len(times) or not known:
        raise DataError(f"{file}: {talk.sample_id}: a session without a time; cues are placed by time")
    return max(known)


def _said_at(cue: Cue, asked: datetime, gaps: str) -> datetime:
    return asked - timedelta(days=cue.days if gaps == "meant" else cue.official_days)


def _session(index: int, cue: Cue, talk: Conversation, asked: datetime, gaps: str) -> Session:
    """A cue as a session like any other: with turns, ids and a date."""
    time = _said_at(cue, asked, gaps)
    turns = tuple(
        Turn(f"cue-{index}:{number}", talk.speakers[speaker], text)
        for number, (speaker, text) in enumerate(cue.lines, 1)
    )
    return Session(f"cue-{index}", time, time_text(time), turns)


def _in_time(sessions: Sequence[Session], said: Sequence[Session]) -> tuple[Session, ...]:
    """All sessions by time; where two have one time, LOCOMO's come first."""
    return tuple(sorted([*sessions, *said], key=lambda session: session.time or datetime.max))


def _question(name: str, index: int, cue: Cue, talk: Conversation, session: Session, asked: datetime) -> Question:
    """What is said later, with the cue as what a good reply must show. There is no gold."""
    speaker, text = cue.trigger
    return Question(
        sample_id=name,
        qa_index=index,
        category="cognitive",
        text=f"{talk.speakers[speaker]}: {text}",
        gold="",
        evidence=tuple(turn.turn_id for turn in session.turns),
        asked=asked,
        rubric=tuple(f"{turn.speaker}: {turn.text}" for turn in session.turns),
        worded=False,
    )
