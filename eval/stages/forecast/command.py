"""The forecast of a whole command: its jobs rehearsed one after the other, its models probed, a pilot where asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from eval.core.config import construct, wants
from eval.stages import components
from eval.stages.forecast import jobs
from eval.stages.forecast.bench import Command, ForecastBench
from eval.stages.forecast.hours import CallTime, Limits, Timed, fitted
from eval.stages.forecast.jobs import Factors, Foreseen, Job, Model
from eval.stages.forecast.model import tokenizer_of
from eval.stages.forecast.pilot import Piloted, pilot, ratios
from eval.stages.forecast.rehearsal import MEMORY, rehearse
from eval.stages.forecast.samples import Samples
from eval.stages.probe import Probed, probe, prompt_factor
from memos.embed.budgeted import BudgetedEmbedder
from memos.errors import ConfigError
from memos.llm.budget import Budget, BudgetedLLM
from memos.llm.prices import Price
from memos.types import Usage

PAUSE_S, PAUSED_CALLS = 0.02, 60
"""How long a stand-in waits, and about how many calls are made, to see how many a system makes at once."""
EMBED_CALL = CallTime(0.2, 0.0, 0.0)
"""The time of a call for embeddings where none was measured."""
TRIED = "Nadia took the ferry to the island on Saturday, and her brother met her at the harbour with the old bicycle."
"""A text whose tokens a server of embeddings is asked to count."""
Report = Callable[[str], None]


@dataclass(frozen=True)
class Forecast:
    """What a command will use."""

    jobs: tuple[Job, ...]
    models: Mapping[str, Model]
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
class _Seen:
    """A model of the command as it is found out about."""

    name: str
    spec: Mapping[str, Any]
    budget: Budget
    price: Price | None
    remote: bool
    probed: Probed = field(default_factory=Probed)
    factors: dict[tuple[str, str], float] = field(default_factory=dict)
    timed: list[Timed] = field(default_factory=list)

    def model(self) -> Model:
        """What is known of it now."""
        measured = self.timed or self.probed.calls
        call = fitted(measured) if measured else CallTime() if self.remote else None
        return Model(self.name, self.price, Factors(self.factors, self.probed.reply_factor), call, Limits.of(self.spec))


def foresee(configs: Sequence[Mapping[str, Any]], report: Report = print) -> Forecast:
    """Tell what the jobs of a command will use.

    Args:
        configs: of the jobs, in their order.
        report: told what is being done.

    Raises:
        ConfigError: a setting is wrong.
        LLMError: the probe failed: key, model, structured output or tools.
        BudgetExceeded: the pilot, or the probe, met the cap.
    """
    first, command, samples = configs[0], Command(), Samples()
    count = _pilot_size(first)
    benches = [ForecastBench(config, command, observe=samples) for config in configs]
    models = _models(benches)
    if first.get("probe", True):
        _prove(models, benches, report)
    embedders = _embedders(benches, first.get("probe", True), report)
    foreseen = [_rehearsed(bench, report) for bench in benches]
    if first.get("probe", True):
        _calibrate(models, samples, report)
    if count:
        foreseen = [_piloted(job, bench, models, count, report) for job, bench in zip(foreseen, benches, strict=True)]
    known = {name: seen.model() for name, seen in models.items()} | embedders
    made = tuple(jobs.forecast(job, known) for job in foreseen)
    probed = sum((seen.probed.usage for seen in models.values()), Usage())
    pilots = [job.piloted for job in foreseen if job.piloted is not None]
    return Forecast(
        made,
        known,
        probed,
        sum(seen.price.cost(seen.probed.usage) for seen in models.values() if seen.price),
        sum((one.usage for one in pilots), Usage()),
        max((len(one.sample_ids) for one in pilots), default=0),
        _command_seconds(made),
    )


def _pilot_size(config: Mapping[str, Any]) -> int:
    count = config.get("pilot", 0)
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise ConfigError(f"pilot: expected a number of conversations, 0 or more, found {count!r}")
    return count


def _models(benches: Sequence[ForecastBench]) -> dict[str, _Seen]:
    """The language models that the jobs ask, by name."""
    models: dict[str, _Seen] = {}
    for bench in benches:
        for _, spec in bench.asked_models():
            provider = components.provider(spec)
            remote = bool(getattr(provider, "remote", False))
            if provider.name not in models:
                price = bench.budget.price_for(provider)
                models[provider.name] = _Seen(provider.name, spec, bench.budget, price, remote)
    return models


def _prove(models: Mapping[str, _Seen], benches: Sequence[ForecastBench], report: Report) -> None:
    """One token, JSON and a tool call of every server's model, as far as the jobs need them."""
    for name, seen in models.items():
        if not seen.remote:
            continue
        needs = {"text"}
        for bench in benches:
            asked = [spec for role, spec in bench.asked_models() if role == MEMORY]
            if any(components.provider(spec).name == name for spec in asked):
                needs |= {"json"} | ({"tools"} if _calls_tools(bench) else set())
        report(f"asking {name} for one token" + (", JSON" if "json" in needs else "") + _tools(needs))
        with closing(_fresh(seen)) as llm:
            seen.probed = probe(llm, tokenizer_of(name), needs)


