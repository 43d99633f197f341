"""Frozen types of the harness. Records on disk are JSON; these are what the code passes around."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from memos.types import Conversation, Usage

CATEGORIES: Mapping[int, str] = {
    4: "single-hop",
    1: "multi-hop",
    2: "temporal",
    3: "open-domain",
    5: "adversarial",
}
"""LOCOMO's integer category to its name, in the paper's printing order (docs/protocol.md#categories). Always print both
and n."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the benchmark."""

    sample_id: str
    qa_index: int
    """Position in the conversation's ``qa`` list; with ``sample_id`` the key of every record."""
    category: int
    text: str
    gold: str
    """Gold answer as text; empty for category 5, whose gold is that the conversation does not say."""
    evidence: tuple[str, ...] = ()
    """Ids of existing turns that hold the evidence."""
    unresolved: tuple[str, ...] = ()
    """Evidence strings that name no existing turn."""
    adversarial: str | None = None
    """The trap answer of a category 5 question."""

    @property
    def key(self) -> tuple[str, int]:
        return (self.sample_id, self.qa_index)


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

    def conversation(self, sample_id: str) -> Conversation:
        return next(c for c in self.conversations if c.sample_id == sample_id)


@dataclass(frozen=True, slots=True)
class AnswerTask:
    """What an answerer sees: the question and the retrieved context. Never the category, never the gold."""

    question: str
    context: str
    speakers: tuple[str, str]
    prompt: str = "default"
    """Id of the answer prompt: a system's own one in ``track=paper``, the shared one in ``track=controlled``."""


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
