"""The command line as a user meets it: runs, resumes, narrows, and tells mistakes in one line."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import warm

from eval.command.cli import CONF
from eval.command.precheck import precheck
from memos.errors import MemosError

ROOT = Path(__file__).resolve().parents[2]
VERDICTS = """llm.rules=[{pattern: 'JSON object', reply: '{"label": "CORRECT"}'}]"""
FAST = [
    "experiment=tiny",
    "embedder=mock",
    "llm=mock",
    "answerer=llm",
    "judge=llm_generous",
    "~judge@also_judges.strict",
    VERDICTS,
    "latency.questions=0",
    "metrics.which=[lexical]",
    "figures=false",
]
SWEEP = "system=null,oracle,full_context,rag"


def command(out: Path, *overrides: str) -> list[str]:
    return [sys.executable, str(ROOT / "run.py"), *FAST, f"out={out}", *overrides]


def run(out: Path, *overrides: str, **kwargs) -> subprocess.CompletedProcess:
    return warm.run(command(out, *overrides), cwd=ROOT, capture_output=True, text=True, timeout=300, **kwargs)


def summary(out: Path, system: str) -> dict:
    (path,) = (out / "runs" / "tiny").glob(f"{system}-*/summary.json")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess]:
    out = tmp_path_factory.mktemp("finished")
    return out, run(out, SWEEP, "figures=true")


def test_a_sweep_writes_summaries_tables_and_plots(finished):
    out, done = finished
    assert done.returncode == 0, done.stderr
    for system in ("null", "oracle", "full_context", "rag"):
        written = summary(out, system)
        assert written["schema"] == 1 and written["complete"] and written["n"] == 60 and written["failed"] == 0
        assert written["by_category"].keys() == {"1", "2", "3", "4"}
        assert written["metrics"]["f1_memos"]["n"] == 60 and "ci95" in written["metrics"]["f1_memos"]
        assert written["ledger"]["answer"]["calls"] == 60 and written["ledger"]["judge"]["calls"] == 180
    assert summary(out, "oracle")["metrics"]["evidence_recall_at_5"]["mean"] == 1.0
    assert "evidence_recall_at_5" in summary(out, "null")["metrics"]
    for name in ("tiny.md", "tiny.csv", "tiny.tex", "tiny_table4.md"):
        assert (out / "tables" / name).stat().st_size > 0
    assert list((out / "figures").glob("*.png")) and list((out / "figures").glob("*.pdf"))
    assert "RAG" in done.stdout and "oracle" in done.stdout


def test_every_question_once_and_a_manifest(finished):
    out, _ = finished
    (folder,) = (out / "runs" / "tiny").glob("rag-*")
    for name in ("search", "answers"):
        rows = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
        keys = [(r["sample_id"], r["qa_index"]) for r in rows]
        assert len(keys) == len(set(keys)) == 60
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["packages"]["numpy"] and manifest["dataset"]["sha256"] and manifest["config"]["seed"] == 0
    assert manifest["sessions"][0]["code"].keys() == {"commit", "dirty", "diff_sha256"}


def test_a_second_run_does_nothing(finished):
    out, _ = finished
    before = {p: p.read_bytes() for p in (out / "runs").rglob("*") if p.is_file()}
    sweeps = sorted((out / "sweeps").rglob("*"))
    done = run(out, SWEEP)
    assert done.returncode == 0 and done.stdout.count("up to date") == 4
    assert {p: p.read_bytes() for p in (out / "runs").rglob("*") if p.is_file()} == before
    assert sorted((out / "sweeps").rglob("*")) == sweeps, "a sweep was launched though nothing was left to do"


def test_narrowing_and_null_by_name(finished):
    out, _ = finished
    done = run(out, "system=null,rag")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("up to date") == 2


def test_changing_the_judge_repays_only_the_judge(finished, tmp_path):
    out, _ = finished
    done = run(out, "system=rag", "judge=llm_strict")
    assert done.returncode == 0, done.stderr
    folders = list((out / "runs" / "tiny").glob("rag-*"))
    assert len(folders) == 1
    assert "judge_llm_strict" in summary(out, "rag")["metrics"]
    assert len((folders[0] / "answers.jsonl").read_text(encoding="utf-8").splitlines()) == 60
    assert run(out, "system=rag").returncode == 0


def test_changing_top_k_searches_again_without_ingesting_again(finished):
    out, _ = finished
    states = set((out / "cache" / "state" / "rag").iterdir())
    done = run(out, "system=rag", "system.top_k=1", "name=other")
    assert done.returncode == 0, done.stderr
    assert set((out / "cache" / "state" / "rag").iterdir()) == states
    assert run(out, "system=rag", "system.chunk_size=32", "name=other").returncode == 0
    assert len(set((out / "cache" / "state" / "rag").iterdir())) == 2 * len(states)


def lines_below(folder: Path) -> int:
    """Lines of all journals below a folder that another process writes; its scratch files come and go."""
    journals = [Path(at, name) for at, _, names in os.walk(folder) for name in names if name.endswith(".jsonl")]
    return sum(path.read_bytes().count(b"\n") for path in journals if path.exists())


def test_killed_at_random_records_the_summary_comes_out_identical(tmp_path):
    straight = tmp_path / "straight"
    slow = ["system=rag", "llm.latency_ms=3", "cache=off"]
    assert run(straight, *slow).returncode == 0
    (expected,) = (straight / "runs" / "tiny").glob("rag-*/summary.json")
    out, rng, kills = tmp_path / "killed", random.Random(3), 0
    for _ in range(6):
        process = warm.Process(command(out, *slow), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        target, start = rng.randrange(1, 230), time.monotonic()
        while process.poll() is None and time.monotonic() - start < 120:
            lines = lines_below(out / "runs")
            if lines >= target + 60 * kills:
                process.send_signal(signal.SIGKILL)
                kills += 1
                break
            time.sleep(0.005)
        process.wait()
        if process.returncode == 0:
            break
    assert kills > 0
    assert run(out, *slow).returncode == 0
    (made,) = (out / "runs" / "tiny").glob("rag-*/summary.json")
    assert without_spent(made) == without_spent(expected)


def without_spent(summary: Path) -> str:
    """A summary's text without what was really asked: a killed run asks again what was under way."""
    fields = json.loads(summary.read_text(encoding="utf-8"))
    assert fields.pop("spent")
    return json.dumps(fields, indent=1)


