"""Single rules of docs/systems.md that the whole traces do not show, written by hand like those."""

from __future__ import annotations

from conftest_baselines import ingest, session
from scripted_models import add, asked, call, prompts, scripted

from baselines.langmem.system import LangMem
from baselines.mem0.system import Mem0
from baselines.mem0_graph.system import Mem0Graph
from baselines.openai_memory.system import OpenAIMemory
from baselines.zep.system import Zep
from memos.types import Conversation, Query


def of(*lines, people=("Ada", "Ben")):
    """A conversation of one session."""
    return Conversation("demo", people, (session(1, 1, *lines),))


def both(*days):
    """A conversation of one turn of Ada a session."""
    return Conversation(
        "demo", ("Ada", "Ben"), tuple(session(n, day, ("Ada", text)) for n, (day, text) in enumerate(days, 1))
    )


def test_mem0_applies_events_in_order_and_skips_what_it_cannot(embedder):
    """8.2: NONE keeps, an empty text and unknown ids are skipped, an entry deleted by an earlier event cannot be
    updated.
    """
    quiet = {"facts": []}
    first = ["Ada has a cat", "Ada plays chess", "Ada likes tea"]
    llm = scripted(
        {"facts": first},
        {"memory": [add(text) for text in first]},
        quiet,
        {"facts": ["Ada has no cat", "Ada has a dog"]},
        {
            "memory": [
                {"id": "1", "text": "Ada plays chess", "event": "NONE", "old_memory": None},
                {"id": "2", "text": "  ", "event": "UPDATE", "old_memory": "Ada likes tea"},
                {"id": "0", "text": "Ada has a cat", "event": "DELETE", "old_memory": None},
                {"id": "0", "text": "Ada has a cat and a dog", "event": "UPDATE", "old_memory": "Ada has a cat"},
                {"id": "5f0c9a6e", "text": "made up", "event": "DELETE", "old_memory": None},
                {"id": "3", "text": "Ada has a dog", "event": "ADD", "old_memory": None},
            ]
        },
        quiet,
    )
    system = ingest(
        Mem0(Mem0.Config(extractor="llm"), embedder=embedder, llm=llm), both((1, "I have a cat."), (2, "I have a dog."))
    )
    shown = [line for line in prompts(llm)[4].splitlines() if '"id": "' in line or '"text": "Ada' in line]
    assert len(shown) == 6, "the neighbours of two facts, each once, numbered 0 to 2"
    ids = [memory.id for memory in system.memories()["Ada"]]
    assert [memory.text for memory in system.memories()["Ada"]] == ["Ada plays chess", "Ada likes tea", "Ada has a dog"]
    assert len(set(ids)) == 3 and system.memories()["Ada"][0].time == "10:00 am on 1 May, 2023", (
        "NONE refreshes nothing"
    )
    stats = system.stats()
    assert {name[7:]: stats[name] for name in stats if name.startswith("events_")} == {
        "add": 4,
        "delete": 1,
        "none": 1,
        "skipped": 3,
    }


def test_mem0_finds_an_updated_memory_under_its_new_words_only(embedder):
    """8.2: an update keeps the id, takes a new embedding and the new time."""
    quiet = {"facts": []}
    llm = scripted(
        {"facts": ["Ada trains for rowing", "Ada eats soup"]},
        {"memory": [add("Ada trains for rowing"), add("Ada eats soup")]},
        quiet,
        {"facts": ["Ada collects stamps"]},
        {"memory": [{"id": "0", "text": "zither lessons fill evenings", "event": "UPDATE", "old_memory": "x"}]},
        quiet,
    )
    system = Mem0(Mem0.Config(extractor="llm", neighbours=1, top_k=1), embedder=embedder, llm=llm)
    ingest(system, both((1, "I row."), (2, "I play.")))
    (changed,) = [memory for memory in system.memories()["Ada"] if memory.text.startswith("zither")]
    assert changed.time == "10:00 am on 2 May, 2023" and changed.turn_ids == ("D1:1", "D2:1")
    hit = system.search(Query("zither lessons fill evenings")).hits[0]
    assert (hit.text, hit.memory_id.split("/")[1]) == (changed.text, changed.id) and hit.score > 0.999


