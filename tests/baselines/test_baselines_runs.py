"""Whole runs of the harness (ingest, search, answer) behind HTTP: a fifth of the calls failing changes nothing."""

from __future__ import annotations

import pytest
from baseline_runs import ARMS, config, model, results
from scripted_replies import FaultPlan

from eval.run import run

KINDS = ("429", "500", "drop", "truncated", "wrong_schema", "refusal", "garbage")


@pytest.mark.parametrize("arm", ARMS)
def test_a_fifth_of_the_calls_failing_changes_neither_store_nor_answers(arm, scripted_server, server_key, tmp_path):
    common = config(arm, f"llm.api_key_env={server_key}", "llm.timeout_s=1.5", "llm.concurrency=4", "llm.max_attempts=8")

    def finished(name: str, faults: FaultPlan) -> dict:
        server = scripted_server(rules=[("", model)], faults=faults)
        made = {**common, "out": str(tmp_path / name), "llm": {**common["llm"], "base_url": server.base_url}}
        run(made)
        return results(made)

    plan = FaultPlan(rate=0.2, seed=5, kinds=(*KINDS * 3, "timeout"), retry_after=0.01)
    calm, stormy = finished("calm", FaultPlan()), finished("stormy", plan)
    assert len(calm["answers"]) == 15 and all(row["status"] == "ok" for row in calm["answers"])
    assert len({row["answer"] for row in calm["answers"]}) > 3 and calm["ingest"][0]["stats"]["items"] > 5
    assert len(set(plan.injected)) >= 4, "several kinds of fault have come"
    for part in calm:
        assert stormy[part] == calm[part], part
