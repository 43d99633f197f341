"""A small generated benchmark, made in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def synthetic(folder: Path) -> dict[str, Any]:
    """Fields of ``conf/dataset/generated.yaml``."""
    return {"knobs": {"conversations": 2, "sessions": 8, "questions": 12, "seed": 5}}
