"""Prices of hosted models and embedders, for budgets and cost columns: a dated table, and a user's own before it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from memos.errors import ConfigError
from memos.types import Usage

_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_FIELDS = ("prompt", "completion", "cached", "batch", "date", "source")
BATCH = 0.5
"""Share of the list price that OpenAI's batch interface takes, for prompt and completion alike."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars a million tokens."""

    prompt: float
    completion: float
    cached: float | None = None
    """Prompt tokens served from the provider's prefix cache; None: as ``prompt``."""
    date: str = ""
    """Day on which the price was read, as ISO 8601; empty for a price that a user gave."""
    source: str = ""
    batch: float = BATCH
    """Share of the price that a batch interface takes."""

    def cost(self, usage: Usage, *, batched: bool = False) -> float:
        """US dollars for a usage; ``batched``: of replies from a batch interface."""
        cached_price = self.prompt if self.cached is None else self.cached
        fresh = usage.prompt_tokens - usage.cached_tokens
        full = fresh * self.prompt + usage.cached_tokens * cached_price + usage.completion_tokens * self.completion
        return full / 1e6 * (self.batch if batched else 1.0)


FREE = Price(0.0, 0.0)
"""What a model costs that runs in this process."""


def price_of(model: str, own: Mapping[str, Price] | None = None) -> Price | None:
    """Price of a model by its name; None where no table has it.

    Dated snapshots (``gpt-4o-mini-2024-07-18``), a shortened embedder (``text-embedding-3-small@256``) and OpenRouter's
    names (``openai/gpt-4o-mini``) take the row of the model.

    Args:
        own: rows that come before the table that ships.
    """
    plain = model.partition("@")[0].removeprefix("openai/")
    for table in (own or {}, listed()):
        for name in (model, plain, _DATED.sub("", plain)):
            if name in table:
                return table[name]
    return None


def price_for(model: Any, own: Mapping[str, Price] | None = None) -> Price | None:
    """Price of a client: the price fields of its own configuration, else by its name, else nothing where it runs here.

    Args:
        model: a language model's or an embedder's client, without layers around it.
        own: as in ``price_of``.

    Returns:
        None for a server's model that no table has.
    """
    config = getattr(model, "config", None)
    given = {kind: getattr(config, f"price_{kind}", None) for kind in ("prompt", "completion", "cached")}
    if given["prompt"] is not None or given["completion"] is not None:
        return Price(given["prompt"] or 0.0, given["completion"] or 0.0, given["cached"])
    known = price_of(model.name, own)
    return known or (None if getattr(model, "remote", False) else FREE)


def check_prices(config: Any, group: str) -> None:
    """Raise ConfigError, one line, where a price field of a configuration is below 0 or no number."""
    for kind in ("prompt", "completion", "cached"):
        dollars = getattr(config, f"price_{kind}", None)
        if dollars is not None and not 0 <= dollars < float("inf"):
            raise ConfigError(
                f"{group}.price_{kind}={dollars} must be dollars a million tokens, 0 or more; null takes the table's"
            )


@lru_cache(maxsize=1)
def listed() -> Mapping[str, Price]:
    """The table that ships, ``conf/prices.yaml``; empty where ``memos`` lies without it."""
    root = Path(__file__).resolve().parents[2]
    for path in (root / "eval" / "conf" / "prices.yaml", root / "conf" / "prices.yaml"):  # a wheel, a checkout
        if path.is_file():
            return read_prices(path)
    return {}


def read_prices(path: Path) -> dict[str, Price]:
    """The rows of a price table by model.

    Raises:
        ConfigError: one line naming the file, the model, the field and its value.
    """
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"prices={path}: cannot be read ({' '.join(str(error).split())})") from error
    rows = content.get("models") if isinstance(content, Mapping) else None
    if not isinstance(rows, Mapping):
        raise ConfigError(f"prices={path}: expected the key 'models' with a row a model, as conf/prices.yaml has")
    return {str(name): _row(path, str(name), row) for name, row in rows.items()}


def _row(path: Path, name: str, row: Any) -> Price:
    if not isinstance(row, Mapping):
        raise ConfigError(f"prices={path}: models.{name}: expected {{prompt: …, completion: …}}, found {row!r}")
    for field in row:
        if field not in _FIELDS:
            raise ConfigError(f"prices={path}: models.{name}.{field}: unknown field; fields: {', '.join(_FIELDS)}")
    for field in ("prompt", "completion", "cached"):
        dollars = row.get(field)
        if dollars is None and field != "prompt":
            continue
        number = isinstance(dollars, int | float) and not isinstance(dollars, bool) and 0 <= dollars < float("inf")
        if not number:
            raise ConfigError(
                f"prices={path}: models.{name}.{field}: expected dollars a million tokens, 0 or more, found {dollars!r}"
            )
    cached, batch = row.get("cached"), row.get("batch", BATCH)
    if isinstance(batch, bool) or not isinstance(batch, int | float) or not 0 <= batch <= 1:
        raise ConfigError(
            f"prices={path}: models.{name}.batch: expected the share that a batched call costs, 0 to 1, found {batch!r}"
        )
    return Price(
        float(row["prompt"]),
        float(row.get("completion") or 0),
        None if cached is None else float(cached),
        str(row.get("date", "")),
        str(row.get("source", "")),
        float(batch),
    )
