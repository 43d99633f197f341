"""One door: what the harness stores and finds is what a user of the facade stores and finds."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from memos import MemOS
from memos.cube import FakeClock, SequentialIds
from memos.interface.reader_fast import SessionClock
from memos.system import MemOSSystem
from memos.types import Conversation, Query, Session, Turn


@pytest.fixture
def system(conversation, mock_embedder):
    made = MemOSSystem(MemOSSystem.Config(), embedder=mock_embedder)
    made.start(conversation)
    for session in conversation.sessions:
        made.add(session)
    made.finish()
    yield made
    made.close()


def test_the_harness_finds_what_a_user_finds(system, conversation, questions, mock_embedder):
    clock = SessionClock()
    with MemOS(embedder=mock_embedder, clock=clock, ids=SequentialIds(conversation.sample_id, 1)) as memory:
        start = 0
        for session in conversation.sessions:
            clock.set(session.time)
            memory.add_session(session, user=conversation.sample_id, start=start)
            start += len(session.turns)
        for question in questions:
            own = [hit.text for hit in memory.search(question.text, user=conversation.sample_id, k=20)]
            assert own == [hit.text for hit in system.search(Query(question.text, 20)).hits]


def test_additions_of_the_harness_are_logged_and_searches_change_nothing(system, conversation, questions):
    added = [entry for entry in system.vault.audit() if entry.operation == "add"]
    assert len(added) == len(conversation.sessions)
    before = system.vault.digest()
    system.search(Query(questions[0].text, 20))
    assert system.vault.digest() == before


@pytest.mark.parametrize(
    ("switch", "same"),
    [("governance", False), ("tiers", True), ("lifecycle", True), ("resolution", True), ("scheduler", True)],
)
def test_a_layer_switched_off_is_off(switch, same, system, conversation, questions, mock_embedder):
    off = MemOSSystem(MemOSSystem.Config(**{switch: False}), embedder=mock_embedder)
    off.start(conversation)
    for session in conversation.sessions:
        off.add(session)
    off.finish()
    asked = Query(questions[0].text, 20)
    assert off.search(asked).hits == system.search(asked).hits
    logged = [sum(entry.operation == "add" for entry in each.vault.audit()) for each in (system, off)]
    assert (logged[0] == logged[1]) is same
    off.close()


def test_organising_adds_hits(mock_embedder):
    said = [f"The grey heron stood on the old jetty {when}." for when in ("today", "at noon", "at night", "again")]
    turns = tuple(Turn(f"D1:{place}", "Ana", text) for place, text in enumerate(said, 1))
    items = []
    for organise in (False, True):
        made = MemOSSystem(MemOSSystem.Config(organise=organise), embedder=mock_embedder)
        made.start(Conversation("herons", ("Ana", "Ben"), ()))
        made.add(Session("session_1", datetime(2024, 5, 1), "1 May 2024", turns))
        made.finish()
        items.append(made.stats()["items"])
        made.close()
    assert items[0] == 4 and items[1] > 4


def test_what_is_stated_is_resolved_only_where_resolution_is_on(mock_embedder):
    for on in (True, False):
        with MemOS(config=MemOSSystem.Config(resolution=on).facade(), embedder=mock_embedder) as memory:
            memory.add("I live in Porto.", user="ana")
            memory.add("I don't live in Porto any more.", user="ana")
            assert memory.stats()["archived"] == int(on)


def test_a_session_lets_what_has_expired_leave(mock_embedder, conversation):
    clock = FakeClock()
    for lifecycle in (True, False):
        config = MemOS.Config(lifecycle=lifecycle)
        with MemOS(config=config, embedder=mock_embedder, clock=clock) as memory:
            (stored,) = memory.add("The car is at the garage.", user="ana")
            cube = memory.vault.get(stored.cube_id)
            expiring = cube.revise(clock(), governance={"ttl_seconds": 60.0})
            memory.operator("ana").update(expiring, actor="ana", cause="test")
            clock.advance(seconds=int(timedelta(hours=1).total_seconds()))
            memory.add_session(conversation.sessions[0], user="ana", start=1)
            assert (memory.vault.get(stored.cube_id).state == "expired") is lifecycle


def test_the_sensitivity_of_an_added_text_is_noticed(mock_embedder):
    with MemOS(embedder=mock_embedder) as memory:
        (stored,) = memory.add("My password is bluefish22.", user="ana")
        assert memory.vault.get(stored.cube_id).governance.sensitivity == "restricted"


def test_a_statement_and_its_preference_are_superseded_together(mock_embedder):
    """The preference is made from the statement and leaves with it: neither is archived twice, and nothing is merged
    into what has left."""
    with MemOS(embedder=mock_embedder) as memory:
        first = memory.add("My favourite band is Radiohead.", user="ana")
        second = memory.add("These days my favourite band is Big Thief.", user="ana")
        assert len(first) == 2 and second[0].status == "replaced"
        live = {cube.text for cube in memory.vault.get_many(memory.vault.find(namespaces=["ana"]))}
        assert not any("Radiohead" in text for text in live) and any("Big Thief" in text for text in live)
