"""Benches of small configurations, for the tests of identity."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir

from eval.command.cli import CONF
from eval.core.settings import plain
from eval.stages.bench import Bench

BASE = ("experiment=tiny", "system=rag", "latency.questions=0")
CORRECT, WRONG = ("{pattern: 'JSON object', reply: '{\"label\": \"" + label + "\"}'}" for label in ("CORRECT", "WRONG"))


def config(out: Path, *overrides: str) -> dict[str, Any]:
    """A composed configuration of the tiny experiment."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return plain(compose("config", [*BASE, f"out={out}", *overrides]))


def bench(out: Path, *overrides: str) -> Bench:
    return Bench(config(out, *overrides))


def changed(spec: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A configuration with one field changed."""
    made = copy.deepcopy(dict(spec))
    node = made
    *groups, name = path.split(".")
    for group in groups:
        node = node[group]
    node[name] = value
    return made


def identities(made: Bench) -> dict[str, str]:
    """Every fingerprint of a run by what it names."""
    judges = {f"judge {spec['name']}": made.judge_fingerprint(spec) for spec in made.judge_specs}
    return {
        "stores": "".join(made.ingest_fingerprint(c) for c in made.dataset.conversations),
        "search": made.search_fingerprint,
        "run": made.fingerprint,
        "metrics": made.metrics_fingerprint,
        "summary": made.score_fingerprint,
        **judges,
    }


class LengthRatio:
    """A scorer of one's own whose values pass 1."""

    names = ("length_ratio",)

    def identity(self) -> Mapping[str, Any]:
        return {"length_ratio": 1}

    def score(self, golds: Sequence[str], answers: Sequence[str], categories: Any = None) -> dict[str, list[float]]:
        return {"length_ratio": [5 * len(a.split()) / len(g.split()) for g, a in zip(golds, answers, strict=True)]}

    def missing(self) -> Mapping[str, str]:
        return {}

    def not_comparable(self) -> Sequence[str]:
        return []
