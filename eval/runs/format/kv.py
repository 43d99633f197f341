"""A time-to-first-token run (``experiment=kv_ttft``): the lines of ``cells.jsonl`` and its ``summary.json``."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired, TypeAlias, TypedDict

from eval.runs.format.fields import NEW
from eval.runs.format.journals import Line


class Spread(TypedDict):
    """Repeats of one quantity, in its own unit."""

    p50: Annotated[float, "Median."]
    low: Annotated[float, "Low end of the median's interval by order statistics."]
    high: Annotated[float, "High end."]
    level: Annotated[float, "Its true level; below 0.95 where there are fewer than six repeats."]
    p90: Annotated[float, "90th percentile."]
    p99: Annotated[float, "99th percentile."]
    mean: Annotated[float, "Mean."]
    sd: Annotated[float, "Standard deviation; 0 of one repeat."]
    n: Annotated[int, "Repeats."]


class Limit(TypedDict):
    """How near a cell is to what arithmetic and memory allow."""

    allowed_speedup: Annotated[float, "Speedup in percent that the count of operations allows."]
    speedup_over_allowed: Annotated[float, "The measured speedup as a share of it."]
    matrix_peak: Annotated[float, "Operations a second of a large matrix product on this device."]
    flops: Annotated[float, "Operations of a query on the cache."]
    arithmetic_s: Annotated[float, "Seconds they take at that peak."]
    of_matrix_peak: Annotated[Spread, "Share of the peak that the query on the cache reaches, round by round."]
    quickest_of_matrix_peak: NotRequired[Annotated[float, "The same of the quickest round."]]
    bandwidth: Annotated[float, "Bytes a second that the device reads."]
    bytes: Annotated[int, "Bytes of weights and cache, each moved once."]
    bytes_s: Annotated[float, "Seconds that takes."]
    floor_s: Annotated[float, "The slower of bytes and arithmetic."]
    reached: Annotated[float, "`floor_s` as a share of `kv_ttft`."]


class StoredForm(TypedDict):
    """A cache in a file."""

    bytes: Annotated[int, "Bytes of its tensors."]
    load_s: Annotated[float, "Seconds to load it (median of five)."]
    load_over_build: Annotated[float, "The same as a share of the time to build it."]
    kl: Annotated[float, "Divergence of the first token's distribution from the cache in memory, in nats."]


class Measured(TypedDict):
    """A cell that was measured: one length of memory and one of query."""

    context: Annotated[Literal["short", "medium", "long"], "Length of the memory."]
    query: Annotated[Literal["short", "medium", "long"], "Length of the query."]
    context_tokens: Annotated[int, "Tokens of the memory."]
    query_tokens: Annotated[float, "Mean tokens of the queries."]
    build: Annotated[float, "Seconds to build the cache (median)."]
    kv_ttft: Annotated[float, "Seconds to the first token on the cache (median)."]
    dir_ttft: Annotated[float, "Seconds to the first token with the memory in the prompt (median)."]
    speedup: NotRequired[Annotated[float, "100 (1 - `kv_ttft` / `dir_ttft`), in percent."]]
    arms: NotRequired[Annotated[dict[str, Spread], "Arm to its seconds."]]
    rounds: NotRequired[Annotated[list[dict[str, float]], "Round to arm to seconds; `cells.jsonl` only."]]
    speedup_paired: NotRequired[Annotated[Spread, "Speedup within each round, in percent."]]
    speedup_against_peer: NotRequired[Annotated[Spread, "The same against transformers' own forward pass."]]
    ratio: NotRequired[Annotated[float, "`dir_ttft` / (`build` + `kv_ttft`); near 1 where both arms are equally good."]]
    ratio_paired: NotRequired[Annotated[Spread, "The same within each round."]]
    ratio_flag: NotRequired[Annotated[bool, "Whether it is so far from 1 that one arm is weak."]]
    kv_over_naive: NotRequired[Annotated[Spread, "`kv` as a share of a plain pass over the cache, round by round."]]
    break_even_uses: NotRequired[Annotated[int | None, "Uses after which the cache pays; null: never."]]
    limit: NotRequired[Annotated[Limit, "What the device allows."]]
    identical: NotRequired[Annotated[bool, "Whether both arms give the same greedy reply."]]
    first_divergence: NotRequired[Annotated[int | None, "Token at which the replies part; null: nowhere."]]
    compared_tokens: NotRequired[Annotated[int, "Tokens that were compared."]]
    max_logit_difference: NotRequired[Annotated[float, "Largest difference of the first token's logits."]]
    store: NotRequired[Annotated[dict[str, StoredForm], "Stored form to its size and times."]]
    unchanged: NotRequired[Annotated[bool, "Whether the cache is as it was before its use."]]
    status: NotRequired[Annotated[Literal["ok", "failed"], "`failed`: answers differ where they must not."]]
    model: NotRequired[Annotated[str, "The model."]]
    random_weights: NotRequired[Annotated[bool, "Whether its weights are random."]]
    device: NotRequired[Annotated[str, "Processor, accelerator or server."]]
    dtype: NotRequired[Annotated[str, "Type of weights and cache."]]
    cache_at: NotRequired[Annotated[str, "Device that holds the cache."]]
    cache_bytes: NotRequired[Annotated[int, "Bytes of the cache."]]
    attention: NotRequired[Annotated[str, "Implementation of attention."]]
    peak_memory_bytes: NotRequired[Annotated[int, "Most memory that was taken."]]
    threads: NotRequired[Annotated[int, "Processor threads."]]
    load_average: NotRequired[Annotated[list[float], "The machine's load before and after."]]
    cpu_seconds: NotRequired[Annotated[float, "Processor time of the cell."]]
    invalid: NotRequired[Annotated[int, "Samples of a server that did not count."]]
    error: NotRequired[Annotated[str | None, "Why the first of them did not; null: all counted."]]


class CellLine(Line, Measured):
    """A measured cell (``cells.jsonl``, key `context` and `query`); a server's lacks what a server does not tell."""


