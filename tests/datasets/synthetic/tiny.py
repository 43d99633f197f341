"""The synthetic data set of the package needs no file."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def synthetic(folder: Path) -> dict[str, Any]:
    """Fields of ``conf/dataset/tiny.yaml``."""
    return {}
