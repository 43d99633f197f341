"""A small LoCoMo-Plus of our own words over the tiny data set, with what is malformed in the real one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

GAPS = (
    "two weeks later",
    "about one month later",
    "several months later",
    "a year after",
    "a few weeks later",
    "one week later",
)
RELATIONS = ("causal", "state", "goal", "value")


def items() -> list[dict[str, Any]]:
    """Six items: cues of one and two lines, gaps that the official parser reads and some that it does not."""
    made = []
    for number, gap in enumerate(GAPS):
        cue = f"A: Since the flood number {number} I keep my boots by the door."
        if number % 2 == 0:
            cue += "\nB: That sounds wise."
        made.append(
            {
                "relation_type": RELATIONS[number % len(RELATIONS)],
                "cue_dialogue": cue,
                "trigger_query": f"A: The hall is full of mud again, time {number}.",
                "time_gap": gap,
                "model_name": "none",
                "scores": {},
                "ranks": {},
                "final_similarity_score": 0.5,
            }
        )
    return made


def write(folder: Path, made: Any = None) -> Path:
    """The file of items."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "locomo_plus.json"
    file.write_text(json.dumps(items() if made is None else made), encoding="utf-8")
    return file


def synthetic(folder: Path) -> dict[str, Any]:
    """Items over the tiny data set; the fields of the configuration that read them."""
    from eval.datasets.locomo import TINY

    return {"path": str(write(folder)), "locomo": str(TINY)}
