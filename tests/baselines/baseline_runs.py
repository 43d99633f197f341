"""Whole runs of the harness on the tiny dataset with a language model behind HTTP,
for the tests of faults and crashes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from conftest_baselines import toy_value
from hydra import compose, initialize_config_dir
from scripted_replies import Reply, content_text

import eval.stages.ingest
from eval.command.cli import CONF
from eval.core.settings import plain
from eval.experiments.benchmark.experiment import run
from eval.stages.bench import Bench
from memos.infrastructure.vault.sqlite import SqliteVault

ARMS = {
    "mem0": ("system=mem0", "system.extractor=llm"),
    "mem0_graph": ("system=mem0_graph", "system.extractor=llm"),
    "langmem": ("system=langmem", "system.extractor=llm"),
    "langmem_agentic": ("system=langmem", "system.extractor=llm", "system.mode=agentic"),
    "zep": ("system=zep", "system.extractor=llm"),
    "openai_memory": ("system=openai_memory", "system.extractor=llm"),
    "openai_memory_revise": ("system=openai_memory", "system.extractor=llm", "system.revise=true"),
    "memos": ("system=memos", "system.extractor=llm"),
}
"""Every method that asks a model, in each of its modes; MemOS with its fine reading beside the baselines."""
PRELOADED = (
    *("torch", "nltk.data", "scipy.stats", "hydra", "bpe_openai", "openai", "aiohttp", "rouge_score.rouge_scorer"),
    *(
        "eval.experiments.benchmark.experiment",
        "eval.judges.llm",
        "memos.llm.openai",
        "memos.embed.minilm",
        "memos.mos",
    ),
)
"""What a server of forked processes imports once for all of them; what cannot be imported it passes over."""
NUMBERED = re.compile(r"^(\d+)\. \[[^\]]*\] (\w+): (.+)$", re.M)
"""A line of a conversation as MemOS shows it to its model."""


def config(arm: str, *changes: str) -> dict[str, Any]:
    """The configuration of one arm on one conversation of the tiny dataset;
    ``out`` and ``llm.base_url`` are to be set."""
    overrides = [
        "experiment=tiny",
        *ARMS[arm],
        "llm=openai",
        "llm.model=toy",
        "llm.backoff_s=0.001",
        "answerer=llm",
        "judge=llm_generous",
        "judge.runs=1",
        "~judge@also_judges.strict",
        "latency.questions=0",
        "metrics.which=[]",
        "cache=off",
        "dataset.conversations=[tiny-1]",
        *changes,
    ]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return plain(compose("config", overrides))


def model(body: dict[str, Any]) -> Any:
    """The toy model of the server: extraction, tools and judging; answers are left to the server's stand-in."""
    contents = [content_text(message["content"]) for message in body["messages"]]
    form = (body.get("response_format") or {}).get("json_schema")
    if form and len(contents) == 1 and '"label"' not in contents[0]:
        return _reader(contents[0], set(form["schema"]["required"]))
    if form and len(contents) > 1:
        return toy_value(contents[0], contents[1], set(form["schema"]["required"]))
    if body.get("tools"):
        function = body["tools"][0]["function"]
        if function["name"] == "manage_memory":
            return _agent(contents)
        return Reply(
            tool_calls=((function["name"], toy_value(*contents[:2], set(function["parameters"]["required"]))),)
        )
    if len(contents) == 1 and '"label"' in contents[0]:
        return {"label": "CORRECT" if len(contents[0]) % 2 else "WRONG"}
    return None


def _reader(prompt: str, wanted: set[str]) -> dict[str, Any]:
    """MemOS's model: each line of more than three words is a memory of its speaker; no two are related."""
    if wanted == {"relation"}:
        return {"relation": "independent"}
    said = [(int(number), who, text) for number, who, text in NUMBERED.findall(prompt) if len(text.split()) > 3]
    return {
        "memories": [
            {"text": f"{who} said: {text}", "kind": "fact", "about": who, "lines": [n]} for n, who, text in said
        ]
    }


def _agent(contents: list[str]) -> Any:
    """LangMem's agent: keeps what it is told, looks up what it is asked, then says so."""
    last = contents[-1]
    if last.startswith("[result of"):
        return f"Noted: {last.splitlines()[0][:80]}"
    if " | " in last:
        return Reply(tool_calls=(("manage_memory", {"action": "create", "content": last.split(" | ", 1)[1]}),))
    return Reply(tool_calls=(("search_memory", {"query": last}),))


def run_saving_each_session(config: dict[str, Any]) -> None:
    """A run that saves after every session; for a process that is going to be killed."""
    eval.stages.ingest.SAVE_EVERY_S = -1.0
    run(config)


def ingest_usage(config: dict[str, Any]) -> dict[str, Any]:
    """Calls and tokens of the ingestion by phase, as the run recorded them."""
    path = Bench(config).folder / "ingest.jsonl"
    return json.loads(path.read_text(encoding="utf-8").splitlines()[-1])["usage"]


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    """The records of a journal, without times, tokens, counts of attempts and the seals over them."""
    records = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    return [
        {key: value for key, value in row.items() if key not in ("ms", "usage", "seconds", "seq", "digest")}
        for row in records
    ]


def stores(out: Path) -> dict[str, bytes]:
    """Every file of every saved store, its ledger of calls left out, by its path below the states' folder."""
    root = out / "cache" / "state"
    contents = {}
    for path in sorted(root.rglob("store/*")):
        content = path.read_bytes()
        if path.suffix == ".json":
            state = json.loads(content)
            for ledger in ("backbone", "usage") if isinstance(state, dict) else ():
                state.pop(ledger, None)
            content = json.dumps(state).encode()
        if path.suffix == ".sqlite":
            vault = SqliteVault(SqliteVault.Config(str(path), read_only=True))
            content = vault.digest().encode()
            vault.close()
        contents[f"{path.parts[-3].rsplit('-', 1)[0]}/{path.name}"] = content
    return contents


def results(config: dict[str, Any]) -> dict[str, Any]:
    """What a finished run left: stores, contexts and hits of each question, answers."""
    folder = Bench(config).folder
    return {
        "stores": stores(Path(config["out"])),
        "ingest": rows(folder, "ingest"),
        "contexts": sorted(rows(folder, "contexts"), key=lambda row: row["id"]),
        "memories": rows(folder, "memories"),
        "search": rows(folder, "search"),
        "answers": sorted(rows(folder, "answers"), key=lambda row: (row["sample_id"], row["qa_index"])),
    }
