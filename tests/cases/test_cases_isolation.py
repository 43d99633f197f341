"""MemOS as a service: what one user may reach of another's, and text as users send it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from case_tools import ending, memos, remembered_chinese

from memos import MemOS
from memos.embed.mock import Mock
from memos.llm.mock import MockLLM

USERS = ("../x", "a'b; DROP TABLE x;--", "😀", "my-group", "A", "a")


def test_c44_forgetting_is_done_or_declined():
    """obot-platform/obot#2612, BAI-LAB/MemoryOS#53: "forget …" in a chat is ignored in silence."""
    prompts = []

    def reply(request):
        prompts.append(" ".join(message.content for message in request.messages).lower())
        return "ok"

    memory = MemOS(embedder=Mock(), llm=MockLLM(function=reply))
    memory.add("My address is 5 Elm Street.", user="u")
    memory.chat("Forget my address.", user="u")
    gone = not any("Elm" in hit.text for hit in memory.search("address", user="u"))
    assert gone or "cannot forget" in prompts[-1] or "not able to forget" in prompts[-1]


@pytest.mark.parametrize(
    "query",
    [
        "don't",
        "multi-agent",
        'say "hi',
        "foo AND bar",
        "(python",
        "memory:safe",
        "*",
        "",
        "   ",
        "???",
        "-",
        "😀",
        "a" * 5000,
    ],
)
def test_c45_a_query_is_text_and_no_syntax(query):
    """NousResearch/hermes-agent#43435, spences10/ccrecall#29: quotes, hyphens and operators break the keyword index."""
    memory = memos()
    memory.add('I don\'t use multi-agent tools: "quoted" AND (python) OR NEAR.', user="u")
    assert ending(lambda: memory.search(query, user="u")) == "done"
    assert ending(lambda: memory.vault.keyword(query, 3, namespaces=["u"])) == "done"
    assert memory.search(query, user="nobody") == []


def test_c46_nobody_restores_anothers_memory():
    """ebongard/renfield#169, mem0ai/mem0#4236: whoever knows an id may act on it."""
    memory = memos()
    (stored,) = memory.add("My PIN is 4471.", user="ana")
    assert ending(lambda: memory.restore(stored.cube_id, 1, user="eve")) != "done"


def test_c47_users_with_odd_names_see_their_own_only():
    """MemTensor/MemOS#86, getzep/graphiti#1660: ids with odd characters fail, or reach one another."""
    memory = memos()
    for user in USERS:
        memory.add(f"hello from {user}", user=user)
    for user in USERS:
        assert [hit.text.split("| ")[1] for hit in memory.search("hello", user=user)] == [f"hello from {user}"]


@pytest.mark.parametrize("text", ["   ", "\n", "\u200b"])
def test_c48_a_memory_without_content_is_refused(text):
    """1jehuang/jcode#960: an empty memory is stored and found."""
    assert ending(lambda: memos().add(text, user="u")) == "told"


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "bad \ud83d", "user": "u"},
        {"text": "fine", "user": "u", "speaker": "A\ud83d"},
        {"text": "fine", "user": "A\ud83d"},
    ],
    ids=["text", "speaker", "user"],
)
def test_c49_half_a_character_is_stored_or_told(fields):
    """openai/tiktoken#82, Nayjest/ai-microcore#74: a lone surrogate cannot be encoded."""
    fields = dict(fields)
    assert ending(lambda: memos().add(fields.pop("text"), **fields)) in ("done", "told")


def test_c50_times_with_and_without_a_zone_stand_together():
    """getzep/graphiti#920: naive and aware times cannot be compared."""
    memory = memos()
    tokyo = timezone(timedelta(hours=9))
    memory.add("I ran a race last Friday.", user="u", at=datetime(2023, 5, 24, 10, tzinfo=tokyo))
    memory.add("I ran a race last Monday.", user="u", at=datetime(2023, 5, 24, 10))
    assert ending(lambda: memory.search("When did I run a race last week?", user="u")) == "done"


@pytest.mark.parametrize(
    "question, word",
    [
        ("我对什么过敏？", "花生"),
        ("我姐姐住在哪里？", "柏林"),
        ("我的猫叫什么名字？", "米亚"),
        ("我在哪里工作？", "面包店"),
    ],
)
def test_c51_chinese_memories_are_recalled(question, word):
    """google/adk-python#5601, NousResearch/hermes-agent#98464: a run of characters is one word, so that nothing
    matches.
    """
    assert word in remembered_chinese().search(question, user="c", k=1)[0].text
