"""MemOS with a language model's reading in the harness: sources, phases, resuming, faults (C10, C21, C30, C31)."""

import json
import random
import re

import pytest
from hydra import compose, initialize_config_dir
from scripted import ScriptedServer
from scripted_replies import FaultPlan, content_text

from eval.command.cli import CONF
from eval.core.settings import plain
from eval.stages.bench import Bench
from eval.stages.ingest import StateFolder, check_drained, ingest_conversation
from memos.errors import BudgetExceeded, ConfigError, DataError, LLMError, MalformedOutput
from memos.llm.mock import MockLLM
from memos.system import MemOSSystem
from memos.types import Query, Usage

LINE = re.compile(r"^(\d+)\. \[[^\]]*\] (\w+): (.+)$", re.M)


def brain(prompt):
    """A model that states each line of more than three words as a memory of its speaker;
    anything else is independent."""
    if "Earlier note:" in prompt:
        return {"relation": "independent"}
    items = [
        {"text": f"{who} said: {said}", "kind": "fact", "about": who, "lines": [int(number)]}
        for number, who, said in LINE.findall(prompt)
        if len(said.split()) > 3
    ]
    return {"memories": items}


def model():
    return MockLLM(function=lambda request: brain(request.messages[0].content))


def filled(conversation, embedder, llm, sessions=None, system=None, skip=0, **fields):
    if system is None:
        system = MemOSSystem(MemOSSystem.Config(extractor="llm", **fields), embedder=embedder, llm=llm)
        system.start(conversation)
    for session in conversation.sessions[skip:sessions]:
        system.add(session)
    if sessions is None:
        system.finish()
    return system


def lists(system, questions):
    return [
        ([(hit.text, hit.turn_ids, round(hit.score, 6)) for hit in retrieved.hits], retrieved.used, retrieved.context)
        for retrieved in (system.search(Query(q.text, 40)) for q in questions)
    ]


def test_fine_memories_are_hits_whose_turns_exist(conversation, questions, mock_embedder):
    """C10: fast and fine extraction, sources resolve."""
    system = filled(conversation, mock_embedder, model())
    turns = {turn.turn_id: turn for _, turn in conversation.turns()}
    stats = system.stats()
    assert stats["fine"] > 10 and stats["failed_turns"] == 0 and system.pending() == 0
    fine = [c for c in system.vault.get_many(system.vault.find()) if c.descriptive.trigger == "read:fine"]
    assert fine and all(c.turn_ids and set(c.turn_ids) <= set(turns) and c.behavioural.derived_from for c in fine)
    hits = [hit for q in questions for hit in system.search(Query(q.text, 40)).hits]
    said = [hit for hit in hits if " said: " in hit.text]
    assert said and all(len(hit.turn_ids) >= 1 and set(hit.turn_ids) <= set(turns) for hit in said)
    usage = system.usage()
    assert usage["ingest"].calls >= len(conversation.sessions) and usage["ingest"].completion_tokens > 0
    system.close()


def test_a_thousand_malformed_readings_give_sourced_memories_or_a_typed_error(conversation):
    """C21: Whatever the reply, a reading ends in memories that name existing turns or in MalformedOutput; nothing else
    comes out.
    """
    from memos.cube import FakeClock, SequentialIds
    from memos.interface.reader_fast import read_session
    from memos.interface.reader_fine import FineReader

    rng, clock, refused = random.Random(21), FakeClock(), 0
    cubes = read_session(conversation.sessions[0], dialogue="d", owner="d", ids=SequentialIds(), clock=clock)
    known = {cube.turn_ids[0] for cube in cubes}
    whole = (
        '{"memories": [{"text": "Somebody moved.", "kind": "fact", "about": "", "lines": [1, 2], "when": "May 2023"}]}'
    )
    for _ in range(1000):
        text = list(whole)
        for _ in range(rng.randint(0, 6)):
            at = rng.randrange(len(text))
            text[at : at + rng.randint(0, 3)] = rng.choice(['"', "}", "]", "99", "null", "[", "\n", "é", ""])
        reply = "".join(text)[: rng.choice([len(text), len(text), rng.randint(1, len(text))])]
        reader = FineReader(
            FineReader.Config(retries=0, window=1000, overlap=0), llm=MockLLM(function=lambda _, reply=reply: reply)
        )
        try:
            made = reader.read(cubes, ids=SequentialIds("f"), clock=clock).cubes
        except MalformedOutput:
            refused += 1
            continue
        assert all(cube.turn_ids and set(cube.turn_ids) <= known and cube.text for cube in made)
    assert 200 < refused < 900


