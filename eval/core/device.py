"""The device that timings are made on. A time is a property of it: another device's times are no result of this one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from eval.core.provenance import hardware

TIMED = (
    "batch_size",
    "batch_tokens",
    "concurrency",
    "device",
    "latency_ms",
    "prefix_cache_mb",
    "stream",
    "threads",
    "workers",
)
"""Execution fields of a part that change how long it takes."""


def machine() -> dict[str, Any]:
    """Processor, accelerators in sight and the threads this process may use; torch is not loaded."""
    return {"cpu": hardware()["cpu"], "gpus": gpus(), "threads": threads()}


def gpus() -> list[str]:
    """Names of the accelerators this process may use, without their drivers."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and visible.strip() in ("", "-1", "NoDevFiles"):
        return []
    return sorted({line.split(",")[0].strip() for line in hardware()["gpus"]})


_TIMED_WITH: list[int] = []


def time_with(count: int) -> None:
    """Say how many threads times are measured with, in a process that has fewer itself and measures none."""
    _TIMED_WITH[:] = [count]


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads() -> int:
    """Processor threads that a numeric library takes by default where times are measured."""
    if _TIMED_WITH:
        return _TIMED_WITH[0]
    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isdigit() and int(given):
        return int(given)
    return cores()


def timing_identity(specs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What a time depends on besides what is timed.

    Args:
        specs: configuration of each timed part by group.
    """
    settings = {group: {k: v for k, v in spec.items() if k in TIMED} for group, spec in specs.items()}
    return {"machine": machine(), "settings": {group: timed for group, timed in settings.items() if timed}}
