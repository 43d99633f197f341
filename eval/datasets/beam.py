"""The loader of BEAM: chats of a user with an assistant, in a folder of the official layout that the user names.

A batch is a session, a message a turn, an ability a category. A question's rubric goes to the judge alone. Facts and
traps of the format: docs/datasets_beam.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from eval.core.categories import Categories, Category
from eval.core.types import Dataset, Question
from eval.datasets.beam_chat import ROLES, ChatFile, find_chat, read_chat
from eval.datasets.find import data_folder
from eval.datasets.reading import JsonPlace, content_digest, read_json
from eval.datasets.selection import DatasetConfig
from memos.errors import AbsentData, ConfigError, DataError
from memos.types import Conversation

SIZES = {"100K": 20, "500K": 35, "1M": 35, "10M": 10}
"""Size to the number of chats of the official set."""
KEYS = ("official", "clean")
CONTRADICTING = {
    "100K": {("1", "temporal_reasoning", 0), ("14", "temporal_reasoning", 0)},
    "500K": {("16", "temporal_reasoning", 1), ("22", "temporal_reasoning", 0)},
}
"""Size to (chat, ability, number) of the questions whose gold and rubric give different numbers."""
LICENCE = "BEAM's repository states no licence (a derived copy: CC BY-SA 4.0): nothing of it may be passed on"


@dataclass(frozen=True, slots=True)
class Ability:
    """What the file says of the two questions of one ability."""

    name: str
    gold: str
    """Key of the gold."""
    like: int
    rule: str
    worded: bool = False
    """Whether the gold is an answer that F1 can be computed against."""


ABILITIES = (
    Ability("information_extraction", "answer", like=4, rule="single", worded=True),
    Ability("multi_session_reasoning", "answer", like=1, rule="single", worded=True),
    Ability("knowledge_update", "answer", like=4, rule="knowledge", worded=True),
    Ability("temporal_reasoning", "answer", like=2, rule="temporal", worded=True),
    Ability("contradiction_resolution", "ideal_answer", like=3, rule="contradiction"),
    Ability("event_ordering", "answer", like=1, rule="ordering"),
    Ability("instruction_following", "expected_compliance", like=3, rule="instruction"),
    Ability("preference_following", "expected_compliance", like=3, rule="preference"),
    Ability("summarization", "ideal_summary", like=1, rule="summary"),
    Ability("abstention", "ideal_response", like=5, rule="abstention"),
)
QUESTIONS_EACH = 2
"""Questions of each ability in a chat."""


@dataclass
class BeamConfig(DatasetConfig):
    """The fields of ``conf/dataset/beam.yaml``."""

    size: str = field(default="100K", metadata={"help": "100K, 500K, 1M or 10M tokens a chat"})
    answer_key: str = field(
        default="official",
        metadata={"help": "official, or clean: without the four questions that contradict their own rubric"},
    )

    def __post_init__(self) -> None:
        DatasetConfig.__post_init__(self)
        if self.size not in SIZES:
            raise ConfigError(f"dataset.size: expected {', '.join(SIZES)}, found {self.size!r}")
        if self.answer_key not in KEYS:
            raise ConfigError(f"dataset.answer_key: expected {' or '.join(KEYS)}, found {self.answer_key!r}")


class Beam:
    """BEAM (mohammadtavakoli78/BEAM): ten abilities over long chats, judged by rubrics."""

    Config = BeamConfig
    categories = Categories(tuple(Category(a.name, a.name, like=a.like, rule=a.rule) for a in ABILITIES))

    def __init__(self, config: BeamConfig) -> None:
        self.config = config

    def load(self) -> Dataset:
        """The chats of the configured size, with their questions."""
        config = self.config
        return read(folder(config.path, config.size), config.size, config.answer_key)


def folder(path: str | None, size: str) -> Path:
    """The folder that holds the numbered chats of a size.

    Args:
        path: that folder, one above it (``chats``), or the repository's; None: beside the checkout.

    Raises:
        AbsentData: it lies nowhere; DataError where a path that was given leads to none.
    """
    named = Path(path).expanduser() if path else data_folder(f"beam_{size.lower()}")
    for place in (named / "chats" / size, named / size, named):
        if _numbers(place):
            return place
    raise (DataError if path else AbsentData)(
        f"dataset.path={named}: no folder with numbered chats of BEAM {size}; get the repository "
        f"mohammadtavakoli78/BEAM and give dataset.path=FOLDER/chats/{size} ({LICENCE})"
    )


def _numbers(place: Path) -> list[int]:
    inside = place.iterdir() if place.is_dir() else ()
    return sorted(int(one.name) for one in inside if one.is_dir() and one.name.isdecimal())


@lru_cache(maxsize=2)
def read(place: Path, size: str, key: str = "official") -> Dataset:
    """Read and check the chats of a folder.

    Args:
        place: folder with a numbered folder for each chat.
        size: one of ``SIZES``; says how many chats are the whole set.
        key: ``official`` or ``clean``.

    Raises:
        DataError: one line with the file, the place in it and the reason.
    """
    notes = [LICENCE]
    talks: list[Conversation] = []
    questions: list[Question] = []
    files, left_marks = [], 0
    for number in _numbers(place):
        chat = read_chat(find_chat(place / str(number)), f"beam-{size}-{number}")
        files.append(chat)
        left_marks += chat.marks_left
        talks.append(chat.conversation)
        questions += _questions(place / str(number), chat)
    wrong = {(f"beam-{size}-{n}", name, i) for n, name, i in CONTRADICTING.get(size, ())}
    contradicting = [q for q in questions if _which(q) in wrong]
    if key == "clean":
        questions = [q for q in questions if _which(q) not in wrong]
    notes += _notes(files, size, left_marks, questions, contradicting, key)
    return Dataset(
        name=f"beam {size}",
        sha256=content_digest(talks, questions),
        path=str(place),
        official=len(talks) == SIZES[size] and key == "official",
        conversations=tuple(talks),
        questions=tuple(questions),
        notes=tuple(notes),
        categories=Beam.categories,
        judge="beam",
    )


def _which(question: Question) -> tuple[str, str, int]:
    """Chat, ability and number of a question within its ability."""
    return (question.sample_id, str(question.category), question.qa_index % QUESTIONS_EACH)


def _notes(
    files: list[ChatFile],
    size: str,
    left_marks: int,
    questions: list[Question],
    contradicting: list[Question],
    key: str,
) -> list[str]:
    notes = []
    if len(files) != SIZES[size]:
        notes.append(
            f"a part of BEAM {size}: {len(files)} of {SIZES[size]} chats; numbers are not those of the whole set"
        )
    truncated = [chat.conversation.sample_id.rpartition("-")[2] for chat in files if chat.truncated]
    if truncated:
        notes.append(f"the truncated chat was taken, as the official code does, of {', '.join(truncated)}")
    user, assistant = (sum(chat.marks_cut[role] for chat in files) for role in ROLES)
    notes.append(
        f"marks of the plan: cut from the ends of {user} messages of the user and {assistant} of the assistant; "
        f"{left_marks} left inside messages"
    )
    bare = sum(not q.evidence and not q.unanswerable for q in questions)
    notes.append(f"{bare} questions beside those of abstention name no evidence; they have no recall")
    if contradicting:
        named = ", ".join(f"{q.sample_id} {q.category} {_which(q)[2]}" for q in contradicting)
        notes.append(f"gold and rubric give different numbers: {named}; {'left out' if key == 'clean' else 'kept'}")
    return notes


def _questions(place: Path, chat: ChatFile) -> list[Question]:
    file = next(
        (
            f
            for f in (place / "probing_questions" / "probing_questions.json", place / "probing_questions.json")
            if f.is_file()
        ),
        place / "probing_questions.json",
    )
    content, here = read_json(file), JsonPlace(file)
    if not isinstance(content, dict):
        raise here.error(f"expected an object of abilities, found {type(content).__name__}")
    names = [ability.name for ability in ABILITIES]
    for name in content:
        if name not in names:
            raise (here / str(name)).error(f"no ability of BEAM; known are {', '.join(names)}")
    made: list[Question] = []
    for ability in ABILITIES:
        items = here.get(content, ability.name, list, "a list of two questions")
        if len(items) != QUESTIONS_EACH:
            raise (here / ability.name).error(f"expected {QUESTIONS_EACH} questions, found {len(items)}")
        for index, raw in enumerate(items):
            made.append(_question(here / ability.name / index, raw, ability, chat, len(made)))
    return made


def _question(place: JsonPlace, raw: Any, ability: Ability, chat: ChatFile, index: int) -> Question:
    if not isinstance(raw, dict):
        raise place.error(f"expected an object, found {raw!r:.60}")
    text = place.get(raw, "question", str, "a text")
    gold = place.get(raw, ability.gold, (str, int, float), "a text or a number")
    rubric = place.get(raw, "rubric", list, "a list of texts")
    if not rubric or not all(isinstance(item, str) and item.strip() for item in rubric):
        raise (place / "rubric").error(f"expected texts, at least one, found {rubric!r:.60}")
    numbers = list(_flat(place / "source_chat_ids", raw.get("source_chat_ids")))
    unknown = [number for number in numbers if number not in chat.turn_of]
    if unknown:
        raise (place / "source_chat_ids").error(f"message {unknown[0]} is not in {chat.file}")
    return Question(
        sample_id=chat.conversation.sample_id,
        qa_index=index,
        category=ability.name,
        text=text,
        gold=str(gold),
        evidence=tuple(dict.fromkeys(chat.turn_of[number] for number in numbers)),
        unanswerable=ability.name == "abstention" or None,
        rubric=tuple(item.strip() for item in rubric),
        worded=None if ability.worded else False,
    )


def _flat(place: JsonPlace, raw: Any) -> Iterable[int]:
    """The message ids of a list, an object of lists, or nothing.

    Raises:
        DataError: something in it is no id.
    """
    if raw is None:
        return
    if isinstance(raw, Mapping):
        for name, inner in raw.items():
            yield from _flat(place / str(name), inner)
    elif isinstance(raw, list):
        for index, inner in enumerate(raw):
            yield from _flat(place / index, inner)
    elif isinstance(raw, int) and not isinstance(raw, bool):
        yield raw
    else:
        raise place.error(f"expected ids of messages, found {raw!r:.60}")
