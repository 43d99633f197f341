"""Fits the weights of the judgement of updates on labelled pairs: ridge logistic regression, checked in folds."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from memos.language.updates.pairs import (
    SAME_FEATURES,
    UPDATE_FEATURES,
    barred,
    same_features,
    unlike,
    update_features,
)
from memos.language.updates.reading import Statement, read

WEIGHTS = Path(__file__).with_name("weights.json")
RIDGE, FOLDS = 1.0, 10
UPDATE_FROM, SAME_FROM = 0.7, 0.55
"""Least probabilities, chosen on the development pairs for at most 2 % of coexisting pairs lost in the folds."""


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two statements, the later one second, and how it stands to the first: supersedes, duplicate or coexists."""

    kind: str
    label: str
    old: str
    new: str


def load_pairs(path: Path) -> list[LabelledPair]:
    """The pairs of a JSON Lines file."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [LabelledPair(row["kind"], row["label"], row["old"], row["new"]) for row in rows]


def logistic(table: np.ndarray, wanted: np.ndarray, ridge: float = RIDGE) -> np.ndarray:
    """Weights (columns,) of a logistic regression with an L2 penalty ``ridge / 2``, by Newton's method.

    Args:
        table: features, float64 (rows, columns).
        wanted: 0 or 1, (rows,).
    """
    weights = np.zeros(table.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-table @ weights))
        slope = table.T @ (wanted - chance) - ridge * weights
        curve = (table * (chance * (1 - chance))[:, None]).T @ table + ridge * np.eye(len(weights))
        step = np.linalg.solve(curve, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def fit(pairs: Sequence[LabelledPair], cosines: np.ndarray) -> dict[str, Any]:
    """The content of ``weights.json``: both models, their thresholds, what they were fitted on, figures from folds."""
    read_pairs = [(read(pair.old), read(pair.new)) for pair in pairs]
    update, chance_update = _model(
        read_pairs, cosines, [p.label == "supersedes" for p in pairs], barred, update_features, UPDATE_FEATURES
    )
    same, chance_same = _model(
        read_pairs, cosines, [p.label == "duplicate" for p in pairs], unlike, same_features, SAME_FEATURES
    )
    updates = chance_update >= UPDATE_FROM
    merged = ~updates & (chance_same >= SAME_FROM)
    labels = np.array([pair.label for pair in pairs])
    shares = {
        "coexisting_lost": float((updates | merged)[labels == "coexists"].mean()),
        "superseded_archived": float(updates[labels == "supersedes"].mean()),
        "duplicates_merged": float(merged[labels == "duplicate"].mean()),
    }
    return {
        "about": "Fitted by scripts/bench_updates.py --fit on invented pairs (tests/data/updates/dev.jsonl).",
        "trained_on": ["updates-dev"],
        "pairs": len(pairs),
        "ridge": RIDGE,
        "folds": FOLDS,
        "in_folds": {name: round(share, 4) for name, share in shares.items()},
        "update_from": UPDATE_FROM,
        "same_from": SAME_FROM,
        "update": update,
        "same": same,
    }


def _model(
    pairs: Sequence[tuple[Statement, Statement]],
    cosines: np.ndarray,
    wanted: Sequence[bool],
    forbids: Callable[[Statement, Statement], object],
    features: Callable[[Statement, Statement, float], dict[str, float]],
    names: Sequence[str],
) -> tuple[dict[str, float], np.ndarray]:
    """Weights by feature, and each pair's probability by a model that has not seen its fold."""
    table = np.array(
        [[features(old, new, float(c))[n] for n in names] for (old, new), c in zip(pairs, cosines, strict=True)]
    )
    open_to = np.array([not forbids(old, new) for old, new in pairs])
    target = np.array(wanted, dtype=float)
    fold = np.arange(len(pairs)) % FOLDS
    chance = np.zeros(len(pairs))
    for number in range(FOLDS):
        train, held = open_to & (fold != number), open_to & (fold == number)
        chance[held] = 1 / (1 + np.exp(-table[held] @ logistic(table[train], target[train])))
    weights = logistic(table[open_to], target[open_to])
    return {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)}, chance


def write(table: dict[str, Any], path: Path = WEIGHTS) -> None:
    """Write the weights with their card."""
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
