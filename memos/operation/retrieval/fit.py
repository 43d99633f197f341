"""Fitting ``ranker.json``: the linear ranker over all memories, then the second look over the best by it.

Trains on conversations 26 to 44 of LOCOMO without captions, with one set of weights for each switched-off group of
features (``scripts/train_retrieval.py``). The second look is ``memos.operation.retrieval.feedback``. A data set is
anything with ``conversations`` and ``questions``.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from memos.embed.base import Embedder
from memos.operation.retrieval import feedback, ranker
from memos.operation.retrieval.features import FEATURES, GROUPS, features, first_pass
from memos.operation.retrieval.index import MemoryIndex, Unit
from memos.operation.retrieval.question import read
from memos.operation.retrieval.ranker import SECOND, best, key

WEIGHTS = Path(ranker.__file__).with_name("ranker.json")
TRAIN = ("conv-26", "conv-30", "conv-41", "conv-42", "conv-43", "conv-44")
RIDGE, SECOND_RIDGE = 1e-3, 1e-2


def examples(dataset, embedder, sample_ids, off):
    """Feature matrix, gold rows and question for every question with evidence of categories 1 to 4."""
    for conversation in dataset.conversations:
        if conversation.sample_id not in sample_ids:
            continue
        units = [
            Unit(t.turn_id, t.said, t.speaker, s.session_id, s.time, None, (t.turn_id,), (), 0)
            for s, t in conversation.turns()
        ]
        index = MemoryIndex(embedder.dim)
        index.add(units, embedder.encode([unit.line() for unit in units]))
        asked = [
            q for q in dataset.questions if q.sample_id == conversation.sample_id and not q.unanswerable and q.evidence
        ]
        vectors = embedder.encode([q.text for q in asked])
        for question, vector in zip(asked, vectors, strict=True):
            asks = read(question.text, index.speakers)
            table = features(index, asks, first_pass(index, asks, vector, off), off)
            yield table, [index.row_of[turn] for turn in question.evidence], (index, asks)


def looked_again(rows, weights, off):
    """The same questions with the features of the second look over all memories, by falling score of the first."""
    for table, gold, (index, asks) in rows:
        scores = table @ weights
        order = best(scores)
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        yield feedback.features(index, asks, scores, order, off), place[gold].tolist(), (index, asks)


def fit(rows, ridge: float = RIDGE) -> np.ndarray:
    """Weights that put each gold turn above the turns that are not gold (softmax over the conversation)."""
    from scipy.optimize import minimize

    stacked = np.concatenate([table for table, _, _ in rows])
    mean, spread = stacked.mean(0), stacked.std(0)
    live = spread > 1e-9
    scale = np.where(live, spread, 1.0)
    questions = [((table - mean) / scale * live, np.array(gold)) for table, gold, _ in rows]

    def loss(weights):
        total, slope = ridge * weights @ weights, 2 * ridge * weights
        for table, gold in questions:
            scores = table @ weights
            top = scores.max()
            mass = np.exp(scores - top)
            other = mass.copy()
            other[gold] = 0
            rest = other.sum()
            pull = other @ table
            for row in gold:
                whole = rest + mass[row]
                total += (np.log(whole) + top - scores[row]) / len(gold) / len(questions)
                slope = slope + ((pull + mass[row] * table[row]) / whole - table[row]) / len(gold) / len(questions)
        return total, slope

    fitted = minimize(loss, np.zeros(stacked.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 80})
    return fitted.x / scale * live


def recall(rows, weights, k: int = 20) -> float:
    shares = [
        len(set(np.argsort(-table @ weights, kind="stable")[:k].tolist()) & set(gold)) / len(gold)
        for table, gold, _ in rows
    ]
    return 100 * float(np.mean(shares))


def fit_all(dataset, embedder: Embedder, pairs: bool = False, tell: Callable[[str], None] = print) -> dict:
    """Weights of both looks for every switched-off group, as ``ranker.json`` holds them.

    Args:
        dataset: LOCOMO, without captions.
        embedder: of the memories and questions.
        pairs: also fit every pair of switched-off groups.
        tell: takes what was reached, line by line.
    """
    held = tuple(c.sample_id for c in dataset.conversations if c.sample_id not in TRAIN)
    combinations = [frozenset()] + [frozenset([group]) for group in GROUPS]
    if pairs:
        combinations += [frozenset(pair) for pair in itertools.combinations(GROUPS, 2)]
    out, again = {}, {}
    for off in combinations:
        train = list(examples(dataset, embedder, TRAIN, off))
        test = list(examples(dataset, embedder, held, off))
        weights = fit(train)
        out[key(off)] = {name: round(float(w), 6) for name, w in zip(FEATURES, weights, strict=True) if w}
        tell(
            f"{key(off):24s} single turns, recall@20: train {recall(train, weights):.2f}  held out "
            f"{recall(test, weights):.2f}"
        )
        second, held_second = (list(looked_again(part, weights, off)) for part in (train, test))
        refined = fit(second, SECOND_RIDGE)
        again[key(off)] = {name: round(float(w), 6) for name, w in zip(SECOND, refined, strict=True) if w}
        tell(
            f"{'':24s} second look,  recall@20: train {recall(second, refined):.2f}  held out "
            f"{recall(held_second, refined):.2f}"
        )
        if not off:
            for name, w in zip(FEATURES, weights, strict=True):
                tell(f"    {name:16s} {w:8.3f}")
    about = "Fitted by scripts/train_retrieval.py on LOCOMO conversations 26 to 44, captions off; see ranker.py."
    return {
        "about": about,
        "trained_on": TRAIN,
        "ridge": RIDGE,
        "weights": out,
        "second_ridge": SECOND_RIDGE,
        "feedback": again,
    }


def write(table: dict) -> None:
    """Replace the weights that ship."""
    WEIGHTS.write_text(json.dumps(table, indent=1) + "\n")
