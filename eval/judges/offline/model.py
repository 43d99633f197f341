"""The offline judge's model: logistic regression with products of features,
predicted by numpy from ``weights.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from eval.core.identity import digest
from memos.errors import DataError

CLIP = 4.0
"""Standardised features beyond this many deviations are cut, so that no odd answer can buy a verdict with one number.
"""


@dataclass(frozen=True)
class Model:
    """Weights over standardised features and over products of two of them."""

    features: tuple[str, ...]
    mean: np.ndarray
    scale: np.ndarray
    linear: np.ndarray
    pairs: np.ndarray
    """Indexes of the two features of each product, shape (products, 2)."""
    products: np.ndarray
    bias: float
    facts: Mapping[str, Any]
    """What the file says about its origin, licence and cross-validated error."""
    digest: str

    def probability(self, rows: Sequence[Mapping[str, float]]) -> np.ndarray:
        """Probability that the recorded judge would say correct; shape (rows,)."""
        if not rows:
            return np.zeros(0)
        return self.of_matrix(np.array([[row[name] for name in self.features] for row in rows], dtype=np.float64))

    def of_matrix(self, matrix: np.ndarray) -> np.ndarray:
        """The same for features in the model's order, shape (rows, features)."""
        unit = standardise(matrix, self.mean, self.scale)
        logit = self.bias + unit @ self.linear
        if len(self.pairs):
            logit = logit + (unit[:, self.pairs[:, 0]] * unit[:, self.pairs[:, 1]]) @ self.products
        return 1.0 / (1.0 + np.exp(-np.clip(logit, -30, 30)))


def standardise(matrix: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return np.clip((matrix - mean) / scale, -CLIP, CLIP)


@lru_cache(maxsize=4)
def load(path: str = "") -> Model:
    """Read a weights file; the one that ships with the project where no path is given.

    Raises:
        DataError: the file is missing or damaged.
    """
    file = Path(path) if path else resources.files("eval.judges.offline").joinpath("weights.json")
    try:
        weights = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{file}: {error.strerror}; make it with scripts/train_judge.py") from error
    except json.JSONDecodeError as error:
        raise DataError(f"{file}: line {error.lineno}: not JSON: {error.msg}") from error
    try:
        return of_json(weights)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{file}: not a weights file of scripts/train_judge.py: {error}") from error


def of_json(weights: Mapping[str, Any]) -> Model:
    """Build the model from the parsed file."""
    features = weights["features"]
    products = weights["products"]
    names = list(features)
    table = np.array([features[name] for name in names], dtype=np.float64)
    index = {name: number for number, name in enumerate(names)}
    pairs = [(index[first], index[second]) for first, row in products.items() for second in row]
    return Model(
        features=tuple(names),
        mean=table[:, 0],
        scale=table[:, 1],
        linear=table[:, 2],
        pairs=np.array(pairs, dtype=np.intp).reshape(-1, 2),
        products=np.array([value for row in products.values() for value in row.values()], dtype=np.float64),
        bias=float(weights["bias"]),
        facts={key: value for key, value in weights.items() if key not in ("features", "products", "bias")},
        digest=digest([features, products, weights["bias"]]),
    )


def to_json(
    names: Sequence[str],
    mean: np.ndarray,
    scale: np.ndarray,
    linear: np.ndarray,
    pairs: Sequence[tuple[int, int]],
    products: np.ndarray,
    bias: float,
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """The content of a weights file; numbers are rounded to four significant digits."""

    def short(value: float) -> float:
        return float(f"{value:.4g}")

    table: dict[str, dict[str, float]] = {}
    for (first, second), value in zip(pairs, products, strict=True):
        if abs(value) >= 5e-5:
            table.setdefault(names[first], {})[names[second]] = short(value)
    features = {name: [short(mean[i]), short(scale[i]), short(linear[i])] for i, name in enumerate(names)}
    return {**facts, "bias": short(bias), "features": features, "products": table}


def pretty(content: Mapping[str, Any]) -> str:
    """The content of a weights file as text to be reviewed: one entry a line, a feature's mean, scale and weight beside
    its name.
    """

    def lines(value: Any, depth: int) -> str:
        if not isinstance(value, Mapping) or not value:
            return json.dumps(value, ensure_ascii=False)
        pad = " " * (depth + 1)
        rows = [f"{pad}{json.dumps(name, ensure_ascii=False)}: {lines(row, depth + 1)}" for name, row in value.items()]
        return "{\n" + ",\n".join(rows) + "\n" + " " * depth + "}"

    return lines(content, 0) + "\n"
