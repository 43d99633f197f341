"""MemOS as a memory system of the benchmark: hits with turn ids, every switch works, saved stores search alike."""

from dataclasses import fields

import numpy as np
import pytest
from hydra import compose, initialize_config_dir

from eval.command.cli import CONF
from eval.core.config import component_config
from eval.core.settings import plain
from memos.errors import ConfigError
from memos.operation.retrieval.budget import fit
from memos.operation.retrieval.passages import Shape, assemble
from memos.operation.retrieval.ranker import key, weights
from memos.operation.retrieval.retrieve import RetrieveConfig
from memos.system import MemOSSystem
from memos.tokens import count_words
from memos.types import Query


def _filled(conversation, embedder, **fields):
    system = MemOSSystem(MemOSSystem.Config(**fields), embedder=embedder)
    system.start(conversation)
    for session in conversation.sessions:
        system.add(session)
    system.finish()
    return system


def _lists(system, questions):
    return [[(hit.turn_ids, round(hit.score, 6)) for hit in system.search(Query(q.text, 30)).hits] for q in questions]


def test_every_turn_is_one_memory_and_hits_name_existing_turns(conversation, questions, mock_embedder):
    """C10: fast and fine extraction, sources resolve."""
    system = _filled(conversation, mock_embedder)
    turns = {turn.turn_id: turn for _, turn in conversation.turns()}
    assert system.stats()["items"] == len(turns)
    for question in questions:
        hits = system.search(Query(question.text, 200)).hits
        ids = [turn for hit in hits for turn in hit.turn_ids]
        assert len(ids) == len(set(ids)) and set(ids) <= set(turns)
        assert all(turns[turn].text.split()[0] in hit.text for hit in hits for turn in hit.turn_ids)
    system.close()


def test_depth_and_budgets_hold(conversation, questions, mock_embedder):
    system = _filled(conversation, mock_embedder, top_k=7, max_words=120)
    for question in questions:
        retrieved = system.search(Query(question.text, 9))
        assert len(retrieved.hits) <= 9 and 1 <= retrieved.used <= 7
        assert sum(count_words(hit.text) for hit in retrieved.hits[: retrieved.used]) <= 120
    system.close()


def test_saved_and_loaded_stores_search_alike(conversation, questions, mock_embedder, tmp_path):
    half = len(conversation.sessions) // 2
    whole = _filled(conversation, mock_embedder)
    begun = MemOSSystem(MemOSSystem.Config(), embedder=mock_embedder)
    begun.start(conversation)
    for session in conversation.sessions[:half]:
        begun.add(session)
    begun.save(tmp_path)
    begun.close()
    resumed = MemOSSystem(MemOSSystem.Config(), embedder=mock_embedder)
    resumed.load(tmp_path)
    for session in conversation.sessions[half:]:
        resumed.add(session)
    resumed.finish()
    assert _lists(resumed, questions) == _lists(whole, questions)
    assert resumed.vault.digest() == whole.vault.digest()
    whole.close()
    resumed.close()


def test_two_runs_are_equal(conversation, questions, mock_embedder):
    first, second = (_filled(conversation, mock_embedder) for _ in range(2))
    assert _lists(first, questions) == _lists(second, questions)
    assert first.vault.digest() == second.vault.digest()


SWITCHES = [
    {name: False}
    for name in ("keyword", "vector", "graph", "speaker", "time", "traits", "ranker", "feedback", "passages")
]
SHAPES = [
    {"order": "rank"},
    {"dates": "none"},
    {"dates": "long"},
    {"passage_units": 1},
    {"passage_words": 20},
    {"passage_rank": 1},
]
"""(``hops`` and ``route`` need stored edges and more memories: test_two_hops_are_found_through_edges_only,
test_paths_name_…)
"""


@pytest.mark.parametrize("switch", SWITCHES + SHAPES, ids=str)
def test_every_switch_changes_the_outcome(switch, conversation, questions, mock_embedder):
    """C14: hybrid retrieval, each channel and mechanism switchable."""
    on, off = _filled(conversation, mock_embedder), _filled(conversation, mock_embedder, **switch)
    shown = [[system.search(Query(q.text, 30)).context for q in questions] for system in (on, off)]
    assert _lists(on, questions) != _lists(off, questions) or shown[0] != shown[1]
    assert switch in SHAPES or _lists(on, questions) != _lists(off, questions)
    on.close()
    off.close()


def test_dates_in_a_question_prefer_the_session(conversation, mock_embedder):
    system = _filled(conversation, mock_embedder)
    session = conversation.sessions[-1]
    day = f"{session.time.day} {session.time:%B %Y}"
    first = system.search(Query(f"What did they talk about on {day}?")).hits[0]
    assert first.turn_ids[0] in {turn.turn_id for turn in session.turns}
    system.close()


