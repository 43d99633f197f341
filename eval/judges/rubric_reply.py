"""What a judge's reply says of one item of a rubric: full, half or no credit."""

from __future__ import annotations

import json
from typing import Any

from memos.llm.repair import whole_objects
from memos.llm.thoughts import without_thoughts

SCORES = (0.0, 0.5, 1.0)


def score(text: str) -> float | None:
    """The score of the last JSON object in a reply that has one; None where there is none, or another number.

    ``1``, ``1.0`` and ``"1.0"`` are one score. A number between the three is no score: the judge was given three.
    """
    given = [read for value, _, _ in whole_objects(without_thoughts(text)) if (read := _of(value)) is not None]
    return given[-1] if given else None


def _of(value: dict[str, Any]) -> float | None:
    raw = next((item for key, item in value.items() if str(key).strip().lower() == "score"), None)
    if isinstance(raw, str):
        try:
            raw = json.loads(raw.strip())
        except (ValueError, RecursionError):
            return None
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        return None
    return float(raw) if raw in SCORES else None
