"""Saving, resuming, provenance and determinism of every method, by rules and with the toy model;
faults change nothing."""

from __future__ import annotations

import json

import pytest
from conftest_baselines import WordEmbedder, ingest, toy_value
from scripted_replies import FaultPlan, Reply, content_text

from baselines.langmem.system import LangMem
from baselines.mem0.system import Mem0
from baselines.mem0_graph.system import Mem0Graph
from baselines.openai_memory.system import OpenAIMemory
from baselines.zep.system import Zep
from memos.errors import ConfigError, LLMError
from memos.llm.base import Completion, ToolCall
from memos.llm.mock import MockLLM
from memos.llm.openai import OpenAIChat
from memos.types import Query, Usage

KINDS = [Mem0, Mem0Graph, LangMem, Zep, OpenAIMemory]
QUESTIONS = ("Where does Ada live?", "What is the dog called?", "When did Ben adopt a dog?")


def toy(request):
    """The toy model as a mock."""
    system, user = (message.content for message in request.messages[:2])
    if request.json_schema is not None:
        return toy_value(system, user, set(request.json_schema["required"]))
    function = request.tools[0]["function"]
    value = json.dumps(toy_value(system, user, set(function["parameters"]["required"])))
    return Completion("", "toy", Usage(1, 1, 1), "tool_calls", tool_calls=(ToolCall(function["name"], value),))


def make(kind, extractor: str, llm=None):
    config = kind.Config(extractor=extractor)
    return kind(config, llm=llm) if kind is OpenAIMemory else kind(config, embedder=WordEmbedder(), llm=llm)


def model(extractor: str):
    return MockLLM(function=toy) if extractor == "llm" else None


def outcome(system) -> list:
    return [system.search(Query(question)) for question in QUESTIONS]


def files(system, folder) -> dict[str, bytes]:
    """Everything a system saves, its ledger of calls left out."""
    folder.mkdir()
    system.save(folder)
    out = {path.name: path.read_bytes() for path in folder.iterdir()}
    for name in [name for name in out if name.endswith(".json")]:
        state = json.loads(out[name])
        state.pop("backbone", None)
        out[name] = json.dumps(state).encode()
    return out


@pytest.mark.parametrize("extractor", ["rules", "llm"])
@pytest.mark.parametrize("kind", KINDS)
def test_equal_searches_after_save_and_load(kind, extractor, conversation, tmp_path):
    system = ingest(make(kind, extractor, model(extractor)), conversation)
    assert system.stats()["items"] > 0
    system.save(tmp_path)
    again = make(kind, extractor, model(extractor))
    again.load(tmp_path)
    assert outcome(again) == outcome(system)
    assert again.stats() == system.stats() and again.usage() == system.usage()


@pytest.mark.parametrize("extractor", ["rules", "llm"])
@pytest.mark.parametrize("kind", KINDS)
def test_resuming_between_sessions_gives_the_same_store(kind, extractor, conversation, tmp_path):
    whole = ingest(make(kind, extractor, model(extractor)), conversation)
    half = make(kind, extractor, model(extractor))
    half.start(conversation)
    half.add(conversation.sessions[0])
    (tmp_path / "half").mkdir()
    half.save(tmp_path / "half")
    resumed = make(kind, extractor, model(extractor))
    resumed.load(tmp_path / "half")
    ingest(resumed, conversation, skip=1)
    assert files(resumed, tmp_path / "resumed") == files(whole, tmp_path / "whole")


@pytest.mark.parametrize("extractor", ["rules", "llm"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_memory_names_the_turns_it_came_from(kind, extractor, conversation):
    system = ingest(make(kind, extractor, model(extractor)), conversation)
    said = {turn.turn_id: turn.text.lower() for _, turn in conversation.turns()}
    hits = system.search(Query("Which town does Ada live in now, Oslo?")).hits
    assert hits and {turn for hit in hits for turn in hit.turn_ids} <= set(said)
    oslo = [hit for hit in hits if "moved to oslo" in hit.text.lower()]
    assert oslo and all("D2:1" in hit.turn_ids for hit in oslo)


@pytest.mark.parametrize("kind", KINDS)
def test_rules_need_no_model_and_repeat_exactly(kind, conversation, tmp_path):
    first, second = (ingest(make(kind, "rules"), conversation) for _ in range(2))
    assert files(first, tmp_path / "a") == files(second, tmp_path / "b")
    assert all(usage.calls == 0 for usage in first.usage().values())
    with pytest.raises(ConfigError, match="extractor=llm needs a language model"):
        make(kind, "llm")


@pytest.mark.parametrize("kind", KINDS)
def test_a_fifth_of_the_calls_failing_changes_no_store(kind, conversation, scripted_server, server_key, tmp_path):
    def reply(body):
        system, user = (content_text(message["content"]) for message in body["messages"][:2])
        if body.get("tools"):
            function = body["tools"][0]["function"]
            return Reply(
                tool_calls=((function["name"], toy_value(system, user, set(function["parameters"]["required"]))),)
            )
        return toy_value(system, user, set(body["response_format"]["json_schema"]["schema"]["required"]))

    def run(name: str, faults):
        server = scripted_server(rules=[("", reply)], faults=faults)
        config = OpenAIChat.Config(model="toy", base_url=server.base_url, api_key_env=server_key, backoff_s=0.001)
        llm = OpenAIChat(config)
        system = ingest(make(kind, "llm", llm), conversation)
        llm.close()
        return files(system, tmp_path / name), system

    kinds = ("429", "500", "drop", "truncated", "wrong_schema", "refusal", "garbage")
    injected = 0
    expected, _ = run("fine", FaultPlan())
    for seed in range(4):
        plan = FaultPlan(rate=0.2, seed=seed, kinds=kinds)
        written, system = run(f"faulty{seed}", plan)
        injected += len(plan.injected)
        assert written == expected and system.stats()["malformed"] == 0
    assert injected > 0


def test_a_model_that_cannot_be_reached_stops_the_ingestion(conversation):
    llm = MockLLM(function=lambda request: LLMError("down"))
    with pytest.raises(LLMError, match="down"):
        ingest(make(Mem0, "llm", llm), conversation)


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        (Mem0, {"extractor": "magic"}, "extractor='magic'"),
        (Mem0, {"top_k": 0}, "top_k=0"),
        (Mem0Graph, {"merge": 1.5}, "merge=1.5"),
        (LangMem, {"mode": "agentic"}, "mode=agentic needs extractor=llm"),
        (Zep, {"edge_recipe": "best"}, "edge_recipe='best'"),
        (OpenAIMemory, {"memories_dir": "/nowhere"}, "memories_dir='/nowhere'"),
    ],
)
def test_bad_fields_are_named(kind, fields, message):
    with pytest.raises(ConfigError, match=message.replace("(", r"\(")):
        kind.Config(**fields)
