"""Counting ``idf.json``: in how many turns of LOCOMO's dialogues each stem stands (``scripts/train_rarities.py``)."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

from eval.core.types import Dataset
from eval.judges.offline import text

OUT = Path(text.__file__).with_name("idf.json")
STEMS = 900
"""The commonest stems are listed; every other one counts as rare."""
RARE = 3
"""Turns that hold a stem whose rarity is 1."""
NOTE = (
    "Rarity of the 900 commonest stems of English dialogue (document frequency over LOCOMO's turns, CC BY-NC 4.0): "
    "log(n / df) over log(n / 3), 0.1 to 1; stems not listed count 1."
)


def count(dataset: Dataset) -> dict[str, Any]:
    """The content of the file."""
    turns = [turn.text for conversation in dataset.conversations for _, turn in conversation.turns()]
    held = Counter(stem for turn in turns for stem in dict.fromkeys(text.content(turn)))
    whole = math.log(len(turns) / RARE)
    rarity = {
        stem: round(min(max(math.log(len(turns) / times) / whole, 0.1), 1.0), 2)
        for stem, times in held.most_common(STEMS)
    }
    return {"note": NOTE, "idf": rarity}


def write(dataset: Dataset) -> None:
    OUT.write_text(json.dumps(count(dataset), ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
