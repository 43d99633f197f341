"""LangMem and OpenAI memory: sequence of calls and resulting store, written by hand from docs/systems.md."""

from __future__ import annotations

import pytest
from conftest_baselines import WordEmbedder, ingest
from scripted_models import asked, call, prompts, scripted

from baselines.langmem.system import LangMem
from baselines.mem0.system import Mem0
from baselines.mem0_graph.system import Mem0Graph
from baselines.openai_memory.system import OpenAIMemory
from baselines.zep.system import Zep
from memos.llm.mock import MockLLM
from memos.types import Query


def test_langmem_background_trace(conversation, embedder):
    llm = scripted(
        {"queries": ["Ada's home", "Ben's pets"]},
        {"insert": ["Ada lives in Rome", "Ben adopted a dog on 30 April 2023"], "patch": [], "remove": []},
        {"queries": ["Ada lives in a city", "Ben has a dog"]},
        {
            "insert": [],
            "patch": [{"id": "m0", "content": "Ada moved from Rome to Oslo by 8 May 2023"}],
            "remove": ["m1", "m99"],
        },
    )
    system = ingest(LangMem(LangMem.Config(extractor="llm"), embedder=embedder, llm=llm), conversation)
    assert asked(llm) == ["queries", "insert+patch+remove"] * 2
    assert "(none)" in prompts(llm)[1] and "[m0] Ada lives in Rome" in prompts(llm)[3]
    assert [(m.text, m.turn_ids) for m in system.memories()] == [
        ("Ada moved from Rome to Oslo by 8 May 2023", ("D1:1", "D2:1", "D2:2", "D2:3"))
    ]
    assert system.stats()["events_skipped"] == 1
    assert system.search(Query("home?")).context == "- Ada moved from Rome to Oslo by 8 May 2023"


def test_langmem_manager_makes_five_searches_and_touches_only_what_they_found(conversation, embedder):
    """Section 10: query_limit 5; patches and removals of entries that were not shown are refused."""
    likes = [f"Ada likes {word}" for word in "tea rome chess maps kites bread trains".split()]
    llm = scripted(
        {"queries": []},
        {"insert": likes, "patch": [], "remove": []},
        {"queries": likes},
        {"insert": [], "patch": [{"id": "m6", "content": "Ada hates trains"}], "remove": ["m5", "m0"]},
    )
    config = LangMem.Config(extractor="llm", found_limit=1)
    system = ingest(LangMem(config, embedder=embedder, llm=llm), conversation)
    shown = prompts(llm)[3].split("Entries found in the memory:\n")[1].split("\n\n")[0].splitlines()
    assert shown == [f"[m{i}] {text}" for i, text in enumerate(likes[:5])]
    assert [memory.id for memory in system.memories()] == ["m1", "m2", "m3", "m4", "m5", "m6"]
    assert system.memories()[-1].text == "Ada likes trains"
    assert (system.stats()["events_remove"], system.stats()["events_skipped"]) == (1, 2)


def test_langmem_agentic_trace(conversation, embedder):
    done = "Noted."
    llm = scripted(
        call("manage_memory", action="create", content="Ada lives in Rome"),
        done,
        call("manage_memory", action="create", content="Ben has a dog"),
        done,
        call("search_memory", query="home"),
        call("manage_memory", action="update", id="m0", content="Ada lives in Oslo"),
        done,
        call("manage_memory", action="update", id="m0", content="Ben has a dog called Rex"),
        done,
        done,
        "Ada lives in Oslo now.",
        call("manage_memory", action="delete", id="m0"),
        "I do not know.",
    )
    config = LangMem.Config(extractor="llm", mode="agentic")
    system = ingest(LangMem(config, embedder=embedder, llm=llm), conversation)
    assert len(llm.requests) == 10
    heard = [m.content for r in llm.requests for m in r.messages if m.role == "user" and " | " in m.content]
    assert heard.count("10:00 am on 1 May, 2023 | Ada: I live in Rome.") == 2 + 3 + 1, "the thread keeps growing"
    assert [(m.text, m.turn_ids) for m in system.memories()] == [
        ("Ada lives in Oslo", ("D1:1", "D2:1")),
        ("Ben has a dog called Rex", ("D1:2", "D2:2")),
    ]
    retrieved = system.search(Query("Where does Ada live?"))
    assert "Ada lives in Oslo now." in retrieved.context and "I do not know." in retrieved.context
    assert retrieved.usage.calls == 3 and system.usage()["ingest"].calls == 10
    assert len(system.memories()) == 2, "a question changes no memory"


def test_openai_memory_trace(conversation):
    entry = {"speaker": "Ada", "date": "1 May 2023", "text": "Ada lives in Rome."}
    llm = scripted(
        {
            "entries": [entry, {"speaker": "Ben", "date": "30 April 2023", "text": "Ben adopted a dog."}],
            "updates": [],
            "deletes": [],
        },
        {"entries": [], "updates": [{"id": "e1", "text": "Ben adopted a dog called Rex."}], "deletes": ["e0", "e77"]},
    )
    system = ingest(OpenAIMemory(OpenAIMemory.Config(extractor="llm", revise=True), llm=llm), conversation)
    assert asked(llm) == ["entries+updates+deletes"] * 2, "one call a session"
    assert "(10:00 am on 8 May, 2023) Ada: I moved to Oslo." in prompts(llm)[1]
    assert "[e0] (1 May 2023) Ada lives in Rome." in prompts(llm)[1]
    retrieved = system.search(Query("anything"))
    assert retrieved.context == "(10:00 am on 8 May, 2023) Ben adopted a dog called Rex."
    assert retrieved.used == 1 and retrieved.hits[0].turn_ids == ("D1:2", "D2:1", "D2:2", "D2:3")


@pytest.mark.parametrize("kind", [Mem0, Mem0Graph, LangMem, Zep, OpenAIMemory])
def test_malformed_replies_that_never_mend_extract_nothing_and_are_counted(kind, conversation, embedder):
    llm = MockLLM(function=lambda request: "no JSON at all")
    services = {"llm": llm} if kind is OpenAIMemory else {"llm": llm, "embedder": embedder}
    system = ingest(kind(kind.Config(extractor="llm", retries=1), **services), conversation)
    assert system.stats()["malformed"] > 0
    assert sum(usage.calls for usage in system.usage().values()) == len(llm.requests)


class ServedEmbedder(WordEmbedder):
    """The same vectors as from a server; counts its calls."""

    remote = True

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def encode(self, texts):
        self.calls += 1
        return super().encode(texts)


def test_langmem_embeds_what_a_session_changes_in_one_call_of_a_server(conversation, embedder):
    """Each further call would stand in the chain of a conversation; the store is that of one text at a time."""
    likes = [f"Ada likes {word}" for word in "tea rome chess maps".split()]
    said = [
        {"queries": ["Ada"]},
        {"insert": likes, "patch": [], "remove": []},
        {"queries": ["Ada likes tea"]},
        {"insert": ["Ben has a dog"], "patch": [{"id": "m0", "content": "Ada likes green tea"}], "remove": ["m1"]},
    ]
    served = ServedEmbedder()
    one, other = (
        ingest(LangMem(LangMem.Config(extractor="llm"), embedder=made, llm=scripted(*said)), conversation)
        for made in (served, embedder)
    )
    assert served.calls == 4, "the searches and the changes of two sessions"
    assert one.memories() == other.memories() and len(one.memories()) == 4
    assert [one.search(Query(text)) for text in likes] == [other.search(Query(text)) for text in likes]