def test_fast_reading_asks_no_model_and_sources_every_memory(conversation, mock_embedder):
    """C10: fast and fine extraction, sources resolve."""
    llm = MockLLM(function=lambda request: LLMError("must not be asked"))
    system = MemOSSystem(MemOSSystem.Config(), embedder=mock_embedder, llm=llm)
    system.start(conversation)
    for session in conversation.sessions:
        system.add(session)
    system.finish()
    cubes = system.vault.get_many(system.vault.find())
    assert [cube.turn_ids for cube in cubes] == [(turn.turn_id,) for _, turn in conversation.turns()]
    assert llm.requests == [] and system.usage() == {} and system.pending() == 0
    system.close()


def test_turns_can_be_left_to_the_memories_made_of_them(conversation, questions, mock_embedder):
    system = filled(conversation, mock_embedder, model(), keep_turns=False)
    hits = [hit for q in questions for hit in system.search(Query(q.text, 200)).hits]
    assert hits and all(" said: " in hit.text for hit in hits)
    assert len(system.vault.find()) > system.stats()["items"], "the turns are still in the vault"
    system.close()


@pytest.mark.parametrize("fields", [{}, {"keep_turns": False}])
def test_saved_resumed_and_straight_stores_are_equal(conversation, questions, mock_embedder, tmp_path, fields):
    whole = filled(conversation, mock_embedder, model(), **fields)
    half = filled(conversation, mock_embedder, model(), sessions=2, **fields)
    half.save(tmp_path)
    half.close()
    resumed = MemOSSystem(MemOSSystem.Config(extractor="llm", **fields), embedder=mock_embedder, llm=model())
    resumed.load(tmp_path)
    filled(conversation, mock_embedder, None, system=resumed, skip=2)
    assert lists(resumed, questions) == lists(whole, questions)
    assert resumed.vault.digest() == whole.vault.digest() and resumed.usage() == whole.usage()
    (tmp_path / "end").mkdir()
    whole.save(tmp_path / "end")
    again = MemOSSystem(MemOSSystem.Config(extractor="llm", **fields), embedder=mock_embedder, llm=model())
    again.load(tmp_path / "end")
    assert lists(again, questions) == lists(whole, questions) and again.stats() == whole.stats()


def test_what_names_no_line_is_counted_not_stored(conversation, mock_embedder, tmp_path):
    loose = MockLLM(function=lambda request: {"memories": [{"text": "Somebody moved.", "kind": "fact", "lines": [99]}]})
    system = filled(conversation, mock_embedder, loose, window=100)
    assert (system.stats()["fine"], system.stats()["dropped"]) == (0, len(conversation.sessions))
    system.save(tmp_path)
    again = MemOSSystem(MemOSSystem.Config(extractor="llm"), embedder=mock_embedder, llm=loose)
    again.load(tmp_path)
    assert again.stats() == system.stats()


def test_a_reading_of_no_use_leaves_the_session_with_its_turns(conversation, questions, mock_embedder):
    seen = []

    def broken(request):
        seen.append(request)
        return "no json" if len(seen) <= 9 else brain(request.messages[0].content)

    system = filled(conversation, mock_embedder, MockLLM(function=broken), attempts=3, retries=2, window=100)
    stats = system.stats()
    assert stats["failed_turns"] == len(conversation.sessions[0].turns)
    ids = {turn for hit in system.search(Query(questions[0].text, 200)).hits for turn in hit.turn_ids}
    assert {turn.turn_id for turn in conversation.sessions[0].turns} <= ids
    system.close()


def test_a_model_that_cannot_be_reached_stops_the_ingestion(conversation, mock_embedder):
    with pytest.raises(LLMError, match="down"):
        filled(conversation, mock_embedder, MockLLM(function=lambda request: LLMError("down")))
    with pytest.raises(ConfigError, match="extractor=llm needs a language model"):
        MemOSSystem(MemOSSystem.Config(extractor="llm"), embedder=mock_embedder)
    with pytest.raises(ConfigError, match="extractor"):
        MemOSSystem.Config(extractor="magic")


