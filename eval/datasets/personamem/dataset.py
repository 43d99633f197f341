"""PersonaMem as a data set of the harness: a history up to a question is a conversation, its topics are sessions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from eval.core.categories import Categories, Category
from eval.core.types import Dataset, Question
from eval.datasets.personamem.files import PersonaQuestion, files, histories, questions
from eval.datasets.reading import JsonPlace, content_digest
from eval.datasets.selection import DatasetConfig
from memos.errors import DataError
from memos.types import Conversation, Session, Turn

TYPES = {
    "track_full_preference_evolution": (139, 1),
    "recall_user_shared_facts": (129, 4),
    "recalling_the_reasons_behind_previous_updates": (99, 1),
    "suggest_new_ideas": (93, 3),
    "generalizing_to_new_scenarios": (57, 3),
    "provide_preference_aligned_recommendations": (55, 3),
    "recalling_facts_mentioned_by_the_user": (17, 4),
}
"""Type to its questions in the files for 32k tokens, and the category of LOCOMO that is most alike."""
ROLES = {"user": "User", "assistant": "Assistant", "system": "System"}


@dataclass
class PersonaMemConfig(DatasetConfig):
    """The fields of ``conf/dataset/personamem.yaml``."""

    revision: str = field(
        default="main", metadata={"help": "revision on the hub; a commit says which data were measured"}
    )
    persona: bool = field(
        default=True, metadata={"help": "keep the line about the person that opens each topic, as the benchmark does"}
    )


class PersonaMem:
    """Multiple-choice questions to an assistant about a person it has talked with."""

    Config = PersonaMemConfig
    categories = Categories(
        tuple(Category(name, name, like, official="choice_accuracy") for name, (_, like) in TYPES.items())
    )

    def __init__(self, config: PersonaMemConfig) -> None:
        self.config = config

    def load(self) -> Dataset:
        """All questions with the histories before them.

        Raises:
            DataError: one line with the file, the place in it and the reason.
        """
        config = self.config
        path = Path(config.path).expanduser() if config.path else None
        return load(path, config.revision, config.persona)


@lru_cache(maxsize=2)
def load(path: Path | None, revision: str, persona: bool) -> Dataset:
    """Read and check the two files."""
    table, lines = files(path, revision)
    asked = list(questions(table))
    if not asked:
        raise DataError(f"{table}: no question")
    held = histories(lines, list(dict.fromkeys(one.history for one in asked)))
    talks: dict[str, Conversation] = {}
    made: list[Question] = []
    counts: Counter[str] = Counter()
    for one in asked:
        if one.kind not in TYPES:
            raise (one.place / "question_type").error(f"expected one of {', '.join(TYPES)}, found {one.kind!r:.60}")
        sample_id = f"{one.history[:12]}-{one.end}"
        if sample_id not in talks:
            talks[sample_id] = _conversation(
                JsonPlace(lines) / one.history, held[one.history], one.end, sample_id, persona
            )
        made.append(_question(one, sample_id, counts[sample_id]))
        counts[sample_id] += 1
    official = Counter(one.kind for one in asked) == {name: n for name, (n, _) in TYPES.items()}
    return Dataset(
        name="personamem-32k" if official else "personamem-32k (a part)",
        sha256=content_digest(list(talks.values()), made),
        path=str(path or table.parent),
        official=official,
        conversations=tuple(talks.values()),
        questions=tuple(made),
        notes=tuple(_notes(asked, talks)),
        categories=PersonaMem.categories,
        scorers=("eval.metrics.exact.ChoiceAccuracy",),
    )


def _notes(asked: Sequence[PersonaQuestion], talks: Mapping[str, Conversation]) -> Iterator[str]:
    people = len({one.history for one in asked})
    yield f"{len(asked)} questions on {len(talks)} stretches of {people} histories; four options each, chance is 25 %"
    yield "no evidence is named (the files name every session of a person), so there is no recall"
    yield "stretches of one history share what was said, so intervals over them are too narrow"


def _question(one: PersonaQuestion, sample_id: str, index: int) -> Question:
    right = one.options[one.right]
    return Question(sample_id, index, one.kind, one.text, right, options=one.options)


def _conversation(place: JsonPlace, messages: Sequence[Any], end: int, sample_id: str, persona: bool) -> Conversation:
    """The messages before a question; a message of the system opens a topic, which is a session."""
    if end > len(messages):
        raise place.error(f"{len(messages)} messages, and a question comes after {end}")
    topics: list[list[tuple[str, str]]] = []
    for index, message in enumerate(messages[:end]):
        role, text = _message(place / index, message)
        if role == "system" or not topics:
            topics.append([])
        if text and (persona or role != "system"):
            topics[-1].append((ROLES[role], text))
    topics = [topic for topic in topics if topic]
    if not topics:
        raise place.error("nothing is said before a question")
    sessions = tuple(
        Session(
            f"session_{number}",
            None,
            "",
            tuple(Turn(f"D{number}:{at}", speaker, text) for at, (speaker, text) in enumerate(topic, 1)),
        )
        for number, topic in enumerate(topics, 1)
    )
    speakers = ("User", "Assistant", *(["System"] if persona else []))
    return Conversation(sample_id, speakers, sessions)


def _message(place: JsonPlace, message: Any) -> tuple[str, str]:
    """Role and text; the texts repeat who speaks."""
    if not isinstance(message, dict):
        raise place.error(f"expected a message, found {message!r:.60}")
    role = place.get(message, "role", str, "user, assistant or system")
    if role not in ROLES:
        raise (place / "role").error(f"expected user, assistant or system, found {role!r}")
    text = place.get(message, "content", str, "a text").strip()
    return role, text.removeprefix(f"{ROLES[role]}:").strip()
