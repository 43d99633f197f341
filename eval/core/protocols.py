"""The contracts of the harness. Implementers satisfy them structurally; no base class is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from eval.core.types import Answer, AnswerTask, JudgeTask, Verdict
from memos.types import Conversation, Query, Retrieved, Session, Usage


@runtime_checkable
class MemorySystem(Protocol):
    """One store of one conversation. The harness makes a fresh one for each conversation.

    A class that implements it takes its configuration dataclass (its attribute ``Config``) as first argument and asks
    for shared parts by keyword: ``embedder``, ``llm``. The harness calls ``start``, then ``add`` for each session in
    order, then ``finish``; it saves between sessions and after a crash loads and goes on with the first session that
    is not in the saved state, so a system never has to think about resuming.

    An attribute ``part_id`` is the class's stable name in fingerprints (its qualified name where it has none), so that
    the class may move.

    A system that asks a model for extractions may also have an attribute ``losses`` (``memos.llm.losses.Losses``):
    those that came to nothing are counted, shown, and too many of them end a run with exit code 2.

    A class attribute ``at_once = True`` says that several instances may work in threads of one process; the harness
    then ingests conversations at once where the system waits for a server. ``at_once = False`` forbids it.

    ``asks_by_likeness = True`` says that its model is asked about memories whose vectors are near: a forecast then
    learns from the first sessions how often that is (``eval.stages.forecast``).

    A system may have ``expect(sessions)``: the sessions that ``add`` will be given, in order. It may begin calls that
    depend on nothing that is stored, as long as what comes out, and what it says it used by the end of each session,
    stays the same.

    A system with a scheduler also has ``pending() -> int``, its waiting tasks: the harness searches nothing, and times
    nothing, while it is not 0.
    """

    version: str
    """Raised by hand when the system's outcome changes; part of the ingest fingerprint."""
    sees_gold: bool
    """True only for the oracle: queries then carry the gold turns."""
    prompt: str
    """Id of the answer prompt the method's authors used (``track=paper``)."""

    def start(self, conversation: Conversation) -> None:
        """Prepare an empty store. The conversation is given for its id and speakers; sessions come through ``add``."""

    def add(self, session: Session) -> None:
        """Ingest one session."""

    def finish(self) -> None:
        """Drain background work and build indexes; afterwards every memory can be found."""

    def search(self, query: Query) -> Retrieved: ...

    def stats(self) -> Mapping[str, int | float]:
        """Numbers worth keeping about the store, such as ``items`` and ``bytes``."""
        ...

    def usage(self) -> Mapping[str, Usage]:
        """Tokens and calls so far by phase: ``ingest`` and ``organise``."""
        ...

    def save(self, folder: Path) -> None:
        """Write the whole state into an existing empty folder (JSON, npy, sqlite; never pickle)."""

    def load(self, folder: Path) -> None:
        """Restore the state ``save`` wrote into this fresh instance; searches then give equal results.

        The folder is read only: other runs read it at the same time, and a file that changes makes the store a damaged
        one.
        """

    def close(self) -> None: ...


@runtime_checkable
class Answerer(Protocol):
    """Questions with contexts to answers. Yields ``(index, answer)`` as they finish, in any order."""

    name: str
    comparable: bool
    """Whether the paper's rows were made by a part of this kind; whose model it asks is decided apart
    (``eval.stages.made_by``)."""

    def identity(self) -> Mapping[str, object]:
        """What changes its answers: model, prompts' hashes, parameters. Part of the answer fingerprint."""
        ...

    def answer(self, tasks: Sequence[AnswerTask]) -> Iterator[tuple[int, Answer]]: ...

    def close(self) -> None: ...


@runtime_checkable
class Judge(Protocol):
    """Answers to verdicts. Yields ``(index, verdict)`` as they finish, in any order."""

    name: str
    """Metric name without its prefix: ``judge_<name>``."""
    comparable: bool
    """As of an answerer."""

    def identity(self) -> Mapping[str, object]: ...

    def judge(self, tasks: Sequence[JudgeTask]) -> Iterator[tuple[int, Verdict]]: ...

    def close(self) -> None: ...


@runtime_checkable
class Scorer(Protocol):
    """One or more metrics of answers against gold answers, batched.

    Values of a batch equal those of one pair at a time (1e-6). A metric that cannot be computed is absent from the
    result and named with the reason and the install command in ``missing``.
    """

    names: tuple[str, ...]

    def identity(self) -> Mapping[str, object]: ...

    def score(
        self, golds: Sequence[str], answers: Sequence[str], categories: Sequence[int | None] | None = None
    ) -> dict[str, list[float]]:
        """Return for each available metric one value a pair, in order; fractions (1.0 is best), not percent.

        ``categories`` are LOCOMO's integers, one a pair; metrics whose definition depends on them (``f1_locomo``) take
        the definition of the remaining categories where it is None, for one pair or for all.
        """
        ...

    def missing(self) -> Mapping[str, str]: ...


@runtime_checkable
class StatesReasons(Protocol):
    """What a scorer may have besides: metrics that the paper does not know need none."""

    def not_comparable(self) -> Sequence[str]:
        """Reasons why values may not stand beside the paper's, one sentence each; empty where they may. A sentence that
        begins with the name of a metric is about that metric alone.
        """
        ...
