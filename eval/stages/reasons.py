"""Why questions failed: the reasons of a run's records, the most frequent first, for the line that ends it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from eval.core import judging
from eval.judges.offline.legible import CANNOT
from eval.runs import lineage
from eval.runs.write import RunDir
from eval.stages.answer import answers_now
from eval.stages.bench import Bench
from eval.stages.latency import timed_now
from eval.stages.score import values_now, verdicts_now
from eval.stages.search import searched_now

_OWN_PART = "; request "
"""From here on a model's error speaks of the single request."""
_SHOWN = 200


def frequent_reasons(bench: Bench, run: RunDir, most: int = 3) -> str:
    """Reasons with their counts (``12 times: …; 3 times: …``); empty where nothing failed.

    Args:
        most: how many are told; the others are counted together.
    """
    counts = Counter(_common(reason) for reason in _reasons(bench, run))
    lines = [f"{count} times: {reason}" for reason, count in counts.most_common(most)]
    others = sum(counts.values()) - sum(count for _, count in counts.most_common(most))
    return "; ".join([*lines, *([f"{others} times: other reasons"] if others else [])])


def _reasons(bench: Bench, run: RunDir) -> Iterable[str]:
    answers = answers_now(bench, run, run.journal("answers"))
    for records in (searched_now(bench, run), answers, timed_now(bench, run)):
        yield from (record.get("error", "") for record in records.values() if not lineage.good(record))
    for spec in bench.judge_specs:
        yield from (_of_verdict(r) for r in verdicts_now(bench, run, spec).values() if not judging.stands(r))
    for record in values_now(bench, run).values():
        yield from (f"{name}: {reason}" for name, reason in (record.get("errors") or {}).items())


def _of_verdict(record: Mapping[str, Any]) -> str:
    """Why a verdict does not stand: the judge's error, or that its reply states no label."""
    if record["label"] != judging.ERROR:
        said = next(iter(record.get("raw") or ()), "")
        return said if said.startswith(CANNOT) else "the judge's reply states no verdict"
    runs = zip(record.get("runs") or (), record.get("raw") or (), strict=False)
    return record.get("error") or next((raw for label, raw in runs if label == judging.ERROR), "the judge failed")


def _common(reason: str) -> str:
    """What equal failures share: without the words on the single request, on one line."""
    line = " ".join(reason.removeprefix("ingestion failed: ").split(_OWN_PART)[0].split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
