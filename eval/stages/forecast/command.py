"""The forecast of a whole command: its models probed, a pilot where asked for, its jobs rehearsed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from eval.core.config import construct, wants
from eval.stages import components
from eval.stages.concurrency import conversations_at_once
from eval.stages.forecast.bench import Command, ForecastBench
from eval.stages.forecast.hours import CallLimits, CallTime, fitted, side_by_side
from eval.stages.forecast.jobs import Foreseen, Job, KnownModel, forecast
from eval.stages.forecast.learned import Learned
from eval.stages.forecast.model import tokenizer_of
from eval.stages.forecast.pilot import Piloted, PilotExtent, chosen, pilot, rehearsed
from eval.stages.forecast.probe import Probed, prove, sample
from eval.stages.forecast.rehearsal import Work
from eval.stages.forecast.samples import Samples
from eval.stages.forecast.tally import EMBEDDER, INGEST, MEMORY, Form
from memos.embed.budgeted import BudgetedEmbedder
from memos.errors import ConfigError
from memos.llm.base import LLM
from memos.llm.prices import Price
from memos.types import Usage

PAUSE_S, PAUSED_SESSIONS = 0.05, 2
"""How long a stand-in waits, and how many sessions are ingested, to see how many calls a system makes at once."""
SAMPLED_QUESTIONS, SAMPLED_SESSIONS = 8, 3
"""How much of the first conversation is rehearsed to see what kinds of requests there are."""
EMBED_CALL = CallTime(0.2, 0.0, 0.0)
"""The time of a call for embeddings where none was measured."""
EMBEDDED_AT_ONCE = 64
"""Calls for embeddings that are under way at once: each conversation makes its own."""
EMBEDDED = 16
"""Texts of the run whose tokens a server of embeddings is asked to count, the shortest, the longest and between."""
Report = Callable[[str], None]


@dataclass(frozen=True)
class Forecast:
    """What a command will use."""

    jobs: tuple[Job, ...]
    models: Mapping[str, KnownModel]
    probed: Usage = field(default_factory=Usage)
    """What the probe asked."""
    probed_usd: float = 0.0
    piloted: Usage = field(default_factory=Usage)
    """What the pilot asked; its replies are kept."""
    pilot_conversations: int = 0
    seconds: float | None = None

    @property
    def usd(self) -> float | None:
        known = [job.usd for job in self.jobs if job.usd is not None]
        return sum(known) if len(known) == len(self.jobs) else None


@dataclass
class _Asked:
    """A language model of the command."""

    name: str
    spec: Mapping[str, Any]
    bench: ForecastBench
    """A job that asks it."""
    price: Price | None
    remote: bool
    probed: Probed = field(default_factory=Probed)

    def model(self, learned: Learned) -> KnownModel:
        """What is known of it."""
        timed = learned.timed(self.name)
        call = fitted(timed) if timed else CallTime() if self.remote else None
        batch = bool(self.spec.get("batch"))
        return KnownModel(self.name, self.price, call, CallLimits.of(self.spec), tuple(self.probed.troubles), batch)

    def client(self, cache: str) -> LLM:
        """The real model, charged to the command's budget."""
        bench = self.bench
        return components.llm(self.spec, bench.out, cache, bench.budget, fresh=bench.rerun)


def foresee(
    configs: Sequence[Mapping[str, Any]],
    report: Report = print,
    jobs_at_once: int = 1,
    work: Work | None = None,
) -> Forecast:
    """Tell what the jobs of a command will use.

    Args:
        configs: of the jobs, in their order.
        report: told what is being done.
        jobs_at_once: how many jobs run side by side.
        work: what the jobs do; None: what a benchmark does.

    Raises:
        ConfigError: a setting is wrong, or there are no conversations to run a pilot on.
        LLMError: the probe failed: key, model, structured output or tools.
        BudgetExceeded: the probe or the pilot met the cap.
    """
    count, probing = _pilot_size(configs[0]), bool(configs[0].get("probe", True))
    learned, command = Learned(), Command()
    benches = [ForecastBench(config, command, learned=learned, work=work) for config in configs]
    if count and not all(bench.work.ingests for bench in benches):
        raise ConfigError(
            f"pilot={count}: experiment={configs[0]['name']} ingests no conversations; leave pilot out, the probe "
            "shows how long its replies are"
        )
    models = _models(benches)
    if probing:
        _prove(models, report)
        _sample(models, benches, learned, report)
    embedders = _embedders(benches, probing, learned, report)
    pilots = [_pilot(bench, count, probing, learned, report) for bench in benches]
    foreseen = [_rehearsed(bench, piloted, learned, report) for bench, piloted in zip(benches, pilots, strict=True)]
    known = {name: asked.model(learned) for name, asked in models.items()} | embedders
    made = tuple(forecast(job, known, learned) for job in foreseen)
    begun = [piloted for piloted in pilots if piloted is not None]
    return Forecast(
        made,
        known,
        sum((asked.probed.usage for asked in models.values()), Usage()),
        sum(asked.price.cost(asked.probed.usage) for asked in models.values() if asked.price),
        sum((piloted.usage for piloted in begun), Usage()),
        max((len(piloted.extent.sample_ids) for piloted in begun if piloted.extent.phases is None), default=0),
        _command_seconds(made, known, jobs_at_once),
    )


