"""ConvoMem as a data set of the harness: an evidence item among fillers is a conversation, each chat a session."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from eval.core.categories import Categories, Category
from eval.core.types import Dataset, Question
from eval.datasets.convomem.items import KINDS, Item, ShortChat, drawn, fillers
from eval.datasets.reading import content_digest
from eval.datasets.selection import DatasetConfig
from memos.errors import ConfigError, DataError
from memos.types import Conversation, Session, Turn

LICENCE = "licence of the data: CC BY-NC 4.0 (by LMEB; the repository's Apache-2.0 is that of the code)"
COMMAND = "hf download Salesforce/ConvoMem --repo-type dataset --include 'core_benchmark/*' --local-dir FOLDER"
_RULES = {
    "user facts": (4, "single"),
    "assistant facts": (4, "single"),
    "changing facts": (4, "knowledge"),
    "abstention": (5, "abstention"),
    "preferences": (3, "preference"),
    "implicit connections": (3, "preference"),
}


@dataclass
class ConvoMemConfig(DatasetConfig):
    """The fields of ``conf/dataset/convomem.yaml``."""

    each: int = field(default=10, metadata={"help": "most questions of each category and number of evidence messages"})
    evidence: list[int] | None = field(default=None, metadata={"help": "numbers of evidence messages; null takes all"})
    chats: int = field(default=20, metadata={"help": "chats of a conversation, fillers included (the paper: 2 to 300)"})
    seed: int = field(default=0, metadata={"help": "of the sample, the fillers and their order"})

    def __post_init__(self) -> None:
        DatasetConfig.__post_init__(self)
        for name in ("each", "chats"):
            if getattr(self, name) < 1:
                raise ConfigError(f"dataset.{name}: must be at least 1, found {getattr(self, name)}")


class ConvoMem:
    """A user's chats with an assistant; a question is about one to six messages of them."""

    Config = ConvoMemConfig
    categories = Categories(
        tuple(Category(name, name, like=_RULES[name][0], rule=_RULES[name][1]) for name in KINDS.values())
    )

    def __init__(self, config: ConvoMemConfig) -> None:
        self.config = config

    def load(self) -> Dataset:
        """The sample that is configured.

        Raises:
            DataError: no folder is given, or one line with the file, the place in it and the reason.
        """
        config = self.config
        if not config.path:
            raise DataError(f"dataset.path: ConvoMem has thousands of files ({LICENCE}); fetch them by: {COMMAND}")
        counts = tuple(config.evidence) if config.evidence is not None else None
        return load(Path(config.path).expanduser(), counts, config.each, config.chats, config.seed)


@lru_cache(maxsize=2)
def load(path: Path, counts: tuple[int, ...] | None, each: int, chats: int, seed: int) -> Dataset:
    """Draw items, mix each with fillers, and find its evidence."""
    items = drawn(path, counts, each, seed)
    wants = max(chats - len(item.chats) for item in items)
    spare = fillers(_fillers_of(path)) if wants > 0 else []
    talks, questions = [], []
    for number, item in enumerate(items, 1):
        talk, question = _made(item, f"{item.kind.replace(' ', '_')}-{item.count}-{number}", spare, chats, seed)
        talks.append(talk)
        questions.append(question)
    return Dataset(
        name=f"convomem ({chats} chats, {each} each, seed {seed})",
        sha256=content_digest(talks, questions),
        path=str(path),
        official=False,
        conversations=tuple(talks),
        questions=tuple(questions),
        notes=tuple(_notes(items, questions, talks, chats)),
        categories=ConvoMem.categories,
    )


def _fillers_of(path: Path) -> Path:
    held = [path / "core_benchmark" / "filler_conversations", path / "filler_conversations"]
    folder = next((one for one in held if one.is_dir()), None)
    if folder is None:
        raise DataError(f"{path}: no filler_conversations; set dataset.chats=1 to ask without fillers")
    return folder


def _made(
    item: Item, sample_id: str, spare: Sequence[ShortChat], size: int, seed: int
) -> tuple[Conversation, Question]:
    """A conversation: the item's chats in their order, at seeded places between fillers, no chat twice."""
    draw, own = random.Random(f"{seed}:{sample_id}"), {chat.lines for chat in item.chats}
    others = [chat for chat in spare if chat.lines not in own]
    mixed = draw.sample(others, min(len(others), max(0, size - len(item.chats))))
    for place, chat in zip(
        sorted(draw.choices(range(len(mixed) + 1), k=len(item.chats)), reverse=True), reversed(item.chats), strict=True
    ):
        mixed.insert(place, chat)
    sessions = tuple(
        Session(
            f"session_{number}",
            None,
            "",
            tuple(Turn(f"D{number}:{at}", speaker, text) for at, (speaker, text) in enumerate(chat.lines, 1)),
        )
        for number, chat in enumerate(mixed, 1)
    )
    talk = Conversation(sample_id, ("User", "Assistant"), sessions)
    evidence, unresolved = _evidence(item, mixed)
    question = Question(
        sample_id=sample_id,
        qa_index=0,
        category=item.kind,
        text=item.question,
        gold=item.answer,
        evidence=evidence,
        unresolved=unresolved,
        unanswerable=item.kind == "abstention" or None,
    )
    return talk, question


def _evidence(item: Item, mixed: Sequence[ShortChat]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Turns that hold the evidence: equal texts within chats that are flagged, else equal but for white space."""
    exact: dict[str, str] = {}
    loose: dict[str, str] = {}
    for number, chat in enumerate(mixed, 1):
        if chat.evidence:
            for at, (_, text) in enumerate(chat.lines, 1):
                exact.setdefault(text, f"D{number}:{at}")
                loose.setdefault(" ".join(text.split()), f"D{number}:{at}")
    turns, lost = [], []
    for _, text in item.messages:
        turn = exact.get(text) or loose.get(" ".join(text.split()))
        turns.append(turn) if turn else lost.append(text)
    return tuple(dict.fromkeys(turns)), tuple(lost)


def _notes(
    items: Sequence[Item], questions: Sequence[Question], talks: Sequence[Conversation], chats: int
) -> Iterator[str]:
    cells = Counter((item.kind, item.count) for item in items)
    yield "ConvoMem, a sample: " + ", ".join(f"{kind} with {count}: {n}" for (kind, count), n in cells.items())
    yield LICENCE
    yield "chats have no dates; where the evidence stands among the fillers is drawn by us, not the pre-mixed cases"
    if short := sum(len(talk.sessions) < chats for talk in talks):
        yield f"{short} conversations have fewer than {chats} chats: there are not enough different fillers"
    if lost := sum(len(question.unresolved) for question in questions):
        yield f"{lost} evidence messages stand in no chat that is flagged as evidence"
