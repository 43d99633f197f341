"""The fingerprints of before commit-independent identities: by them run folders and stores of that time are found
again.

Only the formula lives here. It named parts by their import path then, and knew of a model its name only; what it left
out is compared by other means (``eval.adoption``). Nothing new is ever named by it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from threading import Lock
from typing import Any, cast
from weakref import WeakKeyDictionary

from eval.core.config import component_config, default_of, part_id, wants
from eval.core.identity import digest
from eval.stages import components
from eval.stages.run_spec import RunSpec
from memos.types import Conversation

TARGETS: Mapping[str, str] = {
    "constant": "eval.answerers.constant.Constant",
    "embedded_llm": "memos.llm.embedded.EmbeddedLM",
    "full_context": "baselines.full_context.FullContext",
    "graphiti_package": "baselines.vendors.graphiti_package.GraphitiPackage",
    "hf_llm": "memos.llm.hf.HFChat",
    "langmem": "baselines.langmem.LangMem",
    "langmem_package": "baselines.vendors.langmem_package.LangMemPackage",
    "llm_answerer": "eval.answerers.llm.LLMAnswerer",
    "llm_judge": "eval.judges.llm.LLMJudge",
    "mem0": "baselines.mem0.Mem0",
    "mem0_graph": "baselines.mem0_graph.Mem0Graph",
    "mem0ai_package": "baselines.vendors.mem0ai.Mem0Package",
    "memos": "memos.system.MemOSSystem",
    "minilm": "memos.embed.minilm.MiniLM",
    "mock_embedder": "memos.embed.mock.Mock",
    "mock_llm": "memos.llm.mock.MockLLM",
    "no_llm": "memos.llm.none.NoLLM",
    "null": "baselines.null.Null",
    "offline_judge": "eval.judges.offline.OfflineJudge",
    "openai_embedder": "memos.embed.openai.OpenAIEmbedder",
    "openai_llm": "memos.llm.openai.OpenAIChat",
    "openai_memory": "baselines.openai_memory.OpenAIMemory",
    "oracle": "baselines.full_context.Oracle",
    "rag": "baselines.rag.Rag",
    "reader": "eval.answerers.reader.Reader",
    "recorded_judge": "eval.judges.recorded.RecordedJudge",
    "sentence_transformers": "memos.embed.sentence_transformers.SentenceTransformers",
    "zep": "baselines.zep.Zep",
}
"""Stable name to the import path that was hashed."""
EXECUTION = frozenset(
    {
        "api_key_env",
        "backoff_max_s",
        "backoff_s",
        "batch",
        "batch_size",
        "batch_tokens",
        "cache",
        "concurrency",
        "declared",
        "device",
        "headers",
        "latency_ms",
        "max_attempts",
        "max_batch",
        "max_retries",
        "patience_s",
        "price_cached",
        "price_completion",
        "price_prompt",
        "progress",
        "requests_per_minute",
        "retries",
        "retry_after_max_s",
        "stream",
        "threads",
        "timeout",
        "timeout_s",
        "tokens_per_minute",
        "workers",
    }
)
ADDED = frozenset({"revision", "served_as"})
"""Fields that some configurations did not have then; at their default they mean what was meant without them."""
HAD = {"hf_llm": {"revision"}, "embedded_llm": {"revision"}}
"""Parts that did have one of them."""
NEW_KEYS = {"offline_judge": ("idf", "reads_with")}
"""Entries of a judge's identity that were not in it."""


class _Unknown(Exception):
    """The formula cannot have named this configuration."""


def target(spec: Mapping[str, Any]) -> str:
    """The import path that a part was named by."""
    return _target(spec, component_config(spec, spec.get("name", "?"))[0])


def _target(spec: Mapping[str, Any], cls: type) -> str:
    return TARGETS.get(part_id(cls), spec["_target_"])


def _part(spec: Mapping[str, Any], stage: str | None = None) -> dict[str, Any]:
    cls, config = component_config(spec, spec.get("name", "?"))
    fields = {}
    for f in dataclasses.fields(config):
        if f.name in ADDED - HAD.get(part_id(cls), set()):
            if getattr(config, f.name) is not None:
                raise _Unknown
        elif f.metadata.get("added"):
            if getattr(config, f.name) != default_of(f):
                raise _Unknown
        elif f.name not in EXECUTION and not (stage == "ingest" and f.metadata.get("stage") == "search"):
            fields[f.name] = getattr(config, f.name)
    return {"target": _target(spec, cls), "version": getattr(cls, "version", "1"), "fields": fields}


