"""MemGAS' router and graph, worked out by hand from its specification (docs/systems.md#memgas)."""

from __future__ import annotations

import numpy as np
import pytest
from conftest_baselines import WordEmbedder, session
from scripted_models import asked, scripted

from baselines.memgas.graph import GRANULARITIES, entropy, higher_part, new_edges, router, seeded, spread
from baselines.memgas.system import MemGAS
from memos.types import Conversation, Query

TALKS = tuple(
    session(number, number, ("Ann", f"I saw {word} at the {word} fair."), ("Bob", f"Tell me of {word}!"))
    for number, word in enumerate(("bees", "boats", "trains", "kites", "maps", "drums", "bees"), 1)
)


def of(count: int, llm=None, **fields) -> MemGAS:
    extractor = "llm" if llm else "rules"
    system = MemGAS(MemGAS.Config(extractor=extractor, **fields), embedder=WordEmbedder(), llm=llm)
    system.start(Conversation("demo", ("Ann", "Bob"), TALKS))
    for talk in TALKS[:count]:
        system.add(talk)
    system.finish()
    return system


def test_the_router_weighs_by_entropy():
    """G1: with entropies above 1 the less sure one weighs more as released; divided by ln 20 the surer one does."""
    assert router([2.0, 2.5], 20, normalised=False) == pytest.approx([0.4, 0.6])
    assert router([2.0, 2.5], 20, normalised=True) == pytest.approx([0.668, 0.332], abs=1e-3)
    assert router([0.5, 1.5], 20, normalised=False).tolist() == [0.5, 0.5], "a sum of 0 has no weights"
    assert router([0.0, 0.0], 1, normalised=True).tolist() == [0.5, 0.5]
    assert entropy(np.zeros(8), 0.2) == pytest.approx(np.log(8))


def test_edges_begin_with_the_sixth_session_and_lead_back():
    """G2."""
    assert of(5)._edges == []
    edges = of(6)._edges
    assert {a for a, _ in edges} == set(range(20, 24)) and all(0 <= b < 20 for _, b in edges)
    for node in range(20, 24):
        assert 1 <= sum(a == node for a, _ in edges) <= 30


def test_a_session_far_above_the_others_is_the_seed_and_ranks_add_up_to_one():
    """G3."""
    scores = np.array([0.9] * 4 + [0.1] * 20)
    restart = seeded(scores, 4)
    assert restart[:4].tolist() == [0.9] * 4 and not restart[4:].any()
    ranks = spread([(4, 0), (8, 1), (8, 4)], restart, 0.1)
    assert ranks.sum() == pytest.approx(1.0) and ranks[:4].sum() > 0.9 and ranks[4] > 0 == ranks[20]
    assert np.allclose(spread([], restart, 0.1), spread([], restart, 0.0))


def test_where_all_scores_are_negative_plain_scores_rank():
    """G4."""
    assert not seeded(np.array([-0.2, -0.1]), 15).any()
    system = of(6)
    scores = system._scores(-np.abs(system._vectors.mean(axis=0)))
    assert len(scores) == 6 and np.isfinite(scores).all()


def test_equal_inputs_give_equal_graphs_and_a_saved_one_keeps_its_edges(tmp_path):
    """G5."""
    first, second = of(7), of(7)
    assert first._edges == second._edges and first._edges
    first.save(tmp_path)
    again = MemGAS(MemGAS.Config(), embedder=WordEmbedder())
    again.load(tmp_path)
    assert again._edges == first._edges


def test_the_higher_of_two_groups_is_told_apart():
    scores = np.array([0.9, 0.88, 0.91, 0.3, 0.32, 0.28, 0.31])
    assert higher_part(scores).tolist() == [True] * 3 + [False] * 4
    assert higher_part(np.full(5, 0.4)).all() and higher_part(np.array([0.2])).all()
    assert new_edges(np.eye(24, dtype=np.float32), 4, 30) == []


@pytest.mark.parametrize(("fidelity", "times"), [("released", 2), ("fixed", 1)])
def test_filtered_text_is_repeated_under_each_date_as_released(fidelity, times):
    notes = [{"summary": "s"}, {"keywords": ["k"]}] * 2
    llm = scripted(*notes, {"relevant": "Ann saw bees."})
    system = of(2, llm, fidelity=fidelity)
    result = system.search(Query("What did Ann see?"))
    assert result.context.count("Ann saw bees.") == times and result.usage.calls == 1
    assert asked(llm) == ["summary", "keywords"] * 2 + ["relevant"] and system.usage()["ingest"].calls == 4


def test_a_session_is_four_nodes_and_is_ranked_by_their_sum():
    system = of(7)
    assert len(system._vectors) == 7 * GRANULARITIES
    result = system.search(Query("Who saw drums at the fair?"))
    assert result.hits[0].turn_ids == ("D6:1", "D6:2") and result.used == 3
    assert sum(hit.score for hit in result.hits) == pytest.approx(1.0)
