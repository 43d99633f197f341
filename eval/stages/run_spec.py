"""What identities of earlier times ask of a run: a part of ``eval.stages.bench.Bench``, which they may not import."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from eval.core.config import LatencyConfig, TrackConfig
from eval.core.protocols import Answerer, Judge
from eval.core.types import Dataset
from eval.datasets.selection import DatasetConfig
from eval.stages.roles import Part


class RunSpec(Protocol):
    """A checked configuration with its data, its parts and its fingerprints."""

    name: str
    config: Mapping[str, Any]
    out: Path
    seed: int
    dataset_config: DatasetConfig
    track: TrackConfig
    latency: LatencyConfig
    system_class: Any
    system_spec: Any
    embedder_spec: Any
    judge_specs: list[Any]
    judge_parts: list[Part]
    answerer_part: Part

    def __init__(self, config: Mapping[str, Any]) -> None: ...

    @cached_property
    def dataset(self) -> Dataset: ...

    @property
    def prompt(self) -> str: ...

    @cached_property
    def fingerprint(self) -> str: ...

    @cached_property
    def metrics_fingerprint(self) -> str: ...

    def judge_fingerprint(self, spec: Mapping[str, Any]) -> str: ...

    def uses_llm(self) -> bool: ...

    def answerer(self) -> Answerer: ...

    def judge(self, spec: Mapping[str, Any], llm: Mapping[str, Any] | None = None) -> Judge: ...

    def llm_spec(self, role: str = "memory") -> Mapping[str, Any]: ...
