"""Identity: whatever changes an outcome changes a fingerprint or a cache's key; where a class lives does not."""

from __future__ import annotations

import dataclasses
import importlib
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from identity_benches import CORRECT, bench, changed, config, identities

from eval.core import config as schema
from eval.core.config import component_config, identity, locate, part_id
from eval.judges.llm import LLMJudge
from eval.stages.bench import Bench
from memos.embed.cache import CachedEmbedder
from memos.embed.mock import Mock
from memos.embed.openai import OpenAIEmbedder
from memos.errors import ConfigError
from memos.llm.base import Completion, Request
from memos.llm.cache import CachedLLM
from memos.llm.openai import OpenAIChat
from memos.servers import served_as
from memos.types import Message
from memos.weights import hub_commit, model_identity, weights_digest

OPENAI = ("llm=openai", "answerer=llm", "judge=llm_generous", "~judge@also_judges.strict")


# --- servers ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("http://localhost:8000/v1", "http://localhost:9123/v1/", True),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:1/v1", True),
        ("https://me:secret@host.org/v1?key=1", "https://HOST.org:443//v1", True),
        ("http://host.org:8000/v1", "http://host.org:8001/v1", False),
        ("http://a.org/v1", "http://b.org/v1", False),
        ("http://localhost:8000/a/v1", "http://localhost:8000/b/v1", False),
        ("http://a.org/v1", "https://a.org/v1", False),
    ],
)
def test_a_server_is_its_address_without_what_changes_nothing(first, second, same):
    assert (served_as(first) == served_as(second)) == same
    assert served_as(first, "qwen") == served_as(second, "qwen") == "qwen"
    assert "secret" not in served_as(first) and "key" not in served_as(first)


def test_another_server_of_judge_or_answerer_is_another_run(tmp_path):
    first = bench(tmp_path, *OPENAI, "llm.base_url=http://a.org/v1")
    second = bench(tmp_path, *OPENAI, "llm.base_url=http://b.org/v1")
    assert first.fingerprint != second.fingerprint
    judged = ["llm=openai", "judge=llm_generous", "~judge@also_judges.strict"]
    a, b = (bench(tmp_path, *judged, f"llm.base_url=http://{host}.org/v1") for host in "ab")
    assert a.fingerprint == b.fingerprint, "no stage before the judge asks the model"
    assert a.judge_fingerprint(a.judge_specs[0]) != b.judge_fingerprint(b.judge_specs[0])
    named = bench(tmp_path, *judged, "llm.base_url=http://a.org/v1", "llm.served_as=qwen")
    assert named.judge_fingerprint(named.judge_specs[0]) != a.judge_fingerprint(a.judge_specs[0])
    here, there = (bench(tmp_path, *judged, f"llm.base_url=http://localhost:{port}/v1") for port in (8000, 8001))
    assert here.score_fingerprint == there.score_fingerprint, "a job's own server resumes"


@pytest.mark.parametrize("field", ["extra_body.top_k=5", "structured=plain", "context_window=99", "long_prompt=cut"])
def test_fields_of_the_judges_model_name_its_verdicts(tmp_path, field):
    judged = ["llm=openai", "judge=llm_generous", "~judge@also_judges.strict"]
    plain, other = bench(tmp_path, *judged), bench(tmp_path, *judged, f"++llm.{field}")
    assert plain.judge_fingerprint(plain.judge_specs[0]) != other.judge_fingerprint(other.judge_specs[0])


def test_a_judge_holds_its_models_whole_identity():
    urls = ("http://a.org/v1", "http://b.org/v1")
    first, second = (LLMJudge(llm=OpenAIChat(OpenAIChat.Config(base_url=url))).identity() for url in urls)
    assert first != second


class Fixed(OpenAIEmbedder):
    """An embedder whose server is a function."""

    def __init__(self, config, value: float) -> None:
        super().__init__(config)
        self.value, self.asked = value, 0

    def encode(self, texts):
        self.asked += len(texts)
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        rows[:, 0] = self.value
        return rows


