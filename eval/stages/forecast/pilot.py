"""A real pilot: some conversations through the real models, and what a forecast learns from it.

The replies go into the response cache, so the run that follows does not pay for them again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.core.types import Dataset
from eval.stages import components
from eval.stages.forecast.bench import Command, ForecastBench
from eval.stages.forecast.hours import Timed
from eval.stages.forecast.model import Counting
from eval.stages.forecast.rehearsal import Rehearsed, rehearse
from eval.stages.forecast.tally import EMBED, INGEST, Counts, Purpose, Tally
from memos.embed.base import Embedder
from memos.llm.base import Completion, Request
from memos.types import Usage

QUESTIONS = 20
"""Questions of each conversation that a pilot answers and judges at most."""


class PilotBench(ForecastBench):
    """The real models behind the same counting."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.timed: list[tuple[str, Timed]] = []
        """Every call with the name of its model."""
        super().__init__(config, Command(), observe=self._time)

    def _time(self, purpose: Purpose, request: Request, completion: Completion) -> None:
        usage = completion.usage
        call = Timed(usage.prompt_tokens, usage.completion_tokens, completion.latency_ms / 1000)
        self.timed.append((purpose.model, call))

    def _counting(self, spec: Mapping[str, Any], mode: str) -> Counting:
        real = components.llm(spec, self.out, mode, self.budget, fresh=self.rerun)
        return Counting(real, self.place, self.tally, observe=self._observe)

    def _vectors(self, inner: Embedder) -> Embedder:
        return components.embedder(self.embedder_spec, self.out, self.budget, fresh=self.rerun)


@dataclass(frozen=True)
class Piloted:
    """What a pilot used, and where."""

    sample_ids: tuple[str, ...]
    tally: Tally
    seen: Rehearsed
    timed: tuple[tuple[str, Timed], ...] = ()

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


def pilot(config: Mapping[str, Any], count: int) -> Piloted:
    """Run some conversations of a job through its real models.

    Raises:
        BudgetExceeded: the command's budget is used up.
        LLMError: a model cannot be reached.
    """
    bench = PilotBench(config)
    names = chosen(bench.dataset, count)
    seen = rehearse(bench, bench.place, names, QUESTIONS, latency=False)
    return Piloted(tuple(names), bench.tally, seen, tuple(bench.timed))


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


Group = tuple[str, str, str]
"""Phase, role and model."""


def group_of(purpose: Purpose) -> Group:
    return purpose.phase, purpose.role, purpose.model


def ratios(piloted: Piloted, foreseen: Tally, questions: Mapping[str, int]) -> dict[Group, Ratio]:
    """Ratio of every group of calls that the pilot or the rehearsal of its conversations made.

    Args:
        piloted: the pilot.
        foreseen: the rehearsal of the whole run.
        questions: conversation to the questions that the rehearsal put.
    """
    real = _by_group(piloted.tally, piloted.sample_ids, None)
    share = {name: piloted.seen.questions.get(name, 0) / max(questions.get(name, 0), 1) for name in piloted.sample_ids}
    stood_in = _by_group(foreseen, piloted.sample_ids, share)
    return {
        group: Ratio(
            _ratio(real[group].calls, counts.calls),
            _ratio(real[group].prompt_tokens, counts.prompt_tokens),
            _ratio(real[group].completion_tokens, counts.completion_tokens),
        )
        for group, counts in stood_in.items()
        if group in real
    }


def unforeseen(piloted: Piloted, foreseen: Tally) -> dict[Group, Usage]:
    """What the pilot's groups took that the rehearsal never asked for."""
    known = {group_of(purpose) for purpose in foreseen.by_purpose(piloted.sample_ids)}
    return {g: u for g, u in _by_group(piloted.tally, piloted.sample_ids, None).items() if g not in known}


def _by_group(tally: Tally, names: Sequence[str], share: Mapping[str, float] | None) -> dict[Group, Usage]:
    """Usage by group over some conversations; that of questions in proportion to those that were put."""
    out: dict[Group, Usage] = {}
    for (purpose, name), counts in tally.counts.items():
        if name in names:
            usage = counts.total
            if share is not None and purpose.phase not in (INGEST, EMBED):
                usage = scaled(usage, share[name])
            out[group_of(purpose)] = out.get(group_of(purpose), Usage()) + usage
    return out


def scaled(usage: Usage, factor: float) -> Usage:
    """A usage times a factor; fractions of tokens are kept to the nearest."""
    return Usage(*(round(n * factor) for n in (usage.calls, usage.prompt_tokens, usage.completion_tokens)))


def _ratio(real: int, foreseen: int) -> float:
    return real / foreseen if foreseen else 1.0


def rest(purpose: Purpose, name: str, counts: Counts, piloted: Piloted | None, questions: Mapping[str, int]) -> Usage:
    """What of one purpose in one conversation is still to be asked once the pilot's replies are kept."""
    if piloted is None or name not in piloted.sample_ids:
        return counts.asked
    if purpose.phase in (INGEST, EMBED):
        return Usage()
    done = piloted.seen.questions.get(name, 0) / max(questions.get(name, 0), 1)
    return scaled(counts.asked, 1 - done)
