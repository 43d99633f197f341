"""What a run asked and paid: the sums are those of the server's own log, for every system that asks a model."""

from __future__ import annotations

import importlib.util
import json

import pytest
from baseline_runs import ARMS, config, model
from hydra import compose, initialize_config_dir
from scripted_replies import FaultPlan, Reply

from eval.command.cli import CONF
from eval.core.settings import plain
from eval.experiments.benchmark.experiment import run
from eval.stages.bench import Bench
from eval.stages.spending import FILE


def started(arm, server, key, out, *more):
    made = config(arm, f"llm.api_key_env={key}", "latency.questions=2", "dataset.limit=4", "embedder=openai", *more)
    embedder = {**made["embedder"], "base_url": server.base_url, "model": "toy-embed", "dim": 16, "api_key_env": key}
    return {**made, "out": str(out), "llm": {**made["llm"], "base_url": server.base_url}, "embedder": embedder}


def summary_of(made):
    return json.loads((Bench(made).folder / "summary.json").read_text(encoding="utf-8"))


class Log:
    """What the server itself counted: its replies to chats and to embeddings."""

    def __init__(self, server) -> None:
        self.chats, self.embeddings = [0, 0, 0], [0, 0]
        completion, embeddings = server._completion, server._embeddings

        def counted(*args):
            made = completion(*args)
            usage = made["usage"]
            for place, number in enumerate((1, usage["prompt_tokens"], usage["completion_tokens"])):
                self.chats[place] += number
            return made

        def embedded(body):
            made = embeddings(body)
            self.embeddings[0] += 1
            self.embeddings[1] += made["usage"]["prompt_tokens"]
            return made

        server._completion, server._embeddings = counted, embedded


def paid(rows, *, embedder: bool):
    own = [row for row in rows if ("embedder" in row["role"]) == embedder]
    names = ("calls", "prompt_tokens") if embedder else ("calls", "prompt_tokens", "completion_tokens")
    return [sum(row[name] for row in own) for name in names]


@pytest.mark.parametrize("arm", ARMS)
def test_sums_are_those_of_the_servers_log(arm, scripted_server, server_key, tmp_path):
    server = scripted_server(rules=[("", model)], faults=FaultPlan(rate=0.1, seed=3, kinds=("wrong_schema", "429")))
    log = Log(server)
    made = started(arm, server, server_key, tmp_path)
    run(made)
    summary = summary_of(made)
    rows = summary["spent"]
    assert paid(rows, embedder=False) == log.chats
    assert paid(rows, embedder=True) == log.embeddings or arm.startswith("openai_memory")
    roles = {row["role"] for row in rows}
    assert {"memory", "answerer", "judge llm_generous", "latency: answerer"} <= roles
    assert all(row["replayed_calls"] == 0 for row in rows)
    by_phase = {phase: entry["calls"] for phase, entry in summary["ledger"].items()}
    assert sum(by_phase.values()) == log.chats[0], "nothing was cached: the records say the same as the meter"
    assert sum(row["calls"] for row in summary["ledger_rows"]) == log.chats[0]
    assert by_phase["latency"] >= 3, "the question that warms up counts"


def test_cached_replies_are_told_apart_and_sessions_add_up(scripted_server, server_key, tmp_path):
    server = scripted_server(rules=[("", model)])
    log = Log(server)
    made = started("mem0", server, server_key, tmp_path, "cache=write")
    run(made)
    first = summary_of(made)["spent"]
    other = {**made, "system": {**made["system"], "top_k": 1}, "latency": {"questions": 0}}
    run(other)
    rows = {row["role"]: row for row in summary_of(other)["spent"]}
    assert rows["memory"]["calls"] == 0 < rows["memory"]["replayed_calls"], "another store of the same replies"
    total = [a + b for a, b in zip(paid(first, embedder=False), paid([*rows.values()], embedder=False), strict=True)]
    assert total == log.chats
    lines = (Bench(made).folder / FILE).read_text(encoding="utf-8").splitlines()
    assert len(lines) == len({tuple(json.loads(line)[name] for name in ("role", "model", "cached")) for line in lines})


def test_a_conversation_that_fails_is_paid_for_and_counted(scripted_server, server_key, tmp_path):
    asked = []

    def dies(body):
        asked.append(1)
        if len(asked) > 5:
            return Reply(status=400, error={"message": "no more", "type": "invalid_request_error", "code": None})
        return model(body)

    server = scripted_server(rules=[("", dies)])
    log = Log(server)
    made = started("zep", server, server_key, tmp_path, "latency.questions=0")
    outcome = run(made)
    summary = summary_of(made)
    assert outcome["code"] == 2 and summary["lost"]["failed"] == 1 and log.chats[0] == 5
    assert paid(summary["spent"], embedder=False) == log.chats
    ingest = [summary["ledger"][phase]["calls"] for phase in ("ingest", "organise")]
    assert 0 < sum(ingest) <= 5, "the failed conversation's record has the usage of the replies that were read"


@pytest.mark.parametrize("package, module", [("mem0ai", "mem0"), ("langmem", "langmem"), ("graphiti", "graphiti_core")])
def test_a_vendors_own_calls_are_in_the_account(package, module, scripted_server, server_key, tmp_path):
    if importlib.util.find_spec(module) is None:  # not imported here: mem0 reads its folder when it is
        pytest.skip(f"{module} is not installed; run: pip install -e '.[vendors]'")
    server = scripted_server()
    log = Log(server)
    made = started("mem0", server, server_key, tmp_path)
    with initialize_config_dir(str(CONF), version_base="1.3"):
        system = plain(compose("config", ["experiment=tiny", f"system=vendors/{package}"]))["system"]
    own = {"base_url": server.base_url, "model": "toy", "api_key_env": server_key}
    run({**made, "system": {**system, **own}})
    summary = summary_of({**made, "system": {**system, **own}})
    assert paid(summary["spent"], embedder=False) == log.chats
    assert paid(summary["spent"], embedder=True) == log.embeddings
    (memory,) = [row for row in summary["spent"] if row["role"] == "memory"]
    assert memory["prompt_tokens"] > 0 and summary["ledger"]["ingest"]["prompt_tokens"] == memory["prompt_tokens"]