def test_mem0_reads_two_messages_a_time_for_each_speaker_and_searches_each_store(embedder):
    """8.3, 8.4: batches of two, both perspectives; top-k of each speaker, lines "<time>: <memory>"."""
    lines = [("Ada", "One."), ("Ben", "Two."), ("Ada", "Three."), ("Ben", "Four."), ("Ben", "Five.")]
    facts = [{"facts": [f"fact {n}"]} for n in range(6)]
    llm = scripted(*(reply for fact in facts for reply in (fact, {"memory": [add(fact["facts"][0])]})))
    system = ingest(Mem0(Mem0.Config(extractor="llm", top_k=2), embedder=embedder, llm=llm), of(*lines))
    read = [request.messages[-1].content for request in llm.requests if "facts" in request.json_schema["required"]]
    assert read == [
        "user: Ada: One.\nassistant: Ben: Two.",
        "assistant: Ada: One.\nuser: Ben: Two.",
        "user: Ada: Three.\nassistant: Ben: Four.",
        "assistant: Ada: Three.\nuser: Ben: Four.",
        "assistant: Ben: Five.",
        "user: Ben: Five.",
    ]
    assert {name: [m.text for m in memories] for name, memories in system.memories().items()} == {
        "Ada": ["fact 0", "fact 2", "fact 4"],
        "Ben": ["fact 1", "fact 3", "fact 5"],
    }
    retrieved = system.search(Query("fact"))
    assert retrieved.used == 4 and retrieved.usage.calls == 0
    assert retrieved.context.count('"10:00 am on 1 May, 2023: fact ') == 4 and len(llm.requests) == 12


def test_mem0_graph_names_the_user_for_self_references_and_shows_only_near_nodes(embedder):
    """8.5: "I" is the user; triples of nodes with cosine under 0.7 to every entity are not shown for deletion."""

    def met(*names):
        return call("extract_entities", entities=[{"entity": name, "entity_type": "thing"} for name in names])

    def has_relation(source, target):
        return call("add_relations", relations=[{"source": source, "relationship": "has", "destination": target}])

    quiet, none = {"facts": []}, call("extract_entities", entities=[])
    llm = scripted(
        quiet,
        quiet,
        met("Ada", "Old Violin"),
        has_relation("Ada", "Old Violin"),
        none,
        quiet,
        quiet,
        met("Mill Street", "Tram"),
        has_relation("Mill Street", "Tram"),
        none,
        quiet,
        quiet,
        met("tram", "bell"),
        has_relation("tram", "bell"),
        call("delete_relations", relations=[]),
        none,
    )
    conversation = both((1, "I have an old violin."), (2, "Mill Street has a tram."), (3, "The tram has a bell."))
    system = ingest(Mem0Graph(Mem0Graph.Config(extractor="llm"), embedder=embedder, llm=llm), conversation)
    assert asked(llm)[5:10] == ["facts", "facts", "extract_entities", "add_relations", "extract_entities"], (
        "nothing near: no deletion call"
    )
    shown = prompts(llm)[14].split("Stored relations:\n")[1].split("\n\n")[0]
    assert shown == "mill_street -- has -- tram"
    assert system.relations()["Ada"] == [
        "ada -- has -- old_violin",
        "mill_street -- has -- tram",
        "tram -- has -- bell",
    ]
    assert all("mean Ada" in prompts(llm)[n] for n in (2, 7, 12)) and "mean Ben" in prompts(llm)[4]
    assert "loving pizza and loving burgers can both hold" in prompts(llm)[14]


def test_langmem_agents_hear_their_own_speaker_and_see_ten_memories(embedder):
    """10: a turn goes only to its speaker's agent; before each step the ten nearest memories stand in the system
    prompt.
    """
    words = "tea rome chess maps kites bread trains clocks stamps lemons violins boats".split()
    lines = [("Ada", f"I like {word}.") for word in words] + [("Ben", "I like rain."), ("Ada", "What do I like?")]
    replies = [
        r for word in words for r in (call("manage_memory", action="create", content=f"Ada likes {word}"), "Noted.")
    ]
    llm = scripted(*replies, "Nice.", "Many things.", "Ada's answer", "Ben's answer")
    system = ingest(LangMem(LangMem.Config(extractor="llm", mode="agentic"), embedder=embedder, llm=llm), of(*lines))
    last, bens = llm.requests[-1], llm.requests[-2]
    assert last.messages[0].content.count("[m") == 10 and "Ada's assistant" in last.messages[0].content
    assert "Ben's assistant" in bens.messages[0].content and "(none)" in bens.messages[0].content
    assert [m.content for m in bens.messages[1:]] == ["10:00 am on 1 May, 2023 | Ben: I like rain."]
    assert not any("Ben: I like rain" in message.content for message in last.messages)
    assert asked(llm) == ["manage_memory+search_memory"] * 26
    retrieved = system.search(Query("What does Ada like?"))
    assert [r.messages[-1].content for r in llm.requests[-2:]] == ["What does Ada like?"] * 2, (
        "the raw question to both agents"
    )
    assert (
        retrieved.context.index("Ada's answer") < retrieved.context.index("Ben's answer") and retrieved.usage.calls == 2
    )