_SYSTEMS: WeakKeyDictionary[RunSpec, dict[str | None, dict[str, Any] | None]] = WeakKeyDictionary()
_MAKING = Lock()
"""Held while a system's identity is made: conversations that are ingested at once all ask for it as they begin."""


def _system(bench: RunSpec, stage: str | None) -> dict[str, Any]:
    with _MAKING:
        known = _SYSTEMS.setdefault(bench, {})
        if stage not in known:
            known[stage] = _made_system(bench, stage)
        made = known[stage]
    if made is None:
        raise _Unknown
    return made


def _made_system(bench: RunSpec, stage: str | None) -> dict[str, Any] | None:
    """The system's identity as it was; None where none of that time can be meant."""
    try:
        return _system_then(bench, stage)
    except _Unknown:
        return None


def _system_then(bench: RunSpec, stage: str | None) -> dict[str, Any]:
    identity = _part(bench.system_spec, stage)
    if wants(bench.system_class, "embedder"):
        identity["embedder"] = _part(bench.embedder_spec)
    if bench.uses_llm():
        identity["llm"] = _part(bench.config["llm"])
    return identity


def _model(llm: Mapping[str, Any]) -> dict[str, Any]:
    """A provider's own identity as it was: the address as written, no weights."""
    provider = cast(Any, components.provider(llm))  # each kind has members of its own
    kind = part_id(type(provider))
    if kind == "openai_llm":
        identity = provider.earlier_identity()
        if identity is None:
            raise _Unknown
        return identity
    if kind in ("hf_llm", "embedded_llm"):
        return provider.settings()
    gone = ("window", "long_prompt") if kind == "mock_llm" else ()
    return {key: value for key, value in provider.identity().items() if key not in gone}


def _answerer(bench: RunSpec) -> dict[str, Any]:
    answerer = cast(Any, bench.answerer())
    identity = dict(answerer.identity())
    kind = part_id(type(answerer))
    if kind == "reader":
        identity["embedder"] = answerer.embedder.name if answerer.embedder else None
        identity["wordnet"] = identity["wordnet"] is not None
    elif kind == "llm_answerer":
        identity["model"] = _model(bench.answerer_part.llm)
    return identity


def _judge(bench: RunSpec, spec: Mapping[str, Any]) -> dict[str, Any]:
    judge = cast(Any, bench.judge(spec))
    kind = part_id(type(judge))
    identity = {key: value for key, value in judge.identity().items() if key not in NEW_KEYS.get(kind, ())}
    return {**identity, "model": judge.llm.name} if kind == "llm_judge" else identity


def ingest_fingerprint(bench: RunSpec, conversation: Conversation) -> str | None:
    """Identity of a store as it was; None where none of that time can be meant."""
    sessions = [
        [s.time_text, [[t.turn_id, t.speaker, t.text, t.caption] for t in s.turns]] for s in conversation.sessions
    ]
    try:
        return digest([conversation.sample_id, conversation.speakers, sessions, _system(bench, "ingest")])
    except _Unknown:
        return None


def fingerprint(bench: RunSpec) -> str | None:
    """Identity of a run as it was; None where none of that time can be meant."""
    asked = [[*q.key, q.text, q.evidence if bench.system_class.sees_gold else []] for q in bench.dataset.questions]
    try:
        return digest(
            {
                "ingest": [ingest_fingerprint(bench, c) for c in bench.dataset.conversations],
                "search": _system(bench, None),
                "answer": [_answerer(bench), bench.prompt],
                "budget_words": bench.track.budget_words,
                "questions": asked,
                "seed": bench.seed,
            },
            10,
        )
    except _Unknown:
        return None


def judge_fingerprint(bench: RunSpec, run: str, spec: Mapping[str, Any]) -> str:
    """Identity of a set of verdicts as it was, of a run that had the identity ``run``."""
    return digest([run, _judge(bench, spec), [[*q.key, q.gold] for q in bench.dataset.questions]], 10)


def metrics_fingerprint(bench: RunSpec, run: str) -> str:
    """Identity of a set of metric values as it was."""
    golds = [[*q.key, q.gold, q.evidence] for q in bench.dataset.questions]
    return digest([run, bench.config["metrics"], golds], 10)


def score_fingerprint(bench: RunSpec, run: str) -> str:
    """Identity of a summary as it was."""
    judges = [judge_fingerprint(bench, run, spec) for spec in bench.judge_specs]
    return digest([metrics_fingerprint(bench, run), judges, bench.latency.questions], 10)
