"""The device that timings are made on. A time is a property of it: another device's times are no result of this one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from eval.core.provenance import hardware
from memos.errors import ConfigError, require

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


def check_devices(config: Mapping[str, Any]) -> None:
    """Refuse a device that this machine does not have, in every part that names one (``device``).

    Raises:
        ConfigError: naming the field and what there is.
    """
    for name, device in sorted(_named(config, "device")):
        if not isinstance(device, str) or device in ("auto", "cpu"):
            continue
        torch = require("torch", "embedded")
        try:
            kind, index = (made := torch.device(device)).type, made.index or 0
        except (RuntimeError, ValueError) as error:
            raise ConfigError(f"{name}={device} is no device; use cpu, cuda or cuda:<index>") from error
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if kind == "cuda" and index >= count:
            there = f"{count} CUDA devices" if count else "no CUDA device"
            raise ConfigError(f"{name}={device}: torch {torch.__version__} sees {there} here; use {name}=cpu")


def _named(config: Mapping[str, Any], key: str, above: str = "") -> Iterator[tuple[str, Any]]:
    """Every field of a name in a nested configuration, by its full name."""
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _named(value, key, f"{above}{name}.")
        elif name == key:
            yield f"{above}{name}", value


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
