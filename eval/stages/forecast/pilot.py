"""A real pilot: some conversations through the real models, and what a forecast learns from it.

The replies go into the response cache, so the run that follows does not pay for them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eval.core.types import Dataset
from eval.stages import components
from eval.stages.forecast.bench import Command, ForecastBench
from eval.stages.forecast.learned import Learned
from eval.stages.forecast.model import Counting
from eval.stages.forecast.rehearsal import Rehearsed, Work
from eval.stages.forecast.tally import ANSWER, EMBED, EMBEDDER, LATENCY, MEMORY, SEARCH, Purpose, Tally
from memos.embed.base import Embedder
from memos.types import Usage

QUESTIONS = 20
"""Questions of each conversation that a pilot answers and judges at most."""


class PilotBench(ForecastBench):
    """The real models behind the same counting."""

    def __init__(self, config: Mapping[str, Any], learned: Learned, work: Work) -> None:
        super().__init__(config, Command(), observe=learned, work=work)

    def _counting(self, spec: Mapping[str, Any], mode: str) -> Counting:
        real = components.llm(spec, self.out, mode, self.budget, fresh=self.rerun)
        return Counting(real, self.place, self.tally, observe=self._observe)

    def _vectors(self, inner: Embedder) -> Embedder:
        return components.embedder(self.embedder_spec, self.out, self.budget, fresh=self.rerun)


@dataclass(frozen=True)
class PilotExtent:
    """How much of a job a pilot runs."""

    sample_ids: tuple[str, ...]
    questions: int = QUESTIONS
    """Of each conversation, at most."""
    sessions: int | None = None
    """Of each conversation, the first ones; None: all."""
    phases: frozenset[str] | None = None
    """What its figures correct; None: every phase."""

    def corrects(self, group: CallGroup) -> bool:
        return self.phases is None or group.phase in self.phases


@dataclass(frozen=True)
class Piloted:
    """What a pilot used, and where."""

    extent: PilotExtent
    tally: Tally
    seen: Rehearsed
    turns: Mapping[str, int]
    """Conversation to the turns that were read."""

    @property
    def usage(self) -> Usage:
        """What was asked of the providers."""
        return sum((counts.asked for counts in self.tally.by_purpose().values()), Usage())


def chosen(dataset: Dataset, count: int) -> list[str]:
    """The conversations of a pilot: those nearest the middle length, in the order of the data set."""
    sizes = {c.sample_id: len(c.turns()) for c in dataset.conversations}
    middle = sorted(sizes.values())[len(sizes) // 2]
    nearest = sorted(sizes, key=lambda name: abs(sizes[name] - middle))[:count]
    return [name for name in sizes if name in nearest]


def pilot(config: Mapping[str, Any], extent: PilotExtent, learned: Learned, work: Work) -> Piloted:
    """Run a part of a job through its real models.

    Args:
        extent: which part.
        learned: told of every reply.
        work: what the job does.

    Raises:
        BudgetExceeded: the command's budget is used up.
    """
    bench = PilotBench(config, learned, work)
    seen = rehearsed(bench, extent)
    turns = {
        c.sample_id: sum(len(session.turns) for session in c.sessions[: extent.sessions])
        for c in bench.dataset.conversations
        if c.sample_id in extent.sample_ids
    }
    return Piloted(extent, bench.tally, seen, turns)


def rehearsed(bench: ForecastBench, extent: PilotExtent) -> Rehearsed:
    """Do a part of a bench's job, but for its latency pass."""
    return bench.work.rehearse(
        bench, bench.place, extent.sample_ids, extent.questions, latency=False, most_sessions=extent.sessions
    )


@dataclass(frozen=True, slots=True)
class Ratio:
    """What the real models took, to what was foreseen for the same work."""

    calls: float = 1.0
    prompt: float = 1.0
    completion: float = 1.0

    def of(self, usage: Usage) -> Usage:
        return Usage(
            round(usage.calls * self.calls),
            round(usage.prompt_tokens * self.prompt),
            round(usage.completion_tokens * self.completion),
        )


@dataclass(frozen=True, slots=True)
class CallGroup:
    """All calls of one phase and model."""

    phase: str
    role: str
    model: str

    @classmethod
    def of(cls, purpose: Purpose) -> CallGroup:
        return cls(purpose.phase, purpose.role, purpose.model)

    @property
    def untimed(self) -> CallGroup:
        """The group that did the same work outside the latency pass."""
        if self.phase != LATENCY:
            return self
        return CallGroup({MEMORY: SEARCH, EMBEDDER: EMBED}.get(self.role, ANSWER), self.role, self.model)


def ratios(piloted: Piloted, control: Tally, learned: Learned) -> dict[CallGroup, Ratio]:
    """Ratio of every group of calls that the pilot and a rehearsal of the same work both made.

    Args:
        piloted: the pilot.
        control: a rehearsal of its conversations and questions, without any cache.
        learned: what the replies taught.
    """
    real, foreseen = _used(piloted.tally, learned), by_group(control, learned)
    return {
        group: Ratio(
            _ratio(real[group].calls, usage.calls),
            _ratio(real[group].prompt_tokens, usage.prompt_tokens),
            _ratio(real[group].completion_tokens, usage.completion_tokens),
        )
        for group, usage in foreseen.items()
        if group in real and piloted.extent.corrects(group)
    }


def unforeseen(piloted: Piloted, control: Tally, learned: Learned) -> dict[CallGroup, Usage]:
    """What the pilot's groups took that the rehearsal never asked for."""
    known = by_group(control, learned)
    return {
        group: usage
        for group, usage in _used(piloted.tally, learned).items()
        if group not in known and piloted.extent.corrects(group)
    }


def by_group(tally: Tally, learned: Learned) -> dict[CallGroup, Usage]:
    """All usage of a rehearsal by group, that of caches included, in the server's tokens."""
    out: dict[CallGroup, Usage] = {}
    for purpose, counts in tally.by_purpose().items():
        group = CallGroup.of(purpose)
        out[group] = out.get(group, Usage()) + learned.tokens(purpose.of_form, counts.total)
    return out


def _used(tally: Tally, learned: Learned) -> dict[CallGroup, Usage]:
    """The same of a pilot, whose replies state the server's tokens; those of embeddings are by our count."""
    out: dict[CallGroup, Usage] = {}
    for purpose, counts in tally.by_purpose().items():
        usage = learned.tokens(purpose.of_form, counts.total) if purpose.role == EMBEDDER else counts.total
        out[CallGroup.of(purpose)] = out.get(CallGroup.of(purpose), Usage()) + usage
    return out


def _ratio(real: int, foreseen: int) -> float:
    return real / foreseen if foreseen else 1.0
