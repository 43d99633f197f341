"""The flow of a chat and a search, through the facade: in each test one thing differs, and with it what a user sees."""

from datetime import UTC, datetime, timedelta

import pytest

from memos import MemOS
from memos.cube import FakeClock, SequentialIds
from memos.infrastructure.audit import LogQuery
from memos.llm.mock import MockLLM

NOW = datetime(2025, 6, 18, 12, tzinfo=UTC)  # a Wednesday


def opened(embedder, **config):
    llm = MockLLM(function=lambda request: "Well.")
    return MemOS(config=MemOS.Config(**config), embedder=embedder, clock=FakeClock(NOW), ids=SequentialIds(), llm=llm)


@pytest.fixture
def memory(mock_embedder):
    with opened(mock_embedder) as memory:
        yield memory


def context(memory):
    """What the model was given last, system message and earlier turns included."""
    return "\n".join(message.content for message in memory.llm.requests[-1].messages)


def ago(days):
    return (NOW - timedelta(days=days)).replace(tzinfo=None)


def texts(memory, query, k=5, **options):
    return [hit.text.split(" | ")[-1] for hit in memory.search(query, user="ana", k=k, **options)]


# -- the time a query names -------------------------------------------------------------------------------------
def test_what_i_bought_last_week_is_not_what_i_bought_long_ago(memory):
    memory.add("I bought a boat.", user="ana", at=ago(200))
    memory.add("I bought a lamp.", user="ana", at=ago(7))
    assert set(texts(memory, "What did I buy?")) == {"I bought a boat.", "I bought a lamp."}
    assert texts(memory, "What did I buy last week?") == ["I bought a lamp."]
    memory.chat("What did I buy last week?", user="ana")
    assert "lamp" in context(memory) and "boat" not in context(memory)
    assert "the time from 2025-06-09 before 2025-06-16" in memory.explain(user="ana")


def test_a_time_is_that_of_the_event_where_the_memory_names_one(memory):
    memory.add("I bought a boat in November 2024.", user="ana", at=ago(7))
    memory.add("I bought a kite yesterday.", user="ana", at=ago(7))
    assert texts(memory, "What did I buy last week?") == ["I bought a kite yesterday."]
    assert texts(memory, "What did I buy in November 2024?") == ["I bought a boat in November 2024."]
    assert len(texts(memory, "What did I tell you last week?")) == 2, "both were told then"


def test_what_held_at_a_time_may_have_begun_before(memory):
    memory.add("I live in Porto.", user="ana", at=ago(400))
    assert texts(memory, "Where did I live last month?") == ["I live in Porto."]
    assert texts(memory, "Where did I live in 2020?") == []


# -- whom and what it names -------------------------------------------------------------------------------------
def test_whom_a_query_names_comes_first(memory, mock_embedder):
    with opened(mock_embedder, flow=False) as plain:
        for one in (memory, plain):
            for text in ("The colour of the boat, what is it? Blue is the colour.", "Of late we saw Karl in his boat"):
                one.add(text, user="ana")
        asked = "What is the colour of the boat with Karl?"
        assert "Karl" in texts(memory, asked, 1)[0] and "Karl" not in texts(plain, asked, 1)[0]
    assert "what names them" in memory.explain(user="ana")


def test_a_taste_that_is_asked_for_comes_before_what_only_sounds_alike(memory):
    memory.add("What to drink in the morning, tea or coffee, nobody at work could say.", user="ana")
    memory.add("I like green tea.", user="ana")
    assert "likes green tea" in texts(memory, "What do I like to drink in the morning?", 1)[0]
    assert "likes green tea" not in texts(memory, "What is there to drink in the morning?", 1)[0]


def test_what_others_share_is_found_by_those_who_may(memory):
    memory.add("The office printer stands in room 471.", user="bob", layer="global")
    memory.add("The office printer stands in room 882.", user="cy", rights=["ana"])
    memory.add("The office printer stands in room 993.", user="dan", rights=["eve"])
    memory.add("The office printer stands in room 114.", user="eve")
    mine = memory.add("The office printer is green.", user="ana")
    assert len(texts(memory, "What is the office printer?", 9)) == 1
    for asked, options in (("What is the office printer of our team?", {}), ("office printer", {"everyone": True})):
        seen = " ".join(texts(memory, asked, 9, **options))
        assert "471" in seen and "882" in seen and "993" not in seen and "114" not in seen
    assert texts(memory, "our team's office printer", 9) == texts(memory, "our team's office printer", 9)
    assert "2 other users" in memory.explain(user="ana")
    memory.chat("What is our team's printer at the office?", user="ana")
    assert "471" in context(memory)
    assert mine[0].status == "added"


# -- several turns ----------------------------------------------------------------------------------------------
def test_a_follow_up_is_searched_with_what_it_refers_to(memory):
    memory.add("Ingrid sailed to Oslo in May 2025.", user="ana")
    memory.add("The fridge was repaired.", user="ana")
    memory.chat("Where did Ingrid sail to?", user="ana")
    memory.chat("And when was that?", user="ana")
    assert "May 2025" in context(memory) and "rests on an earlier message" in memory.explain(user="ana")
    roles = [message.role for message in memory.llm.requests[-1].messages]
    assert roles == ["system", "user", "assistant", "user"]
    memory.clock.advance(hours=2)
    memory.chat("And when was that?", user="ana")
    assert "(none)" in context(memory) and "Oslo" not in context(memory), "the conversation is over"


def test_she_is_whom_the_last_message_named(memory):
    memory.add("Ingrid sings in a choir.", user="ana")
    memory.add("The dog sings too.", user="ana")
    memory.chat("Do you remember Ingrid?", user="ana")
    memory.chat("What does she do on Sundays?", user="ana")
    assert memory._flows["ana"].call.entities == ("Ingrid",)


