"""Writing lists of what was fitted on which conversations (``eval.core.fitted`` reads them)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.core.fitted import written
from eval.core.identity import digest
from eval.core.places import ROOT
from eval.core.sketch import sketch
from eval.core.types import Dataset
from memos.errors import DataError

SHIPPED = Path(__file__).parents[1] / "core" / "fitted.json"


def own_list(dataset: Dataset, component: str, sample_ids: Sequence[str] = ()) -> dict[str, Any]:
    """A list of one component of a user's own.

    Args:
        dataset: what it was fitted on.
        component: its name.
        sample_ids: the conversations; none: all.

    Raises:
        DataError: the data set has no such conversation.
    """
    known = sketches(dataset)
    wanted = [f"{dataset.name}/{one}" for one in sample_ids] or list(known)
    for name in wanted:
        if name not in known:
            raise DataError(f"{dataset.path}: no conversation {name.partition('/')[2]!r}")
    return {"components": {component: {"fitted": wanted}}, "conversations": {name: known[name] for name in wanted}}


def sketches(dataset: Dataset) -> dict[str, dict[str, str]]:
    """Every conversation of a data set as a list holds it, by ``data set/id``."""
    return {f"{dataset.name}/{one.sample_id}": written(sketch(one)) for one in dataset.conversations}


def refreshed(raw: Mapping[str, Any], locomo: Dataset) -> dict[str, Any]:
    """The list of this project with the sketches of LOCOMO and the digests of the weights as they are now."""
    components = {
        name: {**one, "weights_digest": weights_digest(one["weights"])} if one.get("weights") else dict(one)
        for name, one in raw["components"].items()
    }
    return {**raw, "components": components, "conversations": sketches(locomo)}


def weights_digest(file: str) -> str:
    """Digest of what a file of weights holds, however it is written."""
    return digest(json.loads((ROOT / file).read_text(encoding="utf-8")))


def as_text(raw: Mapping[str, Any]) -> str:
    """A list as its file holds it."""
    return json.dumps(raw, indent=1, ensure_ascii=False) + "\n"
