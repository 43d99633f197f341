"""Planning of shared prefixes, without a model."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos.llm.prefix import batches, common_length, group
from memos.llm.rope import of_length

ids = st.lists(st.integers(0, 2), min_size=1, max_size=30).map(tuple)


@given(ids, ids)
def test_common_length_is_the_first_difference(a, b):
    n = common_length(a, b)
    assert a[:n] == b[:n] and (n in (len(a), len(b)) or a[n] != b[n])


@given(st.lists(ids, max_size=12), st.integers(1, 6))
def test_groups_partition_and_share_what_they_say(prompts, least):
    groups = group(prompts, least)
    assert sorted(i for g in groups for i in g.members) == list(range(len(prompts)))
    for g in groups:
        assert g.shared == 0 or g.shared >= least
        assert len({prompts[i][: g.shared] for i in g.members}) == 1
        assert all(len(prompts[i]) > g.shared for i in g.members)


def test_conversations_are_told_apart_and_strays_share_the_system_prompt():
    system = tuple(range(20))
    one, two = tuple(range(100, 200)), tuple(range(300, 400))
    prompts = [
        system + one + (1, 2),
        system + two + (3,),
        system + one + (4,),
        system + two + (5, 6),
        system + (7,) * 50,
        system + (8,) * 50,
    ]
    shared = {frozenset(g.members): g.shared for g in group(prompts, 16)}
    assert shared == {frozenset({0, 2}): 120, frozenset({1, 3}): 120, frozenset({4, 5}): 20}


@given(st.lists(st.integers(1, 50), max_size=30), st.integers(1, 5), st.integers(1, 100))
def test_batches_hold_every_row_once_within_bounds(lengths, rows, tokens):
    made = batches(lengths, rows, tokens)
    assert sorted(p for batch in made for p in batch) == list(range(len(lengths)))
    for batch in made:
        assert len(batch) == 1 or (len(batch) <= rows and len(batch) * max(lengths[p] for p in batch) <= tokens)


def test_a_group_that_saves_too_little_is_decoded_with_the_strays():
    prompts = [(1,) * 20 + (2,) * 40 + (3,), (1,) * 20 + (2,) * 40 + (4,), (1,) * 20 + (5,) * 40, (1,) * 20 + (6,) * 50]
    assert {frozenset(g.members): g.shared for g in group(prompts, 16)} == {
        frozenset({0, 1}): 60,
        frozenset({2, 3}): 20,
    }
    assert {frozenset(g.members): g.shared for g in group(prompts, 16, min_saved=61)} == {frozenset(range(4)): 20}


@pytest.mark.parametrize("name", ["rope_parameters", "rope_scaling"])
@pytest.mark.parametrize("kind", ["longrope", "su", "dynamic", "a kind of next year"])
def test_positions_that_depend_on_the_length_are_refused_by_name(name, kind):
    assert of_length(SimpleNamespace(**{name: {"rope_type": kind, "factor": 2.0}})) == kind
    assert of_length(SimpleNamespace(**{name: {"full_attention": {"type": kind}, "other": {"type": "yarn"}}})) == kind
    assert of_length(SimpleNamespace(**{name: {"rope_type": "linear"}})) is of_length(SimpleNamespace()) is None