class FailedCellLine(Line):
    """A cell without a measurement: its process died or hung, or a server's samples did not count."""

    status: Annotated[Literal["error", "failed"], "The same command tries it again."]
    context: Annotated[str, "Length of the memory."]
    query: Annotated[str, "Length of the query."]
    error: Annotated[str | None, "Why."]
    context_tokens: NotRequired[Annotated[int, "Tokens of the memory."]]
    query_tokens: NotRequired[Annotated[float, "Mean tokens of the queries."]]
    invalid: NotRequired[Annotated[int, "Samples that did not count."]]
    model: NotRequired[Annotated[str, "The model."]]
    device: NotRequired[Annotated[str, "The server."]]
    random_weights: NotRequired[Annotated[bool, "False."]]


class FailedCell(TypedDict):
    """A cell that is not in the table."""

    cell: Annotated[str, "Context and query, such as `short/long`."]
    reason: Annotated[str, "Why."]


class Gates(TypedDict):
    """What the cells are held against; null where nothing was measured."""

    identical_cells: Annotated[int, "Cells whose arms give the same reply."]
    max_logit_difference: Annotated[float | None, "Largest difference of logits over the cells."]
    kv_over_naive_median: Annotated[float | None, "Median of `kv_over_naive`."]
    speedup_over_allowed_median: Annotated[float | None, "Median share of the allowed speedup."]
    speedup_over_allowed_worst: Annotated[float | None, "Smallest share of it."]
    of_matrix_peak_worst_from_medium: Annotated[float | None, "Smallest share of the peak, short contexts left out."]
    quickest_of_matrix_peak_worst_from_medium: Annotated[float | None, "The same of the quickest rounds."]
    ratio_flags: Annotated[int, "Cells with a weak arm."]
    cells_at_or_above_paper_qwen3_8b: Annotated[int, "Cells whose speedup reaches the paper's for Qwen3-8B."]


class KvSummary(TypedDict):
    """``summary.json`` of a time-to-first-token run."""

    schema: Annotated[int, "1."]
    experiment: Annotated[str, "`kv_ttft`."]
    model: Annotated[str, "The model."]
    fingerprint: Annotated[str, "Identity of the run (10 digits)."]
    device: Annotated[str, "Processor, accelerator or server."]
    cells: Annotated[list[Measured], "The cells that passed their checks."]
    random_weights: NotRequired[Annotated[bool, "Whether the weights are random."]]
    dtype: NotRequired[Annotated[str, "Type of weights and cache."]]
    complete: NotRequired[Annotated[bool, NEW, "Whether all cells passed."]]
    failed_cells: NotRequired[Annotated[list[FailedCell], "Those that did not."]]
    gates: NotRequired[Annotated[Gates, "What the cells are held against."]]


AnyCell: TypeAlias = CellLine | FailedCellLine
