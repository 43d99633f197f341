"""The baselines' exact indexes, rank fusion and Zep's search recipes, against plain computations and orders worked out
by hand.
"""

from __future__ import annotations

import math
import random
from collections import Counter

import numpy as np
import pytest
from conftest_baselines import CONVERSATION, WordEmbedder, ingest

from baselines.ranking import BM25, KeyedVectors, maximal_marginal_relevance, reciprocal_rank_fusion
from baselines.zep.graph import FactEdge, Graph
from baselines.zep.search import RECIPES, EdgeCandidates, search_edges
from baselines.zep.system import Zep
from memos.types import Query


def _bm25(documents, query, k1=1.5, b=0.75):
    mean = sum(map(len, documents.values())) / len(documents)
    out = {}
    for key, words in documents.items():
        counts, score = Counter(words), 0.0
        for term in dict.fromkeys(query):
            holders = sum(term in other for other in documents.values())
            idf = math.log(1 + (len(documents) - holders + 0.5) / (holders + 0.5))
            score += idf * counts[term] * (k1 + 1) / (counts[term] + k1 * (1 - b + b * len(words) / mean))
        if score > 0:
            out[key] = score
    return out


def test_bm25_equals_the_plain_formula_while_documents_come_and_change():
    draw, index, documents = random.Random(1), BM25(), {}
    for step in range(400):
        key = f"d{draw.randrange(90)}"
        documents[key] = draw.choices("abcdefghij", k=draw.randint(1, 7))
        index.put(key, documents[key])
        if step % 4 == 0:
            query = draw.choices("abcdefghijz", k=3)
            ranking = index.search(query, 500)
            assert dict(ranking) == pytest.approx(_bm25(documents, query))
            assert [score for _, score in ranking] == sorted((score for _, score in ranking), reverse=True)
    assert len(documents) > 70 and index.search(["z"], 5) == [] == index.search(["a"], 0)


def test_the_nearest_vectors_are_those_of_a_plain_product_while_keys_come_and_go():
    draw, numbers, index, rows = random.Random(2), np.random.default_rng(2), KeyedVectors(6), {}
    for step in range(600):
        key, vector = f"v{draw.randrange(150)}", numbers.normal(size=6).astype(np.float32)
        if key in rows and draw.random() < 0.5:
            index.remove(key)
            del rows[key]
        else:
            rows[key] = vector / np.linalg.norm(vector)
            index.put(key, rows[key])
        if step % 10 == 0 and rows:
            query = numbers.normal(size=6).astype(np.float32)
            want = sorted(((float(v @ query), k) for k, v in rows.items() if v @ query >= 0.2), reverse=True)[:8]
            ranking = index.search(query, 8, 0.2)
            assert [k for k, _ in ranking] == [k for _, k in want]
            assert [s for _, s in ranking] == pytest.approx([s for s, _ in want], abs=1e-5)
    assert len(rows) > 64, "the matrix has grown"


def test_fusion_and_diversity_by_hand():
    """Section 9: RRF is the sum of 1/(rank + 1); MMR subtracts the likeness to the nearest other candidate."""
    assert reciprocal_rank_fusion([["a", "b", "c"], ["c", "a"]]) == [("a", 1 + 1 / 2), ("c", 1 / 3 + 1), ("b", 1 / 2)]
    assert reciprocal_rank_fusion([["x"], ["y"]]) == [("x", 1.0), ("y", 1.0)], "equal scores keep their order"
    query = np.array([1.0, 0.0])
    near, twin, aside = np.array([0.8, 0.6]), np.array([0.8, 0.6]), np.array([0.6, -0.8])
    candidates = [("near", near), ("twin", twin), ("aside", aside)]
    assert maximal_marginal_relevance(query, candidates, 0.5, 3) == [
        ("aside", pytest.approx(0.5 * 0.6 - 0.5 * 0.0)),
        ("near", pytest.approx(0.5 * 0.8 - 0.5)),
        ("twin", pytest.approx(-0.1)),
    ]
    assert [key for key, _ in maximal_marginal_relevance(query, candidates, 1.0, 2)] == ["near", "twin"]


@pytest.fixture
def graph():
    """A path ada - tea - cup - shelf, and a twin of its first fact from another entity."""
    made = Graph(WordEmbedder())
    nodes = {name: made.add_entity(name, "Thing", None).id for name in ("ada", "tea", "cup", "shelf", "ben")}
    facts = [
        ("ada", "tea", "Ada drinks tea daily", 1),
        ("tea", "cup", "Hot drinks steam", 3),
        ("cup", "shelf", "Crockery stands dry", 1),
        ("ben", "tea", "Ben drinks tea daily", 1),
    ]
    for source, target, fact, mentions in facts:
        turns = [f"D1:{n}" for n in range(mentions)]
        edge = FactEdge(made.new_edge_id(), nodes[source], nodes[target], "X", fact, None, None, None, episodes=turns)
        made.add_edge(edge, WordEmbedder().encode([fact])[0])
    return made


def ordered_edges(graph, recipe, by_text, by_vector, question, **options):
    vector = WordEmbedder().encode([question])[0]
    fields = {"limit": 4, "least": 0.6, "mmr_lambda": 0.5, **options}
    return [key for key, _ in search_edges(graph, EdgeCandidates(by_text, by_vector), vector, recipe, **fields)]


def test_each_recipe_orders_as_worked_out_by_hand(graph):
    """Section 9: what each recipe takes as candidates and by what it orders them."""
    text, near = ["f1", "f0"], [("f0", 0.9), ("f3", 0.8), ("f2", 0.3)]
    assert ordered_edges(graph, "rrf", text, near, "Ada drinks") == ["f0", "f1", "f3"], (
        "1/2 + 1, 1, 1/2; a cosine of 0.3 is too little"
    )
    assert ordered_edges(graph, "episode_mentions", text, near, "Ada drinks") == ["f1", "f0", "f3"], (
        "three episodes before one"
    )
    assert ordered_edges(graph, "node_distance", text, near, "ben") == ["f3", "f0", "f1"], (
        "Ben's own fact first, then those about tea"
    )
    assert set(ordered_edges(graph, "mmr", text, near, "Ada drinks")) == {"f0", "f1", "f3"}
    assert ordered_edges(graph, "mmr", text, near, "Hot drinks steam")[0] == "f1", "the twins push each other down"
    walked = ordered_edges(graph, "cosine", ["f0"], [], "Crockery stands dry")
    assert walked[0] == "f2" and set(walked) == {"f0", "f1", "f2", "f3"}, "three steps from the first hit's entity"
    assert ordered_edges(graph, "rrf", text, near, "Ada drinks", limit=1) == ["f0"]


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_serves_a_whole_system(recipe):
    system = ingest(Zep(Zep.Config(edge_recipe=recipe, min_score=0.2), embedder=WordEmbedder()), CONVERSATION)
    retrieved = system.search(Query("Where does Ada live?"))
    assert retrieved == system.search(Query("Where does Ada live?")) and "Ada" in retrieved.hits[0].text
    assert 1 <= retrieved.used <= 40 and all(hit.turn_ids for hit in retrieved.hits)
