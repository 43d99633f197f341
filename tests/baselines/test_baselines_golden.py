"""Each algorithm's sequence of calls and resulting store, written by hand from protocol.md sections 8 to 11."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from conftest_baselines import ingest

from baselines.langmem import LangMem
from baselines.mem0 import Mem0
from baselines.mem0_graph import Mem0Graph
from baselines.openai_memory import OpenAIMemory
from baselines.zep import Zep
from memos.llm.base import Completion, ToolCall
from memos.llm.mock import MockLLM
from memos.types import Query, Usage


def add(text: str) -> dict:
    return {"id": "7", "text": text, "event": "ADD", "old_memory": None}


def call(name: str, **arguments) -> Completion:
    return Completion("", "mock", Usage(1, 5, 5), "tool_calls", tool_calls=(ToolCall(name, json.dumps(arguments)),))


def scripted(*replies) -> MockLLM:
    """A model that gives these replies in order and fails when asked for more."""
    queue = list(replies)
    return MockLLM(function=lambda request: queue.pop(0))


def asked(llm: MockLLM) -> list[str]:
    """What each request asked for: its schema's fields, or its tools."""
    return [
        "+".join(r.json_schema["required"]) if r.json_schema else "+".join(t["function"]["name"] for t in r.tools)
        for r in llm.requests
    ]


def prompts(llm: MockLLM) -> list[str]:
    return ["\n".join(message.content for message in request.messages) for request in llm.requests]


MEM0_REPLIES = (
    {"facts": ["Ada lives in Rome"]},
    {"memory": [add("Ada lives in Rome")]},
    {"facts": ["Ben adopted a dog on 30 April 2023"]},
    {"memory": [add("Ben adopted a dog on 30 April 2023")]},
    {"facts": ["Ada moved to Oslo"]},
    {"memory": [
        {"id": "0", "text": "Ada lives in Rome", "event": "DELETE", "old_memory": None},
        {"id": "41", "text": "nobody", "event": "UPDATE", "old_memory": "never shown"},
        add("Ada moved to Oslo"),
    ]},
    {"facts": ["Ben's dog is called Rex"]},
    {"memory": [{"id": "0", "text": "Ben adopted a dog called Rex on 30 April 2023", "event": "UPDATE",
                 "old_memory": "Ben adopted a dog on 30 April 2023"}]},
    {"facts": []},
    {"facts": []},
)  # fmt: skip


def test_mem0_trace(conversation, embedder):
    llm = scripted(*MEM0_REPLIES)
    system = ingest(Mem0(Mem0.Config(extractor="llm"), embedder=embedder, llm=llm), conversation)
    assert asked(llm) == ["facts", "memory"] * 4 + ["facts", "facts"]
    found = prompts(llm)
    assert "user: Ada: I live in Rome.\nassistant: Ben: I adopted a dog yesterday." in found[0]
    assert "assistant: Ada: I live in Rome.\nuser: Ben: I adopted a dog yesterday." in found[2]
    assert "10:00 am on 1 May, 2023" in found[0] and "10:00 am on 8 May, 2023" in found[4]
    assert str(datetime.now().year) not in found[0], "today's date must not be told"
    assert '"id": "0"' in found[5] and "Ada lives in Rome" in found[5] and "dog" not in found[5]
    stored = system.memories()
    assert [(m.text, m.time, m.turn_ids) for m in stored["Ada"]] == [
        ("Ada moved to Oslo", "10:00 am on 8 May, 2023", ("D2:1",))
    ]
    assert [(m.text, m.time, m.turn_ids) for m in stored["Ben"]] == [
        ("Ben adopted a dog called Rex on 30 April 2023", "10:00 am on 8 May, 2023", ("D1:2", "D2:2"))
    ]
    stats = system.stats()
    assert (stats["events_add"], stats["events_update"], stats["events_delete"], stats["events_skipped"]) == (3, 1, 1, 1)
    assert (system.usage()["ingest"].calls, system.usage()["organise"].calls) == (6, 4)


