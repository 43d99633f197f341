"""Runs and their identity: code that changed is asked about once, records are kept or moved aside, earlier folders are
taken over.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from identity_benches import CORRECT, changed, config

from eval.command.cli import _ask_about_code
from eval.command.precheck import Checked
from eval.experiments.benchmark import experiment as runs
from eval.runs.find import states
from eval.stages import changes
from eval.stages.bench import Bench
from memos.errors import ConfigError

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "run_160bb13"
FAST = (
    "embedder=mock",
    "embedder.dim=8",
    "llm=mock",
    "answerer=llm",
    "judge=llm_generous",
    "~judge@also_judges.strict",
    f"llm.rules=[{CORRECT}]",
    "dataset.limit=6",
    "dataset.conversations=[tiny-1]",
    "system.chunk_size=40",
)


@pytest.fixture
def made(tmp_path):
    """A finished run and its configuration."""
    spec = config(tmp_path, *FAST)
    assert runs.run(spec)["message"].startswith("rag: finished")
    return spec


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def said(after: bytes, before: bytes) -> bool:
    """Whether a journal has the very records it had, whatever was added to them."""
    rows = [[json.loads(line) for line in content.splitlines()] for content in (before, after)]
    return len(rows[0]) == len(rows[1]) and all(
        all(new.get(k) == v for k, v in old.items()) for old, new in zip(*rows, strict=True)
    )


def edit(monkeypatch, stage: str) -> None:
    """Pretend that the code of one stage is another one."""
    real = changes.stage_code

    def other(bench):
        return real(bench) | {name: "0" * 16 for name in real(bench) if name.split("-")[0] == stage}

    for module in ("eval.stages.changes", "eval.stages.manifest"):
        monkeypatch.setattr(f"{module}.stage_code", other)


@pytest.mark.parametrize("stage", ["ingest", "search", "answer", "judge_llm_generous", "metrics"])
def test_changed_code_asks_and_is_accepted_or_remade(made, monkeypatch, stage):
    folder = Bench(made).folder
    before = files(folder)
    assert runs.run(dict(made))["message"].startswith("rag: up to date")
    edit(monkeypatch, stage)
    for ask in (runs.run, runs.up_to_date):
        with pytest.raises(ConfigError, match=f"code changed: {stage}.*since.*accept_code=true.*rerun=true") as raised:
            ask(dict(made))
        assert "\n" not in str(raised.value) and folder.name in str(raised.value)
    assert files(folder) == before, "a question changes nothing"
    kept = runs.run(changed(made, "accept_code", True))
    assert kept["message"].startswith("rag: up to date")
    after = files(folder)
    assert {n for n in before if before[n] != after[n]} == {"manifest.json"}
    assert json.loads(after["manifest.json"])["accepted_code"][0]["stage"].split("-")[0] == stage
    assert runs.run(dict(made))["message"].startswith("rag: up to date"), "an accepted change is not asked about again"


@pytest.mark.parametrize(
    ("stage", "moved", "stays"),
    [
        ("ingest", {"ingest.jsonl", "search.jsonl", "answers.jsonl"}, set()),
        ("search", {"search.jsonl", "answers.jsonl", "contexts.jsonl"}, {"ingest.jsonl"}),
        ("answer", {"answers.jsonl"}, {"search.jsonl", "ingest.jsonl"}),
        ("judge_llm_generous", set(), {"answers.jsonl", "search.jsonl"}),
        ("metrics", set(), {"answers.jsonl", "search.jsonl"}),
    ],
)
def test_rerun_remakes_from_the_first_changed_stage_and_keeps_the_old_records(made, monkeypatch, stage, moved, stays):
    bench = Bench(made)
    folder, before = bench.folder, files(bench.folder)
    store = bench.state_folder(bench.dataset.conversations[0])
    edit(monkeypatch, stage)
    outcome = runs.run(changed(made, "rerun", True))
    assert outcome["message"].startswith("rag: finished") and outcome["folder"] == str(folder)
    (aside,) = (p for p in folder.parent.iterdir() if p.name.startswith("replaced-"))
    old = files(aside)
    scores = {n for n in before if n.startswith(f"scores/{stage if stage != 'metrics' else 'metrics'}")}
    assert moved | {"summary.json", "manifest.json"} <= old.keys() and not stays & old.keys()
    assert all(old[n] == before[n] for n in old)
    assert stage in ("ingest", "search", "answer") or scores <= old.keys()
    now = files(folder)
    assert all(now[n].startswith(before[n]) for n in stays), "journals only grow"
    assert json.loads(now["summary.json"])["metrics"] == json.loads(before["summary.json"])["metrics"]
    aside_stores = [p for p in store.parent.iterdir() if p.name.startswith("replaced-")]
    assert len(aside_stores) == (stage == "ingest") and store.exists()
    assert runs.run(dict(made))["message"].startswith("rag: up to date")
    assert runs.run(changed(made, "rerun", True))["message"].startswith("rag: up to date"), "nothing has changed since"
    assert [s.folder.name for s in states(Path(made["out"]))] == [folder.name], "what was replaced is no run"


def test_another_choice_of_metrics_is_no_changed_code(made, monkeypatch):
    more = changed(made, "metrics.also", ["identity_benches.LengthRatio"])
    finished = runs.run(dict(more))
    assert finished["message"].startswith("rag: finished") and Path(finished["folder"]) == Bench(made).folder
    assert runs.run(dict(made))["message"].startswith("rag: finished"), "the summary is that of the first choice again"
    edit(monkeypatch, "metrics")
    for choice in (made, more):
        with pytest.raises(ConfigError, match="code changed: metrics of"):
            runs.run(dict(choice))
    runs.run(changed(made, "accept_code", True))
    with pytest.raises(ConfigError, match="code changed: metrics of"):
        runs.run(dict(more))


def test_a_manifest_with_one_entry_for_all_metrics_is_asked_about(made, monkeypatch):
    file = Bench(made).folder / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    manifest["code"] = {stage.split("-")[0]: entry for stage, entry in manifest["code"].items()}
    file.write_text(json.dumps(manifest), encoding="utf-8")
    assert runs.run(dict(made))["message"].startswith("rag: up to date")
    edit(monkeypatch, "metrics")
    with pytest.raises(ConfigError, match="code changed: metrics of"):
        runs.run(dict(made))
    assert runs.run(changed(made, "accept_code", True))["message"].startswith("rag: up to date")
    assert runs.run(dict(made))["message"].startswith("rag: up to date")


def test_a_metric_that_passes_1_has_an_interval_around_its_mean(made):
    wider = changed(changed(made, "metrics.also", ["identity_benches.LengthRatio"]), "dataset.conversations", None)
    folder = Path(runs.run(changed(wider, "dataset.limit", 24))["folder"])
    entry = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["metrics"]["length_ratio"]
    low, high = entry["ci95"]
    assert low < entry["mean"] < high and high > 1


def test_a_store_of_other_code_is_asked_about_by_every_run_that_shares_it(made, monkeypatch):
    edit(monkeypatch, "ingest")
    other = changed(made, "system.top_k", 1)
    assert not Bench(other).folder.exists()
    with pytest.raises(ConfigError, match="code changed: ingest of 1 stores in cache/state/rag"):
        runs.run(other)
    assert runs.run(changed(other, "accept_code", True))["message"].startswith("rag: finished")
    assert runs.up_to_date(dict(other))["message"].startswith("rag: up to date")


@pytest.mark.parametrize("form", [{}, {"form": 1}])
def test_codes_of_an_earlier_form_are_taken_as_the_present_ones(made, monkeypatch, capsys, form):
    """Folders and stores whose digests cannot be compared: nothing is asked, and what changes from then on is."""
    monkeypatch.setattr(runs, "_TOLD", set())
    bench = Bench(made)
    manifest_file = bench.folder / "manifest.json"
    stores = sorted(bench.state_folder(bench.dataset.conversations[0]).parent.glob("*.code.json"))
    manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    now = manifest["code"]
    manifest["code"] = {stage: {"digest": "1" * 16, "commit": "c0ffee", **form} for stage in now}
    manifest_file.write_text(json.dumps(manifest), encoding="utf-8")
    for store in stores:
        store.write_text(json.dumps({"digest": "1" * 16, "commit": "c0ffee", **form}), encoding="utf-8")
    before = files(bench.folder)
    assert runs.up_to_date(dict(made))["message"].startswith("rag: up to date")
    assert "made at commit c0ffee" in (printed := capsys.readouterr().out) and "taken as this code's" in printed
    after = files(bench.folder)
    assert {name for name in before if before[name] != after[name]} == {"manifest.json"}
    code = json.loads(after["manifest.json"])["code"]
    assert code == {stage: {**entry, "commit": "c0ffee"} for stage, entry in now.items()}
    assert len(stores) == 1
    for store in stores:
        note = json.loads(store.read_text(encoding="utf-8"))
        assert note["digest"] == now["ingest"]["digest"] and note["accepted"][0]["digest"] == "1" * 16
    assert runs.up_to_date(dict(made)) and files(bench.folder) == after, "it is taken over once"
    edit(monkeypatch, "search")
    with pytest.raises(ConfigError, match="code changed: search"):
        runs.up_to_date(dict(made))


def test_the_question_comes_once_for_all_runs_of_a_command(made, monkeypatch):
    second = changed(made, "system.top_k", 1)
    runs.run(second)
    edit(monkeypatch, "search")
    with pytest.raises(ConfigError) as raised:
        _ask_about_code(Checked([dict(made), dict(second)], True, []))
    assert all(Bench(spec).folder.name in str(raised.value) for spec in (made, second))
    assert str(raised.value).count("accept_code=true") == 1


def test_keeping_and_remaking_exclude_each_other(made):
    with pytest.raises(ConfigError, match="accept_code=true rerun=true"):
        Bench(changed(changed(made, "accept_code", True), "rerun", True))


def test_the_folders_name_is_only_a_label(made):
    folder = Bench(made).folder
    renamed = folder.rename(folder.with_name("rag-0123456789"))
    outcome = runs.up_to_date(dict(made))
    assert outcome["folder"] == str(renamed)


def test_a_summary_of_other_statistics_is_made_again(made, monkeypatch):
    before = files(Bench(made).folder)
    for module in ("eval.experiments.benchmark.experiment", "eval.stages.manifest"):
        monkeypatch.setattr(f"{module}.summary_code", lambda: "0" * 16)
    assert runs.up_to_date(dict(made)) is None
    runs.run(dict(made))
    after = files(Bench(made).folder)
    assert {n for n in before if before[n] != after[n]} == {"manifest.json"}


# --- folders of commit 160bb13 ---------------------------------------------------------------------------------------
@pytest.fixture
def earlier(tmp_path):
    """A results folder as commit 160bb13 left it, and the configuration of the command that made it."""
    shutil.copytree(FIXTURE, tmp_path / "old")
    return config(tmp_path / "old", *FAST)


def test_an_earlier_folder_is_up_to_date(earlier):
    (folder,) = (Path(earlier["out"]) / "runs" / "tiny").iterdir()
    before, old = files(folder), json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    outcome = runs.up_to_date(dict(earlier))
    assert outcome and outcome["message"].startswith("rag: up to date") and outcome["folder"] == str(folder)
    after = files(folder)
    kept = [name for name in before if "/" not in name and name.endswith(".jsonl")]
    assert kept and all(said(after[name], before[name]) for name in kept), "records are sealed, nothing else"
    scored = [sorted(name for name in folder_files if name.startswith("scores/")) for folder_files in (before, after)]
    assert all(said(after[new], before[name]) for name, new in zip(*scored, strict=True)), "only renamed and sealed"
    new = json.loads(after["summary.json"])
    assert all(new[key] == old[key] for key in ("by_category", "n", "failed", "judged"))
    dollars = {"usd": 0.0}  # the one figure that old ledgers lack, where a model was asked
    asked = {phase: dollars if usage["calls"] else {} for phase, usage in old["ledger"].items()}
    assert new["ledger"] == {phase: usage | asked[phase] for phase, usage in old["ledger"].items()}
    assert all(new["metrics"][name] == new["metrics"][name] | figures for name, figures in old["metrics"].items())
    manifest = json.loads(after["manifest.json"])
    assert manifest["adopted"]["fingerprint"] == "9967279f4b" and manifest["fingerprint"] == Bench(earlier).fingerprint
    assert manifest["sessions"] == json.loads(before["manifest.json"])["sessions"]
    assert runs.up_to_date(dict(earlier)) and files(folder) == after, "it is taken over once"


def test_an_earlier_store_is_used_again(earlier):
    (folder,) = (Path(earlier["out"]) / "runs" / "tiny").iterdir()
    shutil.rmtree(folder)
    bench = Bench(earlier)
    assert bench.state_folder(bench.dataset.conversations[0]).name == "tiny-1-4221c73251a1188a"


@pytest.mark.parametrize(
    ("path", "value"),
    [("system.top_k", 5), ("answerer.temperature", 0.5), ("llm.model", "other"), ("embedder.dim", 16), ("seed", 4)],
)
def test_another_command_does_not_take_an_earlier_folder(earlier, path, value):
    made = changed(earlier, path, value)
    assert runs.up_to_date(made) is None and not Bench(made).folder.exists()


def test_an_earlier_judges_verdicts_are_not_those_of_another_model(earlier):
    """The old fingerprint of verdicts knew the model's name only; the recorded configuration knows its server."""
    (folder,) = (Path(earlier["out"]) / "runs" / "tiny").iterdir()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["dataset"]["sha256"] = "of other data"
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert runs.up_to_date(dict(earlier)) is None, "categories of that time are unknown"
    assert sorted(p.name for p in (folder / "scores").iterdir()) == [
        "judge_llm_generous-b70b352632.jsonl",
        "metrics-b17513ceea.jsonl",
    ]


