"""MemSifter's ranking of sessions, worked out by hand from its specification (docs/systems.md#memsifter)."""

from __future__ import annotations

import numpy as np
import pytest
from conftest_baselines import WordEmbedder, session
from scripted_models import prompts, scripted

from baselines.memsifter.ranking import fitting, in_order, listwise, session_cosines, with_ranking
from baselines.memsifter.system import MemSifter
from memos.types import Conversation, Query

COSINES = [0.5, 0.9, 0.1, 0.4, 0.3]
SIZES = [300, 500, 200, 400, 100]


def test_ranked_sessions_come_before_the_others():
    """G1: "2, 0, 2, 9" ranks sessions 2 and 0."""
    scores = with_ranking([2, 0, 2, 9], COSINES)
    assert scores == [10.0, 0.9, 20.0, 0.4, 0.3] and in_order(scores) == [2, 0, 1, 3, 4]


@pytest.mark.parametrize(
    ("room", "skip", "read"), [(1000, False, [2, 0, 1]), (999, False, [2, 0]), (999, True, [2, 0, 3])]
)
def test_sessions_are_read_until_one_does_not_fit(room, skip, read):
    """G2 and G3; with ``skip_too_long`` a later one that fits is read."""
    assert fitting([2, 0, 1, 3, 4], SIZES, room, skip) == read


def test_the_best_session_is_read_even_where_it_is_too_long():
    assert fitting([1, 0], SIZES, 10, skip_too_long=False) == [1] and fitting([], [], 10, skip_too_long=False) == []


def test_an_empty_ranking_leaves_the_cosines():
    """G4."""
    assert in_order(with_ranking([], COSINES)) == [1, 0, 3, 4, 2]


def test_a_sessions_cosine_is_the_mean_of_its_three_best_turns():
    cosines = np.array([0.9, 0.1, 0.8, 0.7, 0.5], dtype=np.float32)
    assert session_cosines(cosines, [0, 0, 0, 0, 1], 3) == pytest.approx([0.8, 0.5, -1.0])


def test_a_long_list_is_ranked_window_by_window_from_its_end():
    """Six sessions of equal length, three a window; the model wants 0, then 5: both move to the front."""
    shown = []

    def rank(places):
        shown.append(list(places))
        return [place for place in (0, 5) if place in places]

    order = [1, 2, 3, 4, 0, 5]
    assert listwise(order, [1] * 6, 3, rank) == [0, 5]
    assert shown[0] == [0, 4, 5] and all(len(places) <= 3 for places in shown) and shown[-1][:1] == [0]
    shown.clear()
    assert listwise(order, [1] * 6, 10, rank) == [0, 5] and shown == [[0, 1, 2, 3, 4, 5]]
    assert listwise([0, 1], [9, 9], 3, lambda places: []) == [], "one too long for a window is shown alone"


TALKS = (
    session(1, 1, ("Ann", "I keep bees behind my house.")),
    session(2, 8, ("Bob", "I sold my old boat.")),
    session(3, 9, ("Ann", "I planted apple trees.")),
)


def of(llm=None, **fields) -> MemSifter:
    extractor = "llm" if llm else "rules"
    system = MemSifter(MemSifter.Config(extractor=extractor, **fields), embedder=WordEmbedder(), llm=llm)
    system.start(Conversation("demo", ("Ann", "Bob"), TALKS))
    for talk in TALKS:
        system.add(talk)
    system.finish()
    return system


def test_a_model_ranks_all_sessions_at_once_and_the_context_is_in_time_order():
    llm = scripted({"ranking": [2, 0]})
    result = of(llm, fill_tokens=60).search(Query("What grows where the bees are?"))
    (shown,) = prompts(llm)
    assert [f"Session {n}\nTime: 10:00 am on" in shown for n in range(3)] == [True] * 3
    assert [hit.turn_ids for hit in result.hits] == [("D3:1",), ("D1:1",), ("D2:1",)]
    assert result.usage.calls == 1 and result.context.index("bees") < result.context.index("apple")
    assert "boat" not in result.context and result.used == 2


@pytest.mark.parametrize("ranker", ["rrf", "cosine", "bm25"])
def test_by_rules_the_session_that_shares_words_comes_first(ranker):
    result = of(ranker=ranker).search(Query("Who sold a boat?"))
    assert result.hits[0].turn_ids == ("D2:1",) and result.usage.calls == 0
