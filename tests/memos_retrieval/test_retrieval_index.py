"""The local index: fresh after every change, equal to a plain computation (C14, C15; defect 21)."""

import math
import random
from collections import Counter
from datetime import datetime

import numpy as np
import pytest

from memos.language.names import names
from memos.language.words import terms
from memos.operation.retrieval import keyword
from memos.operation.retrieval.features import FEATURES, GROUPS, features, first_pass
from memos.operation.retrieval.index import MemoryIndex, Unit
from memos.operation.retrieval.question import read
from memos.operation.retrieval.retrieve import RetrieveConfig, search

WORDS = "harbour lantern violin pepper glacier tunnel saddle comet orchard parcel meadow anchor".split()


def _unit(n, rng, group="g"):
    return Unit(f"u{n}", " ".join(rng.choices(WORDS, k=rng.randint(2, 8))), rng.choice(["Ada", "Bo"]), group)


def _bm25(units, query):
    docs = [Counter(terms(unit.line())) for unit in units]
    mean = sum(sum(doc.values()) for doc in docs) / len(docs)
    out = []
    for doc in docs:
        score = 0.0
        for term in query:
            holders = sum(term in other for other in docs)
            if doc[term]:
                idf = math.log(1 + (len(docs) - holders + 0.5) / (holders + 0.5))
                norm = 1.2 * (0.25 + 0.75 * sum(doc.values()) / mean)
                score += idf * doc[term] * 2.2 / (doc[term] + norm)
        out.append(score)
    return np.array(out)


def test_keyword_scores_equal_a_plain_bm25_after_any_changes():
    """C15: fresh indexes, 10,000 random operations."""
    rng, index, live = random.Random(7), MemoryIndex(4), {}
    for step in range(10_000):
        if live and (rng.random() < 0.35 or len(live) >= 40):
            gone = rng.choice(sorted(live))
            index.remove([gone])
            del live[gone]
        else:
            unit = _unit(step, rng, group=str(step % 3))
            index.add([unit], np.ones((1, 4), np.float32) / 2)
            live[unit.unit_id] = unit
        if (step % 100 == 0 or step < 200 and step % 20 == 0) and live:
            query = rng.sample(WORDS, 3)
            got = keyword.scores(index, {term: 1.0 for term in map(lambda w: terms(w)[0], query)})
            rows = [index.row_of[name] for name in live]
            want = _bm25(list(live.values()), [terms(word)[0] for word in query])
            np.testing.assert_allclose(got[rows], want, rtol=1e-9)
            assert len(index) == len(live)


def test_windows_follow_the_dialogue_and_close_over_removed_units():
    index = MemoryIndex(2)
    vectors = np.array([[1, 0], [0, 1], [1, 0], [0, 1]], np.float32)
    index.add([Unit(name, name, "", "s") for name in ("one", "two", "three")] + [Unit("x", "x", "", "t")], vectors)
    assert index.before.tolist() == [-1, 0, 1, -1] and index.after.tolist() == [1, 2, -1, -1]
    near, _ = index.window_norms()
    assert near[1] == pytest.approx(np.hypot(2, 1))
    index.remove(["two"])
    assert index.after[0] == 2 and index.before[2] == 0
    near, wide = index.window_norms()
    assert near[0] == pytest.approx(2.0) and wide[3] == pytest.approx(1.0)


def test_the_body_is_indexed_and_a_new_unit_is_found_at_once():
    """Defect 21 of docs/memos.md: keyword index stale, of another scope, without the body."""
    index = MemoryIndex(2)
    index.add([Unit("a", "the ferry leaves at noon", "Ada", "s")], np.ones((1, 2), np.float32))
    assert keyword.scores(index, {"ferri": 1.0})[0] > 0
    index.add([Unit("b", "a heron on the jetty", "Bo", "s")], np.ones((1, 2), np.float32))
    assert keyword.scores(index, {"heron": 1.0}).argmax() == 1


def test_every_group_of_features_can_be_switched_off():
    """C14: hybrid retrieval, each channel switchable."""
    index = MemoryIndex(2)
    when = datetime(2024, 5, 2)
    index.add(
        [
            Unit("a", "Did you see the comet?", "Ada", "s", when),
            Unit("b", "Yes, two comets over Ghent, last week!", "Bo", "s", when),
        ],
        np.array([[1, 0], [0.6, 0.8]], np.float32),
    )
    question = read("When and how many comets did Bo see on 2 May 2024, and where?", index.speakers)
    vector = np.array([1, 0], np.float32)
    full = features(index, question, first_pass(index, question, vector))
    for group, columns in GROUPS.items():
        places = [FEATURES.index(name) for name in columns]
        assert np.any(full[:, places]), group
        off = frozenset([group])
        without = features(index, question, first_pass(index, question, vector, off), off)
        assert not np.any(without[:, places]), group


def test_names_are_capitals_that_do_not_only_begin_a_sentence():
    assert names("Today I met Leo Park in Ghent. Then we left.") == ("Leo Park", "Ghent")


def test_a_large_store_ranks_candidates_as_a_whole_pass_would(monkeypatch):
    rng, index = random.Random(3), MemoryIndex(8)
    vectors = np.random.default_rng(3).normal(size=(900, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index.add([_unit(n, rng, group=str(n // 30)) for n in range(900)], vectors)
    for query in ("Which comet and pepper?", "Where is the glacier, Ada?"):
        whole = search(index, query, vectors[5], RetrieveConfig(passages=False), depth=5)
        monkeypatch.setattr("memos.operation.retrieval.retrieve.WHOLE", 10)
        pooled = search(index, query, vectors[5], RetrieveConfig(passages=False), depth=5)
        monkeypatch.undo()
        assert [f.units[0].unit_id for f in whole[:3]] == [f.units[0].unit_id for f in pooled[:3]]
