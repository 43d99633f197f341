"""What made a run's numbers: its parts, whose models they ask, and the settings that a comparison looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.core.config import component_config, part_id, wants
from eval.core.protocols import Scorer, StatesReasons
from eval.core.published_prompts import PREFIX
from eval.runs.format.made_by import AnswererFacts, MadeBy, MemoryFacts, ModelFacts, PartFacts
from eval.stages import components
from eval.stages.bench import Bench
from memos.model_origin import ModelOrigin

HARNESS = {name: (f"{PREFIX}mem0",) for name in ("langmem", "openai_memory")}
"""Systems whose rows were made with another method's published prompt (docs/protocol.md#answer-prompts)."""
COMPARED = ("extractor", "top_k", "chunk_size", "temperature", "max_tokens", "stop", "rubric", "runs", "prompt_file")
"""Fields of parts that a comparison with the paper looks at."""


def made_by(bench: Bench) -> MadeBy:
    """The parts and models of a run."""
    return {
        "memory": _memory(bench),
        "answerer": _answerer(bench),
        "judges": {part.spec["name"]: _part(part.spec, part.llm if part.asks else None) for part in bench.judge_parts},
        "metrics": metric_reasons(bench.scorers()),
    }


def origin_of(model: Any) -> ModelFacts:
    """Whose model a client asks; its name alone where the client does not say."""
    origin = getattr(model, "model_origin", None) or ModelOrigin(str(model.name))
    return {"model": origin.model, "maker": origin.maker, "place": origin.place, "declared": origin.declared}


def metric_reasons(scorers: Sequence[Scorer]) -> dict[str, list[str]]:
    """Metric to why its values may not stand beside the paper's; a reason that begins with the name of a metric holds
    for that one alone. A scorer without ``not_comparable`` has none.
    """
    reasons: dict[str, list[str]] = {}
    for scorer in scorers:
        stated: Sequence[str] = scorer.not_comparable() if isinstance(scorer, StatesReasons) else ()
        for reason in stated:
            named = [name for name in scorer.names if reason.startswith(f"{name} ")] or list(scorer.names)
            for name in named:
                reasons.setdefault(name, []).append(reason)
    return reasons


def _memory(bench: Bench) -> MemoryFacts:
    asked = bench.llm_spec("memory") if bench.uses_llm() else None
    embeds = wants(bench.system_class, "embedder")
    return {
        **_part(bench.system_spec, asked),
        "embedder": origin_of(components.raw_embedder(bench.embedder_spec)) if embeds else None,
    }


def _answerer(bench: Bench) -> AnswererFacts:
    part, own = bench.answerer_part, bench.system_class.prompt
    prompt = (part.spec.get("prompt_file") or part.spec.get("prompt") or bench.prompt) if part.asks else None
    moved = part.asks and getattr(bench.answerer(), "moved", False)
    return {
        **_part(part.spec, part.llm if part.asks else None),
        "prompt": f"{prompt} with the context before the question" if moved else prompt,
        "own_prompt": not moved and prompt in (own, f"{PREFIX}{own}", *HARNESS.get(own, ())),
    }


def _part(spec: Mapping[str, Any], llm: Mapping[str, Any] | None) -> PartFacts:
    cls, _ = component_config(spec, spec["name"])
    return {
        "part": spec["name"],
        "kind": part_id(cls),
        "llm": origin_of(components.provider(llm)) if llm else None,
        "settings": {name: spec[name] for name in COMPARED if name in spec},
    }