def test_mem0_context_has_two_dated_blocks(conversation, embedder):
    system = ingest(Mem0(Mem0.Config(extractor="llm"), embedder=embedder, llm=scripted(*MEM0_REPLIES)), conversation)
    found = system.search(Query("Where does Ada live?"))
    assert found.used == 2 and {turn for hit in found.hits for turn in hit.turn_ids} == {"D2:1", "D1:2", "D2:2"}
    ada, ben = found.context.split("\n\n")
    assert ada.startswith("Memories of Ada:") and '"10:00 am on 8 May, 2023: Ada moved to Oslo"' in ada
    assert ben.startswith("Memories of Ben:") and "Rex" in ben


def test_mem0_shows_at_most_five_neighbours_of_each_fact(conversation, embedder):
    many = {"facts": [f"Ada likes thing {word}" for word in "one two three four five six seven".split()]}
    replies = [many, {"memory": [add(text) for text in many["facts"]]}, {"facts": []}]
    replies += [{"facts": ["Ada likes thing eight"]}, {"memory": []}, {"facts": []}, {"facts": []}, {"facts": []}]
    llm = scripted(*replies)
    ingest(Mem0(Mem0.Config(extractor="llm"), embedder=embedder, llm=llm), conversation)
    assert prompts(llm)[4].count('"id": "') == 5


def test_mem0_graph_trace(conversation, embedder):
    triple = {"source": "Ada", "relationship": "lives in", "destination": "Rome"}
    moved = {"source": "Ada", "relationship": "lives in", "destination": "Oslo"}
    nothing = {"facts": []}
    none = call("extract_entities", entities=[])
    llm = scripted(
        nothing, nothing,
        call("extract_entities", entities=[{"entity": "Ada", "entity_type": "person"}, {"entity": "Rome", "entity_type": "city"}]),
        call("add_relations", relations=[triple]),
        none,
        nothing, nothing, nothing, nothing,
        call("extract_entities", entities=[{"entity": "ada", "entity_type": "person"}, {"entity": "Oslo", "entity_type": "city"}]),
        call("add_relations", relations=[moved]),
        call("delete_relations", relations=[triple, {**triple, "destination": "Paris"}]),
        none, none, none,
    )  # fmt: skip
    system = ingest(Mem0Graph(Mem0Graph.Config(extractor="llm"), embedder=embedder, llm=llm), conversation)
    graph = ["extract_entities", "add_relations", "extract_entities"]
    late = ["extract_entities", "add_relations", "delete_relations", "extract_entities", "extract_entities", "extract_entities"]
    assert asked(llm) == ["facts", "facts", *graph, *["facts"] * 4, *late]
    assert "ada -- lives_in -- rome" in prompts(llm)[11]
    assert system.relations() == {"Ada": ["ada -- lives_in -- oslo"], "Ben": []}
    stats = system.stats()
    assert (stats["events_relation_add"], stats["events_relation_delete"], stats["events_relation_skipped"]) == (2, 1, 1)


def test_mem0_graph_merges_near_nodes_and_counts_mentions(embedder):
    from baselines.mem0_graph_store import RelationGraph

    graph = RelationGraph(embedder, match=0.7, merge=0.9)
    graph.merge("ada", "likes", "green_tea", "monday", ("D1:1",))
    again = graph.merge("Ada", "likes", "tea_green", "tuesday", ("D2:1",))
    assert (again.target, again.mentions, again.turn_ids, again.updated) == ("green_tea", 2, ("D1:1", "D2:1"), "tuesday")
    graph.merge("ada", "visited", "museum", "tuesday", ("D2:2",))
    best = graph.search(["ada"], "Which museum did ada see?", 1)
    assert [relation.text() for relation in best] == ["ada -- visited -- museum"]


