"""The generated benchmark as a data set of the harness: made in memory, or read from a file that was made before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any

from eval.core.categories import Categories, Category
from eval.core.config import typed
from eval.core.types import Dataset, Question
from eval.datasets import locomo
from eval.datasets.generated.build import VERSION, ConversationDraft, conversations
from eval.datasets.generated.locomo_format import LOCOMO_CATEGORY, time_text
from eval.datasets.generated.records import CATEGORIES, GeneratedQuestion, GeneratedSession, Knobs
from eval.datasets.reading import JsonPlace, content_digest, read_conversations
from eval.datasets.selection import DatasetConfig
from memos.types import Conversation, Session, Turn

RULES = {
    "temporal": "temporal",
    "point-in-time": "temporal",
    "knowledge-update": "knowledge",
    "unanswerable": "abstention",
}
"""Category to the rule of LongMemEval's rubric that fits it; the others are judged as single facts."""
NOTE = "written by this project's generator: not LOCOMO, numbers are comparable with other runs on it alone"


@dataclass
class GeneratedConfig(DatasetConfig):
    """The fields of ``conf/dataset/generated.yaml``."""

    knobs: dict[str, Any] = field(default_factory=dict, metadata={"help": "size and difficulty (docs/generated.md)"})

    def __post_init__(self) -> None:
        DatasetConfig.__post_init__(self)
        self.made()

    def made(self) -> Knobs:
        """The knobs.

        Raises:
            ConfigError: one line with the knob and its value.
        """
        return typed(Knobs, self.knobs, "dataset.knobs")


class GeneratedLives:
    """Life stories in conversations over months, with questions whose key is right by construction."""

    Config = GeneratedConfig
    categories = Categories(
        tuple(
            Category(
                name,
                name,
                like=LOCOMO_CATEGORY[name],
                asked=name != "unanswerable",
                rule=RULES.get(name, "single"),
            )
            for name in CATEGORIES
        )
    )

    def __init__(self, config: GeneratedConfig) -> None:
        self.config = config

    def load(self) -> Dataset:
        """The whole data set: of the knobs, or of the file that is given."""
        return _from_file(Path(self.config.path)) if self.config.path else made(self.config.made())


@lru_cache(maxsize=2)
def made(knobs: Knobs) -> Dataset:
    """The conversations and questions of some knobs."""
    talks, questions = [], []
    for draft in conversations(knobs):
        talks.append(_conversation(draft))
        questions += [_question(draft.sample_id, i, one) for i, one in enumerate(draft.questions())]
    standard = knobs == Knobs(seed=knobs.seed)
    return Dataset(
        name="generated" if standard else "generated (own knobs)",
        sha256=content_digest(talks, questions),
        path=f"generated-{VERSION}-seed{knobs.seed}",
        official=False,
        conversations=tuple(talks),
        questions=tuple(questions),
        notes=(f"generated, version {VERSION}, seed {knobs.seed}: {NOTE}",),
        categories=GeneratedLives.categories,
        synthetic=True,
    )


def _conversation(draft: ConversationDraft) -> Conversation:
    return Conversation(draft.sample_id, draft.speakers, tuple(_session(session) for session in draft.sessions()))


def _session(session: GeneratedSession) -> Session:
    turns = tuple(Turn(turn.turn_id, turn.speaker, turn.text) for turn in session.turns)
    return Session(f"session_{session.number}", session.time.replace(second=0), time_text(session), turns)


def _question(sample_id: str, index: int, made: GeneratedQuestion) -> Question:
    return Question(
        sample_id=sample_id,
        qa_index=index,
        category=made.category,
        text=made.text,
        gold=made.golds[0] if made.golds else "",
        evidence=made.evidence,
        adversarial=made.trap if made.unanswerable else None,
        unanswerable=made.unanswerable or None,
        golds=made.golds if len(made.golds) > 1 else None,
        asked=datetime.combine(made.asked, time()),
    )


@lru_cache(maxsize=2)
def _from_file(path: Path) -> Dataset:
    """A file of ``scripts/make_generated.py``: in LOCOMO's format, with its own fields beside it.

    Raises:
        DataError: the file cannot be read, or a question lacks its own fields.
    """
    samples = read_conversations(path)
    as_locomo = locomo.parse(samples, path)
    own = {
        (sample["sample_id"], i): (JsonPlace(path) / n / "qa" / i, raw)
        for n, sample in enumerate(samples)
        for i, raw in enumerate(sample["qa"])
    }
    questions = tuple(_named(question, *own[question.key]) for question in as_locomo.questions)
    return replace(
        as_locomo,
        sha256=content_digest(as_locomo.conversations, questions),
        questions=questions,
        notes=(f"{path}: {NOTE}",),
        categories=GeneratedLives.categories,
        synthetic=True,
    )


def _named(question: Question, place: JsonPlace, raw: Mapping[str, Any]) -> Question:
    category = place.get(raw, "category_name", str, "one of the generated benchmark's categories")
    if category not in GeneratedLives.categories:
        raise (place / "category_name").error(f"expected one of {', '.join(CATEGORIES)}, found {category!r}")
    answers = place.get(raw, "answers", list, "a list of texts") if "answer" in raw else []
    return replace(
        question,
        category=category,
        golds=tuple(map(str, answers)) if len(answers) > 1 else None,
        asked=_day(place, raw),
        unanswerable=category == "unanswerable" or None,
    )


def _day(place: JsonPlace, raw: Mapping[str, Any]) -> datetime:
    text = place.get(raw, "question_date", str, "a day such as 2024-05-30")
    try:
        return datetime.combine(date.fromisoformat(text), time())
    except ValueError:
        raise (place / "question_date").error(f"expected a day such as 2024-05-30, found {text!r:.40}") from None
