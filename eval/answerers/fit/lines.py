"""Fitting the ranking of lines: a softmax over a conversation's lines, trained to put its mass on the gold evidence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from tqdm import tqdm

from eval.answerers.context import parse
from eval.answerers.fit.rows import Names, SparseRows, height, rendered
from eval.answerers.fit.tuning import save
from eval.answerers.question import analyse
from eval.answerers.ranking import Index
from eval.answerers.reader import load_weights
from eval.core.types import Dataset
from memos.embed.base import Embedder
from memos.embed.cache import CachedEmbedder
from memos.embed.minilm import MiniLM


def line_data(
    dataset: Dataset, indexes: dict[str, Index], names: Names, embedder: Embedder | None
) -> list[tuple[sparse.csr_matrix, np.ndarray]]:
    """For each question the feature rows of its conversation's lines, and which lines are gold evidence."""
    gold_text = {
        c.sample_id: {turn.turn_id: (turn.speaker, turn.text) for _, turn in c.turns()} for c in dataset.conversations
    }
    vectors = (
        {}
        if embedder is None
        else {
            key: embedder.encode([f"{line.speaker}: {line.text}" for line in index.lines])
            for key, index in indexes.items()
        }
    )
    out = []
    for question in tqdm(dataset.questions, disable=None, desc="lines"):
        wanted = {gold_text[question.sample_id][turn] for turn in question.evidence}
        index = indexes[question.sample_id]
        gold = np.array(
            [any(line.speaker == who and line.text in text for who, text in wanted) for line in index.lines]
        )
        if question.unanswerable or not gold.any():
            continue
        view = analyse(question.text, dataset.conversation(question.sample_id).speakers)
        cosine = vectors[question.sample_id] @ embedder.encode([question.text])[0] if embedder else None
        covered, rows = index.coverage(view), SparseRows(names)
        for number in range(len(index.lines)):
            rows.add(index.features(view, number, covered, None if cosine is None else float(cosine[number])))
        out.append((rows.matrix(), gold))
    for matrix, _ in out:
        matrix.resize(height(matrix), len(names.column))
    return out


def fit_lines(
    conversations: list[tuple[sparse.csr_matrix, np.ndarray]], names: Names, l2: float = 0.5
) -> dict[str, float]:
    """Weights that put the most of a softmax over all lines on the gold ones."""

    def objective(weights: np.ndarray) -> tuple[float, np.ndarray]:
        loss, slope = l2 * (weights**2).sum(), 2 * l2 * weights
        for rows, gold in conversations:
            scores = rows @ weights
            chance = np.exp(scores - scores.max())
            chance /= chance.sum()
            share = chance[gold].sum() + 1e-12
            loss -= np.log(share)
            slope = slope + rows.T @ (chance - np.where(gold, chance / share, 0.0))
        return loss, slope

    solution = minimize(objective, np.zeros(len(names.column)), jac=True, method="L-BFGS-B", options={"maxiter": 150})
    return {name: round(float(solution.x[column]), 3) for name, column in names.column.items()}


def write_line_weights(dataset: Dataset, cache: Path | None) -> None:
    """Fit the ranking without cosine, and with it where a file of embeddings is given.

    The spans rest on the ranking: fit them again afterwards.
    """
    indexes = {c.sample_id: Index(parse(rendered(c), c.speakers)) for c in dataset.conversations}
    current = {key: value for key, value in load_weights().items() if isinstance(value, dict)}
    names = Names()
    current["rank"] = fit_lines(line_data(dataset, indexes, names, None), names)
    if cache is not None:
        names = Names()
        current["rank_cosine"] = fit_lines(line_data(dataset, indexes, names, CachedEmbedder(MiniLM(), cache)), names)
    save(current)
    print(json.dumps(current["rank"], indent=1))
