"""From a configuration to the scorers of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from eval.core.config import locate
from eval.core.protocols import Scorer
from eval.metrics.lexical import Lexical
from eval.metrics.semantic import DTYPES, MINILM, Semantic
from memos.errors import ConfigError

GROUPS = ("lexical", "similarity", "bertscore")

_MEMBERS = ("names", "identity", "score", "missing")
"""What a scorer needs; its names may be made with it."""


@dataclass
class Config:
    """Which metrics of answers to compute, and with which models."""

    which: tuple[str, ...] = field(
        default=GROUPS, metadata={"help": "groups to compute: lexical, similarity, bertscore"}
    )
    similarity_model: str = field(
        default=MINILM,
        metadata={
            "help": "embedded MiniLM, or a sentence-transformers id or path (the paper: Qwen/Qwen3-Embedding-0.6B)"
        },
    )
    bertscore_model: str = field(
        default=MINILM,
        metadata={"help": "embedded MiniLM as a stand-in, or a hub id or path (the paper: roberta-large)"},
    )
    dtype: str = field(
        default="float32", metadata={"help": "float32 (exact) or bfloat16 (faster, flagged in the table)"}
    )
    device: str = field(default="cpu", metadata={"help": "device of the models: cpu, cuda, cuda:1"})
    also: tuple[str, ...] = field(default=(), metadata={"help": "scorers of your own, each as package.module.Class"})

    def __post_init__(self) -> None:
        self.which, self.also = tuple(self.which), tuple(self.also)
        for name in self.which:
            if name not in GROUPS:
                raise ConfigError(f"metrics.which: {name!r} is unknown; choose from {', '.join(GROUPS)}")
        for target in self.also:
            _own_class(target)
        if self.dtype not in DTYPES:
            raise ConfigError(f"metrics.dtype: {self.dtype!r} is unknown; choose from {', '.join(DTYPES)}")


def build_scorers(config: Config | None = None) -> list[Scorer]:
    """The scorers of a run, quick ones first, those of ``also`` last.

    Raises:
        ConfigError: a class of ``also`` cannot be loaded, is no scorer, or names a metric that another scorer has.
    """
    config = config or Config()
    scorers: list[Scorer] = []
    if "lexical" in config.which:
        scorers.append(cast(Scorer, Lexical()))  # its names are literals
    if {"similarity", "bertscore"} & set(config.which):
        scorers.append(
            Semantic(
                Semantic.Config(
                    similarity="similarity" in config.which,
                    bertscore="bertscore" in config.which,
                    similarity_model=config.similarity_model,
                    bertscore_model=config.bertscore_model,
                    dtype=config.dtype,
                    device=config.device,
                )
            )
        )
    for target in config.also:
        scorers.append(_own(target, {name for scorer in scorers for name in scorer.names}))
    return scorers


def _own_class(target: str) -> type:
    """The class of a scorer, by what the class has; nothing of it is made yet.

    Raises:
        ConfigError: it cannot be loaded, or is no scorer.
    """
    cls = locate(target, "metrics.also")
    if not all(hasattr(cls, member) for member in _MEMBERS[1:]):
        raise ConfigError(f"metrics.also: {target} is no scorer; it needs {', '.join(_MEMBERS)}")
    return cls


def _own(target: str, taken: set[str]) -> Scorer:
    """A scorer by the name of its class; its metrics must be its own."""
    scorer = _own_class(target)()
    if not isinstance(scorer, Scorer):
        raise ConfigError(f"metrics.also: {target} is no scorer; it needs {', '.join(_MEMBERS)}")
    double = sorted(taken.intersection(scorer.names))
    if double:
        raise ConfigError(f"metrics.also: {target} names {double[0]!r}, which another scorer has; choose another name")
    return scorer