def _pilot_size(config: Mapping[str, Any]) -> int:
    count = config.get("pilot", 0)
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise ConfigError(f"pilot: expected a number of conversations, 0 or more, found {count!r}")
    return count


def _models(benches: Sequence[ForecastBench]) -> dict[str, _Asked]:
    """The language models that the jobs ask, by name."""
    models: dict[str, _Asked] = {}
    for bench in benches:
        for _, spec in bench.asked_models():
            provider = components.provider(spec)
            remote = bool(getattr(provider, "remote", False))
            if provider.name not in models:
                price = bench.budget.price_for(provider)
                models[provider.name] = _Asked(provider.name, spec, bench, price, remote)
    return models


def _prove(models: Mapping[str, _Asked], report: Report) -> None:
    """One token of every server's model."""
    for asked in models.values():
        if asked.remote:
            report(f"asking {asked.name} for one token")
            prove(asked.client("off"), asked.probed)


def _sample(models: Mapping[str, _Asked], benches: Sequence[ForecastBench], learned: Learned, report: Report) -> None:
    """Some of the run's own requests for every server's model: structured output, tools, lengths and time."""
    if not any(asked.remote for asked in models.values()):
        return
    samples, command = Samples(), Command()
    for job in benches:
        bench = ForecastBench(job.config, command, observe=samples, cached=False, work=job.work)
        bench.work.rehearse(bench, bench.place, _first(bench), SAMPLED_QUESTIONS, False, SAMPLED_SESSIONS)
    for asked in models.values():
        forms = samples.of(asked.name) if asked.remote else {}
        if forms:
            count = sum(map(len, forms.values()))
            report(f"asking {asked.name} {count} requests of the run, of {len(forms)} kinds")
            sample(asked.client(asked.bench.config["cache"]), forms, asked.probed, learned)


def _first(bench: ForecastBench) -> list[str]:
    """The first conversation."""
    return [conversation.sample_id for conversation in bench.dataset.conversations[:1]]


def _pilot(bench: ForecastBench, count: int, probing: bool, learned: Learned, report: Report) -> Piloted | None:
    """The pilot of a job that asks a model: the one that is asked for, else, where the probe may ask and how often the
    memory asks rests on what it was told (``asks_by_likeness``), one of the first sessions.
    """
    if count and bench.asked_models():
        report(f"{bench.label}: pilot of {min(count, len(bench.dataset.conversations))} conversations")
        return pilot(bench.config, PilotExtent(tuple(chosen(bench.dataset, count))), learned, bench.work)
    if probing and bench.ingests_with_llm() and getattr(bench.system_class, "asks_by_likeness", False):
        report(f"{bench.label}: reading {SAMPLED_SESSIONS} sessions, since its calls depend on how like memories are")
        ingestion = PilotExtent(tuple(_first(bench)), 1, SAMPLED_SESSIONS, frozenset({INGEST}))
        return pilot(bench.config, ingestion, learned, bench.work)
    return None


