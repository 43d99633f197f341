"""Identity: weights, data and devices change a fingerprint; where a class lives does not."""

from __future__ import annotations

import dataclasses
import importlib
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from identity_benches import CORRECT, bench, changed, config, identities

from eval.core.config import locate
from eval.stages.bench import Bench
from memos.weights import hub_commit, model_identity, weights_digest


def test_replaced_weights_are_another_model(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}", encoding="utf-8")
    (folder / "model.safetensors").write_bytes(b"0" * 4096)
    before = weights_digest(folder)
    assert before == weights_digest(folder) == model_identity(str(folder))["weights"]
    (folder / "README.md").write_text("words", encoding="utf-8")
    assert weights_digest(folder) == before
    (folder / "model.safetensors").write_bytes(b"0" * 4095 + b"1")
    assert weights_digest(folder) != before
    assert weights_digest(tmp_path / "nothing") is None


@pytest.mark.parametrize("group", ["llm", "embedder"])
def test_a_local_model_counts_by_its_weights(tmp_path, group):
    from eval.stages import components as parts

    folder = tmp_path / "model"
    folder.mkdir()
    spec = {
        "llm": {"_target_": "memos.llm.hf.HFChat", "name": "hf", "model": str(folder)},
        "embedder": {
            "_target_": "memos.embed.sentence_transformers.SentenceTransformers",
            "name": "st",
            "model": str(folder),
        },
    }[group]
    look = {"llm": parts.llm_identity, "embedder": parts.embedder_identity}[group]
    (folder / "model.safetensors").write_bytes(b"a")
    before = look(spec)
    (folder / "model.safetensors").write_bytes(b"b")
    assert look(spec) != before


def test_a_hub_id_counts_by_its_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    hub_commit.cache_clear()
    refs = tmp_path / "models--lab--model" / "refs"
    refs.mkdir(parents=True)
    (refs / "main").write_text("a" * 40, encoding="ascii")
    (refs / "v2").write_text("b" * 40, encoding="ascii")
    assert model_identity("lab/model") == {"commit": "a" * 40} != model_identity("lab/model", "v2")
    assert model_identity("lab/model", "c" * 40) == {"commit": "c" * 40}
    assert model_identity("lab/other") == {"commit": None}
    hub_commit.cache_clear()


def test_fitted_weights_and_language_data_count(tmp_path, monkeypatch):
    made = identities(bench(tmp_path, "system=memos"))
    monkeypatch.setattr("memos.system.ranker_digest", lambda: "other")
    other = identities(bench(tmp_path, "system=memos"))
    assert made["search"] != other["search"] and made["stores"] == other["stores"]
    monkeypatch.setattr("eval.answerers.reader.load_weights", lambda: {"rank": {}, "rank_cosine": {}, "span": {}})
    assert identities(bench(tmp_path, "system=memos"))["run"] != other["run"]
    plain = identities(bench(tmp_path))
    monkeypatch.setattr("eval.metrics.lexical.language_digest", lambda _: "changed")
    monkeypatch.setattr("eval.judges.offline.judge.packaged_weights", lambda: "changed")
    moved = identities(bench(tmp_path))
    assert moved["run"] == plain["run"]
    assert all(moved[name] != plain[name] for name in ("metrics", "judge offline", "judge offline_strict", "summary"))


def altered(value):
    if isinstance(value, tuple):
        return (*value, "D1:1")
    if isinstance(value, datetime):
        return value + timedelta(days=1)
    if isinstance(value, int):
        return value + 1
    return f"{value or ''}?"


@pytest.mark.parametrize("field", [f.name for f in dataclasses.fields(locate("eval.core.types.Question", ""))])
def test_the_whole_question_counts(tmp_path, field):
    base, made = bench(tmp_path), bench(tmp_path)
    first, *rest = made.dataset.questions
    value = {"category": 3 if first.category != 3 else 4, "sample_id": "tiny-9"}.get(
        field, altered(getattr(first, field))
    )
    made.dataset = replace(made.dataset, questions=(replace(first, **{field: value}), *rest))
    before, after = identities(base), identities(made)
    assert before["summary"] != after["summary"] and before["metrics"] != after["metrics"]
    if field in ("text", "qa_index", "sample_id", "asked", "options", "instruction"):
        assert before["run"] != after["run"]
    else:
        assert before["run"] == after["run"], "answers do not depend on what no system sees"
    if field in ("category", "gold", "text"):
        assert before["judge offline"] != after["judge offline"]


