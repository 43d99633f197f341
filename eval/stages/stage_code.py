"""The code behind each stage of a run, as digests: parts that compute, and the harness's own functions that change
outcomes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from eval.core.code import INGESTING, SEARCHING, Root, code_digest, of_class, of_function, same_sources, stage_digest
from eval.core.config import component_config, wants
from eval.metrics.retrieval import evidence_metrics
from eval.stages.bench import Bench
from eval.stages.roles import Part
from eval.stages.search import make_query, render

_FUNCTION = re.compile(r"([A-Za-z_][\w.]*):([A-Za-z_]\w*)")
"""A function named in a configuration, as ``llm.function`` is."""
ORDER = ("ingest", "search", "answer", "judge", "metrics")
"""Stages in the order in which each rests on those before it; judges and metrics rest on the answers only."""
METRICS = "metrics-"
"""Start of the name of the stage that computes metrics, and of its journal; the identity of their choice follows. So
another choice is no change of code."""


_KNOWN: WeakKeyDictionary[Bench, dict[str, str | None]] = WeakKeyDictionary()


def stage_code(bench: Bench) -> dict[str, str | None]:
    """Stage to the digest of its code; None where a source is not to be had (a class made in a notebook)."""
    if bench not in _KNOWN:
        with same_sources():
            _KNOWN[bench] = _stage_code(bench)
    return _KNOWN[bench]


def _stage_code(bench: Bench) -> dict[str, str | None]:
    system = bench.system_class
    shared: dict[str, str | None] = {}
    if wants(system, "embedder"):
        shared["embedder"] = _of(bench.embedder_spec, "embedder")
    if bench.uses_llm():
        shared["llm"] = _of(bench.config["llm"], "llm")
    digests = {
        "ingest": stage_digest({"system": code_digest(of_class(system, INGESTING)), **shared}),
        "search": stage_digest(
            {
                "system": code_digest(of_class(system, SEARCHING)),
                "harness": code_digest([of_function(render), of_function(make_query)], annotations=False),
                **shared,
            }
        ),
        "answer": _asking(bench, bench.answerer_part, "answerer"),
    }
    for part in bench.judge_parts:
        digests[f"judge_{part.spec['name']}"] = _asking(bench, part, "judge")
    roots = [root for scorer in bench.scorers() for root in of_class(type(scorer))]
    digests[f"{METRICS}{bench.metrics_fingerprint}"] = code_digest([*roots, of_function(evidence_metrics)])
    return digests


def _asking(bench: Bench, part: Part, group: str) -> str | None:
    """The code of a part with that of the models it asks."""
    cls, config = component_config(part.spec, group)
    digests = {group: _of(part.spec, group)}
    if part.asks:
        digests["llm"] = _of(part.llm, "llm")
    if wants(cls, "embedder") and getattr(config, "use_embedder", True):
        digests["embedder"] = _of(bench.embedder_spec, "embedder")
    return stage_digest(digests)


def _of(spec: Mapping[str, Any], group: str) -> str | None:
    """The code of a part and of the functions that its configuration names."""
    cls, _ = component_config(spec, group)
    named = [_FUNCTION.fullmatch(value) for value in spec.values() if isinstance(value, str)]
    return code_digest([*of_class(cls), *(Root((match[1], match[2])) for match in named if match)])
