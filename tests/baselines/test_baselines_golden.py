"""Each algorithm's sequence of calls and resulting store, written by hand from docs/systems.md."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from conftest_baselines import ingest, session

from baselines.langmem.system import LangMem
from baselines.mem0.system import Mem0
from baselines.mem0_graph.system import Mem0Graph
from baselines.openai_memory.system import OpenAIMemory
from baselines.zep.graph import Edge, Graph
from baselines.zep.search import edge_candidates, search_edges
from baselines.zep.system import Zep, invalidate
from memos.llm.base import Completion, ToolCall
from memos.llm.mock import MockLLM
from memos.types import Conversation, Query, Usage


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
    {
        "memory": [
            {"id": "0", "text": "Ada lives in Rome", "event": "DELETE", "old_memory": None},
            {"id": "41", "text": "nobody", "event": "UPDATE", "old_memory": "never shown"},
            add("Ada moved to Oslo"),
        ]
    },
    {"facts": ["Ben's dog is called Rex"]},
    {
        "memory": [
            {
                "id": "0",
                "text": "Ben adopted a dog called Rex on 30 April 2023",
                "event": "UPDATE",
                "old_memory": "Ben adopted a dog on 30 April 2023",
            }
        ]
    },
    {"facts": []},
    {"facts": []},
)


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
    assert (stats["events_add"], stats["events_update"], stats["events_delete"], stats["events_skipped"]) == (
        3,
        1,
        1,
        1,
    )
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
        nothing,
        nothing,
        call(
            "extract_entities",
            entities=[{"entity": "Ada", "entity_type": "person"}, {"entity": "Rome", "entity_type": "city"}],
        ),
        call("add_relations", relations=[triple]),
        none,
        nothing,
        nothing,
        nothing,
        nothing,
        call(
            "extract_entities",
            entities=[{"entity": "ada", "entity_type": "person"}, {"entity": "Oslo", "entity_type": "city"}],
        ),
        call("add_relations", relations=[moved]),
        call("delete_relations", relations=[triple, {**triple, "destination": "Paris"}]),
        none,
        none,
        none,
    )
    system = ingest(Mem0Graph(Mem0Graph.Config(extractor="llm"), embedder=embedder, llm=llm), conversation)
    graph = ["extract_entities", "add_relations", "extract_entities"]
    late = [
        "extract_entities",
        "add_relations",
        "delete_relations",
        "extract_entities",
        "extract_entities",
        "extract_entities",
    ]
    assert asked(llm) == ["facts", "facts", *graph, *["facts"] * 4, *late]
    assert "ada -- lives_in -- rome" in prompts(llm)[11]
    assert system.relations() == {"Ada": ["ada -- lives_in -- oslo"], "Ben": []}
    stats = system.stats()
    assert (stats["events_relation_add"], stats["events_relation_delete"], stats["events_relation_skipped"]) == (
        2,
        1,
        1,
    )


def test_mem0_graph_search_asks_for_entities_and_ranks_five_triples_a_speaker(conversation, embedder):
    """Section 8.5: entities of the question, edges of near nodes, BM25 of the question's words, top 5, beside the
    memories.
    """
    targets = "rome tea chess maps kites bread trains".split()
    triples = [{"source": "Ada", "relationship": "likes", "destination": name} for name in targets]
    found = [{"entity": name, "entity_type": "thing"} for name in ("Ada", *targets)]
    none = call("extract_entities", entities=[])
    nothing = {"facts": []}
    replies = [
        nothing,
        nothing,
        call("extract_entities", entities=found),
        call("add_relations", relations=triples),
        none,
    ]
    llm = scripted(
        *replies,
        *[nothing] * 4,
        *[none] * 4,
        call("extract_entities", entities=[{"entity": "Ada", "entity_type": "person"}]),
        none,
    )
    system = ingest(Mem0Graph(Mem0Graph.Config(extractor="llm"), embedder=embedder, llm=llm), conversation)
    before = len(llm.requests)
    result = system.search(Query("Does Ada fly kites?"))
    assert asked(llm)[before:] == ["extract_entities"] * 2, "one call a speaker's graph"
    assert "Does Ada fly kites?" in prompts(llm)[before] and result.usage.calls == 2
    assert system.usage()["ingest"].calls + system.usage().get("organise", Usage()).calls == before
    assert len(result.hits) == result.used == 5, "five of seven triples"
    assert [hit.text for hit in result.hits][0] == "ada -- likes -- kites"
    ada, ben = result.context.split("Relations of Ada:")[1].split("Relations of Ben:")
    assert ada.count(" -- likes -- ") == 5 and " -- " not in ben


def test_mem0_graph_merges_near_nodes_and_counts_mentions(embedder):
    from baselines.mem0_graph.graph import RelationGraph

    graph = RelationGraph(embedder, match=0.7, merge=0.9)
    graph.merge("ada", "likes", "green_tea", "monday", ("D1:1",))
    again = graph.merge("Ada", "likes", "tea_green", "tuesday", ("D2:1",))
    assert (again.target, again.mentions, again.turn_ids, again.updated) == (
        "green_tea",
        2,
        ("D1:1", "D2:1"),
        "tuesday",
    )
    graph.merge("ada", "visited", "museum", "tuesday", ("D2:2",))
    best = graph.search(["ada"], "Which museum did ada see?", 1)
    assert [relation.text() for relation in best] == ["ada -- visited -- museum"]


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
    found = system.search(Query("Where does Ada live?"))
    assert "Ada lives in Oslo now." in found.context and "I do not know." in found.context
    assert found.usage.calls == 3 and system.usage()["ingest"].calls == 10
    assert len(system.memories()) == 2, "a question changes no memory"


def test_zep_trace(conversation, embedder):
    def edge(target, fact, valid, relation="LIVES_IN", source="Ada"):
        return {
            "source": source,
            "target": target,
            "relation": relation,
            "fact": fact,
            "valid_at": valid,
            "invalid_at": None,
        }

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
    assert asked(llm) == [
        *first,
        *first,
        "entities",
        "edges",
        "duplicates+contradicted",
        "summaries",
        *first[:2],
        *first[:2],
    ]
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


def test_zep_asks_whether_a_near_name_is_a_known_entity_and_keeps_the_known_one(conversation, embedder):
    """Section 9: speaker always an entity; candidates by embedding and full text, exact names first, then the model."""
    quiet = [{"entities": []}, {"edges": []}]
    met = {
        "source": "Ada",
        "target": "city of Oslo",
        "relation": "MOVED",
        "fact": "Ada moved to Oslo.",
        "valid_at": "2023",
        "invalid_at": None,
    }
    llm = scripted(
        {"entities": [{"name": "Oslo", "type": "City"}]},
        {"edges": []},
        *quiet,
        {
            "entities": [
                {"name": "ada", "type": "Person"},
                {"name": "city of Oslo", "type": "City"},
                {"name": "Lima", "type": "City"},
            ]
        },
        {"resolutions": [{"new": 0, "existing": 0}, {"new": 9, "existing": 0}]},
        {"edges": [met]},
        {"summaries": [{"name": "Oslo", "summary": "Ada's new home."}]},
        *quiet,
        *quiet,
    )
    system = ingest(Zep(Zep.Config(extractor="llm", min_score=0.4), embedder=embedder, llm=llm), conversation)
    plain = ["entities", "edges"]
    assert asked(llm) == [*plain, *plain, "entities", "resolutions", "edges", "summaries", *plain, *plain]
    question = prompts(llm)[5]
    assert "EXISTING\n0: Oslo." in question and "NEW\n0: city of Oslo" in question
    assert "Lima" not in question.split("NEW\n")[1], "a name that resembles nothing is new without a call"
    assert [entity.name for entity in system.graph.entities.values()] == ["Ada", "Oslo", "Ben", "Lima"]
    (edge,) = system.graph.edges.values()
    ada, oslo = (system.graph.entities[key] for key in (edge.source, edge.target))
    assert (ada.name, oslo.name, oslo.summary) == ("Ada", "Oslo", "Ada's new home.")
    assert edge.valid_at == datetime(2023, 1, 1), "only a year is known: 1 January"


def test_zep_sees_the_last_ten_messages_and_ends_an_older_fact_learnt_later(embedder):
    """Section 9: last 10 episodes as context; a fact whose time lies before a stored contradiction ends at once."""
    said = [session(1, 1, *[("Ada", f"Line {n}.") for n in range(12)])]
    quiet = [{"entities": []}, {"edges": []}]
    llm = scripted(*quiet * 12)
    ingest(
        Zep(Zep.Config(extractor="llm"), embedder=embedder, llm=llm), Conversation("demo", ("Ada", "Ben"), tuple(said))
    )
    earlier = prompts(llm)[-2].split("EARLIER MESSAGES\n")[1].split("\n\nCURRENT MESSAGE")[0].splitlines()
    assert earlier == [f"Ada: Line {n}." for n in range(1, 11)]
    old = Edge("f0", "n0", "n1", "IN", "Ada is in Oslo.", datetime(2023, 5, 8), None, None)
    new = Edge("f1", "n0", "n2", "IN", "Ada is in Rome.", datetime(2023, 1, 1), None, None)
    now = datetime(2023, 6, 1)
    assert invalidate(old, new, now) and (new.invalid_at, new.expired_at) == (datetime(2023, 5, 8), now)
    assert old.invalid_at is None and old.expired_at is None
    over = Edge("f2", "n0", "n3", "IN", "Ada was in Bonn.", datetime(2020, 1, 1), datetime(2021, 1, 1), None)
    assert not invalidate(over, old, now), "intervals that do not overlap contradict nothing"


def test_zep_recipes_by_hand(embedder):
    """Section 9: score of a key = sum of 1/(rank + 1); candidates by cosine need at least min_score."""
    graph = Graph(embedder)
    ada, tea, chess = (graph.add_entity(name, "Thing", None) for name in ("Ada", "tea", "chess"))
    for target, fact in (
        (tea, "Ada likes green tea"),
        (chess, "Ada plays chess"),
        (tea, "green leaves make tea for Ada"),
    ):
        key = graph.new_edge_id()
        graph.add_edge(Edge(key, ada.id, target.id, "X", fact, None, None, None), embedder.encode([fact])[0])
    vector = embedder.encode(["green tea"])[0]
    found = edge_candidates(graph, "green tea", vector, 6)
    assert found.by_text == ["f0", "f2"]
    assert [key for key, _ in found.by_vector][:2] == ["f0", "f2"]
    best = search_edges(graph, found, vector, "rrf", 3, 0.3, 0.5)
    assert best[:2] == [("f0", 1 / 1 + 1 / 1), ("f2", 1 / 2 + 1 / 2)]
    alone = search_edges(graph, found, vector, "rrf", 3, 1.0, 0.5)
    assert alone == [("f0", 1.0), ("f2", 0.5)], "no cosine reaches 1, so the full text decides alone"
    assert graph.reachable([tea.id], 1, 10) == ["f0", "f2"] and set(graph.reachable([tea.id], 2, 10)) == {
        "f0",
        "f1",
        "f2",
    }


def test_zep_repeated_fact_gets_another_episode(conversation, embedder):
    fact = {
        "source": "Ada",
        "target": "Rome",
        "relation": "IN",
        "fact": "Ada is in Rome.",
        "valid_at": None,
        "invalid_at": None,
    }
    names = {"entities": [{"name": "Ada", "type": "P"}, {"name": "Rome", "type": "C"}]}
    quiet = [{"entities": []}, {"edges": []}]
    llm = scripted(names, {"edges": [fact]}, {"summaries": []}, *quiet, names, {"edges": [fact]}, *quiet, *quiet)
    system = ingest(Zep(Zep.Config(extractor="llm"), embedder=embedder, llm=llm), conversation)
    assert [edge.episodes for edge in system.graph.edges.values()] == [["D1:1", "D2:1"]]


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
