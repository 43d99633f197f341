"""The forecast of one job: what each phase is going to ask for, what that costs, and how long it takes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from eval.stages.forecast.hours import CallLimits, CallTime, side_by_side
from eval.stages.forecast.learned import Learned
from eval.stages.forecast.pilot import CallGroup, Piloted, Ratio, ratios, unforeseen
from eval.stages.forecast.rehearsal import Rehearsed
from eval.stages.forecast.tally import ANSWER, EMBED, INGEST, LATENCY, SEARCH, Tally
from memos.llm.prices import Price
from memos.types import Usage


@dataclass(frozen=True)
class KnownModel:
    """What is known of a model or an embedder of the command."""

    name: str
    price: Price | None = None
    time: CallTime | None = None
    """None: not known, as of a model that runs here and was not tried."""
    limits: CallLimits = field(default_factory=CallLimits)
    troubles: tuple[str, ...] = ()
    """What replies to a probe lacked."""
    batch: bool = False
    """Whether answers and verdicts go through the batch interface: at half the price, within a day."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of a job, for one model."""

    phase: str
    role: str
    model: str
    asked: Usage
    """What is still to be asked of the provider."""
    kept: Usage
    """What the response cache answers, or an earlier job of the command has asked."""
    usd: float | None
    seconds: float | None


@dataclass(frozen=True)
class Job:
    """The forecast of one job."""

    label: str
    system: str
    phases: tuple[Phase, ...]
    untimed_s: float | None
    """Seconds of all but the latency pass; None: not known."""
    timed_s: float | None
    """Of the latency pass, which runs alone."""
    troubles: Mapping[str, int]
    """What fails already now, to how often."""

    @property
    def seconds(self) -> float | None:
        """Of the whole job, alone."""
        return None if self.untimed_s is None or self.timed_s is None else self.untimed_s + self.timed_s

    @property
    def asked(self) -> Usage:
        """Over all phases."""
        return sum((phase.asked for phase in self.phases), Usage())

    @property
    def usd(self) -> float | None:
        """Dollars over all phases; None where one has no price."""
        known = [phase.usd for phase in self.phases if phase.usd is not None]
        return sum(known) if len(known) == len(self.phases) else None


@dataclass(frozen=True)
class Foreseen:
    """What a rehearsal, and a pilot where there was one, tell of a job."""

    label: str
    system: str
    tally: Tally
    seen: Rehearsed
    turns: Mapping[str, int]
    """Conversation to its number of turns."""
    at_once: float = 1.0
    """Calls that the ingestion of one conversation makes at once."""
    conversations_at_once: int = 1
    piloted: Piloted | None = None
    control: Tally | None = None
    """A rehearsal of the pilot's work without any cache."""
    repeats: int = 1
    """How often questions are answered and judged; other samples than the first are in no cache."""


def forecast(job: Foreseen, models: Mapping[str, KnownModel], learned: Learned) -> Job:
    """Sum up a job.

    Args:
        job: what is known of it.
        models: by name.
        learned: what real replies taught.
    """
    asked, kept = _asked(job, learned), {}
    for purpose, counts in job.tally.by_purpose().items():
        kept[CallGroup.of(purpose)] = kept.get(CallGroup.of(purpose), Usage()) + counts.kept
    totals: dict[CallGroup, Usage] = {}
    for (group, _), usage in asked.items():
        totals[group] = totals.get(group, Usage()) + usage
    phases = []
    for group, usage in totals.items():
        model = models[group.model]
        batched = model.batch and group.phase not in _DIRECT
        usd = model.price.cost(usage, batched=batched) if model.price else None
        seconds = _phase_seconds(job, group, asked, models)
        phases.append(Phase(group.phase, group.role, group.model, usage, kept.get(group, Usage()), usd, seconds))
    phases.sort(key=lambda row: _ORDER.get(row.phase, len(_ORDER)))
    untimed, timed = _untimed_seconds(job, asked, models, phases), _sum(p.seconds for p in phases if p.phase == LATENCY)
    return Job(job.label, job.system, tuple(phases), untimed, timed, job.seen.troubles)


_DIRECT = (INGEST, SEARCH, LATENCY, EMBED)
"""Phases whose calls never go through a batch interface."""
_ORDER = {INGEST: 0, SEARCH: 1, ANSWER: 2, LATENCY: 8, EMBED: 9}
Asked = Mapping[tuple[CallGroup, str], Usage]
"""Group and conversation to what is to be asked."""


