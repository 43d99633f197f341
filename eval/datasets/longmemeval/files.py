"""Which of LongMemEval's files one is: by the digest of its bytes, never by its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eval.datasets.hub import hub_file

REPOSITORY = "xiaowu0162/longmemeval-cleaned"
REVISION = "98d7416c24c778c2fee6e6f3006e7a073259d48f"
LICENCE = "MIT (xiaowu0162/LongMemEval, LICENSE; card of the data set)"
FILES = {"s": "longmemeval_s_cleaned.json", "m": "longmemeval_m_cleaned.json", "oracle": "longmemeval_oracle.json"}
"""Variant to its file on the hub: 277 MB, 2.75 GB and 15 MB."""
KNOWN = {
    "d6f21ea9d60a0d56f34a05b609c79c88a451d2ae03597821ea3d5a9678c3a442": "LongMemEval S, cleaned (September 2025)",
    "9d79e5524794a2e6900a3aa9cb7d9152c5a3e8319c9a87c25494ba1eacee495f": "LongMemEval M, cleaned (September 2025)",
    "821a2034d219ab45846873dd14c14f12cfe7776e73527a483f9dac095d38620c": "LongMemEval oracle (evidence sessions only)",
    "08d8dad4be43ee2049a22ff5674eb86725d0ce5ff434cde2627e5e8e7e117894": (
        "LongMemEval S, the old upload of 2024: not comparable with the cleaned one"
    ),
}
"""SHA-256 of a whole file's bytes to what it is."""
SIZES = {
    "single-session-user": (70, 6),
    "single-session-assistant": (56, 0),
    "single-session-preference": (30, 0),
    "multi-session": (133, 12),
    "temporal-reasoning": (133, 6),
    "knowledge-update": (78, 6),
}
"""Type to its questions in a whole file, and to those of them that cannot be answered."""
QUESTIONS = sum(size for size, _ in SIZES.values())


def from_hub(variant: str) -> Path:
    """The file of a variant, fetched where it is not in the hub's cache."""
    return hub_file(REPOSITORY, FILES[variant], REVISION, LICENCE)


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file is."""

    name: str
    """Of the data set, in tables: ``longmemeval-s``; one that is a part or unknown says so."""
    official: bool
    notes: tuple[str, ...]


def recognise(path: Path, sha256: str, counts: Mapping[str, tuple[int, int]], sessions: float) -> Recognised:
    """What a file is, by its digest; where that is not known, by what it holds.

    Args:
        path: for notes.
        sha256: of its bytes.
        counts: type to its questions and to those of them that cannot be answered.
        sessions: mean number of sessions of a haystack.
    """
    shape = "oracle" if sessions < 10 else "s" if sessions < 200 else "m"
    known = KNOWN.get(sha256)
    if known:
        old = ", old" if "old" in known else ""
        return Recognised(f"longmemeval-{shape}{old}", True, (f"{path} is {known}, by its SHA-256",))
    total = sum(size for size, _ in counts.values())
    held = f"{total} questions, {sessions:.0f} sessions a haystack in the mean, the shape of {shape.upper()}"
    if Counter(counts) == Counter(SIZES):
        note = f"{path} has the counts of LongMemEval but is none of its known files by SHA-256 ({held})"
        return Recognised(f"longmemeval-{shape}, changed", False, (note,))
    note = f"{path} is a part of LongMemEval, or another file in its format ({held}); not comparable with papers"
    return Recognised(f"longmemeval-{shape}, part", False, (note,))