def test_an_earlier_exchange_goes_with_the_memory_it_rests_on(memory):
    memory.llm = MockLLM(function=lambda request: request.messages[0].content)
    (made,) = memory.add("The gate code is 4711.", user="ana")
    memory.chat("What is the gate code?", user="ana")
    memory.chat("Is the gate open?", user="ana")
    assert context(memory).count("4711") > 1, "the earlier reply is gone by"
    memory.forget(made.cube_id, user="ana", erase=True)
    memory.chat("Is the gate open?", user="ana")
    assert "4711" not in context(memory)


def test_what_the_conversation_tells_lies_in_working_memory_and_moves_on(memory):
    for n in range(30):
        memory.chat(f"My locker number {n} is {n * 7}.", user="ana")
    assert memory.vault.crowd("ana", "working") == 20 and memory.stats()["archived"] == 0
    memory.clock.advance(hours=2)
    memory.chat("My bike is red.", user="ana")
    assert memory.vault.crowd("ana", "working") == 1 and memory.stats()["memories"] == 31


def test_the_present_conversation_comes_first_among_what_is_found(memory):
    memory.add("My appointment at the dentist is at nine.", user="ana", at=ago(90))
    memory.config.operator.resolve.kinds = ()
    memory.chat("My appointment at the vet is at ten.", user="ana")
    assert "vet" in texts(memory, "Is my appointment at the dentist at nine?", 2)[0]
    memory.vault.place(memory.vault.find(order=("-id",))[0], tier="long_term")
    assert "dentist" in texts(memory, "Is my appointment at the dentist at nine?", 2)[0]


# -- what is told of it -----------------------------------------------------------------------------------------
def test_explain_tells_what_happened(memory):
    assert memory.explain(user="ana") == "nothing was searched yet"
    memory.add("I keep bees.", user="ana")
    memory.search("bees", user="ana")
    assert "found: 1 hit" in memory.explain(user="ana")
    memory.chat("thanks!", user="ana")
    assert memory.explain(user="ana").startswith("no memory is needed")
    memory.chat("I keep geese too.", user="ana")
    assert "remembered: added" in memory.explain(user="ana")
    before = memory.vault.digest()
    assert "found:" in memory.explain("Where are my bees?", user="ana") and memory.vault.digest() == before


def test_what_contradicts_what_was_told_is_said(memory):
    assert memory.chat("Ben works at the harbour.", user="ana") == "Well."
    assert (
        memory.chat("Ben works at the library.", user="ana") == "Well.\nEarlier you said: “Ben works at the harbour.”."
    )


def test_every_chat_is_logged_without_its_words(memory):
    memory.chat("My locker code is 4417.", user="ana")
    memory.chat("thanks!", user="ana")
    logged = memory.vault.audit(LogQuery(actor="ana", operations=("chat",)))
    assert [entry.details["intent"] for entry in logged] == ["remember", "none"] and "4417" not in str(logged)


# -- the lifecycle by itself ------------------------------------------------------------------------------------
@pytest.mark.parametrize("use", ["add", "search", "chat", "add_dialogue"])
def test_what_has_expired_decayed_or_lain_idle_leaves_by_itself(use, mock_embedder):
    from memos.operation.upkeep.lifecycle import MemLifecycle

    with opened(mock_embedder, states=MemLifecycle.Config(idle_activated=90 * 86400.0)) as memory:
        expiring = memory.add("The parcel comes today.", user="ana", ttl=86400.0)[0]
        fading = memory.add("A tune I heard.", user="ana", decay=86400.0)[0]
        idle = memory.add("The key lies in the hall.", user="ana")[0]
        state = lambda one: memory.vault.get(one.cube_id).state  # noqa: E731
        for days, states in (
            (2, ["expired", "activated", "activated"]),
            (9, ["expired", "archived", "activated"]),
            (100, ["expired", "archived", "archived"]),
        ):
            memory.clock.advance(days=days)
            if use == "add_dialogue":
                memory.add_dialogue([("Ana", "Hm.")], user="eve")
            else:
                getattr(memory, use)("Hello there!", user="eve")
            assert [state(one) for one in (expiring, fading, idle)] == states


@pytest.mark.parametrize("used", [True, False])
def test_a_first_use_activates(used, mock_embedder):
    from memos.infrastructure.access import Caller
    from memos.operation.upkeep.lifecycle import MemLifecycle

    with opened(mock_embedder, states=MemLifecycle.Config(idle_generated=86400.0)) as memory:
        (made,) = memory.api.create(Caller("ana"), ["The tune goes up."], namespace="ana")
        if used:
            memory.search("tune", user="ana")
        memory.clock.advance(days=2)
        assert bool(texts(memory, "tune")) is used


def test_a_use_keeps_what_decays(memory):
    memory.add("The tune goes up.", user="ana", decay=86400.0)
    for _ in range(6):
        memory.clock.advance(days=3)
        assert texts(memory, "tune", 1)
    memory.clock.advance(days=6)
    assert texts(memory, "tune", 1) == []


def test_a_caller_is_held_to_a_rate(mock_embedder):
    from memos.cube.errors import RateLimited
    from memos.infrastructure.governance import MemGovernance

    with opened(mock_embedder, protection=MemGovernance.Config(calls_per_minute=3)) as memory:
        memory.add("I keep bees.", user="ana")
        memory.search("bees", user="ana")
        memory.chat("thanks!", user="ana")
        with pytest.raises(RateLimited, match="ana"):
            memory.search("bees", user="ana")
        memory.search("bees", user="ben")
        memory.clock.advance(seconds=61)
        memory.search("bees", user="ana")
