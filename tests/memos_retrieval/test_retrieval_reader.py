"""MemReader: utterances to memory calls, by rules (C9)."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from memos.interface.reader import MemReader, resolve_self

NOW = datetime(2024, 9, 11, 15, 0)  # a Wednesday
CASES = json.loads((Path(__file__).parent / "utterances.json").read_text())
READER = MemReader(["Nadia", "Victor"])


def _day(moment):
    return None if moment is None else f"{moment:%Y-%m-%d}"


@pytest.fixture(scope="module")
def calls():
    return [(case, READER.read(case["text"], caller="ana", now=NOW)) for case in CASES]


def test_the_fixture_is_large_enough():
    assert len(CASES) >= 60 and len({case["text"] for case in CASES}) == len(CASES)


def test_without_known_speakers_the_same_holds():
    """C9: Nobody tells the reader who there is (MemOS.chat on a fresh vault):
    names are unknown, and still looked for."""
    stranger = [(case, MemReader().read(case["text"], caller="ana", now=NOW)) for case in CASES]
    wrong = [(case["text"], call.intent) for case, call in stranger if call.intent != case["intent"]]
    assert len(wrong) <= 0.05 * len(stranger), wrong
    needing = [(case, call) for case, call in stranger if case["intent"] != "none"]
    missed = [case["text"] for case, call in needing if not call.needs_memory]
    assert len(missed) <= 0.05 * len(needing), missed


@pytest.mark.parametrize("word", ["what", "who", "whom", "whose", "when", "where", "why", "how", "which"])
def test_no_question_with_a_question_word_goes_without_memory(word):
    """C9: MemoryCall fixture (107 utterances, with and without known speakers)."""
    for rest in ("did Zoltan eat", "car does zoltan drive", "is the blue vase", "was it like in Tartu"):
        for form in (
            f"{word} {rest}?",
            f"{word.capitalize()} {rest}",
            f"Tell me, {word} {rest}?",
            f"And {word} {rest}?",
        ):
            assert MemReader().read(form, now=NOW).needs_memory, form


def test_intent(calls):
    """C9: MemoryCall fixture (107 utterances, with and without known speakers)."""
    wrong = [(case["text"], call.intent) for case, call in calls if call.intent != case["intent"]]
    assert len(wrong) <= 0.05 * len(calls), wrong


def test_no_memory_needed_is_said_and_never_wrongly(calls):
    """C9: MemoryCall fixture (107 utterances, with and without known speakers)."""
    small_talk = [(c, call) for c, call in calls if c["intent"] == "none"]
    needing = [(c, call) for c, call in calls if c["intent"] != "none"]
    assert all(not call.needs_memory and call.access == "none" for _, call in small_talk)
    assert sum(not call.needs_memory for _, call in needing) <= 0.05 * len(needing)


def test_time_window(calls):
    """C9: MemoryCall fixture (107 utterances, with and without known speakers)."""
    expected = [(case, call) for case, call in calls if call.needs_memory]
    wrong = []
    for case, call in expected:
        got = [_day(call.window.start), _day(call.window.end)] if call.window else None
        if got != case.get("window"):
            wrong.append((case["text"], got))
    assert len(wrong) <= 0.1 * len(expected), wrong


def test_scope_and_entities(calls):
    """C9: MemoryCall fixture (107 utterances, with and without known speakers)."""
    asked = [(case, call) for case, call in calls if call.needs_memory]
    wrong = [(case["text"], call.scope) for case, call in asked if call.scope != case.get("scope", "private")]
    assert len(wrong) <= 0.1 * len(asked), wrong
    named = [(case, call) for case, call in asked if "entities" in case]
    assert all(set(case["entities"]) <= set(call.entities) for case, call in named)


def test_reading_is_a_function_of_its_arguments():
    for case in CASES:
        assert READER.read(case["text"], now=NOW) == READER.read(case["text"], now=NOW)


def test_a_follow_up_carries_what_it_refers_to():
    alone = READER.read("And when was that?", now=NOW)
    after = READER.read("And when was that?", now=NOW, history=["Where did Nadia go sailing?"])
    assert not alone.needs_memory
    assert after.intent == "recall" and "sailing" in after.query and after.anchors


def test_first_person_becomes_the_caller():
    assert resolve_self("I'm sure my dog likes me", "Ana") == "Ana is sure Ana's dog likes Ana"
