"""A file in LOCOMO's format: the one that the project ships."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from eval.datasets.locomo import TINY


def synthetic(folder: Path) -> dict[str, Any]:
    """Write the file below ``folder``; returns the fields of ``conf/dataset/locomo.yaml`` that read it."""
    return {"path": str(shutil.copy(TINY, folder / "own.json"))}