@pytest.mark.parametrize("kind", ["Turn", "Session", "Conversation"])
def test_the_whole_conversation_counts(tmp_path, kind):
    cls = locate(f"memos.types.{kind}", "")
    for field in (f.name for f in dataclasses.fields(cls)):
        base, made = bench(tmp_path), bench(tmp_path)
        conversation, *rest = made.dataset.conversations
        session, *later = conversation.sessions
        turn, *turns = session.turns
        if field in ("sessions", "turns"):
            continue  # their own fields are tried
        if kind == "Turn":
            session = replace(session, turns=(replace(turn, **{field: altered(getattr(turn, field))}), *turns))
            conversation = replace(conversation, sessions=(session, *later))
        elif kind == "Session":
            conversation = replace(
                conversation, sessions=(replace(session, **{field: altered(getattr(session, field))}), *later)
            )
        else:
            value = ("Zoe", "Yan") if field == "speakers" else altered(getattr(conversation, field))
            conversation = replace(conversation, **{field: value})
        made.dataset = replace(made.dataset, conversations=(conversation, *rest))
        before, after = identities(base), identities(made)
        assert before["stores"] != after["stores"] and before["run"] != after["run"], f"{kind}.{field}"


def test_forced_choices_are_kept_by_their_options(tmp_path):
    import json

    from eval.datasets.locomo import TINY
    from eval.experiments.adversarial import experiment as adversarial

    file = tmp_path / "data.json"
    shutil.copy(TINY, file)
    overrides = [
        "experiment=adversarial",
        "dataset=tiny",
        f"dataset.path={file}",
        "embedder=mock",
        "llm=mock",
        "answerer=llm",
    ]
    made = config(tmp_path, *overrides)
    folder = Path(adversarial.run(made)["folder"])
    (first,) = folder.glob("forced-*.jsonl")
    data = json.loads(file.read_text(encoding="utf-8"))
    for sample in data:
        for question in sample["qa"]:
            if question["category"] == 5:
                question["adversarial_answer"] = "a zeppelin"
    other = tmp_path / "other.json"
    other.write_text(json.dumps(data), encoding="utf-8")
    again = changed(made, "dataset.path", str(other))
    assert Path(adversarial.run(again)["folder"]) == folder, "the free answers never saw the trap"
    assert len(list(folder.glob("forced-*.jsonl"))) == 2 and first.exists()


MOVED = """
from dataclasses import dataclass, field
from baselines.rag import Rag as Base

class Memory(Base):
    @dataclass
    class Config(Base.Config):
        extra: int = field(default=1, metadata={"help": "a number"})
"""


def test_where_a_class_lives_changes_nothing(tmp_path, monkeypatch):
    for name in ("first_place", "second_place"):
        (tmp_path / f"{name}.py").write_text(MOVED, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    base = config(tmp_path)
    here = changed(base, "system._target_", "first_place.Memory")
    there = changed(base, "system._target_", "second_place.Memory")
    assert identities(Bench(here)) == identities(Bench(there))
    assert Bench(here).fingerprint != Bench(base).fingerprint, "a subclass is not its base"


def test_every_judge_and_score_of_another_model_is_another(tmp_path):
    right = bench(tmp_path, "llm=mock", f"llm.rules=[{CORRECT}]", "judge=llm_generous", "~judge@also_judges.strict")
    wrong = bench(
        tmp_path, "llm=mock", "llm.rules=[{pattern: x, reply: y}]", "judge=llm_generous", "~judge@also_judges.strict"
    )
    assert right.fingerprint == wrong.fingerprint
    assert right.judge_fingerprint(right.judge_specs[0]) != wrong.judge_fingerprint(wrong.judge_specs[0])


def test_timings_belong_to_their_device(tmp_path, monkeypatch):
    timed = identities(bench(tmp_path, "latency.questions=5"))
    untimed = identities(bench(tmp_path))
    monkeypatch.setattr(
        "eval.core.device.hardware", lambda: {"cpu": "another", "gpus": ["NVIDIA H100, 80 GB, 1"], "cores": 1}
    )
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    elsewhere = identities(bench(tmp_path, "latency.questions=5"))
    assert elsewhere["summary"] != timed["summary"] and elsewhere["run"] == timed["run"]
    assert identities(bench(tmp_path)) == untimed, "without a latency pass no device counts"


def test_kv_cells_belong_to_their_device_weights_and_server(tmp_path, monkeypatch):
    from eval.experiments.kv_ttft import experiment as kv_ttft

    base = config(tmp_path, "experiment=kv_ttft", "dataset=tiny", "model=random:tiny")

    def folder(made):
        return kv_ttft._folder(Bench(made), kv_ttft._kv(made))[0]

    cpu = folder(base)
    assert folder(changed(base, "kv.api_key_env", "OTHER")) == cpu == folder(changed(base, "kv.timeout_s", 9.0))
    assert folder(changed(base, "kv.served_as", None)) == cpu != folder(changed(base, "kv.dtype", "bfloat16"))
    a, b = (folder(changed(base, "kv.base_url", f"http://{host}.org/v1")) for host in "ab")
    assert len({a, b, cpu}) == 3
    monkeypatch.setattr(
        "eval.core.device.hardware", lambda: {"cpu": "another", "gpus": ["NVIDIA H100, 80 GB, 1"], "cores": 1}
    )
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert folder(base) != cpu
    monkeypatch.undo()
    monkeypatch.setattr("eval.experiments.kv_ttft.models.identity", lambda *_: {"weights": "replaced"})
    assert folder(base) != cpu
