"""Only runs of the same questions of the same data and key are paired, in comparisons and in tables."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import warm
from small_runs import Made

from eval.datasets.locomo import TINY
from eval.report.benchmark_tables import significant_ties, write_benchmark_tables
from eval.report.groups import RunGroup
from eval.report.significance import against_best, comparison_table, same_questions
from eval.runs.read import load_run
from memos.errors import DataError

ROOT = Path(__file__).resolve().parents[2]


def variant(folder: Path, edit) -> Path:
    data = json.loads(TINY.read_text(encoding="utf-8"))
    edit(data)
    path = folder / "variant.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Made:
    made = Made(tmp_path_factory.mktemp("first") / "out", "latency.questions=0")
    made.run()
    return made


def second(tmp_path: Path, *overrides: str) -> Made:
    made = Made(tmp_path / "second", "latency.questions=0", "system.top_k=1", *overrides)
    made.run()
    return made


def compare(a: Made, b: Made, out: Path, *options: str) -> subprocess.CompletedProcess:
    return warm.run(
        [sys.executable, ROOT / "scripts" / "compare.py", str(a.folder), str(b.folder), "--out", str(out), *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_runs_of_the_same_questions_are_paired_whatever_their_order(first, tmp_path):
    other = second(tmp_path)
    a, b = load_run(first.folder), load_run(other.folder)
    assert same_questions(a, b) is None
    b.keys.reverse()
    assert [row for s in comparison_table(a, b, ["f1_memos"]).sections for row in s.rows] == [
        row for s in comparison_table(a, load_run(other.folder), ["f1_memos"]).sections for row in s.rows
    ]
    assert compare(first, other, tmp_path).returncode == 0


def reverse(data):
    for sample in data:
        sample["qa"].reverse()


@pytest.mark.parametrize(
    "edit",
    [
        reverse,
        lambda d: d[0]["qa"][0].update(answer="another"),
        lambda d: d[0]["qa"][0].update(question="Another?"),
        lambda d: d[0]["qa"][0].update(category=1),
        lambda d: d[0]["qa"][0].update(evidence=["D1:2"]),
    ],
    ids=["order", "gold", "text", "category", "evidence"],
)
def test_another_file_is_refused(first, tmp_path, edit):
    other = second(tmp_path, f"dataset.path={variant(tmp_path, edit)}")
    done = compare(first, other, tmp_path)
    assert done.returncode == 1 and "of different data" in done.stderr and done.stderr.count("\n") == 1
    assert compare(first, other, tmp_path, "--shared").returncode == 1
    runs = [load_run(first.folder), load_run(other.folder)]
    with pytest.raises(DataError, match="different questions"):
        against_best(runs, "judge_llm_generous")
    assert significant_ties(RunGroup("tiny", (first.folder, other.folder))).whole == {}


def test_another_gold_under_the_same_digest_of_the_file_is_refused(first, tmp_path):
    other = second(tmp_path, f"dataset.path={variant(tmp_path, lambda d: d[0]['qa'][0].update(answer='another'))}")
    a, b = load_run(first.folder), load_run(other.folder)
    b.summary["dataset"]["sha256"] = a.summary["dataset"]["sha256"]
    with pytest.raises(DataError, match="question tiny-1 0 has another text, gold or evidence"):
        same_questions(a, b)


def test_another_answer_key_is_refused(first, tmp_path):
    other = second(tmp_path)
    a, b = load_run(first.folder), load_run(other.folder)
    b.summary["dataset"]["answer_key"] = "clean"
    with pytest.raises(DataError, match="different answer keys"):
        comparison_table(a, b, ["f1_memos"])


def test_subsets_are_compared_only_when_asked_and_with_a_warning(first, tmp_path):
    other = second(tmp_path, "dataset.limit=20")
    done = compare(first, other, tmp_path)
    assert (
        done.returncode == 1
        and "(30 and 20, 20 in both); compare.py --shared" in done.stderr
        and done.stderr.count("\n") == 1
    )
    done = compare(first, other, tmp_path, "--shared")
    assert done.returncode == 0, done.stderr
    assert "WARNING: the runs are of different questions; only the 20 that both have are compared" in done.stderr
    assert "WARNING" in done.stdout and "WARNING" in next((tmp_path / "compare").glob("*.md")).read_text(
        encoding="utf-8"
    )


def test_a_sweep_of_seeds_over_samples_has_tables(tmp_path):
    out = tmp_path / "out"
    command = [
        sys.executable,
        ROOT / "run.py",
        "experiment=tiny",
        "embedder=mock",
        "llm=mock",
        "answerer=llm",
        "system=null,rag",
        "jobs=1",
        "seed=0,1,2",
        "dataset.limit=20",
        "latency.questions=0",
        "metrics.which=[lexical]",
        "judge=llm_strict",
        "~judge@also_judges.strict",
        """llm.rules=[{pattern: 'JSON object', reply: '{"label": "CORRECT"}'}]""",
        f"out={out}",
    ]
    done = warm.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    text = (out / "tables" / "tiny.md").read_text(encoding="utf-8")
    assert all(f"seed {seed}: overall (n = 20)" in text for seed in (0, 1, 2))
    recall = (out / "tables" / "tiny_recall.md").read_text(encoding="utf-8")
    assert all(f"seed={seed}" in recall for seed in (0, 1, 2))
    assert (out / "tables" / "tiny.runs.json").exists()


def test_a_sweep_of_seeds_over_the_same_questions_names_its_rows(first, tmp_path):
    other = Made(tmp_path / "out", "latency.questions=0", "seed=3")
    other.run()
    tables = write_benchmark_tables(RunGroup("tiny", (first.folder, other.folder)), tmp_path / "made")
    assert [section.title.split(" (")[0] for section in tables[1].sections] == ["overall"]
    assert [row[0].value for row in tables[1].sections[0].rows] == ["RAG-40/k2 seed=0", "RAG-40/k2 seed=3"]
