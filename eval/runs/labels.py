"""What a run is called, and what of it a reader sees first: read from its summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Summary = Mapping[str, Any]


def ranked(summary: Summary) -> bool:
    """Whether a run takes part in the ranking: systems that see the evidence are shown but never marked as best."""
    return not summary.get("display", {}).get("sees_gold", summary["system"] == "oracle")


def label(summary: Summary) -> str:
    """The system's name for people."""
    return str(summary.get("display", {}).get("label") or summary["system"])


def full_label(summary: Summary) -> str:
    """The name with chunk size and top-k, so that two settings of one system differ."""
    display = summary.get("display", {})
    settings = [
        f"{name}={display[key]}" for key, name in (("chunk", "chunk"), ("top_k", "k")) if display.get(key) is not None
    ]
    return " ".join([label(summary), *settings])


def labels(summaries: Sequence[Summary]) -> list[str]:
    """Short names where they are distinct, names with settings (then seeds, then fingerprints) where they are not."""
    names = [label(s) for s in summaries]
    names = [full_label(s) if names.count(name) > 1 else name for name, s in zip(names, summaries, strict=True)]
    if len({s.get("seed") for s in summaries}) > 1:
        names = [
            f"{name} seed={s.get('seed')}" if names.count(name) > 1 else name
            for name, s in zip(names, summaries, strict=True)
        ]
    return [
        f"{name} {str(s['fingerprint'])[:6]}" if names.count(name) > 1 else name
        for name, s in zip(names, summaries, strict=True)
    ]


def part_name(summary: Summary, part: str) -> str:
    """Name of the ``answerer``, ``judge``, ``embedder`` or ``llm``: a text, or an object with a name."""
    value = summary.get(part)
    if isinstance(value, Mapping):
        return str(value.get("name") or value.get("model") or MISSING_PART)
    return str(value) if value else MISSING_PART


MISSING_PART = "none"
