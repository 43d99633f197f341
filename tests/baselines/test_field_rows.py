"""What holds for every row that other papers compare with: nothing is lost, nothing leaks in, nothing moves."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import re
from datetime import datetime, timedelta

import pytest
from conftest_baselines import WordEmbedder, ingest, session
from field_rows import ROWS, Faulty, files, made, sampled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import baselines
from memos.llm.mock import MockLLM
from memos.types import Conversation, Query, Session, Turn, time_text

EXAMPLES = int(os.environ.get("ROW_EXAMPLES", "8"))
"""Generated conversations a row; 500 of them were tried by hand."""
TALK = Conversation(
    "demo",
    ("Ada", "Ben"),
    (
        session(1, 1, ("Ada", "I live in Rome with my two cats."), ("Ben", "I adopted a dog yesterday.")),
        session(2, 8, ("Ben", "My dog is called Rex."), ("Ada", "I moved to Oslo with my cats."), ("Ada", "Bye!")),
        session(3, 9, ("Ada", "I paint the harbour of Oslo every Sunday."), ("Ben", "Rex likes my garden a lot.")),
        session(4, 20, ("Ben", "I sold the garden and bought a boat.")),
    ),
)
QUESTIONS = ("Where does Ada live?", "What is the dog of Ben called?", "Which boat?")
BOTH = [(name, extractor) for name in ROWS for extractor in ("rules", "llm")]
rows = pytest.mark.parametrize(("name", "extractor"), BOTH)


def outcome(system) -> list:
    return [system.search(Query(question)) for question in QUESTIONS]


@rows
def test_saved_after_every_session_and_searched_a_lot_it_is_the_same_store(name, extractor, tmp_path):
    """C4 and C5: buffers, chains and counters are part of what is saved; a search changes nothing."""
    whole = ingest(made(name, extractor, WordEmbedder()), TALK)
    system = made(name, extractor, WordEmbedder())
    system.start(TALK)
    for number, part in enumerate(TALK.sessions):
        system.add(part)
        folder = tmp_path / f"after{number}"
        folder.mkdir()
        system.save(folder)
        system = made(name, extractor, WordEmbedder())
        system.load(folder)
    system.finish()
    expected = files(whole, tmp_path / "whole", ledger=True)
    assert files(system, tmp_path / "resumed", ledger=True) == expected
    assert outcome(system) == outcome(whole) and system.stats() == whole.stats()
    stored = files(whole, tmp_path / "stored")
    for _ in range(3):
        outcome(whole)
    assert files(whole, tmp_path / "searched") == stored, "a search counts what came to nothing, and moves nothing else"


@rows
def test_every_hit_names_turns_that_were_said(name, extractor):
    """C7."""
    system = ingest(made(name, extractor, WordEmbedder()), TALK)
    turns = {turn.turn_id for _, turn in TALK.turns()}
    for result in outcome(system):
        assert result.hits and all(hit.turn_ids and set(hit.turn_ids) <= turns for hit in result.hits)
        scores = [hit.score for hit in result.hits[: result.used]]
        assert scores == sorted(scores, reverse=True) and result.rendered().strip()


@pytest.mark.parametrize("name", ROWS)
def test_calls_by_phase_are_those_of_the_models_log(name):
    """C6 and C8."""
    llm = MockLLM(function=sampled)
    system = ingest(made(name, "llm", WordEmbedder(), llm), TALK)
    assert sum(usage.calls for usage in system.usage().values()) == len(llm.requests)
    before = len(llm.requests)
    searched = sum(result.usage.calls for result in outcome(system))
    assert len(llm.requests) - before == searched
    assert sum(usage.calls for usage in system.usage().values()) == before, "a search has a ledger of its own"
    rules = ingest(made(name, "rules", WordEmbedder()), TALK)
    assert all(usage.calls == 0 for usage in rules.usage().values())
    assert all(result.usage.calls == 0 for result in outcome(rules))


@pytest.mark.parametrize("name", ROWS)
def test_a_fifth_of_the_replies_being_useless_changes_nothing(name, tmp_path):
    expected = ingest(made(name, "llm", WordEmbedder()), TALK)
    store, injected = files(expected, tmp_path / "fine"), 0
    for seed in range(3):
        faulty = Faulty(0.2, seed)
        system = ingest(made(name, "llm", WordEmbedder(), MockLLM(function=faulty)), TALK)
        assert files(system, tmp_path / f"faulty{seed}") == store and system.losses.malformed == 0
        found_hits = [result.hits for result in outcome(system)]
        assert found_hits == [result.hits for result in outcome(expected)]
        injected += faulty.faults
    assert injected > 0 or not expected.losses.asked


@pytest.mark.parametrize("name", ROWS)
def test_a_model_that_never_replies_in_form_is_counted_and_stops_nothing(name):
    system = ingest(made(name, "llm", WordEmbedder(), MockLLM(function=lambda request: "no")), TALK)
    outcome(system)
    assert system.losses.malformed == system.losses.asked and system.stats()["malformed"] == system.losses.malformed


NAMES = st.sampled_from(["Ada", "ada", "Ада", "李雷", "Ada Lovelace-King", "A", "user", "O'Neil", "🙂"])
TEXTS = st.one_of(
    st.sampled_from(["", " ", "?", "I moved to Oslo yesterday.", "我昨天去了北京。", "Ja, ich habe zwei Katzen!"]),
    st.text(max_size=60),
)


@st.composite
def conversations(draw) -> Conversation:
    """Odd speakers, also ones who are not announced; empty sessions and texts; other scripts; no dates."""
    speakers = tuple(draw(st.lists(NAMES, min_size=1, max_size=3, unique=True)))
    sessions, began = [], datetime(2023, 1, 1, 9)
    for number in range(draw(st.integers(0, 4))):
        lines = draw(st.lists(st.tuples(st.one_of(st.sampled_from(speakers), NAMES), TEXTS), max_size=5))
        turns = tuple(Turn(f"D{number}:{i}", who, text) for i, (who, text) in enumerate(lines))
        began += timedelta(days=draw(st.integers(0, 40)))
        time = draw(st.sampled_from([began, None]))
        sessions.append(Session(f"s{number}", time, time_text(time), turns))
    return Conversation("odd", speakers, tuple(sessions))


@rows
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(talk=conversations())
def test_odd_conversations_go_through(name, extractor, talk):
    system = ingest(made(name, extractor, WordEmbedder()), talk)
    turns = {turn.turn_id for _, turn in talk.turns()}
    for question in ("Where is Ada?", "北京？", ""):
        result = system.search(Query(question))
        assert all(set(hit.turn_ids) <= turns and hit.text.strip() for hit in result.hits)
        assert 0 <= result.used <= len(result.hits)
    assert system.stats()["items"] >= 0 and system.losses.malformed == 0


def _modules(name: str):
    package = importlib.import_module(f"baselines.{name}")
    return [importlib.import_module(f"baselines.{name}.{item.name}") for item in pkgutil.iter_modules(package.__path__)]


@pytest.mark.parametrize("name", ROWS)
def test_no_prompt_holds_a_name_or_an_answer_of_locomo(name, locomo_path):
    """C1."""
    talks = json.loads(locomo_path.read_text(encoding="utf-8"))
    people = {talk["conversation"][f"speaker_{side}"] for talk in talks for side in "ab"}
    golds = {str(qa["answer"]).lower() for talk in talks for qa in talk["qa"] if "answer" in qa}
    golds = {gold for gold in golds if len(gold.split()) > 1}
    for module in _modules(name):
        for text in [value for value in vars(module).values() if isinstance(value, str)]:
            assert not people & set(re.findall(r"\w+", text)), module.__name__
            assert not [gold for gold in golds if gold in text.lower()], module.__name__


@pytest.mark.parametrize("name", ROWS)
def test_no_clock_is_read(name):
    """C3."""
    folder = importlib.import_module(f"baselines.{name}").__path__[0]
    for item in pkgutil.iter_modules([folder]):
        with open(f"{folder}/{item.name}.py", encoding="utf-8") as file:
            assert not re.search(r"\b(now|today|utcnow|time\.time|monotonic)\(", file.read()), item.name
    assert baselines.__path__
