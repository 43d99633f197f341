"""No language model: for runs whose every part works by rules."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from memos.errors import LLMError
from memos.llm.base import Completion, Request, in_turn


class NoLLM:
    """Refuses every request and says what to do instead."""

    @dataclass
    class Config:
        reason: str = field(
            default="no language model is configured", metadata={"help": "first words of the refusal's message"}
        )

    part_id = "no_llm"
    name = "none"
    context_window = None

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()

    def identity(self) -> dict[str, Any]:
        return {"provider": "none", "model": "none", "base_url": None}

    def complete(self, request: Request) -> Completion:
        raise LLMError(f"{self.config.reason}; choose one with llm=openai, llm=hf or llm=embedded, or a part by rules")

    def complete_many(self, requests: Sequence[Request]) -> Generator[tuple[int, Completion | LLMError], None, None]:
        return in_turn(self.complete, requests)

    def close(self) -> None:
        """Nothing to release."""
