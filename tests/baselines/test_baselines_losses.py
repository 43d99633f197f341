"""What a model's useless replies cost: counted with their reason, too many are no success, and asked for again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from baseline_runs import ARMS, config, model
from scripted_replies import Reply, content_text

from eval.experiments.benchmark.experiment import run, up_to_date
from eval.stages.bench import Bench

NONSENSE = "I would rather talk about kites."


class Moody:
    """The toy model; while it is in a mood it talks nonsense to every extraction it is asked for, or to some."""

    def __init__(self, share: float = 1.0) -> None:
        self.mood, self.share, self.asked = True, share, 0

    def __call__(self, body):
        contents = [content_text(message["content"]) for message in body["messages"]]
        extracts = body.get("response_format") or body.get("tools")
        if not extracts or (len(contents) == 1 and '"label"' in contents[0]):
            return model(body)
        first = contents[0] + (contents[1] if len(contents) > 1 else "")
        hit = sum(first.encode()) % 100 < 100 * self.share
        self.asked += 1
        return Reply('{"oops": ' if body.get("tools") else NONSENSE) if self.mood and hit else model(body)


@pytest.fixture
def started(scripted_server, server_key, tmp_path):
    """A configuration over a server with this model."""

    def start(arm: str, moody: Moody, *more: str) -> dict:
        server = scripted_server(rules=[("", moody)])
        made = config(arm, f"llm.api_key_env={server_key}", "system.retries=1", *more)
        return {**made, "out": str(tmp_path / "out"), "llm": {**made["llm"], "base_url": server.base_url}}

    return start


def summary_of(made: dict) -> dict:
    return json.loads((Bench(made).folder / "summary.json").read_text(encoding="utf-8"))


def lines_of(made: dict, name: str) -> list[dict]:
    text: str = (Path(Bench(made).folder) / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("arm", sorted(ARMS.keys() - {"langmem_agentic", "openai_memory_revise"}))
def test_an_extraction_without_any_memory_is_no_success(arm, started):
    made = started(arm, Moody(), "dataset.limit=2")
    outcome = run(made)
    lost = summary_of(made)["lost"]
    assert outcome["code"] == 2 and "no memory at all" in outcome["message"], outcome
    assert "\n" not in outcome["message"] and "retry_ingest=true" in outcome["message"]
    assert lost["malformed"] > 0 and lost["asked"] >= lost["malformed"] and lost["empty"] == lost["stores"] == 1
    assert lost["reasons"][0]["example"] == NONSENSE or arm == "mem0_graph"
    again = up_to_date(made)
    assert again is not None and again["code"] == 2, "a second look at the finished run says the same"


def test_some_losses_are_told_and_more_than_max_lost_is_exit_2(started):
    made = started("mem0", Moody(0.3), "dataset.limit=2")
    outcome = run(made)
    lost = summary_of(made)["lost"]
    assert 0 < lost["malformed"] < lost["asked"] and lost["items"] > 0
    assert outcome["code"] == 2 and "max_lost=0.02" in outcome["message"] and NONSENSE in outcome["message"]
    lenient = run({**made, "max_lost": 1.0})
    assert (
        lenient["code"] == 0 and f"{lost['malformed']} of {lost['asked']} extractions malformed" in lenient["message"]
    )


def test_max_lost_changes_no_fingerprint_and_is_a_share(started):
    made = started("mem0", Moody())
    assert Bench({**made, "max_lost": 0.5, "retry_ingest": True}).fingerprint == Bench(made).fingerprint
    with pytest.raises(Exception, match="max_lost"):
        Bench({**made, "max_lost": 2})


@pytest.mark.parametrize(
    "arm, share", [("mem0", 0.3), ("mem0_graph", 0.3), ("zep", 0.3), ("langmem", 0.5), ("memos", 1.0)]
)
def test_retry_ingest_extracts_again_what_was_lost_and_pays_for_nothing_else(arm, share, started):
    moody = Moody(share)
    made = started(arm, moody, "dataset.limit=4", "cache=write")
    run(made)
    before, asked = summary_of(made), moody.asked
    assert before["lost"]["malformed"] > 0
    moody.mood = False
    again = {**made, "retry_ingest": True}
    assert up_to_date(again) is None
    outcome = run(again)
    after = summary_of(made)
    assert outcome["code"] == 0 and after["lost"]["malformed"] == 0 and after["complete"] and not after["failed"]
    assert after["lost"]["items"] > before["lost"]["items"] or arm == "mem0_graph"
    assert moody.asked - asked < asked or share == 1.0, "good replies come from the cache"
    (store,) = [line for line in lines_of(made, "ingest") if line["status"] == "ok" and line.get("round")]
    assert store["round"] == 1 and store["earlier_usage"]["ingest"]["calls"] > 0
    spent = sum(store[part][phase]["calls"] for part in ("usage", "earlier_usage") for phase in ("ingest", "organise"))
    assert after["ledger"]["ingest"]["calls"] + after["ledger"]["organise"]["calls"] == spent
    linked = {line["made_from"]["store"] for line in lines_of(made, "search")}
    assert len(linked) == 2, "the questions were searched again in the new store"
    assert up_to_date(again) is not None, "nothing is left to do"


def test_a_reading_that_falls_back_to_rules_is_in_the_label(started):
    made = started("memos", Moody(), "dataset.limit=2")
    run(made)
    summary = summary_of(made)
    assert summary["lost"]["by_rules"] > 0
    assert f"{summary['lost']['by_rules']} readings by rules" in summary["display"]["label"]
