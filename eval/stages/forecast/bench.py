"""A bench whose models are those of a forecast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from eval.core.identity import digest
from eval.stages import components
from eval.stages.bench import Bench
from eval.stages.forecast.embedder import ForecastEmbedder
from eval.stages.forecast.learned import Learned
from eval.stages.forecast.model import Counting, Observer, Place, RemoteStandIn, StandIn, form_of, tokenizer_of
from eval.stages.forecast.overlap import Overlap
from eval.stages.forecast.rehearsal import Questions, Work
from eval.stages.forecast.shapes import ReplyShape
from eval.stages.forecast.tally import MEMORY, Form, Tally
from memos.embed.base import Embedder
from memos.embed.mock import Mock
from memos.llm.base import LLM, Request
from memos.llm.mock import MockLLM


@dataclass
class Command:
    """What the jobs of one command share in a forecast: a later one finds in the caches what an earlier one asks."""

    asked: set[str] = field(default_factory=set)
    vectors: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    """Embedder to text to vector."""


class ForecastBench(Bench):
    """Typical replies in place of models, and a count of what is asked.

    Args:
        config: of the job.
        command: shared with the other jobs.
        learned: what real replies taught; None: replies are as stated.
        observe: told of every call that costs something.
        cached: whether the caches on disk are looked into.
        pause: seconds each reply of a server's stand-in takes.
        work: what the job does; None: what a benchmark does.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        command: Command,
        *,
        learned: Learned | None = None,
        observe: Observer | None = None,
        cached: bool = True,
        pause: float = 0.0,
        work: Work | None = None,
    ) -> None:
        self.work = work or Questions()
        self.command, self.place, self.tally = command, Place(), Tally()
        self._learned, self._observe, self._cached, self._pause = learned, observe, cached, pause
        self.overlap = Overlap()
        """Of the pauses of this bench's stand-ins."""
        self._models: dict[str, LLM] = {}
        super().__init__(config)

    def _client(self, spec: Mapping[str, Any], cached: bool = True, batched: bool = False) -> LLM:
        key = digest([spec, cached])
        if key not in self._models:
            self._models[key] = self._counting(spec, self.config["cache"] if cached else "off")
        return self._models[key]

    def _counting(self, spec: Mapping[str, Any], mode: str) -> Counting:
        kept = components.kept_replies(spec, self.out, fresh=self.rerun) if self._cached and mode != "off" else None
        asked = self.command.asked if mode == "write" else None
        model = self._stand_in(components.provider(spec))
        return Counting(model, self.place, self.tally, kept=kept, asked=asked, observe=self._observe)

    def _stand_in(self, provider: LLM) -> LLM:
        if isinstance(provider, MockLLM):
            return provider  # scripted replies cost nothing and are known
        made = RemoteStandIn if getattr(provider, "remote", False) else StandIn
        pause = self._pause if made is RemoteStandIn else 0.0
        shape = lambda request: self._shape(provider.name, request)  # noqa: E731
        return made(provider, tokenizer_of(provider.name), shape, pause, self.overlap)

    def _shape(self, model: str, request: Request) -> ReplyShape:
        return self._learned.shape(Form(self.place.role, model, form_of(request))) if self._learned else ReplyShape()

    def asked_models(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Role and configuration of every language model that this job asks."""
        memory = [(MEMORY, self.llm_spec(MEMORY))] if self.ingests_with_llm() else []
        return memory + [(part.role, part.llm) for part in self.work.asking(self)]

    def ingests_with_llm(self) -> bool:
        """Whether a memory system is given conversations here, and asks a language model."""
        return self.work.ingests and self.uses_llm()

    @property
    def label(self) -> str:
        """What the job is called: its system, or the experiment where it gives no system anything."""
        return (self.system_spec.get("label") or self.system_spec["name"]) if self.work.ingests else self.name

    def embedder(self) -> Embedder:
        key = digest(["embedder", self.embedder_spec])
        if key not in self._models:
            inner = components.raw_embedder(self.embedder_spec)
            self._models[key] = ForecastEmbedder(  # pyright: ignore[reportArgumentType]
                inner,
                self.place,
                self.tally,
                _tokens(inner),
                components.kept_vectors(self.embedder_spec, self.out, fresh=self.rerun) if self._cached else None,
                self.command.vectors.setdefault(key, {}),
                self._vectors(inner),
            )
        return self._models[key]  # pyright: ignore[reportReturnType]

    def _vectors(self, inner: Embedder) -> Embedder:
        """What embeds: hashed words for a server, and for texts that no model has really written."""
        hashed = self.uses_llm() or getattr(inner, "remote", False)
        return Mock(Mock.Config(dim=inner.dim)) if hashed else inner


def _tokens(embedder: Embedder) -> Callable[[str], int]:
    return tokenizer_of("text-embedding") if getattr(embedder, "remote", False) else len