def test_openai_memory_writes_dated_entries_a_session_and_shows_all_of_them(conversation):
    """11: one extraction a session over "(date) speaker: text" lines, entries for each speaker, no ranking, no call at
    the question.
    """

    def entry(speaker, date, text):
        return {"speaker": speaker, "date": date, "text": text}

    llm = scripted(
        {
            "entries": [
                entry("Ada", "1 May 2023", "Ada lives in Rome."),
                entry("Ben", "30 April 2023", "Ben adopted a dog."),
            ]
        },
        {
            "entries": [
                entry("Ada", "", "Ada moved to Oslo."),
                entry("Ben", "8 May 2023", "Ben adopted a dog."),
                entry("Ben", "", " "),
            ]
        },
    )
    system = ingest(OpenAIMemory(OpenAIMemory.Config(extractor="llm"), llm=llm), conversation)
    assert asked(llm) == ["entries", "entries"]
    assert [r.messages[-1].content for r in llm.requests] == [
        "(10:00 am on 1 May, 2023) Ada: I live in Rome.\n(10:00 am on 1 May, 2023) Ben: I adopted a dog yesterday.",
        "(10:00 am on 8 May, 2023) Ada: I moved to Oslo.\n(10:00 am on 8 May, 2023) Ben: My dog is called Rex.\n"
        "(10:00 am on 8 May, 2023) Ada: Bye!",
    ]
    first, second = system.search(Query("Where?")), system.search(Query("Something else"))
    assert first == second and first.usage.calls == 0 and len(llm.requests) == 2
    assert (
        first.context
        == "(1 May 2023) Ada lives in Rome.\n(30 April 2023) Ben adopted a dog.\n(8 May 2023) Ada moved to Oslo."
    )
    assert [hit.turn_ids for hit in first.hits] == [("D1:1",), ("D1:2",), ("D2:1", "D2:3")]


def test_zep_keeps_contradicted_facts_and_prints_both_times(embedder):
    """9: invalidation never deletes; candidates 2 x limit; the context is facts with event times and entities with
    summaries.
    """

    def said(target, fact, valid):
        return {
            "edges": [
                {
                    "source": "Ada",
                    "target": target,
                    "relation": "LIVES_IN",
                    "fact": fact,
                    "valid_at": valid,
                    "invalid_at": None,
                }
            ]
        }

    def names(*entities_named):
        return {"entities": [{"name": name, "type": "Thing"} for name in entities_named]}

    llm = scripted(
        names("Ada", "Rome"),
        said("Rome", "Ada lives in Rome.", "2023-05-01T10:00:00"),
        {"summaries": []},
        names("Ada", "Oslo"),
        said("Oslo", "Ada lives in Oslo.", "2023-05-02T10:00:00"),
        {"duplicates": [], "contradicted": [0, 7]},
        {"summaries": [{"name": "Oslo", "summary": "A city."}]},
    )
    system = ingest(
        Zep(Zep.Config(extractor="llm"), embedder=embedder, llm=llm),
        both((1, "I live in Rome."), (2, "I live in Oslo.")),
    )
    assert len(system.graph.edges) == 2 and system.stats()["invalidated"] == 1
    retrieved = system.search(Query("Does Ada live in Oslo?"))
    facts, entities = retrieved.context.rsplit("<ENTITIES>", 1)
    assert facts.count("event_time") >= 2 and "until 2 May 2023" in facts and "- Oslo: A city." in entities
    assert {turn for hit in retrieved.hits for turn in hit.turn_ids} == {"D1:1", "D2:1"} and retrieved.usage.calls == 0
