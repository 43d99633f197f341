"""Mem0 and its graph: sequence of calls and resulting store, written by hand from docs/systems.md."""

from __future__ import annotations

from datetime import datetime

from conftest_baselines import ingest
from scripted_models import add, asked, call, prompts, scripted

from baselines.mem0.system import Mem0
from baselines.mem0_graph.system import Mem0Graph
from memos.types import Query, Usage

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
    shown = prompts(llm)
    assert "user: Ada: I live in Rome.\nassistant: Ben: I adopted a dog yesterday." in shown[0]
    assert "assistant: Ada: I live in Rome.\nuser: Ben: I adopted a dog yesterday." in shown[2]
    assert "10:00 am on 1 May, 2023" in shown[0] and "10:00 am on 8 May, 2023" in shown[4]
    assert str(datetime.now().year) not in shown[0], "today's date must not be told"
    assert '"id": "0"' in shown[5] and "Ada lives in Rome" in shown[5] and "dog" not in shown[5]
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
    retrieved = system.search(Query("Where does Ada live?"))
    assert retrieved.used == 2 and {turn for hit in retrieved.hits for turn in hit.turn_ids} == {"D2:1", "D1:2", "D2:2"}
    ada, ben = retrieved.context.split("\n\n")
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
    entities = [{"entity": name, "entity_type": "thing"} for name in ("Ada", *targets)]
    none = call("extract_entities", entities=[])
    nothing = {"facts": []}
    replies = [
        nothing,
        nothing,
        call("extract_entities", entities=entities),
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
