"""Wishes about memory are done and said: forgotten, corrected, left out, asked back (docs/memos.md#intents)."""

import pytest

from memos import MemOS
from memos.cube import AccessDenied, FakeClock, SequentialIds
from memos.infrastructure.audit import LogQuery
from memos.infrastructure.vault import Is
from memos.llm.mock import MockLLM


@pytest.fixture
def talk(mock_embedder):
    llm = MockLLM(function=lambda request: "Well.")
    with MemOS(embedder=mock_embedder, clock=FakeClock(), ids=SequentialIds(), llm=llm) as memory:
        yield Talk(memory)


class Talk:
    """One user's chat, with what is live after it."""

    def __init__(self, memory):
        self.memory = memory

    def __call__(self, *messages):
        for message in messages:
            self.memory.clock.advance(seconds=5)
            reply = self.memory.chat(message, user="ana")
        return reply

    @property
    def live(self):
        return [cube.text for cube in self.memory.vault.get_many(self.memory.vault.find(namespaces=["ana"]))]

    @property
    def all(self):
        vault = self.memory.vault
        return " ".join(cube.text for cube in vault.get_many(vault.find(live=False)))


def test_what_is_not_to_be_stored_is_not_and_it_is_said(talk):
    for text in ("Don't remember this, but my PIN is 4471", "My salary is 62,000, don't save that", "don't save this"):
        assert "I did not store that" in talk(text)
    assert talk("I don't want you to remember my salary") and talk.live == []
    assert [one.status for one in talk.memory.add("Off the record, I owe 4000.", user="ana")] == ["withheld"]
    assert talk.all == ""
    logged = talk.memory.vault.audit(LogQuery(operations=("withheld",)))
    assert len(logged) == 1 and "4000" not in str(logged)


def test_what_somebody_else_said_is_stored_whatever_it_says(talk):
    talk.memory.add("Don't save this, it is off the record.", user="ana", speaker="Tom")
    talk.memory.add_dialogue([("Tom", "Don't remember this."), ("Ana", "Forget it!")], user="ana")
    assert len(talk.live) == 3


def test_the_part_that_is_to_be_remembered_is(talk):
    talk("Don't remember my PIN, it's 4471. Remember that my dog is called Rex.")
    assert len(talk.live) == 1 and "Rex" in talk.live[0] and "4471" not in talk.all


def test_forgetting_takes_the_memory_and_what_was_made_of_it(talk):
    talk("I love jazz", "My dentist is Dr Silva")
    assert len(talk.live) == 3, "with the preference"
    assert "I love jazz" in talk("please forget that I love jazz")
    assert talk.live == ["My dentist is Dr Silva"] and "jazz" in talk.all
    assert talk.memory.search("jazz", user="ana") == [] or "jazz" not in talk.memory.search("jazz", user="ana")[0].text


def test_erasing_leaves_no_word(talk):
    talk("My card number ends in 9921", "I like tea")
    assert "Erased for good: 1 memory" in talk("Erase my card number")
    assert "9921" not in talk.all and "I like tea" in talk.live


def test_the_last_thing_told(talk):
    talk("I live in Graz", "My ex is called Dana")
    assert "Dana" in talk("forget what I just said") and talk.live == ["I live in Graz"]


@pytest.mark.parametrize(
    ("reply", "left"),
    [("1", 1), ("the second one", 1), ("both", 0), ("none", 2), ("never mind", 2), ("I live in Graz", 3)],
)
def test_where_it_is_not_clear_the_user_is_asked(talk, reply, left):
    talk("My flight to Oslo is on Tuesday", "My flight to Rome is on Friday")
    asked = talk("forget my flight")
    assert "Which of these" in asked and "Oslo" in asked and "Rome" in asked and len(talk.live) == 2
    talk(reply)
    assert len(talk.live) == left


def test_everything_goes_only_after_a_yes(talk):
    talk("I live in Graz", "I like tea")
    before = talk.live
    assert "everything, 3 memories" in talk("forget everything")
    talk("no")
    assert talk.live == before
    talk("forget everything", "yes")
    assert talk.live == []


def test_many_on_a_subject_and_of_a_day(talk):
    talk("Karl lives in Bonn", "Karl sold his boat", "Mia lives in Ulm")
    talk("Forget everything about Karl")
    assert talk.live == ["Mia lives in Ulm"]
    talk.memory.clock.advance(days=1)
    talk("Nora moved to Kiel", "forget everything I told you yesterday")
    assert talk.live == ["Nora moved to Kiel"]


def test_what_is_not_there_is_not_forgotten(talk):
    assert "nothing" in talk("forget my phone number")
    talk("I live in Graz")
    assert "not sure" in talk("forget my phone number") and talk.live == ["I live in Graz"]


def test_a_correction_takes_the_place_of_the_old(talk):
    talk("I live in Porto near the river")
    talk("Actually I live in Braga, not Porto")
    assert len(talk.live) == 1 and "Braga" in talk.live[0]
    old = talk.memory.vault.get_many(talk.memory.vault.find(Is("state", "archived"), live=False))
    assert [cube.text for cube in old] == ["I live in Porto near the river"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("My dentist is Dr Novak", "That's wrong, my dentist is Dr Silva"),
        ("My sister is called Marta", "It isn't Marta, it's Maria"),
        ("I work at Siemens as an engineer", "I'm no longer at Siemens"),
        ("My birthday is on 4 March", "Please change my birthday to the 14th of March"),
    ],
)
def test_corrections_are_done_and_said(talk, old, new):
    talk(old)
    assert f"“{old}”" in talk(new) and talk.live == [new]


def test_a_correction_of_one_of_several_asks_which(talk):
    talk("Karl's recital begins on Monday", "Mia's exam begins on Monday")
    asked = talk("I was wrong, it begins on Thursday and not Monday")
    assert "Which of these does that correct" in asked
    talk("2")
    assert len(talk.live) == 2 and any("Thursday" in text for text in talk.live)


def test_reminders_and_questions_forget_nothing(talk):
    talk("Don't let me forget to ring the vet", "Don't forget that I take my tea black")
    assert len(talk.live) == 2
    talk("Have you forgotten my birthday?", "Did you delete my address?", "hello there", "What is my tea like?")
    assert len(talk.live) == 2


def test_a_user_forgets_only_what_is_theirs(talk):
    made = talk.memory.add("Bob's secret", user="bob")
    with pytest.raises(AccessDenied):
        talk.memory.forget([made[0].cube_id], user="ana")


def test_wishes_can_be_off(mock_embedder):
    llm = MockLLM(function=lambda request: "Well.")
    with MemOS(config=MemOS.Config(intents=False), embedder=mock_embedder, llm=llm) as memory:
        memory.chat("I live in Graz", user="ana")
        assert memory.chat("forget that I live in Graz", user="ana") == "Well."
        assert len(memory.vault.find(namespaces=["ana"])) == 1
        assert memory.add("Don't save this.", user="ana")[0].status == "added"