def _tools(needs: set[str]) -> str:
    return " and a tool call" if "tools" in needs else ""


def _calls_tools(bench: ForecastBench) -> bool:
    fields = bench.system_spec
    return fields["name"].startswith("mem0_graph") or fields.get("mode") == "agentic"


def _fresh(seen: _Seen) -> BudgetedLLM:
    """A client of its own, so that what one-token replies teach it about the server is not used later."""
    return BudgetedLLM(construct(seen.spec, "llm"), seen.budget, seen.price)


def _calibrate(models: Mapping[str, _Seen], samples: Samples, report: Report) -> None:
    """One token for the first short request of each form: how the server counts its prompt."""
    by_model: dict[str, list[tuple[tuple[str, str], Any]]] = {}
    for (role, name, form), sample in samples.kept.items():
        if name in models and models[name].remote:
            by_model.setdefault(name, []).append(((role, form), sample))
    for name, kinds in by_model.items():
        report(f"asking {name} for one token of each of {len(kinds)} kinds of request")
        with closing(_fresh(models[name])) as llm:
            for kind, (request, counted) in kinds:
                models[name].factors[kind] = prompt_factor(llm, request, counted, models[name].probed)


def _rehearsed(bench: ForecastBench, report: Report) -> Foreseen:
    label = bench.system_spec.get("label") or bench.system_spec["name"]
    report(f"{label}: rehearsing {len(bench.dataset.conversations)} conversations")
    seen = rehearse(bench, bench.place)
    turns = {c.sample_id: len(c.turns()) for c in bench.dataset.conversations}
    return Foreseen(label, bench.system_spec["name"], bench.tally, seen, turns, _at_once(bench))


def _at_once(bench: ForecastBench) -> float:
    """How many calls the ingestion of one conversation makes at once on a server's model, as it is seen to."""
    if not bench.uses_llm() or not getattr(components.provider(bench.llm_spec(MEMORY)), "remote", False):
        return 1.0
    slow = ForecastBench(bench.config, Command(), pause=PAUSE_S)
    conversation = max(bench.dataset.conversations, key=lambda c: len(c.turns()))
    with closing(slow.new_system()) as system:
        system.start(conversation)
        wall, processor = time.perf_counter(), time.process_time()
        for session in conversation.sessions:
            system.add(session)
            calls = sum(counts.total.calls for counts in slow.tally.counts.values())
            if calls >= PAUSED_CALLS:
                break
        waited = time.perf_counter() - wall - (time.process_time() - processor)
    calls = sum(counts.asked.calls for purpose, counts in _asked_of_models(slow))
    return max(1.0, calls * PAUSE_S / waited) if waited > 0 else 1.0


def _asked_of_models(bench: ForecastBench) -> Iterator[tuple[Any, Any]]:
    return ((purpose, counts) for purpose, counts in bench.tally.by_purpose().items() if purpose.role == MEMORY)


def _piloted(job: Foreseen, bench: ForecastBench, models: Mapping[str, _Seen], count: int, report: Report) -> Foreseen:
    """A job with what a pilot showed; jobs that ask no server need none."""
    names = [components.provider(spec).name for _, spec in bench.asked_models()]
    if not any(name in models for name in names):
        return job
    report(f"{job.label}: pilot of {min(count, len(bench.dataset.conversations))} conversations")
    made: Piloted = pilot(bench.config, count)
    for name in set(names):
        models[name].timed += [timed for model, timed in made.timed if model == name]
    return replace(job, piloted=made, ratios=ratios(made, job.tally, job.seen.questions))


def _embedders(benches: Sequence[ForecastBench], probing: bool, report: Report) -> dict[str, Model]:
    """The servers that embed; where probing, each is asked for two vectors: key, time and way of counting."""
    out: dict[str, Model] = {}
    for bench in benches:
        raw = components.raw_embedder(bench.embedder_spec)
        if not getattr(raw, "remote", False) or raw.name in out or not wants(bench.system_class, "embedder"):
            continue
        factor, call = 1.0, EMBED_CALL
        if probing:
            report(f"asking {raw.name} for two vectors")
            factor, call = _tried(BudgetedEmbedder(construct(bench.embedder_spec, "embedder"), bench.budget))
        every = Factors({("embedder", "embedding"): factor})
        out[raw.name] = Model(raw.name, bench.budget.price_for(raw), every, call, Limits(1))
    return out


def _tried(embedder: BudgetedEmbedder) -> tuple[float, CallTime]:
    """The server's tokens for one of ours, and the time of a call on a connection that is there."""
    embedder.encode(["harbour"])
    before, start = getattr(embedder.inner, "usage", Usage()), time.perf_counter()
    embedder.encode([TRIED])
    seconds, spent = time.perf_counter() - start, getattr(embedder.inner, "usage", Usage()) - before
    counted = tokenizer_of(embedder.name)(TRIED)
    return (spent.prompt_tokens / counted if spent.prompt_tokens else 1.0), CallTime(seconds, 0.0, 0.0, True)


def _command_seconds(made: Sequence[Job]) -> float | None:
    """The jobs one after the other."""
    known = [job.seconds for job in made if job.seconds is not None]
    return sum(known) if len(known) == len(made) else None
