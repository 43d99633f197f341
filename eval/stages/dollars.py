"""What the calls of a run cost at the prices of its configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, cast

from eval.core.config import wants
from eval.runs.format.summary import LedgerRow, Spent
from eval.stages import components
from eval.stages.bench import Bench
from memos.llm.budget import no_price
from memos.llm.prices import Price
from memos.types import Usage

Row = TypeVar("Row", LedgerRow, Spent)


def priced(bench: Bench, rows: Iterable[Row]) -> list[Row]:
    """Rows of a ledger with ``usd``, where the price of their model is known.

    The price is that of the role's model by the configuration (its own fields, the user's table, the one that ships);
    a model that none of the configuration's is, such as a vendor's package asks, has that of its name. Replies of a
    batch interface have their own price; where rows do not tell them apart, those of a role that is configured to use
    it count as such.
    """
    prices = _by_role(bench)
    batched = {part.role for part in bench.asking_parts() if part.llm.get("batch")}
    return [_priced(row, _price(bench, prices, row["role"], row["model"]), row["role"] in batched) for row in rows]


def check_prices(bench: Bench) -> None:
    """Refuse, before anything starts, a cap in dollars on models without a price, and a table that cannot be read.

    Raises:
        ConfigError: one line naming the model, or the file.
    """
    budget = bench.budget
    if budget.max_usd is None:
        return
    asked: list[tuple[str, Any]] = [("llm", components.provider(bench.llm_spec()))] if bench.uses_llm() else []
    for part in bench.asking_parts():
        own = part.llm is not bench.config["llm"]
        asked.append((f"{part.role.partition(' ')[0]}.llm" if own else "llm", components.provider(part.llm)))
    if wants(bench.system_class, "embedder"):
        asked.append(("embedder", components.raw_embedder(bench.embedder_spec)))
    for group, model in asked:
        if budget.price_for(model) is None:
            raise no_price(model.name, group)


def _price(bench: Bench, prices: Mapping[str, Price | None], role: str, model: str) -> Price | None:
    asker = role.removeprefix("latency: ")
    return prices[asker] if asker in prices else bench.budget.price_named(model)


def _by_role(bench: Bench) -> dict[str, Price | None]:
    models: dict[str, Any] = {part.role: components.provider(part.llm) for part in bench.asking_parts()}
    if bench.uses_llm():
        models["memory"] = components.provider(bench.llm_spec())
    if wants(bench.system_class, "embedder"):
        models["embedder"] = components.raw_embedder(bench.embedder_spec)
    return {role: bench.budget.price_for(model) for role, model in models.items()}


def _priced(row: Row, price: Price | None, batched: bool) -> Row:
    if price is None:
        return row
    usage = Usage(row["calls"], row["prompt_tokens"], row["completion_tokens"], row["cached_tokens"])
    if "phase" not in row:
        return cast(Row, {**row, "usd": price.cost(usage, batched=batched)})
    cheaper = Usage(0, row.get("batched_prompt_tokens", 0), row.get("batched_completion_tokens", 0))
    return cast(Row, {**row, "usd": price.cost(usage - cheaper) + price.cost(cheaper, batched=True)})
