"""Reading ``manifest.json``: what a run is, what made it, and by which formula it is named."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from memos import strict_json
from memos.errors import DataError

FORMULA = 2
"""Number of the present formula of fingerprints; manifests without it were made by the first."""


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """A run's manifest; None where there is none.

    Raises:
        DataError: it is damaged.
    """
    path = folder / "manifest.json"
    try:
        manifest = strict_json.read(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: cannot be read: {error}; move the run folder away to begin it again") from error
    if not isinstance(manifest, dict):
        raise DataError(f"{path}: top level: expected an object, found {type(manifest).__name__}")
    for field in ("config", "code"):
        if not isinstance(manifest.get(field, {}), dict):
            raise DataError(f"{path}: {field}: expected an object, found {type(manifest[field]).__name__}")
    return manifest


def is_present(manifest: Mapping[str, Any] | None) -> TypeGuard[dict[str, Any]]:
    """Whether a manifest is of the present formula."""
    return manifest is not None and manifest.get("formula") == FORMULA
