"""Settings of ``experiment=kv_ttft``."""

from __future__ import annotations

from dataclasses import dataclass, field

from memos.errors import ConfigError
from memos.secret_values import check_address, check_variable

LENGTHS = ("short", "medium", "long")
DTYPES = ("float32", "bfloat16", "float16")


@dataclass
class KvConfig:
    """Fields of ``kv`` in ``conf/experiment/kv_ttft.yaml``."""

    contexts: list[int] = field(
        default_factory=lambda: [583, 2773, 6064], metadata={"help": "tokens of the memory, short to long"}
    )
    queries: list[float] = field(
        default_factory=lambda: [167.0, 302.7, 952.7], metadata={"help": "mean tokens of the query, short to long"}
    )
    cells: list[str] = field(
        default_factory=list, metadata={"help": "cells to run, such as short/long (context/query); empty: all"}
    )
    repeats: int | None = field(
        default=None, metadata={"help": "measured rounds a cell; null: 20 on a GPU, 5 on a CPU"}
    )
    equality_tokens: int = field(default=64, metadata={"help": "greedy tokens compared between the arms"})
    dtype: str = field(default="float32", metadata={"help": "float32 (answers must be identical), bfloat16 or float16"})
    device: str = field(default="auto", metadata={"help": "auto, cpu, cuda or cuda:N"})
    threads: int = field(
        default=1, metadata={"help": "CPU threads; one is steadiest on a shared machine; 0: torch's own choice"}
    )
    revision: str | None = field(default=None, metadata={"help": "commit or tag on the hub; null: newest"})
    base_url: str | None = field(
        default=None, metadata={"help": "OpenAI-compatible server up to /v1: measure it instead of a local model"}
    )
    served_as: str | None = field(
        default=None,
        metadata={"help": "name of what the server serves, in place of its address; a new name is a new model"},
    )
    api_key_env: str | None = field(
        default=None, metadata={"help": "NAME of the variable that holds the server's key; null: none"}
    )
    timeout_s: float = field(default=3600.0, metadata={"help": "longest time of one cell"})

    def __post_init__(self) -> None:
        check_variable(self.api_key_env, "kv.api_key_env")
        check_address(self.base_url, "kv.base_url")
        for name in ("contexts", "queries"):
            if len(getattr(self, name)) != 3 or min(getattr(self, name)) < 1:
                raise ConfigError(
                    f"kv.{name}: expected three lengths of 1 or more (short, medium, long), found {getattr(self, name)}"
                )
        known = [f"{c}/{q}" for c in LENGTHS for q in LENGTHS]
        for cell in self.cells:
            if cell not in known:
                raise ConfigError(f"kv.cells: {cell!r} is unknown; use {', '.join(known)}")
        if self.repeats is not None and self.repeats < 1:
            raise ConfigError(f"kv.repeats: must be at least 1, found {self.repeats}")
        if self.equality_tokens < 1 or self.timeout_s <= 0 or self.threads < 0:
            raise ConfigError("kv: equality_tokens and timeout_s must be positive, threads not negative")
        if self.dtype not in DTYPES:
            raise ConfigError(f"kv.dtype: {self.dtype!r} is unknown; use one of {', '.join(DTYPES)}")

    def grid(self) -> list[tuple[str, str, int, float]]:
        """Chosen cells as (context, query, context tokens, mean query tokens)."""
        made = [
            (c, q, n, m)
            for c, n in zip(LENGTHS, self.contexts, strict=True)
            for q, m in zip(LENGTHS, self.queries, strict=True)
        ]
        return [cell for cell in made if not self.cells or f"{cell[0]}/{cell[1]}" in self.cells]