def _asked(job: Foreseen, learned: Learned) -> dict[tuple[CallGroup, str], Usage]:
    measured = ratios(job.piloted, job.control, learned) if job.piloted and job.control else {}
    out: dict[tuple[CallGroup, str], Usage] = {}
    for (purpose, name), counts in job.tally.counts.items():
        group = CallGroup.of(purpose)
        asked = counts.asked
        if group.phase not in _DIRECT:
            asked = sum([counts.total] * (job.repeats - 1), asked)
        usage = measured.get(group.untimed, Ratio()).of(learned.tokens(purpose.of_form, asked))
        out[group, name] = out.get((group, name), Usage()) + usage
    if job.piloted and job.control:
        for group, usage in unforeseen(job.piloted, job.control, learned).items():
            for name, share in _spread(job, job.piloted, group, usage).items():
                out[group, name] = out.get((group, name), Usage()) + share
    return out


def _spread(job: Foreseen, piloted: Piloted, group: CallGroup, usage: Usage) -> dict[str, Usage]:
    """What the pilot met and its rehearsal did not, for the other conversations by their turns or questions."""
    by_turns = group.phase in (INGEST, EMBED)
    sizes, done = (job.turns, piloted.turns) if by_turns else (job.seen.questions, piloted.seen.questions)
    seen = sum(done.values()) or 1
    numbers = (usage.calls, usage.prompt_tokens, usage.completion_tokens)
    out = {}
    for name, size in sizes.items():
        left = size - done.get(name, 0)
        out[name] = Usage(*(round(number * left / seen) for number in numbers))
    return out


def _seconds(model: KnownModel, usage: Usage) -> float | None:
    """Of calls one after the other."""
    if model.time is None:
        return None if usage.calls else 0.0
    return model.time.seconds(usage.calls, usage.prompt_tokens, usage.completion_tokens)


def _phase_seconds(job: Foreseen, group: CallGroup, asked: Asked, models: Mapping[str, KnownModel]) -> float | None:
    phase, model = group.phase, models[group.model]
    own = [usage for (g, _), usage in asked.items() if g == group]
    each = [_seconds(model, usage) for usage in own]
    if any(seconds is None for seconds in each):
        return None
    known, total = [seconds or 0.0 for seconds in each], sum(own, Usage())
    least = model.limits.least_seconds(total.calls, total.prompt_tokens + total.completion_tokens)
    if phase in (INGEST, EMBED):
        chains = [seconds / (job.at_once if phase == INGEST else 1.0) for seconds in known]
        return max(side_by_side(chains, job.conversations_at_once), sum(known) / model.limits.concurrency, least)
    if phase in (SEARCH, LATENCY) or not total.calls:
        return max(sum(known), least)
    rounds = math.ceil(total.calls / model.limits.concurrency)
    return max(rounds * sum(known) / total.calls, least)


def _untimed_seconds(
    job: Foreseen, asked: Asked, models: Mapping[str, KnownModel], phases: Sequence[Phase]
) -> float | None:
    """All but the latency pass: conversations ingested beside one another, then searches, answers and verdicts.

    Answers and verdicts of one model share its calls under way; different models are asked beside one another
    (``eval.stages.flow``).
    """
    chains = {name: job.seen.machine_s.get(name, 0.0) for name in job.turns}
    for (group, conversation), usage in asked.items():
        if group.phase in (INGEST, EMBED):
            seconds = _seconds(models[group.model], usage)
            if seconds is None:
                return None
            chains[conversation] += seconds / (job.at_once if group.phase == INGEST else 1.0)
    ingested = max(
        side_by_side(list(chains.values()), job.conversations_at_once),
        sum(job.seen.machine_s.values()),
        *(phase.seconds or 0.0 for phase in phases if phase.phase in (INGEST, EMBED)),
    )
    searched = _sum(phase.seconds for phase in phases if phase.phase == SEARCH)
    judged = [phase for phase in phases if phase.phase not in _DIRECT]
    by_model = [_sum(phase.seconds for phase in judged if phase.model == name) for name in {p.model for p in judged}]
    if searched is None or None in by_model:
        return None
    return ingested + searched + max((seconds for seconds in by_model if seconds is not None), default=0.0)


def _sum(seconds: Iterable[float | None]) -> float | None:
    """None where one is not known."""
    known = list(seconds)
    return None if None in known else sum(second for second in known if second is not None)