def test_time_switched_off_forgets_dates(conversation, mock_embedder):
    session = conversation.sessions[-1]
    text = f"What did they talk about on {session.time.day} {session.time:%B %Y}?"
    on, off = _filled(conversation, mock_embedder), _filled(conversation, mock_embedder, time=False)
    gap = [hits[0].score - hits[-1].score for hits in (on.search(Query(text)).hits, off.search(Query(text)).hits)]
    assert gap[0] > gap[1] + 1


def test_event_time_is_kept_apart_from_record_time(conversation, mock_embedder):
    """C17: event time apart from record time."""
    system = _filled(conversation, mock_embedder)
    cubes = system.vault.get_many(system.vault.find())
    dated = [cube for cube in cubes if cube.descriptive.event_start is not None]
    assert dated and any(c.descriptive.event_start.date() != c.descriptive.created_at.date() for c in dated)
    assert all(
        cube.descriptive.attributes["said_at"][:10] == f"{cube.descriptive.created_at:%Y-%m-%d}" for cube in cubes
    )


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"top_k": 0}, "top_k"),
        ({"order": "size"}, "order"),
        ({"dates": "roman"}, "dates"),
        ({"passage_units": 0}, "passage_units"),
        ({"keyword": False, "vector": False}, "at least one"),
        ({"hops": -1}, "hops"),
    ],
)
def test_bad_configuration_is_named(fields, word):
    with pytest.raises(ConfigError, match=word):
        MemOSSystem.Config(**fields)


def test_the_yaml_names_every_field():
    with initialize_config_dir(str(CONF), version_base="1.3"):
        spec = plain(compose("config", ["experiment=tiny", "system=memos"]))[
            "system"
        ]  # extractor is set for all systems at once
    _, config = component_config(spec, "system")
    assert config == MemOSSystem.Config()
    assert {f.name for f in fields(MemOSSystem.Config)} == set(spec) - {"_target_", "name", "label"}


def test_each_ablation_has_weights_of_its_own():
    """C14: hybrid retrieval, each channel switchable."""
    full = weights()
    for group in ("keyword", "vector", "graph", "speaker", "time", "traits"):
        off = frozenset([group])
        assert key(off) == group and not np.array_equal(weights(off), full)
    assert RetrieveConfig(graph=False, time=False).off == {"graph", "time"}


def test_passages_are_disjoint_runs_of_neighbours(conversation, mock_embedder):
    system = _filled(conversation, mock_embedder)
    index, rng = system.index, np.random.default_rng(5)
    for _ in range(20):
        scores = rng.normal(size=index.n)
        scores[rng.integers(index.n)] = -np.inf
        passages = list(assemble(index, scores, Shape(4, 60, 40), 500))
        rows = [row for passage in passages for row in passage.rows]
        assert sorted(rows) == np.flatnonzero(np.isfinite(scores)).tolist()
        for passage in passages:
            assert len(passage.rows) <= 4
            assert all(index.after[a] == b for a, b in zip(passage.rows, passage.rows[1:], strict=False))
            assert len(passage.rows) == 1 or sum(index.words[list(passage.rows)]) <= 60


@pytest.mark.parametrize("unit", ["words", "tokens"])
def test_a_budget_is_exact_and_a_larger_one_only_adds(unit):
    texts = [f"line {n}: it's {'very ' * (n % 5)}late, isn't it?" for n in range(20)]
    fits = [fit(texts, limit, unit) for limit in range(0, 200, 7)]
    assert all(result.size <= limit for result, limit in zip(fits, range(0, 200, 7), strict=True))
    assert [r.count for r in fits] == sorted(r.count for r in fits) and fits[-1].count > 5


def test_a_backup_is_the_whole_vault_and_not_taken_inside_a_transaction(tmp_path):
    from memos.cube import CubeError, FakeClock, SequentialIds, new_cube
    from memos.infrastructure.vault.sqlite import SqliteVault

    clock = FakeClock()
    vault = SqliteVault(clock=clock)
    vault.add([new_cube("a heron on the jetty", owner="ana", ids=SequentialIds(), clock=clock)])
    vault.backup(tmp_path / "copy.sqlite")
    copy = SqliteVault(tmp_path / "copy.sqlite", clock=clock)
    assert copy.digest() == vault.digest() and copy.count() == 1
    copy.close()
    with pytest.raises(CubeError, match="inside a transaction"), vault.transaction():
        vault.backup(tmp_path / "other.sqlite")
