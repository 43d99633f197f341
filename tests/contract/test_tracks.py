"""The two tracks, and the latency pass, for every system: paper runs each system with its own answer prompt and depth,
controlled all with one prompt and one budget.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from memory_servers import needed

from eval.answerers.prompts import PROMPTS
from eval.command.cli import CONF
from eval.core.settings import plain
from eval.experiments.benchmark.experiment import run
from eval.stages.bench import Bench

OWN = {
    "null": "rag",
    "oracle": "rag",
    "full_context": "rag",
    "http": "default",
    "mcp": "default",
    "rag": "rag",
    "rag_8192": "rag",
    "mem0": "mem0",
    "mem0_graph": "mem0_graph",
    "langmem": "langmem",
    "zep": "zep",
    "openai_memory": "openai_memory",
    "lightmem": "mem0",
    "amem": "rag",
    "memoryos": "rag",
    "hymem": "rag",
    "memsifter": "rag",
    "memgas": "rag",
    "dmem": "mem0",
    "simplemem": "rag",
    "memos": "memos",
}
"""Prompt of each system on track=paper (docs/protocol.md#answer-prompts)."""
DEPTH = {
    "http": 20,
    "mcp": 20,
    "rag": 2,
    "rag_8192": 2,
    "mem0": 20,
    "mem0_graph": 20,
    "langmem": 10,
    "zep": 20,
    "memos": 20,
    "lightmem": 60,
    "amem": 10,
    "memgas": 3,
}
"""Its own top-k (docs/systems.md: a speaker for mem0, facts and as many entities for Zep)."""
SHARES = {
    "http": 1,
    "mcp": 1,
    "rag": 1,
    "rag_8192": 1,
    "mem0": 2,
    "mem0_graph": 2,
    "langmem": 1,
    "zep": 2,
    "memos": 1,
    "lightmem": 1,
    "amem": 1,
    "memgas": 1,
}
"""How many lists of top-k memories its context has."""
SYSTEMS = sorted(path.stem for path in (CONF / "system").glob("*.yaml"))


def config(name, track, out, *changes):
    overrides = [
        "experiment=tiny",
        f"system='{name}'",
        *needed(name),
        f"track={track}",
        "answerer=llm",
        "llm=mock",
        "dataset.conversations=[tiny-1]",
        "latency.questions=0",
        "metrics.which=[]",
        "cache=off",
        f"out={out}",
        *changes,
    ]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return plain(compose("config", overrides))


def records(config, name):
    text = (Bench(config).folder / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_every_system_has_a_prompt_of_its_own_family():
    assert set(OWN) == set(SYSTEMS)
    prompts = {name: f"{PROMPTS[name].system}\n{PROMPTS[name].user}".lower() for name in set(OWN.values())}
    assert all("five or six words" in prompts[name] for name in prompts if name not in ("rag", "zep", "default"))
    assert "event itself took place" in prompts["zep"] and "do not shift it" in prompts["zep"], (
        "a fact's time is the event's"
    )
    assert (
        "never leave a relative time" in prompts["mem0"]
        and "newest" in prompts["mem0"]
        and "last year" in prompts["mem0"]
    )
    assert "relations" in prompts["mem0_graph"] and "relations" not in prompts["mem0"]
    assert "general knowledge" in prompts["memos"] and not any(
        "general knowledge" in prompts[name] for name in prompts if name != "memos"
    )
    assert "shortest" in prompts["rag"] and prompts["rag"].index("question:") < prompts["rag"].index("{context}")


@pytest.mark.parametrize(
    "name", ["mem0", "mem0_graph", "langmem", "zep", "openai_memory", "lightmem", "amem", "memoryos", "hymem"]
)
@pytest.mark.parametrize("extractor", ["rules", "llm"])
def test_tables_say_whether_rules_or_a_model_extracted(name, extractor, tmp_path):
    assert extractor in Bench(config(name, "paper", tmp_path, f"system.extractor={extractor}")).system_spec["label"]


def _has_latencies(made):
    """P50 and P95 of search, answer and both, over the questions that were asked one by one;
    building the stores apart."""
    timed, latency = (
        records(made, "latency"),
        json.loads((Bench(made).folder / "summary.json").read_text(encoding="utf-8"))["latency_ms"],
    )
    search, answer = (np.array([row[part] for row in timed]) for part in ("search_ms", "answer_ms"))
    assert len(timed) == latency["n"] == 4 and latency["ingest_s"] >= 0
    for part, times in (("search", search), ("answer", answer), ("total", search + answer)):
        assert [latency[part]["p50"], latency[part]["p95"]] == pytest.approx(np.percentile(times, [50, 95]).tolist())


@pytest.mark.parametrize("name", [name for name in SYSTEMS if name != "mcp"])  # http is the row of remote systems
def test_the_paper_track_uses_the_systems_own_prompt_and_depth(name, tmp_path):
    if name in DEPTH:
        assert config(name, "paper", tmp_path)["system"]["top_k"] == DEPTH[name]
    made = config(name, "paper", tmp_path, "latency.questions=4", *(["system.top_k=1"] if name in DEPTH else []))
    run(made)
    _has_latencies(made)
    answers, searches = records(made, "answers"), records(made, "search")
    assert len(answers) == len(searches) == 15
    empty = {(row["sample_id"], row["qa_index"]) for row in searches if not row["context_words"]}
    for answer in answers:
        nothing = (answer["sample_id"], answer["qa_index"]) in empty
        assert answer["prompt_hash"] == PROMPTS["null" if nothing else OWN[name]].hash
    assert len(empty) == 15 if name == "null" else len(empty) < 8
    extra = made["system"].get("top_relations", 0) * 2
    if name in DEPTH:
        assert (
            all(1 <= row["used"] <= SHARES[name] + extra for row in searches)
            and max(row["used"] for row in searches) >= SHARES[name]
        )


def test_the_controlled_track_gives_every_system_the_same_prompt(tmp_path):
    made = [Bench(config(name, "controlled", tmp_path)) for name in SYSTEMS]
    assert {(one.prompt, one.track.budget_words) for one in made} == {("default", 1600)}


@pytest.mark.parametrize("name", ["null", "full_context", "rag", "mem0", "zep", "memos"])
def test_the_controlled_track_has_one_prompt_and_one_budget(name, tmp_path):
    smaller = ["system.chunk_size=40"] if name.startswith("rag") else []
    made = config(name, "controlled", tmp_path, "track.budget_words=120", *smaller)
    run(made)
    assert {row["prompt_hash"] for row in records(made, "answers")} == {
        PROMPTS["null" if name == "null" else "default"].hash
    }
    words = [row["context_words"] for row in records(made, "search")]
    if name == "full_context":
        assert min(words) > 120, "the row without a budget"
    else:
        assert max(words) <= 120 and (name == "null" or min(words) > 0)
