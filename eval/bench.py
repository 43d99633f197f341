"""One run of one system: its configuration, its identity, its data and its parts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from eval import parts, schema
from eval.datasets.load import load_dataset
from eval.identity import digest
from eval.metrics.build import Config as MetricsConfig
from eval.protocols import Answerer, Judge, MemorySystem, Scorer
from eval.schema import component_config, construct, identity, typed, wants
from eval.selection import DatasetConfig, select
from eval.types import Dataset, Question
from memos.errors import ConfigError
from memos.llm.base import LLM
from memos.llm.cache import MODES
from memos.llm.counted import Budget
from memos.types import Conversation

GROUPS = ("system", "llm", "embedder", "answerer")
"""Configuration groups whose choice is one component."""


class Bench:
    """A checked configuration with lazily built parts. Nothing heavy is loaded before it is needed."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.out = Path(config["out"])
        self.seed = int(config["seed"])
        self.name = config["name"]
        self.system_spec, self.embedder_spec = config["system"], config["embedder"]
        self.track = typed(schema.TrackConfig, _fields(config["track"]), "track")
        self.dataset_config = typed(DatasetConfig, _fields(config["dataset"]), "dataset")
        self.latency = typed(schema.LatencyConfig, config["latency"], "latency")
        self.budget_config = typed(schema.BudgetConfig, config["budget"], "budget")
        typed(MetricsConfig, config["metrics"], "metrics")
        judges = [config["judge"], *config["also_judges"].values()]
        self.judge_specs = list({spec["name"]: spec for spec in judges}.values())
        self.system_class, self.system_config = component_config(self.system_spec, "system")
        for group in GROUPS[1:]:
            if config[group].get("_target_"):
                component_config(config[group], group)
        for spec in self.judge_specs:
            component_config(spec, "judge")
        self._judge_fingerprints: dict[str, str] = {}
        self._need_llm()
        if config["cache"] not in MODES:
            raise ConfigError(f"cache: expected one of {', '.join(MODES)}, found {config['cache']!r}")
        if config["max_errors"] < 0:
            raise ConfigError(f"max_errors: must be 0 or more, found {config['max_errors']}")

    def _need_llm(self) -> None:
        """Refuse a part that asks for a language model where none is configured."""
        if self.config["llm"]["name"] != "none":
            return
        asking = [("system", self.system_spec)] if self.uses_llm() else []
        asking += [("answerer", self.config["answerer"]), *(("judge", spec) for spec in self.judge_specs)]
        for group, spec in asking:
            if group == "system" or wants(component_config(spec, group)[0], "llm"):
                raise ConfigError(
                    f"{group}={spec['name']} needs a language model; choose one, such as llm=openai or llm=embedded"
                    + (f", or {group}.extractor=rules" if group == "system" else "")
                )

    # --- data -------------------------------------------------------------------------------------------------------
    @cached_property
    def dataset(self) -> Dataset:
        """The selected conversations and questions."""
        return select(load_dataset(self.config["dataset"]["name"], self.dataset_config), self.dataset_config, self.seed)

    def questions(self, sample_id: str) -> list[Question]:
        return [q for q in self.dataset.questions if q.sample_id == sample_id]

    # --- identity ---------------------------------------------------------------------------------------------------
    @property
    def prompt(self) -> str:
        """Id of the answer prompt: the track's, or the system's own."""
        return self.track.prompt or self.system_class.prompt

    def uses_llm(self) -> bool:
        """Whether the memory system itself calls a language model."""
        return wants(self.system_class, "llm") and getattr(self.system_config, "extractor", "llm") == "llm"

    def _system_identity(self, stage: str | None) -> dict[str, Any]:
        found = identity(self.system_spec, stage)
        if wants(self.system_class, "embedder"):
            found["embedder"] = identity(self.embedder_spec)
        if self.uses_llm():
            found["llm"] = identity(self.config["llm"])
        return found

    def ingest_fingerprint(self, conversation: Conversation) -> str:
        """Identity of a store: the conversation's text and what the ingestion depends on."""
        sessions = [[s.time_text, [[t.turn_id, t.speaker, t.text, t.caption] for t in s.turns]]
                    for s in conversation.sessions]
        return digest([conversation.sample_id, conversation.speakers, sessions, self._system_identity("ingest")])

    @cached_property
    def fingerprint(self) -> str:
        """Identity of the answers: stores, search, answerer and the questions asked. Names the run folder."""
        return digest(
            {
                "ingest": [self.ingest_fingerprint(c) for c in self.dataset.conversations],
                "search": self._system_identity(None),
                "answer": [dict(self.answerer().identity()), self.prompt],
                "budget_words": self.track.budget_words,
                "questions": [[*q.key, q.text, q.evidence if self.system_class.sees_gold else []]
                              for q in self.dataset.questions],
                "seed": self.seed,
            },
            10,
        )

    def judge_fingerprint(self, spec: Mapping[str, Any]) -> str:
        """Identity of a set of verdicts; names their journal."""
        if spec["name"] not in self._judge_fingerprints:
            golds = [[*q.key, q.gold] for q in self.dataset.questions]
            found = digest([self.fingerprint, dict(self.judge(spec).identity()), golds], 10)
            self._judge_fingerprints[spec["name"]] = found
        return self._judge_fingerprints[spec["name"]]

    @cached_property
    def metrics_fingerprint(self) -> str:
        golds = [[*q.key, q.gold, q.evidence] for q in self.dataset.questions]
        return digest([self.fingerprint, self.config["metrics"], golds], 10)

    @cached_property
    def score_fingerprint(self) -> str:
        """Identity of the whole summary."""
        judges = [self.judge_fingerprint(spec) for spec in self.judge_specs]
        return digest([self.metrics_fingerprint, judges, self.latency.questions], 10)

    @property
    def folder(self) -> Path:
        return self.out / "runs" / self.name / f"{self.system_spec['name']}-{self.fingerprint}"

    def state_folder(self, conversation: Conversation) -> Path:
        """Where the store of a conversation is kept; runs that differ only in search or answering share it."""
        name = re.sub(r"[^A-Za-z0-9_.-]+", "_", conversation.sample_id)[:80]  # for people; the fingerprint tells apart
        return self.out / "cache" / "state" / self.system_spec["name"] / f"{name}-{self.ingest_fingerprint(conversation)}"

    # --- parts ------------------------------------------------------------------------------------------------------
    def embedder(self):
        return parts.embedder(self.embedder_spec, self.out)

    @cached_property
    def budget(self) -> Budget:
        """What this session may still spend, shared by all its models."""
        return Budget(self.budget_config.tokens, self.budget_config.usd)

    def llm(self, *, cached: bool = True) -> LLM:
        """The language model; without the response cache in the latency pass."""
        return parts.llm(self.config["llm"], self.out, self.config["cache"] if cached else "off", self.budget)

    def new_system(self, *, latency: bool = False) -> MemorySystem:
        """A fresh, empty system; ``latency`` gives it an embedder and a model without caches."""
        shared = {
            "embedder": (lambda: parts.raw_embedder(self.embedder_spec)) if latency else self.embedder,
            "llm": lambda: self.llm(cached=not latency) if self.uses_llm() else None,
        }
        return construct(self.system_spec, "system", **shared)

    def answerer(self, *, latency: bool = False) -> Answerer:
        llm = (lambda: self.llm(cached=False)) if latency else self.llm
        return construct(self.config["answerer"], "answerer", llm=llm, embedder=self.embedder)

    def judge(self, spec: Mapping[str, Any]) -> Judge:
        return construct(spec, "judge", llm=self.llm, embedder=self.embedder)

    def scorers(self) -> list[Scorer]:
        return parts.scorers(self.config["metrics"])


def plain(config: DictConfig) -> dict[str, Any]:
    """The resolved configuration as plain dictionaries."""
    return OmegaConf.to_container(config, resolve=True, throw_on_missing=True)


def _fields(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in spec.items() if key not in schema.PLAIN}