def _rehearsed(bench: ForecastBench, piloted: Piloted | None, learned: Learned, report: Report) -> Foreseen:
    """A job rehearsed whole, and what its pilot did without any cache, to compare."""
    conversations = bench.dataset.conversations if bench.work.ingests else ()
    report(f"{bench.label}: rehearsing " + (f"{len(conversations)} conversations" if conversations else "verdicts"))
    seen = bench.work.rehearse(bench, bench.place)
    turns = {c.sample_id: len(c.turns()) for c in conversations}
    control = None
    if piloted is not None:
        again = ForecastBench(bench.config, Command(), learned=learned, cached=False, work=bench.work)
        rehearsed(again, piloted.extent)
        control = again.tally
    return Foreseen(
        bench.label,
        bench.system_spec["name"],
        bench.tally,
        seen,
        turns,
        _at_once(bench),
        conversations_at_once(bench),
        piloted,
        control,
        bench.repeats,
    )


def _at_once(bench: ForecastBench) -> float:
    """How many calls the ingestion of one conversation makes at once on a server's model, as it is seen to."""
    if not bench.ingests_with_llm() or not getattr(components.provider(bench.llm_spec(MEMORY)), "remote", False):
        return 1.0
    slow = ForecastBench(bench.config, Command(), pause=PAUSE_S)
    conversation = max(bench.dataset.conversations, key=lambda c: len(c.turns()))
    with closing(slow.new_system()) as system:
        system.start(conversation)
        sessions = conversation.sessions[:PAUSED_SESSIONS]
        getattr(system, "expect", list)(sessions)
        for session in sessions:
            system.add(session)
    return slow.overlap.at_once


def _embedders(
    benches: Sequence[ForecastBench], probing: bool, learned: Learned, report: Report
) -> dict[str, KnownModel]:
    """The servers that embed; where probing, each embeds some of the run's texts: key, time and way of counting."""
    out: dict[str, KnownModel] = {}
    for bench in benches:
        raw = components.raw_embedder(bench.embedder_spec)
        embeds = bench.work.ingests and wants(bench.system_class, "embedder")
        if not embeds or not getattr(raw, "remote", False) or raw.name in out:
            continue
        call = EMBED_CALL
        if probing:
            texts = _embedded(bench)
            report(f"asking {raw.name} for {len(texts) + 1} vectors")
            embedder = BudgetedEmbedder(construct(bench.embedder_spec, "embedder"), bench.budget)
            tokens, call = _tried(embedder, texts)
            learned.count(Form(EMBEDDER, raw.name, "embedding"), tokens, sum(map(tokenizer_of(raw.name), texts)))
        out[raw.name] = KnownModel(raw.name, bench.budget.price_for(raw), call, CallLimits(EMBEDDED_AT_ONCE))
    return out


def _embedded(bench: ForecastBench) -> list[str]:
    """Some of the texts that a job embeds: a server's way of counting differs with the kind of text."""
    short = ForecastBench(bench.config, command := Command(), cached=False, work=bench.work)
    bench.work.rehearse(short, short.place, _first(short), SAMPLED_QUESTIONS, False, SAMPLED_SESSIONS)
    texts = sorted({text for known in command.vectors.values() for text in known if text}, key=lambda t: (len(t), t))
    count = min(EMBEDDED, len(texts))
    return [texts[number * (len(texts) - 1) // max(count - 1, 1)] for number in range(count)]


def _tried(embedder: BudgetedEmbedder, texts: Sequence[str]) -> tuple[int, CallTime]:
    """The server's tokens of texts, and the time of a call on a connection that is there."""
    embedder.encode(["harbour"])
    before, start = getattr(embedder.inner, "usage", Usage()), time.perf_counter()
    embedder.encode(texts)
    seconds, spent = time.perf_counter() - start, getattr(embedder.inner, "usage", Usage()) - before
    return spent.prompt_tokens, CallTime(seconds, 0.0, 0.0, True)


def _command_seconds(made: Sequence[Job], models: Mapping[str, KnownModel], jobs_at_once: int) -> float | None:
    """The jobs beside one another, their latency passes one after the other at the end, at the rate that all share."""
    untimed = [job.untimed_s for job in made if job.untimed_s is not None]
    timed = [job.timed_s for job in made if job.timed_s is not None]
    if len(untimed) < len(made) or len(timed) < len(made):
        return None
    work = side_by_side(untimed, jobs_at_once)
    for name, model in models.items():
        asked = sum((phase.asked for job in made for phase in job.phases if phase.model == name), Usage())
        work = max(work, model.limits.least_seconds(asked.calls, asked.prompt_tokens + asked.completion_tokens))
    return work + sum(timed)
