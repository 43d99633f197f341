"""experiment=kv_ttft on a tiny random model: cells, checks, resume, limits, and the HTTP arm (issue 7, docs/memos.md
C38, C39).
"""

from __future__ import annotations

import json
import os
import statistics
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from scripted import ScriptedServer

from eval.command.cli import CONF
from eval.core.settings import plain
from eval.experiments.kv_ttft import cell, gates, limit, models, server, texts
from eval.experiments.kv_ttft import experiment as kv_ttft
from eval.experiments.kv_ttft.spread import summary
from eval.report.tables.kv import table5
from eval.runs.format.fields import check
from eval.runs.format.files import KV, check_folder
from eval.runs.format.kv import AnyCell
from eval.runs.read import kv_cells
from memos.errors import ConfigError, LLMError

SMALL = [
    "experiment=kv_ttft",
    "dataset=tiny",
    "model=random:tiny",
    "kv.contexts=[300,600,1000]",
    "kv.queries=[160,180.5,220.5]",
    "kv.repeats=2",
    "kv.equality_tokens=8",
    "kv.threads=1",
]


def config(*overrides: str) -> dict:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return plain(compose("config", [*SMALL, *overrides]))


def spec(tiny_dataset, **kv) -> dict:
    lines, questions = texts.lines(tiny_dataset, 0)
    return {
        "model": "random:tiny",
        "kv": {**config()["kv"], **kv},
        "cell": ("medium", "medium", 600, 180.5),
        "lines": lines,
        "questions": questions,
        "seed": 0,
    }


@pytest.fixture(scope="module")
def record(tiny_dataset):
    pytest.importorskip("transformers")
    return cell.measure(spec(tiny_dataset))


def test_a_cell_has_its_lengths_and_all_arms(record):
    assert (
        record["status"] == "ok"
        and record["context_tokens"] == 600
        and record["query_tokens"] == pytest.approx(180.5, abs=0.5)
    )
    assert set(record["arms"]) == {"direct", "direct_peer", "kv", "kv_naive", "build"}
    assert all(arm["n"] == 2 and 0 < arm["low"] <= arm["p50"] <= arm["high"] for arm in record["arms"].values())
    assert (
        record["identical"]
        and record["compared_tokens"] == 8
        and record["max_logit_difference"] < 1e-3
        and record["unchanged"]
    )
    assert record["random_weights"] and record["peak_memory_bytes"] > 1e7 and record["limit"]["floor_s"] > 0
    assert set(record["store"]) == {"fp32", "bf16", "int8"} and record["store"]["fp32"]["kl"] < 1e-6
    assert (
        record["store"]["int8"]["bytes"]
        < record["store"]["bf16"]["bytes"]
        < record["store"]["fp32"]["bytes"]
        == record["cache_bytes"]
    )