def test_langmem_background_trace(conversation, embedder):
    llm = scripted(
        {"queries": ["Ada's home", "Ben's pets"]},
        {"insert": ["Ada lives in Rome", "Ben adopted a dog on 30 April 2023"], "patch": [], "remove": []},
        {"queries": ["Ada lives in a city", "Ben has a dog"]},
        {"insert": [], "patch": [{"id": "m0", "content": "Ada moved from Rome to Oslo by 8 May 2023"}], "remove": ["m1", "m99"]},
    )
    system = ingest(LangMem(LangMem.Config(extractor="llm"), embedder=embedder, llm=llm), conversation)
    assert asked(llm) == ["queries", "insert+patch+remove"] * 2
    assert "(none)" in prompts(llm)[1] and "[m0] Ada lives in Rome" in prompts(llm)[3]
    assert [(m.text, m.turn_ids) for m in system.memories()] == [
        ("Ada moved from Rome to Oslo by 8 May 2023", ("D1:1", "D2:1", "D2:2", "D2:3"))
    ]
    assert system.stats()["events_skipped"] == 1
    assert system.search(Query("home?")).context == "- Ada moved from Rome to Oslo by 8 May 2023"


def test_langmem_agentic_trace(conversation, embedder):
    done = "Noted."
    llm = scripted(
        call("manage_memory", action="create", content="Ada lives in Rome"), done,
        call("manage_memory", action="create", content="Ben has a dog"), done,
        call("search_memory", query="home"), call("manage_memory", action="update", id="m0", content="Ada lives in Oslo"), done,
        call("manage_memory", action="update", id="m0", content="Ben has a dog called Rex"), done,
        done,
        "Ada lives in Oslo now.", call("manage_memory", action="delete", id="m0"), "I do not know.",
    )  # fmt: skip
    config = LangMem.Config(extractor="llm", mode="agentic")
    system = ingest(LangMem(config, embedder=embedder, llm=llm), conversation)
    assert len(llm.requests) == 10
    heard = [m.content for r in llm.requests for m in r.messages if m.role == "user" and " | " in m.content]
    assert heard.count("10:00 am on 1 May, 2023 | Ada: I live in Rome.") == 2 + 3 + 1, "the thread keeps growing"
    assert [(m.text, m.turn_ids) for m in system.memories()] == [
        ("Ada lives in Oslo", ("D1:1", "D2:1")),
        ("Ben has a dog called Rex", ("D1:2", "D2:2")),
    ]
    found = system.search(Query("Where does Ada live?"))
    assert "Ada lives in Oslo now." in found.context and "I do not know." in found.context
    assert found.usage.calls == 3 and system.usage()["ingest"].calls == 10
    assert len(system.memories()) == 2, "a question changes no memory"


def test_zep_trace(conversation, embedder):
    def edge(target, fact, valid, relation="LIVES_IN", source="Ada"):
        return {"source": source, "target": target, "relation": relation, "fact": fact, "valid_at": valid, "invalid_at": None}

    def entities(*names):
        return {"entities": [{"name": name, "type": "Thing"} for name in names]}

    llm = scripted(
        entities("Ada", "Rome"),
        {"edges": [edge("Rome", "Ada lives in Rome.", "2023-05-01T10:00:00"), edge("Ada", "Ada is Ada.", None)]},
        {"summaries": [{"name": "Ada", "summary": "Lives in Rome."}, {"name": "Rome", "summary": "Home of Ada."}]},
        entities("Ben", "dog"),
        {"edges": [edge("dog", "Ben adopted one dog.", "2023-04-30", "ADOPTED", "Ben")]},
        {"summaries": [{"name": "Ben", "summary": "Has a dog."}]},
        entities("Ada", "Oslo"),
        {"edges": [edge("Oslo", "Ada lives in Oslo.", "2023-05-08T10:00:00Z")]},
        {"duplicates": [], "contradicted": [0]},
        {"summaries": []},
        entities("Ben"),
        {"edges": []},
        entities("Ada"),
        {"edges": []},
    )
    system = ingest(Zep(Zep.Config(extractor="llm"), embedder=embedder, llm=llm), conversation)
    first = ["entities", "edges", "summaries"]
    assert asked(llm) == [*first, *first, "entities", "edges", "duplicates+contradicted", "summaries", *first[:2], *first[:2]]
    edges = list(system.graph.edges.values())
    assert [e.fact for e in edges] == ["Ada lives in Rome.", "Ben adopted one dog.", "Ada lives in Oslo."]
    rome, dog, oslo = edges
    assert (rome.valid_at, rome.invalid_at) == (datetime(2023, 5, 1, 10), datetime(2023, 5, 8, 10))
    assert (rome.created_at, rome.expired_at) == (datetime(2023, 5, 1, 10), datetime(2023, 5, 8, 10))
    assert dog.valid_at == datetime(2023, 4, 30) and dog.invalid_at is None and oslo.expired_at is None
    assert [e.episodes for e in edges] == [["D1:1"], ["D1:2"], ["D2:1"]]
    assert [e.name for e in system.graph.entities.values()] == ["Ada", "Rome", "Ben", "dog", "Oslo"]
    assert system.stats()["edges_refused"] == 1 and system.stats()["invalidated"] == 1
    context = system.search(Query("Where does Ada live?")).context
    assert "Ada lives in Rome. (event_time: 1 May 2023, until 8 May 2023)" in context
    assert "Ada lives in Oslo. (event_time: 8 May 2023)" in context and "- Ada: Lives in Rome." in context


