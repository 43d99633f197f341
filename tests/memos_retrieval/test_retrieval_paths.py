"""Postings that grow in place, the second look, and topic-concept-fact paths."""

import numpy as np

from memos.operation.retrieval import keyword
from memos.operation.retrieval.feedback import KEPT, second_look
from memos.operation.retrieval.index import MemoryIndex, Unit
from memos.operation.retrieval.paths import plan_paths, routed
from memos.operation.retrieval.postings import Postings
from memos.operation.retrieval.question import read
from memos.operation.retrieval.ranker import best


def _index(groups: int = 3, each: int = 6, dim: int = 16):
    """Facts in clear groups: each group's vectors lie close together."""
    rng = np.random.default_rng(5)
    centres = np.eye(groups, dim)
    units = [
        Unit(f"{g}-{i}", f"the {'heron ferry lamp'.split()[g]} number {i}", group=f"s{i}")
        for g in range(groups)
        for i in range(each)
    ]
    vectors = np.repeat(centres, each, 0) + 0.05 * rng.standard_normal((groups * each, dim))
    index = MemoryIndex(dim)
    index.add(units, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))
    return index


def test_postings_equal_counting_after_any_order_of_adding_and_removing():
    rng, postings, rows = np.random.default_rng(1), Postings(), {}
    for row in range(300):
        rows[row] = rng.choice(list("abcdef"), size=rng.integers(1, 6)).tolist()
        postings.add(row, rows[row])
        if row % 7 == 6:
            gone = int(rng.choice(list(rows)))
            postings.remove(gone, rows.pop(gone))
        term = str(rng.choice(list("abcdefz")))
        want = [(r, words.count(term)) for r, words in sorted(rows.items()) if term in words]
        got = postings.of(term)
        assert ([] if got is None else list(zip(*(part.tolist() for part in got), strict=True))) == want


def test_scores_of_rows_equal_scores_of_all():
    index, query = _index(), {"heron": 1.0, "ferri": 2.0, "number": 1.0, "absent": 1.0}
    rows = np.array([0, 7, 17, 3])
    np.testing.assert_array_equal(keyword.scores_of(index, query, rows), keyword.scores(index, query)[rows])


def test_second_look_keeps_the_best_and_the_rows():
    index = _index()
    scores = np.linspace(1.0, 0.0, index.n)
    scores[4] = -np.inf
    again = second_look(index, read("which herons?", ()), scores, frozenset())
    assert again[4] == -np.inf and np.isfinite(again).sum() == index.n - 1
    assert best(again)[:KEPT].tolist() == best(scores)[:KEPT].tolist()


def test_second_look_brings_forward_what_is_like_the_best():
    index = _index()
    scores = np.full(index.n, 0.5) - 0.001 * np.arange(index.n)
    scores[[0, 1, 2]] = 2.0
    again = second_look(index, read("?", ()), scores, frozenset())
    own, foreign = again[3:6].mean(), again[6:].mean()
    assert own > foreign


def test_paths_name_what_where_and_order_and_repeat():
    """C16, defect 27: the plan says and repeats itself, and the level above a fact (topic, concept) moves its score."""
    index = _index()
    vector = index.vectors[7]
    plan = plan_paths(index, "which ferry?", vector)
    assert plan.explain() == plan_paths(_index(), "which ferry?", vector).explain()
    first = plan.steps[0]
    assert "ferry" in first.where and "cosine" in first.why and plan.steps[-1].filter is None
    scores = np.zeros(index.n)
    scores[0] = 1.0
    gained = routed(index, vector, scores) - scores
    assert gained[6:12].min() > gained[12:].max()