def test_interrupt_exits_130_and_resumes(tmp_path):
    arguments = ["system=rag", "llm.latency_ms=30", "cache=off"]
    process = warm.Process(command(tmp_path, *arguments), cwd=ROOT)
    start = time.monotonic()
    while not list((tmp_path / "runs").rglob("answers.jsonl")) and time.monotonic() - start < 60:
        time.sleep(0.02)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130 and "the same command resumes" in stderr and "Traceback" not in stderr
    assert run(tmp_path, *arguments).returncode == 0


def test_failed_questions_are_counted_and_retried(tmp_path):
    broken = ["system=rag", "llm.context_window=50"]
    done = run(tmp_path, *broken)
    assert done.returncode == 2 and "failed" in done.stderr
    written = summary(tmp_path, "rag")
    assert written["failed"] == written["n"] == 60 and written["complete"]
    assert written["metrics"]["judge_llm_generous"]["mean"] == 0 and written["metrics"]["judge_llm_generous"]["n"] == 60
    assert run(tmp_path, *broken, "max_errors=60").returncode == 0


def test_budget_stops_with_code_3_and_resumes(tmp_path):
    done = run(tmp_path, "system=rag", "budget.tokens=3000")
    assert done.returncode == 3 and "resume" in done.stderr, done.stderr
    assert run(tmp_path, "system=rag").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["system=ragg"], ["system=ragg", "rag"]),
        (["system=rag", "system.topk=3"], ["system.topk", "top_k"]),
        (["system=rag", "system.top_k=many"], ["system.top_k", "many"]),
        (["system=rag", "system.top_k=0"], ["system.top_k", "0"]),
        (["dataset.categories=[7]"], ["dataset.categories", "7"]),
        (["dataset.conversations=[tiny-9]"], ["tiny-9", "tiny-4"]),
        (["dataset.limt=3"], ["dataset.limt", "limit"]),
        (["dataset.image_query=true"], ["dataset.image_query", "refused"]),
        (["dataset.path=/no/such/file.json"], ["/no/such/file.json"]),
        (["trak=paper"], ["trak", "track"]),
        (["answer"], ["answer", "key=value"]),
        (["judge=ofline"], ["judge=ofline", "offline"]),
    ],
)
def test_mistakes_are_told_before_anything_starts(arguments, expected, tmp_path):
    with pytest.raises(MemosError) as error:
        precheck(CONF, [*FAST, f"out={tmp_path}", *arguments])
    text = str(error.value)
    assert "\n" not in text and all(part in text for part in expected), text


def test_a_mistake_is_one_line_and_exit_code_1(tmp_path):
    done = run(tmp_path, "system=ragg")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("error: system=ragg: no such system") and done.stderr.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_no_experiment_lists_them(tmp_path):
    done = warm.run([sys.executable, "run.py"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "locomo" in done.stderr and done.stderr.count("\n") == 1


def test_damaged_data_is_named(tmp_path):
    bad = tmp_path / "bad.json"
    bad.write_text('[{"sample_id": "x", "conversation": {"speaker_a": "A"}}]', encoding="utf-8")
    done = run(tmp_path / "out", f"dataset.path={bad}")
    assert done.returncode == 1
    assert f"{bad}: [0].conversation.speaker_b: missing" in done.stderr and "Traceback" not in done.stderr


def test_limit_is_a_stratified_sample_and_says_so(tmp_path):
    done = run(tmp_path, "system=oracle", "dataset.limit=20")
    assert done.returncode == 0, done.stderr
    assert "took 20 of 60 questions with seed 0" in done.stdout
    assert summary(tmp_path, "oracle")["dataset"]["n_by_category"] == {"1": 4, "2": 4, "3": 3, "4": 9}


def test_help_lists_groups():
    done = warm.run([sys.executable, "run.py", "--help"], cwd=ROOT, capture_output=True, text=True, env={**os.environ})
    assert done.returncode == 0
    assert all(word in done.stdout for word in ("system:", "rag", "Exit codes", "answerer:"))
