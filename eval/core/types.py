"""Frozen types of the harness. Records on disk are JSON; these are what the code passes around."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from eval.core.categories import LOCOMO, Categories, CategoryId
from memos.types import Conversation, Usage


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the benchmark."""

    sample_id: str
    qa_index: int
    """Position in the conversation's ``qa`` list; with ``sample_id`` the key of every record."""
    category: CategoryId
    """Id of one of the data set's categories."""
    text: str
    gold: str
    """Gold answer as text; empty where the gold is that the conversation does not say."""
    evidence: tuple[str, ...] = ()
    """Ids of existing turns that hold the evidence."""
    unresolved: tuple[str, ...] = ()
    """Evidence strings that name no existing turn."""
    adversarial: str | None = None
    """The trap answer of a question that cannot be answered."""
    unanswerable: bool | None = None
    """True where the conversation does not say the answer, so that a good answer says so."""
    golds: tuple[str, ...] | None = None
    """All accepted golds, ``gold`` the first of them; None where there is that one alone."""
    asked: datetime | None = None
    """When the question is asked; None where the data set does not say."""
    options: tuple[str, ...] | None = None
    """The choices of a multiple-choice question, whose gold is one of them."""
    rubric: tuple[str, ...] | None = None
    """What a good answer must show, item by item; seen by judges alone."""
    rule: str | None = None
    """The rule it is judged by, where that is not its category's."""
    instruction: str | None = None
    """What the data set tells who answers, beside the question; memory systems never see it."""
    worded: bool | None = None
    """False where the gold is no answer in words but a rubric, so that F1, BLEU and their like mean nothing."""

    @property
    def key(self) -> tuple[str, int]:
        return (self.sample_id, self.qa_index)

    @property
    def accepted(self) -> tuple[str, ...]:
        """Every gold that counts, the one to print first."""
        return self.golds or (self.gold,)

    @property
    def locomo_form(self) -> int | None:
        """The category of LOCOMO whose form of its F1 is meant: 5 where the answer is that nothing is said; None: the
        plain one.
        """
        if self.unanswerable:
            return 5
        return self.category if isinstance(self.category, int) else None


@dataclass(frozen=True, slots=True)
class Dataset:
    """Conversations with their questions, and the identity of the file they came from."""

    name: str
    sha256: str
    """Digest of the canonical JSON of the content that is used, so byte-different equal files agree."""
    path: str
    official: bool
    """Whether this is the official file with its asserted counts."""
    conversations: tuple[Conversation, ...]
    questions: tuple[Question, ...]
    notes: tuple[str, ...] = ()
    """What the loader found worth telling: orphan dates, malformed evidence, a file that is not the official one."""
    categories: Categories = LOCOMO
    """Its categories of questions."""
    judge: str = ""
    """Name of the judge with the data set's own rubric; empty where any judge may be the main one."""
    scorers: tuple[str, ...] = ()
    """Scorers of metrics of its own, each as package.module.Class, computed beside the configured ones."""
    synthetic: bool = False
    """Whether a program wrote it, so that it is no real data."""

    def conversation(self, sample_id: str) -> Conversation:
        return next(c for c in self.conversations if c.sample_id == sample_id)


@dataclass(frozen=True, slots=True)
class AnswerTask:
    """What an answerer sees: the question and the retrieved context. Never the category, never the gold."""

    question: str
    context: str
    speakers: tuple[str, ...]
    prompt: str = "default"
    """Id of the answer prompt: a system's own one in ``track=paper``, the shared one in ``track=controlled``."""
    asked: datetime | None = None
    """When the question is asked, where the data set says it."""
    options: tuple[str, ...] | None = None
    """The choices of a multiple-choice question."""
    instruction: str | None = None
    """What the data set tells who answers, beside the question."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answerer's outcome."""

    text: str
    status: str = "ok"
    """``ok`` or ``error``."""
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    prompt_hash: str = ""
    latency_ms: float = 0.0
    cut_tokens: int = 0
    error: str = ""
    from_cache: bool = False
    raw: str = ""
    """The reply as the model wrote it, where the answer was read out of it; empty where both are the same."""


@dataclass(frozen=True, slots=True)
class BatchedAnswer(Answer):
    """An answer of which a batch interface gave some replies; ``latency_ms`` is no latency then.

    A class of its own, so that answerers which never see one are the same code as before there were any.
    """

    batched: Usage = field(default_factory=Usage)
    """The part of ``usage`` that came from a batch interface, at a part of the price."""


@dataclass(frozen=True, slots=True)
class JudgeTask:
    """What a judge sees."""

    question: str
    gold: str
    answer: str
    category: int
    """The category of LOCOMO that the question's is most alike (``Category.like``)."""
    rule: str = ""
    """The rule of the data set's rubric for it."""
    golds: tuple[str, ...] | None = None
    """All accepted golds; None where ``gold`` is the only one."""
    rubric: tuple[str, ...] | None = None
    """What a good answer must show, item by item."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judge's outcome for one answer."""

    label: str
    """``correct``, ``wrong``, ``unparsed`` or ``error``; the majority where the judge ran several times."""
    score: float | None
    """Share of runs that said correct (LLM judges), or the probability of correct (offline judges)."""
    runs: tuple[str, ...] = ()
    """The label of each run."""
    raw: tuple[str, ...] = ()
    """The judge's own text of each run."""
    model: str = ""
    prompt_hash: str = ""
    usage: Usage = field(default_factory=Usage)
    latency_ms: float = 0.0
    attempts: int = 0
    """Replies asked for, those asked again included; 0 for judges that ask nobody."""


@dataclass(frozen=True, slots=True)
class BatchedVerdict(Verdict):
    """A verdict of which a batch interface gave some replies; ``latency_ms`` is no latency then."""

    batched: Usage = field(default_factory=Usage)
    """The part of ``usage`` that came from a batch interface, at a part of the price."""


@dataclass(frozen=True, slots=True)
class GradedVerdict(BatchedVerdict):
    """A verdict with partial scores: what counts is the mean of ``grades``; its label says whether that is above half.

    A class of its own, so that judges which say correct or wrong alone are the same code as before there were grades.
    """

    grades: tuple[float, ...] = ()
    """Grade of each run, 0 to 1."""
    items: tuple[tuple[float, ...], ...] = ()
    """Of each run the scores of the rubric's items, in their order."""
    measures: Mapping[str, float] = field(default_factory=dict)
    """What stands beside the grade, by name, such as ``order_f1``."""
