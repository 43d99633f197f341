"""Filters of a large memory: asked about the best candidates only, or listed where an index can; never passed by (C13,
C15).
"""

import random

import numpy as np
import pytest

from memos.infrastructure.access import Caller
from memos.infrastructure.vault import AllOf, FromTurn, Is, Tagged
from memos.operation.operator import MemOperator
from memos.operation.retrieval.features import refusals
from memos.operation.retrieval.filtering import Filter
from memos.operation.retrieval.retrieve import RetrieveConfig

WORDS = "harbour lantern violin pepper glacier tunnel saddle comet orchard parcel meadow anchor".split()


@pytest.fixture
def stocked(bench, monkeypatch):
    """An operator over 400 memories of two owners that counts as a large one."""
    monkeypatch.setattr("memos.operation.retrieval.retrieve.WHOLE", 10)
    monkeypatch.setattr("memos.operation.retrieval.features.POOL", 30)
    monkeypatch.setattr("memos.operation.retrieval.features.ENOUGH", 20)
    rng = random.Random(7)
    cubes = [
        bench.cube(
            " ".join(rng.sample(WORDS, 4)),
            kind="episode",
            speaker=f"S{n % 2}",
            tags=("all", f"half{n % 2}", f"few{n % 40}"),
        )
        for n in range(400)
    ]
    bench.insert(*cubes)
    return bench


def ids(hits):
    return [[unit.unit_id for unit in hit.units] for hit in hits]


def test_a_filter_that_all_pass_changes_nothing(stocked):
    for query in ("comet and violin", "Which saddle?", "a meadow, an anchor and a parcel"):
        plain = ids(stocked.operator.search(query, 8))
        for where in (Tagged("all"), Is("owner", "ana"), AllOf()):
            assert ids(stocked.operator.search(query, 8, where=where)) == plain


@pytest.mark.parametrize(
    "where", [Tagged("half1"), Tagged("few3"), Is("speaker", "S0"), ~Tagged("half0"), Tagged("few1", "few2")]
)
def test_hits_pass_the_filter_and_the_best_that_pass_are_found(stocked, mock_embedder, where):
    """What is best among the passing ones is asked of the first look: the second learns from what passed."""
    may = set(stocked.vault.find(where))
    config = MemOperator.Config(retrieve=RetrieveConfig(feedback=False))
    first_look = MemOperator(config, vault=stocked.vault, embedder=mock_embedder, clock=stocked.clock)
    for query in ("comet and violin", "Which saddle?"):
        for operator in (stocked.operator, first_look):
            cube_ids = {cube_id for hit in ids(operator.search(query, 8, where=where)) for cube_id in hit}
            assert len(cube_ids) >= 8 and cube_ids <= may
        plain = {cube_id for hit in ids(first_look.search(query, 8)) for cube_id in hit}
        assert plain & may <= cube_ids


def test_what_was_archived_or_taken_away_elsewhere_is_refused(stocked):
    where, caller = Tagged("all"), Caller("ana")
    first = stocked.operator.search("comet and violin", 5, where=where, caller=caller)
    gone = first[0].units[0].unit_id
    stocked.vault.place(gone, state="archived")
    assert gone not in sum(ids(stocked.operator.search("comet and violin", 5, where=where, caller=caller)), [])
    assert stocked.operator.search("comet and violin", 5, where=where, caller=Caller("eve")) == []


def test_few_memories_are_listed_at_once_and_many_are_not(stocked):
    operator = stocked.operator
    assert Filter(stocked.vault, "default", operator.index, Tagged("few3")).few()
    for where in (Tagged("half1"), Is("speaker", "S0"), ~Tagged("few3")):
        assert not Filter(stocked.vault, "default", operator.index, where).few()


@pytest.mark.parametrize(
    ("where", "names"),
    [
        (Tagged("x") & ~Is("owner", "a"), True),
        (~Tagged("x"), False),
        (Tagged("x") | Is("session", "s"), True),
        (Tagged("x") | Is("owner", "a"), False),
        (FromTurn(turn="t"), True),
        (FromTurn(), False),
        (AllOf(), False),
    ],
)
def test_which_filters_an_index_can_list(where, names):
    assert where.names_rows is names


class Asked:
    """Lets some rows through and counts how many it was asked about."""

    def __init__(self, mask):
        self.mask_, self.count = mask, 0

    def of(self, rows):
        self.count += len(rows)
        return self.mask_[rows]


@pytest.mark.parametrize("share", [1.0, 0.5, 0.05])
def test_a_filter_is_asked_by_rank_until_enough_have_passed(share):
    rng = np.random.default_rng(3)
    rows, scores = np.arange(1000) * 2, rng.normal(size=1000).round(1)
    allowed = Asked(rng.random(2000) < share)
    refused = refusals(allowed, rows, scores, 40)
    order = np.argsort(-scores, kind="stable")
    passing = order[allowed.mask_[rows[order]]]
    assert not refused[passing].any()
    last = list(order).index(passing[39])
    assert refused[order[: last + 1]].tolist() == (~allowed.mask_[rows[order[: last + 1]]]).tolist()
    assert allowed.count <= min(1000, 40 / share * 2 + 40)