def test_vectors_of_one_server_are_not_served_for_another(tmp_path):
    def made(url, dim, value):
        inner = Fixed(OpenAIEmbedder.Config(model="m", base_url=url, dim=dim), value)
        return CachedEmbedder(inner, tmp_path / "e.sqlite")

    assert made("http://a.org/v1", 32, 1.0).encode(["x"])[0, 0] == 1.0
    assert made("http://b.org/v1", 32, -1.0).encode(["x"])[0, 0] == -1.0
    assert made("http://a.org/v1", 64, 0.5).encode(["x"]).shape == (1, 64)
    again = made("http://a.org/v1/", 32, 7.0)
    assert again.encode(["x"])[0, 0] == 1.0 and again.inner.asked == 0


def test_vectors_that_openai_was_paid_for_are_found_under_their_earlier_key(tmp_path):
    import hashlib
    import sqlite3

    path = tmp_path / "e.sqlite"
    CachedEmbedder(Mock(), path).close()
    vector = np.zeros(1536, dtype=np.float32)
    vector[3] = 1.0
    db = sqlite3.connect(path)
    with db:
        for text, row in (("paid", vector), ("of another length", vector[:8])):
            key = hashlib.blake2b(f"text-embedding-3-small\0{text}".encode(), digest_size=16).digest()
            db.execute("INSERT INTO vectors VALUES (?, ?)", (key, row.tobytes()))
    official = CachedEmbedder(Fixed(OpenAIEmbedder.Config(), 9.0), path)
    assert official.encode(["paid"])[0, 3] == 1.0 and official.inner.asked == 0
    assert official.encode(["of another length"])[0, 0] == 9.0
    foreign = CachedEmbedder(Fixed(OpenAIEmbedder.Config(base_url="http://a.org/v1"), 5.0), path)
    assert foreign.encode(["paid"])[0, 0] == 5.0
    fresh = CachedEmbedder(Fixed(OpenAIEmbedder.Config(), 4.0), path, earlier=False)
    assert fresh.encode(["paid"])[0, 0] == 4.0


def test_replies_are_kept_by_server_and_found_under_their_earlier_key(tmp_path):
    from memos.llm.wire import request_key

    request, path = Request((Message("user", "hello"),)), tmp_path / "llm.sqlite"

    class Says(OpenAIChat):
        def complete(self, _):
            return Completion(self.base_url, "m")

    def made(**fields):
        return CachedLLM(Says(OpenAIChat.Config(**fields)), path)

    old = made(base_url="http://localhost:8000/v1")
    earlier = {"provider": "openai", "model": "gpt-4o-mini", "base_url": "http://localhost:8000/v1"}
    assert old._earlier == earlier
    old._write(request_key(earlier, request), Completion("paid before", "m"))
    assert old.complete(request).text == "paid before"
    assert made(base_url="http://localhost:8000/v1", served_as="new").complete(request).text != "paid before"
    assert made(base_url="http://b.org/v1").complete(request).text == "http://b.org/v1"
    assert made(base_url="http://b.org:80/v1").complete(request).from_cache
    assert not made(base_url="http://b.org/v1", extra_body={"top_k": 1}).complete(request).from_cache


# --- weights ---------------------------------------------------------------------------------------------------------
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