def test_the_harness_searches_and_times_no_undrained_memory(tmp_path, tiny_dataset, mock_embedder):
    """C31: nothing undrained is searched."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        overrides = [
            "experiment=tiny",
            "system=memos",
            "system.extractor=llm",
            "embedder=mock",
            "llm=mock",
            f"out={tmp_path}",
        ]
        made = Bench(plain(compose("config", overrides)))
    conversation = made.dataset.conversations[0]
    lazy = made.new_system()
    lazy._drain = lambda: None
    with pytest.raises(DataError, match="MemOSSystem still has .* waiting tasks"):
        ingest_conversation(made, conversation, lazy)
    assert not (StateFolder(made.state_folder(conversation)).progress() or {}).get("finished")
    lazy.save(tmp_path)
    loaded = made.new_system()
    loaded.load(tmp_path)
    with pytest.raises(DataError, match="waiting"):
        check_drained(loaded, "tiny-1")
    loaded.finish()
    check_drained(loaded, "tiny-1")
    assert loaded.pending() == 0 and loaded.usage()["ingest"].calls > 0


def bench(out, server, *changes):
    overrides = [
        "experiment=tiny",
        "system=memos",
        "system.extractor=llm",
        "embedder=mock",
        "llm=openai",
        "llm.model=scripted",
        f"llm.base_url={server.base_url}",
        "llm.api_key_env=SCRIPTED_API_KEY",
        "llm.backoff_s=0.001",
        "cache=off",
        f"out={out}",
        *changes,
    ]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return Bench(plain(compose("config", overrides)))


def served(**options):
    return ScriptedServer(rules=[("", lambda body: brain(content_text(body["messages"][0]["content"])))], **options)


def left(made, conversation):
    """Digest of the saved store, and what its searches give."""
    system = made.new_system()
    system.load(StateFolder(made.state_folder(conversation)).path / "store")
    searched = lists(system, made.questions(conversation.sample_id))
    digest = system.vault.digest()
    system.close()
    return digest, searched


def test_the_harness_runs_it_over_http_counts_phases_and_survives_faults(tmp_path, server_key):
    with served() as server:
        made = bench(tmp_path / "a", server)
        conversation = made.dataset.conversations[0]
        record = ingest_conversation(made, conversation, made.new_system())
        asked = len(server.requests)
        assert record["status"] == "ok" and record["stats"]["fine"] > 10
        assert record["usage"]["ingest"]["calls"] + record["usage"]["organise"]["calls"] == asked > 0
        assert ingest_conversation(made, conversation, made.new_system()) == record and len(server.requests) == asked
        calm = left(made, conversation)
    with served(
        faults=FaultPlan(rate=0.2, seed=3, kinds=("429", "500", "drop", "truncated", "wrong_schema", "garbage"))
    ) as server:
        again = bench(tmp_path / "b", server)
        faulty = ingest_conversation(again, conversation, again.new_system())
        assert any(entry.fault for entry in server.requests)
        assert faulty["stats"] == record["stats"] and faulty["stats"]["failed_turns"] == 0
        assert left(again, conversation) == calm, "the same store, and the same hits and contexts of every question"


@pytest.mark.parametrize("cache", ["write", "off"])
def test_an_interrupted_ingestion_asks_nothing_twice(cache, tmp_path, server_key, monkeypatch):
    monkeypatch.setattr("eval.stages.ingest.SAVE_EVERY_S", -1.0)
    with served() as server:
        straight = bench(tmp_path / "straight", server, f"cache={cache}")
        conversation = straight.dataset.conversations[0]
        expected = ingest_conversation(straight, conversation, straight.new_system())
        calls = len(server.requests)
        made = bench(tmp_path / "made", server, f"cache={cache}")
        broken = made.new_system()
        add, count = broken.add, iter(range(100))

        def stops(session):
            if next(count) == 3:
                raise BudgetExceeded("used up")
            add(session)

        broken.add = stops
        with pytest.raises(BudgetExceeded):
            ingest_conversation(made, conversation, broken)
        assert StateFolder(made.state_folder(conversation)).progress()["sessions"] == 3
        resumed = ingest_conversation(made, conversation, made.new_system())
        assert resumed["usage"] == expected["usage"] and resumed["stats"] == expected["stats"]
        begun_ahead = 1 if cache == "off" else 0  # nothing keeps the fourth session's reply that was never used
        assert 2 * calls <= len(server.requests) <= 2 * calls + begun_ahead
        assert Usage(**resumed["usage"]["ingest"]).calls > 0
    assert json.loads(json.dumps(resumed)) == resumed