def test_an_earlier_folder_of_a_moved_class_is_found(earlier, monkeypatch):
    moved = changed(earlier, "system._target_", "moved_rag.Rag")
    import sys
    import types

    import baselines.rag

    module = types.ModuleType("moved_rag")
    module.Rag = baselines.rag.Rag
    monkeypatch.setitem(sys.modules, "moved_rag", module)
    assert runs.up_to_date(moved)["message"].startswith("rag: up to date")


# --- servers
# ------------------------------------------------------------------------------------------------------------
def test_a_judge_that_is_always_wrong_is_not_the_one_that_is_always_right(tmp_path, scripted_server, server_key):
    right = scripted_server(rules=[("JSON object", '{"label": "CORRECT"}')])
    wrong = scripted_server(rules=[("JSON object", '{"label": "WRONG"}')])
    moved = scripted_server(rules=[("JSON object", '{"label": "WRONG"}')])
    judged = [
        *("embedder=mock", "dataset.limit=4", "dataset.conversations=[tiny-1]", "metrics=lexical", "llm=openai"),
        *("judge=llm_generous", "~judge@also_judges.strict", f"llm.api_key_env={server_key}", "system='null'"),
    ]

    def score(base_url: str, *overrides: str) -> float:
        outcome = runs.run(config(tmp_path, *judged, f"llm.base_url={base_url}", *overrides))
        summary = json.loads((Path(outcome["folder"]) / "summary.json").read_text(encoding="utf-8"))
        return summary["metrics"]["judge_llm_generous"]["mean"]

    there = wrong.base_url.replace("127.0.0.1", "localhost")
    assert score(right.base_url) == 1.0
    assert score(there) == 0.0, "another server's verdicts are other verdicts"
    assert score(right.base_url) == 1.0
    assert score(moved.base_url) == 1.0 and not moved.requests, "a job's own server on another port resumes"
    assert score(moved.base_url, "llm.served_as=strict-judge") == 0.0 and moved.requests


def test_another_embedding_server_fills_another_store(tmp_path, scripted_server, server_key):
    first, second = scripted_server(dim=32), scripted_server(dim=64)
    embedded = [
        *("embedder=openai", "embedder.model=m", f"embedder.api_key_env={server_key}", "dataset.limit=4"),
        *(
            "dataset.conversations=[tiny-1]",
            "metrics=lexical",
            "~judge@also_judges.strict",
            "judge=llm_generous",
            "llm=mock",
        ),
    ]
    a = config(tmp_path, *embedded, f"embedder.base_url={first.base_url}", "embedder.dim=32")
    host = second.base_url.replace("127.0.0.1", "localhost")
    b = config(tmp_path, *embedded, f"embedder.base_url={host}", "embedder.dim=64")
    folders = {runs.run(spec)["folder"] for spec in (a, b)}
    assert len(folders) == 2 and first.requests and second.requests
    store = Bench(b).state_folder(Bench(b).dataset.conversations[0])
    import numpy as np

    assert np.load(store / "store" / "vectors.npy").shape[1] == 64
