"""Which conversations weights may be fitted on, and the file they are written to.

Only conversations named in ``TUNING`` are ever used.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from eval.answerers import reader
from eval.core.types import Dataset

TUNING = ("conv-26", "conv-30", "conv-41", "conv-42", "conv-43", "conv-44")
WEIGHTS = Path(reader.__file__).with_name("weights.json")


def tuning_conversations(dataset: Dataset) -> Dataset:
    """The conversations that may be used, with their questions."""
    return replace(
        dataset,
        conversations=tuple(c for c in dataset.conversations if c.sample_id in TUNING),
        questions=tuple(q for q in dataset.questions if q.sample_id in TUNING),
    )


def save(weights: dict[str, dict[str, float]]) -> None:
    note = "Fitted by scripts/train_reader.py on LOCOMO's conversations conv-26 to conv-44 (CC BY-NC 4.0)."
    WEIGHTS.write_text(json.dumps({"note": note, **weights}, indent=0, sort_keys=True) + "\n", encoding="utf-8")
