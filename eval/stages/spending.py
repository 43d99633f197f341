"""What a run really asked and paid, by role and model: a line a reply in ``spending.jsonl``, whatever became of it.

Conversations whose ingestion failed, the latency pass and replies that turned out malformed are in it; so are replies
of the response cache, apart. A line is written before the reply is used, so that a killed process loses none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eval.runs.format.summary import Spent
from eval.runs.lines import parsed, whole_bytes
from eval.runs.write import write_atomic
from memos.llm.metered import Asked, Meter
from memos.types import Usage, as_fields

FILE = "spending.jsonl"


@contextmanager
def noted(meter: Meter, folder: Path) -> Iterator[None]:
    """While the block runs, every reply that the meter is told of is written into a run's folder, which is locked."""
    path = folder / FILE
    _sum_up(path)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def note(asked: Asked, usage: Usage) -> None:
        os.write(file, (json.dumps(_line(asked, usage), ensure_ascii=False) + "\n").encode())

    meter.note = note
    try:
        yield
    finally:
        meter.note = None
        os.close(file)
        _sum_up(path)


def spent(folder: Path) -> list[Spent]:
    """What the run in a folder spent so far, by role and model, over all sessions."""
    rows: dict[tuple[str, str], Spent] = {}
    for asked, usage in _totals(folder / FILE).items():
        row = rows.setdefault((asked.role, asked.model), _nothing(asked))
        if asked.cached:
            row["replayed_calls"] += usage.calls
            row["replayed_tokens"] += usage.prompt_tokens + usage.completion_tokens
        else:
            row["calls"] += usage.calls
            row["prompt_tokens"] += usage.prompt_tokens
            row["completion_tokens"] += usage.completion_tokens
            row["cached_tokens"] += usage.cached_tokens
    return [rows[key] for key in sorted(rows)]


def _nothing(asked: Asked) -> Spent:
    return {
        "role": asked.role,
        "model": asked.model,
        "calls": 0,
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "cached_tokens": 0,
        "replayed_calls": 0,
        "replayed_tokens": 0,
    }


def _line(asked: Asked, usage: Usage) -> dict[str, Any]:
    return {**as_fields(asked), **as_fields(usage)}


def _totals(path: Path) -> dict[Asked, Usage]:
    """The lines of the file summed up; a torn last one is left out."""
    content = path.read_bytes() if path.exists() else b""
    total: dict[Asked, Usage] = {}
    for _, record in parsed(path, content[: whole_bytes(content)]):
        asked, usage = _read(record)
        total[asked] = total.get(asked, Usage()) + usage
    return total


def _read(record: Mapping[str, Any]) -> tuple[Asked, Usage]:
    who = Asked(record["role"], record["model"], record["cached"])
    names = ("calls", "prompt_tokens", "completion_tokens", "cached_tokens")
    return who, Usage(**{name: record[name] for name in names})


def _sum_up(path: Path) -> None:
    """Write the file again with one line for each role, model and way."""
    total = _totals(path)
    if total:
        lines = [json.dumps(_line(asked, total[asked]), ensure_ascii=False) for asked in sorted(total, key=_order)]
        write_atomic(path, "".join(line + "\n" for line in lines))


def _order(asked: Asked) -> tuple[str, str, bool]:
    return asked.role, asked.model, asked.cached