# --- every field of the configuration --------------------------------------------------------------------------------
def other(value, field_type: str):
    """Another value of a field's kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value + 0.01
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, dict):
        return {**value, "top_k": "7"}
    if isinstance(value, (list, tuple)):
        return [*value, *value[:1]] if value else ["x"]
    return 3 if "int" in field_type else 0.5 if "float" in field_type else "x"


ALTERNATIVES = {
    "order": ("rank", "time"),
    "dates": ("long", "iso"),
    "extractor": ("llm", "rules"),
    "long_prompt": ("cut", "refuse"),
    "structured": ("plain", "json_object"),
    "dtype": ("bfloat16", "float32"),
    "long_texts": ("refuse", "pool"),
    "rubric": ("strict", "generous"),
    "base_url": ("http://other.org/v1",),
    "prompt": ("brief", "default"),
    "rules": ([["a", "b"]],),
    "path": (__file__,),
}
"""Values of fields that do not take just any."""


def components():
    """Every component that a configuration group offers."""
    from eval.command.cli import CONF

    for group in ("system", "llm", "embedder", "answerer", "judge"):
        for file in sorted((CONF / group).rglob("*.yaml")):
            name = file.relative_to(CONF / group).with_suffix("").as_posix()
            if not name.startswith("sweep/"):
                yield group, name


@pytest.mark.parametrize(("group", "name"), list(components()))
def test_every_field_of_every_component_is_in_its_identity_or_declared(tmp_path, group, name):
    quoted = f"'{name}'" if name == "null" else name
    spec = config(tmp_path, f"{group}={quoted}")[group]
    cls, made = component_config(spec, group)
    base, checked = identity(spec), 0
    for field in dataclasses.fields(made):
        now = getattr(made, field.name)
        known = [choice for choice in ALTERNATIVES.get(field.name, ()) if choice != now]
        value = known[0] if known else other(now, str(field.type))
        try:
            component_config({**spec, field.name: value}, group)
        except ConfigError:
            continue  # not any value is allowed; the fields that matter are in ALTERNATIVES
        same = identity({**spec, field.name: value}) == base
        assert same == (field.name in schema.EXECUTION), f"{group}.{field.name}"
        checked += 1
    assert checked or not dataclasses.fields(made)
    assert vars(cls).get("part_id") == part_id(cls), "a part of this project has a stable name of its own"


TOP = [
    ("seed", 1),
    ("track.prompt", "default"),
    ("track.budget_words", 50),
    ("track.name", "other"),
    ("system.label", "other"),
    ("latency.questions", 5),
    ("metrics.which", ["lexical", "similarity"]),
    ("metrics.dtype", "bfloat16"),
    ("metrics.similarity_model", "x/y"),
    ("metrics.bertscore_model", "x/y"),
    ("dataset.captions", True),
    ("dataset.categories", [1]),
    ("dataset.conversations", ["tiny-1"]),
    ("dataset.limit", 9),
    ("embedder.dim", 64),
    ("embedder.label", "other"),
    ("answerer.lines", 4),
    ("answerer.name", "other"),
    ("judge.threshold", 0.6),
    ("also_judges.strict.threshold", 0.7),
    ("llm.reason", "other"),
    ("llm.name", "other"),
]


@pytest.mark.parametrize(("path", "value"), TOP, ids=[path for path, _ in TOP])
def test_every_other_key_changes_what_is_up_to_date(tmp_path, path, value):
    base = config(tmp_path)
    assert Bench(base).score_fingerprint != Bench(changed(base, path, value)).score_fingerprint


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("cache", "off"),
        ("max_errors", 3),
        ("figures", False),
        ("accept_code", True),
        ("rerun", True),
        ("budget.tokens", 9),
        ("embedder._target_", "memos.embed.mock.Mock"),
        ("out", "elsewhere"),
    ],
)
def test_execution_keys_change_nothing(tmp_path, path, value):
    base = config(tmp_path)
    assert path.split(".")[0] in schema.EXECUTION_KEYS or path.endswith("_target_")
    assert identities(Bench(base)) == identities(Bench(changed(base, path, value)))


# --- every field of the data -----------------------------------------------------------------------------------------
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
    if field in ("text", "qa_index", "sample_id"):
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

    from eval.datasets.load import TINY
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


# --- names -----------------------------------------------------------------------------------------------------------
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


# --- timings ---------------------------------------------------------------------------------------------------------
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