def test_a_failed_equality_fails_the_cell(tiny_dataset, monkeypatch):
    from memos.activation.model import ActivationModel

    inner = ActivationModel.generate_direct

    def other(self, system, query, tokens):
        return inner(self, system, query + "!", tokens)

    monkeypatch.setattr(ActivationModel, "generate_direct", other)
    monkeypatch.setattr(limit, "matrix_peak", lambda model: 1e11)  # a minute in bfloat16 on some processors
    made = cell.measure(spec(tiny_dataset, repeats=1))
    assert made["status"] == "failed" and not made["identical"] and made["first_divergence"] is not None
    assert gates.reason(made).startswith("the arms' answers part at token")
    assert cell.measure(spec(tiny_dataset, repeats=1, dtype="bfloat16"))["status"] == "ok", (
        "bf16 reports where they part"
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("kv")
    chosen = config("kv.cells=[short/short]", f"out={out}", "kv.repeats=1")
    kv_ttft.check(chosen)
    return out, chosen, kv_ttft.run(chosen)


def test_a_run_writes_cells_that_tables_and_figure_read(finished, capsys):
    out, _, outcome = finished
    assert outcome["code"] == 0, outcome
    (cell,) = kv_cells([outcome["folder"]])
    assert cell["model"] == "random:tiny" and cell["context"] == "short" and cell["speedup"] is not None
    assert len(table5([cell]).sections[0].rows) == 1
    kv_ttft.finish(out, "kv_ttft", [outcome])
    assert "Key-value injection against the limits" in capsys.readouterr().out
    assert {p.name for p in (out / "tables").glob("*.md")} == {"kv_ttft_table5.md", "kv_ttft_audit.md"}
    assert "random weights" in (out / "tables" / "kv_ttft_audit.md").read_text()
    assert list((out / "figures").glob("kv_ttft_figure10*.png"))


def test_finished_cells_are_kept_and_failed_ones_tried_again(finished, monkeypatch):
    _, chosen, outcome = finished
    asked = []
    monkeypatch.setattr(
        kv_ttft,
        "_cell",
        lambda spec, *_: (
            asked.append(spec["cell"][:2])
            or {"status": "error", "context": spec["cell"][0], "query": spec["cell"][1], "error": "power cut"}
        ),
    )
    assert kv_ttft.run(chosen)["code"] == 0 and asked == []
    wider = {**chosen, "kv": {**chosen["kv"], "cells": ["short/short", "long/long"]}}
    for _ in range(2):
        again = kv_ttft.run(wider)
        assert again["folder"] == outcome["folder"] and again["code"] == 2 and "power cut" in again["message"]
    assert asked == [("long", "long")] * 2


def test_the_files_are_as_documented(finished):
    _, _, outcome = finished
    assert check_folder(Path(outcome["folder"]), KV) == []


def test_a_cell_whose_process_dies_is_an_error(tmp_path, tiny_dataset, monkeypatch):
    monkeypatch.setattr(kv_ttft.sys, "executable", "/bin/false")
    cell = kv_ttft._cell(spec(tiny_dataset), tmp_path, 10)
    assert cell["status"] == "error" and "ended with code 1" in cell["error"]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model=random:Qwen9", "no such architecture"),
        ("kv.cells=[short/huge]", "'short/huge' is unknown"),
        ("kv.dtype=int8", "kv.dtype: 'int8'"),
        ("kv.repeats=0", "kv.repeats: must be at least 1"),
        ("kv.contexts=[1,2]", "three lengths"),
    ],
)
def test_mistakes_are_one_line(override, message):
    with pytest.raises(ConfigError, match=message) as caught:
        kv_ttft.check(config(override))
    assert "\n" not in str(caught.value)


def test_lengths_have_the_papers_means():
    for mean in (167, 302.7, 952.7):
        for count in (5, 10, 20):
            made = texts.lengths(mean, count)
            assert len(made) == count and statistics.fmean(made) == pytest.approx(mean, abs=0.51 / count)
    assert len(set(texts.lengths(302.7, 10))) == 10 and set(texts.lengths(167.0, 5)) == {167}


def test_texts_are_fitted_to_the_token():
    tokens = models.byte_tokenizer()
    for target in (50, 51, 52, 53, 400):
        text = texts.fit(
            lambda t: len(tokens(t)["input_ids"]), "some words of uneven lengths, repeated".split(), target, " end?"
        )
        assert len(tokens(text)["input_ids"]) == target and text.endswith(" end?")


def test_the_arithmetic_of_the_measured_cells():
    """docs/kv.md#the-limit: what arithmetic allows SmolLM2-135M in the nine cells."""
    sizes = limit.Sizes(106_203_456 + 35_000, 30, 9, 64, 576, 49152, 538_000_000)
    for context, query, allowed in (
        (583, 167, 75.8),
        (583, 952, 33.3),
        (2773, 303, 87.2),
        (6064, 167, 96.0),
        (6064, 952, 80.2),
    ):
        assert limit.allowed_speedup(sizes, context, query) == pytest.approx(allowed, abs=0.3)


