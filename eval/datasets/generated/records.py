"""Records of the generated benchmark: knobs, people, facts, tellings, turns, questions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from memos.errors import ConfigError

CATEGORIES = (
    "single-hop",
    "multi-hop",
    "temporal",
    "knowledge-update",
    "point-in-time",
    "counting",
    "ordering",
    "preference",
    "unanswerable",
)
"""The data set's own category names, in printing order."""


@dataclass(frozen=True, slots=True)
class Knobs:
    """Size and difficulty. Equal knobs give equal conversations, bit for bit. Their words are those of the page, of the
    configuration and of the script."""

    conversations: int = field(
        default=30,
        metadata={"help": "lives; each depends on its own number only: more of them leave the first ones as they are"},
    )
    sessions: int = field(
        default=24,
        metadata={
            "help": "of a conversation; at 24 about 35 turns and 470 tokens each, at a thousand 26 and 370: "
            "27,000 are 10 million tokens"
        },
    )
    seed: int = field(default=0, metadata={"help": "of every draw; another seed is another set of lives"})
    questions: int = field(
        default=56,
        metadata={"help": "of a conversation, at most; short conversations support fewer"},
    )
    speakers: int = field(default=2, metadata={"help": "2 to 4 people who talk with each other"})
    distractors: float = field(
        default=1.0,
        metadata={
            "help": "facts of the same kinds about strangers: times one a session, or as many as fill it up "
            "to five tellings"
        },
    )
    distance: float = field(
        default=0.0,
        metadata={"help": "share of the sessions at the end without evidence, 0 to 0.9"},
    )
    paraphrase: float = field(
        default=0.5,
        metadata={"help": "share of questions worded away from the tellings, 0 to 1"},
    )
    noise: float = field(default=0.4, metadata={"help": "share of exchanges that are chatter, 0 to 0.95"})

    def __post_init__(self) -> None:
        for name, low, high in (
            ("conversations", 1, 1_000_000),
            ("sessions", 1, 100_000),
            ("questions", 1, 1_000),
            ("speakers", 2, 4),
            ("distractors", 0, 20),
            ("distance", 0, 0.9),
            ("paraphrase", 0, 1),
            ("noise", 0, 0.95),
        ):
            given = getattr(self, name)
            if isinstance(self.__dataclass_fields__[name].default, int) and not isinstance(given, int):
                raise ConfigError(f"knobs.{name}: expected a whole number, found {given!r}")
            if not low <= given <= high:
                raise ConfigError(f"knobs.{name}: expected {low} to {high}, found {given!r}")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a conversation: a speaker, one of their circle, or a stranger."""

    name: str
    """What the person is called when somebody talks about them: first name, nickname, or first name and surname."""
    gender: str
    """``f`` or ``m``; chooses pronouns."""
    full: str
    """The full first name where ``name`` is a nickname, else the same."""
    relation: str = ""
    """To ``owner``, such as ``sister``; empty for speakers; a description for strangers."""
    owner: str = ""
    """The speaker who introduces the person."""


@dataclass(frozen=True, slots=True)
class LifeFact:
    """Something that holds of a person: an event at a date, a state over an interval, a trait for good."""

    fact_id: int
    subject: Person
    kind: str
    slots: tuple[tuple[str, str], ...]
    """What the fact is made of: ``o`` the main object, then the kind's further slots."""
    start: date | None
    """Day of the event or first day of the state; None for what began before the conversation."""
    end: date | None = None
    """First day on which the state no longer holds; None while it holds."""
    month_only: bool = False
    """Whether the conversation gives the month of ``start`` only."""

    def __getitem__(self, slot: str) -> str:
        return dict(self.slots)[slot]

    @property
    def day(self) -> date:
        """The day of an event or change.

        Raises:
            ValueError: the fact has no known beginning.
        """
        if self.start is None:
            raise ValueError(f"fact {self.fact_id}: its beginning is not known")
        return self.start


@dataclass(frozen=True, slots=True)
class Telling:
    """One exchange in which one fact is said: who says it, in which session, how, and which slots it gives away."""

    act: str
    """``introduce``, ``trait``, ``still``, ``change``, ``event``, ``like``, ``dislike``, ``switch`` or ``correct``."""
    fact: LifeFact
    session: int
    teller: str
    listener: str
    when: str = ""
    """The phrase that dates the event, such as ``last Friday``."""
    anchor: int | None = None
    """The fact whose date the phrase leans on, such as ``two days after I moved``."""
    wrong: tuple[str, str] | None = None
    """Slot and false value told first (act ``event``) or taken back (act ``correct``)."""
    hearsay: bool = False
    """Whether a speaker tells it of somebody of another speaker's circle."""
    followups: tuple[str, ...] = ()
    """Slots that come out only when the listener asks."""


@dataclass(frozen=True, slots=True)
class GeneratedTurn:
    """One utterance."""

    turn_id: str
    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class GeneratedSession:
    """Turns of one sitting."""

    number: int
    """From 1."""
    time: datetime
    turns: tuple[GeneratedTurn, ...]


@dataclass(frozen=True, slots=True)
class GeneratedQuestion:
    """One question with its key."""

    question_id: str
    category: str
    text: str
    golds: tuple[str, ...]
    """Accepted forms, the one to print first; empty where the question cannot be answered."""
    evidence: tuple[str, ...]
    """Turns that together hold what the gold needs, in order of telling; empty where it cannot be answered."""
    asked: date
    unanswerable: bool = False
    trap: str | None = None
    """A plausible wrong answer: an outdated value, or the value of somebody else."""
    form: str = ""
    """The question form; for analysis and for the question-only answerer, never shown to a system."""


@dataclass(frozen=True, slots=True)
class GeneratedConversation:
    """A conversation with its questions and the world they were derived from."""

    sample_id: str
    speakers: tuple[str, ...]
    sessions: tuple[GeneratedSession, ...]
    questions: tuple[GeneratedQuestion, ...]
    facts: tuple[LifeFact, ...] = field(repr=False, default=())
    evidence: tuple[tuple[int, str, tuple[str, ...]], ...] = field(repr=False, default=())
    """For each fact id and slot the turns that say it."""
