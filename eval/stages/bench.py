"""One run of one system: its configuration, its identity, its data and its parts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from eval.core import config as schema
from eval.core.config import built, component_config, construct, identity, typed, wants
from eval.core.device import timing_identity
from eval.core.identity import digest, record
from eval.core.protocols import Answerer, Judge, MemorySystem, Scorer
from eval.core.types import Dataset, Question
from eval.datasets import load as datasets
from eval.datasets.selection import select
from eval.metrics.build import Config as MetricsConfig
from eval.runs import lineage
from eval.runs.derived import read_json
from eval.stages import components, former_fingerprints, roles
from eval.stages.adoption import find_run
from memos.embed.base import Embedder
from memos.embed.metered import MeteredEmbedder
from memos.errors import ConfigError
from memos.llm.again import FreshWhereMalformed
from memos.llm.base import LLM
from memos.llm.budget import Budget
from memos.llm.cache import MODES
from memos.llm.metered import Meter, MeteredLLM
from memos.llm.resampled import Resampled
from memos.llm.salted import SaltedLLM, keeps_prefixes
from memos.types import Conversation

GROUPS = ("system", "llm", "embedder", "answerer")
"""Configuration groups whose choice is one component."""
TAKEN_OVER = "timing.json"
"""File of a run folder that says of which device its times are, where they were not measured here."""
Spec = Mapping[str, Any]


class Bench:
    """A checked configuration with lazily built parts. Nothing heavy is loaded before it is needed."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.out = Path(config["out"])
        self.seed = int(config["seed"])
        self.name = config["name"]
        self.system_spec, self.embedder_spec = config["system"], config["embedder"]
        self.track = typed(schema.TrackConfig, _fields(config["track"]), "track")
        self.dataset_config = datasets.checked(config["dataset"])
        self.latency = typed(schema.LatencyConfig, config["latency"], "latency")
        self.budget_config = typed(schema.BudgetConfig, config["budget"], "budget")
        self.metrics_config = typed(MetricsConfig, config["metrics"], "metrics")
        self.system_class, self.system_config = component_config(self.system_spec, "system", "system")
        for group in ("llm", "embedder"):
            if config[group].get("_target_"):
                component_config(config[group], group, group)
        self._judge_fingerprints: dict[str, str] = {}
        self._ingest_fingerprints: dict[str, str] = {}
        self._identities: dict[str | None, dict[str, Any]] = {}
        self._need_llm()
        self.answerer_part, self.judge_parts = roles.answerer(config), roles.judges(config)
        if datasets.exact(config["dataset"], self.dataset_config):
            self.judge_parts = []  # the data set's own metric decides, and nobody is asked
        self.judge_specs = [part.spec for part in self.judge_parts]
        self._need_prompt()
        if config["cache"] not in MODES:
            raise ConfigError(f"cache: expected one of {', '.join(MODES)}, found {config['cache']!r}")
        self.repeats = int(config.get("repeats", 1))
        self._check_repeats()
        self.max_lost, self.retry_ingest = float(config.get("max_lost", 0.02)), bool(config.get("retry_ingest"))
        if not 0 <= self.max_lost <= 1:
            raise ConfigError(f"max_lost: must lie between 0 and 1, found {self.max_lost}")
        self.accept_code, self.rerun = bool(config.get("accept_code")), bool(config.get("rerun"))
        if self.accept_code and self.rerun:
            raise ConfigError(
                "accept_code=true rerun=true: one keeps the records, the other makes them again; give one of them"
            )

    def _need_llm(self) -> None:
        """Refuse a memory that asks for a language model where none is configured."""
        if self.uses_llm() and roles.is_none(self.config["llm"]):
            raise ConfigError(
                f"system={self.system_spec['name']} needs a language model; choose one, such as llm=openai or "
                "llm=embedded, or system.extractor=rules"
            )

    def _need_prompt(self) -> None:
        """Refuse a prompt for an answerer that takes none."""
        chosen = {
            key: value for key, value in (self.config.get("prompt") or {}).items() if key in ("name", "file") and value
        }
        spec = self.answerer_part.spec
        takes = "prompt_file" in component_config(spec, "answerer")[0].Config.__dataclass_fields__
        if chosen and not takes:
            field = "prompt.file" if "file" in chosen else "prompt"
            raise ConfigError(
                f"{field}={chosen.get('file') or chosen['name']}: answerer={spec['name']} takes no "
                "prompt; choose answerer=llm"
            )

    def _check_repeats(self) -> None:
        if self.repeats > 1 and not wants(component_config(self.answerer_part.spec, "answerer")[0], "llm"):
            raise ConfigError(
                f"repeats={self.repeats}: answerer={self.answerer_part.spec['name']} gives the same answer every time; "
                "choose one that asks a model, such as answerer=llm"
            )

    # --- data -------------------------------------------------------------------------------------------------------
    @cached_property
    def dataset(self) -> Dataset:
        """The selected conversations and questions."""
        return select(datasets.load(self.config["dataset"], self.dataset_config), self.dataset_config, self.seed)

    @cached_property
    def speakers(self) -> dict[str, tuple[str, ...]]:
        """Conversation to who talks in it."""
        return {c.sample_id: c.speakers for c in self.dataset.conversations}

    def questions(self, sample_id: str) -> list[Question]:
        return [q for q in self.dataset.questions if q.sample_id == sample_id]

    # --- identity ---------------------------------------------------------------------------------------------------
    @property
    def prompt(self) -> str:
        """Id of the answer prompt: the track's, or the system's own."""
        return self.track.prompt or self.system_class.prompt

    @property
    def context_first(self) -> bool:
        """Whether the track wants the context before the question in every answer prompt."""
        wish = self.track.context_first
        return wish == "always" or (wish == "local" and self.answerer_part.asks and roles.is_local(self.answerer_part))

    def uses_llm(self) -> bool:
        """Whether the memory system itself calls a language model."""
        return wants(self.system_class, "llm") and getattr(self.system_config, "extractor", "llm") == "llm"

    @property
    def extracts(self) -> bool:
        """Whether the system makes memories of its own out of what is said, by a model or by rules."""
        return hasattr(self.system_config, "extractor") or bool(getattr(self.system_class, "packages", ()))

    def identities(self, stage: str | None = None) -> dict[str, Any]:
        """What changes a store (``stage="ingest"``) or a search: the system and the models it works with."""
        if stage not in self._identities:
            own = {"system": identity(self.system_spec, stage)}
            if wants(self.system_class, "embedder"):
                own["embedder"] = components.embedder_identity(self.embedder_spec)
            if self.uses_llm():
                own["llm"] = components.llm_identity(self.config["llm"])
            self._identities[stage] = own
        return self._identities[stage]

    def ingest_fingerprint(self, conversation: Conversation) -> str:
        """Identity of a store: the whole conversation and what the ingestion depends on."""
        if conversation.sample_id not in self._ingest_fingerprints:
            self._ingest_fingerprints[conversation.sample_id] = digest(
                [record(conversation), self.identities("ingest")]
            )
        return self._ingest_fingerprints[conversation.sample_id]

    @cached_property
    def search_fingerprint(self) -> str:
        """Identity of the searches: stores, the system, the budget of words and the questions as a system sees them."""
        gold = self.system_class.sees_gold
        return digest(
            {
                "ingest": [self.ingest_fingerprint(c) for c in self.dataset.conversations],
                "search": self.identities(),
                "budget_words": self.track.budget_words,
                "questions": [
                    [*q.key, q.text, q.evidence if gold else [], *lineage.further(q, lineage.ASKING)]
                    for q in self.dataset.questions
                ],
                "seed": self.seed,
            }
        )

    def answerer_identity(self) -> list[Any]:
        """The answerer's configuration, what it says of itself (prompts, weights), its model, and the prompt it is
        given.
        """
        part = self.answerer_part
        return [identity(part.spec), dict(self.answerer().identity()), _asked(part), self.prompt]

    @cached_property
    def fingerprint(self) -> str:
        """Identity of the answers: the searches, the answerer and what it sees alone. Names the run folder."""
        put = lineage.put_alone(self.dataset.questions)
        return digest([self.search_fingerprint, self.answerer_identity(), *filter(None, [put])], 10)

    def judge_fingerprint(self, spec: Mapping[str, Any]) -> str:
        """Identity of a set of verdicts: the answers, the judge with its model, and all that a judge sees; names their
        journal.
        """
        if spec["name"] not in self._judge_fingerprints:
            seen = [
                [*q.key, q.text, q.gold, q.category, *lineage.further(q, lineage.JUDGING)]
                for q in self.dataset.questions
            ]
            own = self.judge_identity(self._judge_part(spec))
            self._judge_fingerprints[spec["name"]] = digest([self.fingerprint, own, seen], 10)
        return self._judge_fingerprints[spec["name"]]

    def judge_identity(self, part: roles.Part) -> list[Any]:
        """A judge's configuration, what it says of itself, and its model."""
        return [identity(part.spec), dict(self.judge(part.spec, part.llm).identity()), _asked(part)]

    def _judge_part(self, spec: Spec) -> roles.Part:
        return next(part for part in self.judge_parts if part.spec["name"] == spec["name"])

    def role_identities(self) -> dict[str, Any]:
        """Role (``memory``, ``answerer``, ``judge NAME``) to the identity of the language model it asks; None where it
        asks none.
        """
        memory = components.llm_identity(self.config["llm"]) if self.uses_llm() else None
        return {roles.MEMORY: memory} | {part.role: _asked(part) for part in (self.answerer_part, *self.judge_parts)}

    @cached_property
    def metrics_fingerprint(self) -> str:
        """Identity of the metrics' values: the answers, each scorer with its models and data files, the whole
        questions.
        """
        scorers = [dict(scorer.identity()) for scorer in self.scorers()]
        settings = schema.fields_of(self.metrics_config)
        made_of = [self.fingerprint, settings, scorers, [record(q) for q in self.dataset.questions]]
        return digest([*made_of, *self.dataset.categories.official], 10)

    @cached_property
    def timing(self) -> dict[str, Any]:
        """What the latency pass depends on besides the run: this machine and the settings of speed; of a run that was
        replayed, those of the machine that its times come from.
        """
        taken_over = self.folder / TAKEN_OVER
        if taken_over.exists():
            return read_json(taken_over, "replay the pack again")
        groups = {group: self.config[group] for group in ("embedder", "llm", "answerer")}
        own = self.answerer_part.llm
        return timing_identity(groups if own is self.config["llm"] else {**groups, "answerer's llm": own})

    @cached_property
    def score_fingerprint(self) -> str:
        """Identity of the whole summary: scores, timings, and all that tables print beside them."""
        judges = [[spec["name"], self.judge_fingerprint(spec)] for spec in self.judge_specs]
        timed = [self.latency.questions, self.timing if self.latency.questions else None]
        repeated = [self.repeats] if self.repeats > 1 else []
        return digest([self.metrics_fingerprint, judges, timed, self._labels(), *repeated], 10)

    def _labels(self) -> dict[str, Any]:
        """What only names things in the summary: labels, the track, the dataset's file, models that no part asks."""
        specs = {group: self.config[group] for group in GROUPS} | dict(zip(["judge"], self.judge_specs, strict=False))
        specs["answerer"] = self.answerer_part.spec
        chosen = {k: v for k, v in asdict(self.dataset_config).items() if k not in schema.PLACES}
        dataset = [
            self.config["dataset"]["name"],
            self.dataset.name,
            self.dataset.sha256,
            self.dataset.official,
            chosen,
        ]
        declared = {path: word for path, word in roles.declared(self.config) if word}
        fitted_on = {group: spec["fitted_on"] for group, spec in specs.items() if spec.get("fitted_on")}
        return {
            **({"declared": declared} if declared else {}),
            **({"fitted_on": fitted_on} if fitted_on else {}),
            "names": {group: [spec["name"], spec.get("label"), identity(spec)] for group, spec in specs.items()},
            "track": self.config["track"]["name"],
            "dataset": dataset,
        }

    @cached_property
    def folder(self) -> Path:
        """The run's folder: the one named by the fingerprint, else one that records this very run under an earlier
        name.
        """
        named = self.out / "runs" / self.name / f"{self.system_spec['name']}-{self.fingerprint}"
        return named if named.exists() else find_run(self) or named

    def state_folder(self, conversation: Conversation) -> Path:
        """Where the store of a conversation is kept; runs that differ only in search or answering share it."""
        stores = self.out / "cache" / "state" / self.system_spec["name"]
        name = re.sub(r"[^A-Za-z0-9_.-]+", "_", conversation.sample_id)  # for people; the fingerprint tells apart
        named = stores / f"{name[:80]}-{self.ingest_fingerprint(conversation)}"
        if named.exists() or not stores.exists():
            return named
        earlier = former_fingerprints.ingest_fingerprint(self, conversation)
        old = f"{name}-{earlier}"  # longer names than a file system takes were never made
        return stores / old if earlier and len(old) < 256 and (stores / old).exists() else named

    # --- parts ------------------------------------------------------------------------------------------------------
    def embedder(self):
        kept = components.embedder(self.embedder_spec, self.out, self.budget, self.config["cache"], fresh=self.rerun)
        return self._metered_embedder(kept, "embedder")

    def _metered_embedder(self, embedder: Embedder, role: str) -> Embedder:
        """An embedder whose server's calls are counted; one that runs here asks nobody."""
        remote = getattr(components.raw_embedder(self.embedder_spec), "remote", False)
        return MeteredEmbedder(embedder, self.meter, role) if remote else embedder

    @cached_property
    def meter(self) -> Meter:
        """What this run's models and embedder are asked, by role and model."""
        return Meter()

    @property
    def budget(self) -> Budget:
        """What the command may still spend, shared by its jobs, their models and its later invocations."""
        account = self.budget_config.account or self.name
        return components.budget(self.out, account, self.budget_config, self.config.get("prices"))

    def asking_parts(self) -> list[roles.Part]:
        """Answerer and judges that ask a language model."""
        return [part for part in (self.answerer_part, *self.judge_parts) if part.asks]

    def llm_spec(self, role: str = roles.MEMORY) -> Spec:
        """Configuration of the language model of a role: ``memory``, ``answerer``, ``judge`` (the main one) or
        ``judge NAME``.
        """
        parts = {part.role: part for part in (self.answerer_part, *self.judge_parts)}
        parts |= zip([roles.JUDGE], self.judge_parts, strict=False)
        return self.config["llm"] if role == roles.MEMORY else parts[role].llm

    def llm(self, role: str = roles.MEMORY, *, cached: bool = True) -> LLM:
        """The language model of a role; in the latency pass without the response cache, and with prompts that no
        prefix cache knows.

        Many answers or verdicts may go through a batch interface. A memory waits for each of its replies, and
        the latency pass times them.
        """
        asked = self.judge_parts[0].role if role == roles.JUDGE else role
        spec = self.llm_spec(role)
        name = asked if cached else f"latency: {asked}"
        client = MeteredLLM(self._client(spec, cached, batched=cached and role != roles.MEMORY), self.meter, name)
        return client if cached or not keeps_prefixes(components.provider(spec)) else SaltedLLM(client)

    def _client(self, spec: Spec, cached: bool = True, batched: bool = False) -> LLM:
        mode = self.config["cache"] if cached else "off"
        return components.llm(spec, self.out, mode, self.budget, fresh=self.rerun, batched=batched)

    def _embedder_of_latency(self) -> Embedder:
        return self._metered_embedder(components.charged_embedder(self.embedder_spec, self.budget), "latency: embedder")

    def _memory_llm(self, *, cached: bool) -> LLM:
        """The memory system's model; with ``retry_ingest`` a malformed cached reply is no reply."""
        llm = self.llm(cached=cached)
        return FreshWhereMalformed(llm) if self.retry_ingest and cached else llm

    def new_system(self, *, latency: bool = False) -> MemorySystem:
        """A fresh, empty system; ``latency`` gives it an embedder and a model without caches."""
        shared = {
            "embedder": self._embedder_of_latency if latency else self.embedder,
            "llm": lambda: self._memory_llm(cached=not latency) if self.uses_llm() else None,
            "note": lambda: partial(self.meter.add, f"latency: {roles.MEMORY}" if latency else roles.MEMORY),
        }
        return built(self.system_spec, "system", *deepcopy(self._system_config), **shared)

    @cached_property
    def _system_config(self) -> tuple[type, Any]:
        """The system's class and settings, read once for the systems of all conversations."""
        return component_config(self.system_spec, "system")

    def answerer(self, *, latency: bool = False, repeat: int = 0) -> Answerer:
        """The answerer; ``repeat`` is the number of the run of answers, each a sample of its own."""

        def llm() -> LLM:
            model = self.llm(roles.ANSWERER, cached=not latency)
            return Resampled(model, repeat) if repeat else model

        shared = {
            "llm": llm,
            "embedder": self.embedder,
            "prompt": lambda: self.prompt,
            "context_first": lambda: self.context_first,
        }
        return construct(self.answerer_part.spec, "answerer", **shared)

    def judge(self, spec: Spec, llm: Spec | None = None) -> Judge:
        """A judge by its configuration; ``llm`` is that of its model, the one of its role where None."""
        asked = self._judge_part(spec).llm if llm is None else llm
        role = roles.judge_role(spec["name"])
        client = lambda: MeteredLLM(self._client(asked, batched=True), self.meter, role)  # noqa: E731
        return construct(spec, "judge", llm=client, embedder=self.embedder)

    def scorers(self) -> list[Scorer]:
        return components.scorers(self.config["metrics"], self.dataset.scorers)


def _asked(part: roles.Part) -> dict[str, Any] | None:
    """The identity of the language model that a part asks."""
    return components.llm_identity(part.llm) if part.asks else None


def _fields(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in spec.items() if key not in schema.PLAIN}