def test_intervals_of_medians():
    assert summary([3, 1, 2]) | {"sd": 0} == {
        "p50": 2,
        "low": 1,
        "high": 3,
        "level": 0.75,
        "p90": pytest.approx(2.8),
        "p99": pytest.approx(2.98),
        "mean": 2,
        "sd": 0,
        "n": 3,
    }
    twenty = summary(range(20))
    assert (twenty["low"], twenty["high"]) == (5, 14) and twenty["level"] == pytest.approx(0.9586, abs=1e-3)


@pytest.mark.skipif(os.cpu_count() == 1, reason="timing needs a core to itself")
def test_injecting_takes_a_fraction_of_the_arithmetic(tiny_dataset):
    """C39 by counted work instead of by the clock: at eight times the query's length at most a quarter is left."""
    from memos.activation.model import ActivationModel

    loaded = models.load("random:tiny", "float32", "cpu", None, 1, 0)
    model = ActivationModel.over(loaded.model, loaded.tokenizer)
    memory = model.build("x" * 1600)
    before = model.engine.encoded_tokens
    model.first_logits(memory, "y" * 180)
    middle = model.engine.encoded_tokens
    model.direct_logits(memory.system, "y" * 180)
    assert 0 < 4 * (middle - before) < model.engine.encoded_tokens - middle


def http(tiny_dataset, base_url: str, **kv) -> dict:
    return spec(tiny_dataset, base_url=base_url, repeats=3, **kv) | {
        "model": "scripted-1",
        "cell": ("short", "short", 300, 40.0),
    }


def test_a_server_with_a_prefix_cache_is_timed_cold_and_warm(tiny_dataset):
    with ScriptedServer([("", "yes")], prefix_cache=True, prefill=0.0002) as made:
        cell = server.measure(http(tiny_dataset, made.base_url))
    check(cell, AnyCell, "a server's cell")
    assert cell["status"] == "ok" and cell["arms"]["direct"]["n"] == cell["arms"]["kv"]["n"] == 3
    assert cell["kv_ttft"] < cell["dir_ttft"] and cell["context_tokens"] == pytest.approx(300, rel=0.1)
    firsts = [body["messages"][0]["content"].split()[0] for body in made.chats()]
    cold = [first for first in firsts if firsts.count(first) == 1]
    assert len(cold) >= 4 and all(body["stream"] and body["max_tokens"] == 1 for body in made.chats())


def test_a_server_whose_cache_contradicts_the_arm_is_invalid(tiny_dataset):
    with ScriptedServer([("", "yes")], prefix_cache=False) as made:
        cell = server.measure(http(tiny_dataset, made.base_url))
    assert cell["status"] == "failed" and cell["invalid"] == 4 and "warm: the warm prompt had 0 tokens" in cell["error"]
    check(cell, AnyCell, "a server's failed cell")
    assert "kv_ttft" not in cell and gates.reason(cell) == cell["error"]


@pytest.mark.parametrize(
    ("arm", "cached", "says"),
    [
        ("cold", 12, "12 tokens from the server's cache"),
        ("warm", 100, "expected about 300"),
        ("warm", None, "cannot be verified"),
        ("cold", 0, None),
        ("warm", 280, None),
    ],
)
def test_samples_are_held_against_the_servers_report(arm, cached, says):
    reason = server.problem(arm, server.Sample(0.1, 340, cached), 300)
    assert (reason is None) if says is None else says in reason


def test_a_stream_without_a_token_is_a_failure():
    with ScriptedServer([("", "")]) as made:
        one = server.Server(made.base_url, "scripted-1", None)
        with pytest.raises(LLMError, match="no token"):
            one.ask("a", "b")
    with ScriptedServer([("", "x")], faults=["500"]) as made, pytest.raises(LLMError):
        server.Server(made.base_url, "scripted-1", None).ask("a", "b")


def test_random_presets_have_the_papers_shapes():
    transformers = pytest.importorskip("transformers")
    shapes = {name: dict(fields) for name, fields in models.PRESETS.items() if name != "tiny"}
    for fields in shapes.values():
        made = getattr(transformers, f"{fields.pop('kind')}Config")(**fields)
        assert (
            made.num_key_value_heads == 8 and json.loads(made.to_json_string())["hidden_size"] == fields["hidden_size"]
        )