def test_zep_repeated_fact_gets_another_episode(conversation, embedder):
    fact = {"source": "Ada", "target": "Rome", "relation": "IN", "fact": "Ada is in Rome.", "valid_at": None, "invalid_at": None}
    names = {"entities": [{"name": "Ada", "type": "P"}, {"name": "Rome", "type": "C"}]}
    quiet = [{"entities": []}, {"edges": []}]
    llm = scripted(names, {"edges": [fact]}, {"summaries": []}, *quiet, names, {"edges": [fact]}, *quiet, *quiet)
    system = ingest(Zep(Zep.Config(extractor="llm"), embedder=embedder, llm=llm), conversation)
    assert [edge.episodes for edge in system.graph.edges.values()] == [["D1:1", "D2:1"]]


def test_openai_memory_trace(conversation):
    entry = {"speaker": "Ada", "date": "1 May 2023", "text": "Ada lives in Rome."}
    llm = scripted(
        {"entries": [entry, {"speaker": "Ben", "date": "30 April 2023", "text": "Ben adopted a dog."}], "updates": [], "deletes": []},
        {"entries": [], "updates": [{"id": "e1", "text": "Ben adopted a dog called Rex."}], "deletes": ["e0", "e77"]},
    )
    system = ingest(OpenAIMemory(OpenAIMemory.Config(extractor="llm", revise=True), llm=llm), conversation)
    assert asked(llm) == ["entries+updates+deletes"] * 2, "one call a session"
    assert "(10:00 am on 8 May, 2023) Ada: I moved to Oslo." in prompts(llm)[1]
    assert "[e0] (1 May 2023) Ada lives in Rome." in prompts(llm)[1]
    found = system.search(Query("anything"))
    assert found.context == "(10:00 am on 8 May, 2023) Ben adopted a dog called Rex."
    assert found.used == 1 and found.hits[0].turn_ids == ("D1:2", "D2:1", "D2:2", "D2:3")


@pytest.mark.parametrize("kind", [Mem0, Mem0Graph, LangMem, Zep, OpenAIMemory])
def test_malformed_replies_that_never_mend_extract_nothing_and_are_counted(kind, conversation, embedder):
    llm = MockLLM(function=lambda request: "no JSON at all")
    parts = {"llm": llm} if kind is OpenAIMemory else {"llm": llm, "embedder": embedder}
    system = ingest(kind(kind.Config(extractor="llm", retries=1), **parts), conversation)
    assert system.stats()["malformed"] > 0
    assert sum(usage.calls for usage in system.usage().values()) == len(llm.requests)
