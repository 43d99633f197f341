"""Intents: what is wished of memory is read rightly, on utterances in 15 kinds (docs/memos.md#intents)."""

import runpy
from collections import Counter
from pathlib import Path

import pytest

from memos.interface.intents import wish_of
from memos.interface.reader import MemReader
from memos.plaintext.preference import explicit

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "bench_intents.py"))
load, main, right = (SCRIPT[name] for name in ("load", "main", "right"))


@pytest.mark.parametrize("half", ["dev", "blind"])
def test_at_least_92_of_100_are_read_rightly(half):
    rows = load(half)
    sizes = Counter(row["kind"] for row in rows)
    assert len(rows) == 300 and len(sizes) == 15 and set(sizes.values()) == {20}
    counts, wrong = right(rows)
    assert counts.total() >= 0.92 * len(rows), wrong


def test_the_halves_share_no_utterance():
    assert not {row["text"] for row in load("dev")} & {row["text"] for row in load("blind")}


def test_the_bench_prints_a_line_a_kind(capsys):
    assert main(["--dev"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 17 and lines[-1].startswith("all") and "blind" not in lines[0]


@pytest.mark.parametrize(
    ("text", "kind", "reach", "erase", "subject"),
    [
        ("Forget that", "forget", "last", False, ""),
        ("please forget what I just said", "forget", "last", False, ""),
        ("forget everything", "forget", "all", False, ""),
        ("Erase all my data", "forget", "all", True, ""),
        ("Forget everything about my ex", "forget", "many", False, "ex"),
        ("Permanently delete my address", "forget", "one", True, "address"),
        ("could u pls forgt the note about the boat?", "forget", "one", False, "boat"),
        ("Don't let me forget to call Mum", "keep", "one", False, ""),
        ("Don't delete my notes", "keep", "one", False, ""),
        ("don't save this", "withhold", "one", False, ""),
        ("Don't remember this, but my PIN is 4471", "withhold", "one", False, ""),
        ("I don't want you to remember my salary", "withhold", "one", False, ""),
    ],
)
def test_a_wish_says_what_and_how_far(text, kind, reach, erase, subject):
    wish = wish_of(text)
    assert wish is not None
    assert (wish.kind, wish.reach, wish.erase) == (kind, reach, erase)
    assert wish.subject == subject or subject in wish.subject


@pytest.mark.parametrize(
    "text",
    [
        "I forgot my keys at work",
        "My boss told me to delete the old reports",
        "I don't remember where I put it",
        "Have you forgotten my birthday?",
        "How do I delete a row in a table?",
        "The landlord doesn't keep records of anything",
        "I deleted the app yesterday",
        "Don't make me laugh",
        "We didn't make it to the concert",
    ],
)
def test_telling_or_asking_of_forgetting_is_no_wish(text):
    wish = wish_of(text)
    assert wish is None or wish.kind == "keep", wish


def test_a_wish_is_no_taste():
    for text in (
        "I don't want you to remember my salary",
        "I don't want this saved",
        "I don't like you storing my name",
    ):
        assert explicit(text, "ana") == [], text
    assert [one.likes for one in explicit("I don't want children", "ana")] == [False]


def test_turns_of_a_dialogue_between_people_are_hardly_ever_read_as_wishes(conversation):
    """A dialogue is stored whole whatever it says; that its turns are no wishes shows how narrow the rules are."""
    turns = [turn.said for session in conversation.sessions for turn in session.turns]
    wishes = [turn for turn in turns if (wish := wish_of(turn)) is not None and wish.kind in ("forget", "withhold")]
    assert len(turns) > 10 and not wishes


def test_typing_and_politeness_change_nothing():
    reader = MemReader()
    for text in ("forget my old address", "don't save this", "don't let me forget the milk", "what is my shoe size?"):
        wanted = reader.read(text).intent
        for form in (text.upper(), f"please {text}", text.replace("'", "’"), text.replace("'", ""), f"  {text} "):
            assert reader.read(form).intent == wanted, form
