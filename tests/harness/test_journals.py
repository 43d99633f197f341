"""Journals that were mutated, cut, reordered or mixed: the summary is the same, refused or made again, never quietly
another.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from pathlib import Path

import pytest
import warm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_runs import Made

from eval.core.types import Answer
from eval.report.benchmark_tables import write_benchmark_tables
from eval.report.groups import RunGroup
from eval.runs.read import load_run
from eval.runs.seals import rename_journal
from eval.runs.write import RunDir
from memos.errors import DataError, MemosError

ROOT = Path(__file__).resolve().parents[2]
FILES = (
    "search",
    "answers",
    "contexts",
    "memories",
    "ingest",
    "latency",
    "scores/judge_llm_generous-*",
    "scores/judge_llm_strict-*",
    "scores/metrics-*",
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Made:
    made = Made(tmp_path_factory.mktemp("finished") / "out")
    made.run()
    return made


@pytest.fixture(scope="module")
def other(tmp_path_factory) -> Made:
    """A run of the same questions with another depth of search: same keys, other records."""
    made = Made(tmp_path_factory.mktemp("other") / "out", "system.top_k=1")
    made.run()
    return made


def copied(finished: Made, folder: Path) -> Made:
    shutil.copytree(finished.config["out"], folder / "out")
    return Made(folder / "out")


def columns(run) -> dict:
    names = [name for name in run.summary["metrics"]]
    return {name: dict(sorted(run.column(name).items())) for name in names}


def leaf(value, rng: random.Random):
    """The value with one leaf changed."""
    if isinstance(value, dict) and value:
        name = rng.choice(sorted(value))
        return {**value, name: leaf(value[name], rng)}
    if isinstance(value, list) and value:
        i = rng.randrange(len(value))
        return [*value[:i], leaf(value[i], rng), *value[i + 1 :]]
    if isinstance(value, str):
        return rng.choice([value + "\u2028", value[: len(value) // 2], "Nadia " + value])
    if isinstance(value, bool) or value is None:
        return not value
    return value + rng.choice([1, -1, 0.5]) if isinstance(value, int | float) else "x"


def changed(content: bytes, foreign: bytes, what: str, seed: int) -> bytes:
    """A journal's bytes after one kind of harm."""
    rng = random.Random(seed)
    lines = content.split(b"\n")[:-1]
    i = rng.randrange(len(lines))
    record = json.loads(lines[i])
    strangers = foreign.split(b"\n")[:-1]
    if what == "delete":
        del lines[i]
    elif what == "double":
        lines.insert(rng.randrange(len(lines) + 1), lines[i])
    elif what == "shuffle":
        rng.shuffle(lines)
    elif what == "cut lines":
        lines = lines[:i]
    elif what == "tear":
        return content[: rng.randrange(len(content))]
    elif what == "empty":
        lines = []
    elif what == "value":
        lines[i] = json.dumps(leaf(record, rng), ensure_ascii=False).encode()
    elif what == "without":
        name = rng.choice(sorted(record))
        lines[i] = json.dumps({k: v for k, v in record.items() if k != name}).encode()
    elif what == "bare":
        lines[i] = json.dumps({k: v for k, v in record.items() if k not in ("seq", "digest", "made_from")}).encode()
    elif what == "mix":
        lines[i:i] = strangers[: rng.randrange(1, len(strangers) + 1)]
    elif what == "append":
        lines += strangers
    elif what == "replace":
        lines = strangers
    elif what == "no JSON":
        lines[i] = rng.choice([b"null", b"[1]", b"{", b"", b"\xff\xfe", b"{}"])
    elif what == "blank":
        lines.append(b"")
    return b"".join(line + b"\n" for line in lines)


HARM = (
    "delete",
    "double",
    "shuffle",
    "cut lines",
    "tear",
    "empty",
    "value",
    "without",
    "bare",
    "mix",
    "append",
    "replace",
    "no JSON",
    "blank",
)


def harm(made: Made, other: Made, name: str, what: str, seed: int) -> None:
    (path,) = made.folder.glob(f"{name}.jsonl")
    (foreign,) = other.folder.glob(f"{name}.jsonl")
    path.write_bytes(changed(path.read_bytes(), foreign.read_bytes(), what, seed))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(FILES), st.sampled_from(HARM), st.integers(0, 10_000)), min_size=1, max_size=3)
)
def test_a_harmed_journal_gives_the_same_summary_or_a_refusal(finished, other, tmp_path_factory, harms):
    made = copied(finished, tmp_path_factory.mktemp("harmed"))
    for name, what, seed in harms:
        (path,) = made.folder.glob(f"{name}.jsonl")
        if path.read_bytes().split(b"\n")[:-1] and b"\n\n" not in path.read_bytes():
            try:
                harm(made, other, name, what, seed)
            except ValueError:
                continue  # a line that an earlier harm left without JSON
    whole = columns(load_run(finished.folder))
    try:
        assert columns(load_run(made.folder)) == whole, "read as they were"
    except DataError as error:
        assert "\n" not in str(error)
    try:
        made.run()
    except MemosError as error:
        assert "\n" not in str(error)
        return
    timed_again = any(name == "latency" for name, *_ in harms)
    compared = without_warming if timed_again else dict
    assert compared(made.numbers()) == compared(finished.numbers())
    assert columns(load_run(made.folder)) == whole
    assert "up to date" in made.run()["message"]


def without_warming(numbers: dict) -> dict:
    """The numbers without what the latency pass used; a question timed again warms its system again, which counts."""
    ledger = {phase: spent for phase, spent in numbers["ledger"].items() if phase != "latency"}
    rows = [row for row in numbers["ledger_rows"] if row["phase"] != "latency"]
    journals = {name: journal for name, journal in numbers["journals"].items() if name != "latency"}
    return {**numbers, "ledger": ledger, "ledger_rows": rows, "journals": journals}


def test_what_warming_up_again_used_is_the_one_difference_of_a_question_timed_again(finished, other, tmp_path):
    made = copied(finished, tmp_path)
    harm(made, other, "latency", "delete", 30)
    made.run()
    assert without_warming(made.numbers()) == without_warming(finished.numbers())
    calls = [run.summary["ledger"]["latency"]["calls"] for run in (finished, made)]
    assert calls == [5, 6], "the warming question was asked again"


@pytest.mark.parametrize("what", HARM)
def test_each_harm_to_answers_is_the_same_refused_or_made_again(finished, other, tmp_path, what):
    made = copied(finished, tmp_path)
    harm(made, other, "answers", what, 5)
    try:
        made.run()
    except MemosError as error:
        assert "\n" not in str(error) and "answers.jsonl: line" in str(error)
        assert what in ("no JSON", "blank")
    else:
        assert made.numbers() == finished.numbers()


def test_after_an_answers_line_is_deleted_the_old_verdict_is_not_used(made, monkeypatch):
    run = made()
    run.run()
    (path,) = run.folder.glob("answers.jsonl")
    lines = path.read_bytes().split(b"\n")[:-1]
    gone = next(json.loads(line) for line in lines if json.loads(line)["sample_id"] == "tiny-1")
    key = (gone["sample_id"], gone["qa_index"])
    path.write_bytes(b"".join(line + b"\n" for line in lines if json.loads(line) != gone))
    (run.folder / "summary.json").unlink()
    monkeypatch.setattr(
        "eval.answerers.llm.LLMAnswerer.answer",
        lambda self, tasks: ((i, Answer("an answer of today")) for i in range(len(tasks))),
    )
    again = made()
    again.run()
    loaded = load_run(again.folder)
    new = [r for r in again.lines("answers") if (r["sample_id"], r["qa_index"]) == key][-1]
    assert new["answer"] != gone["answer"]
    judged = [r for r in again.lines("scores/judge_llm_generous-*") if (r["sample_id"], r["qa_index"]) == key]
    assert len(judged) == 2, "the new answer was judged; the old verdict stays as history"
    scored = [r for r in again.lines("scores/metrics-*") if (r["sample_id"], r["qa_index"]) == key]
    assert len(scored) == 2 and loaded.values[key] == scored[-1]["values"]


@pytest.mark.parametrize("name", ["contexts", "memories"])
@pytest.mark.parametrize("kept", [0, 1, -1])
def test_a_lost_context_or_memory_is_searched_for_again(made, name, kept):
    run = made()
    run.run()
    before = run.summary["metrics"]
    path = run.folder / f"{name}.jsonl"
    lines = path.read_bytes().split(b"\n")[:-1]
    path.write_bytes(b"".join(line + b"\n" for line in (lines[:kept] if kept >= 0 else lines[1:])))
    (run.folder / "answers.jsonl").write_bytes(b"")
    (run.folder / "summary.json").unlink()
    run.run()
    assert run.summary["metrics"] == before
    loaded = load_run(run.folder)
    ids = [record["id"] for record in run.lines("memories")]
    assert len(ids) == len(set(ids)), "a number is never given twice"
    assert all(loaded.memories[i]["sample_id"] == key[0] for key, r in loaded.search.items() for i in r["hits"])


def test_a_memorys_number_is_never_that_of_another(tmp_path):
    run = RunDir(tmp_path / "run")
    run.intern_memories("a", [("one", (), 1), ("two", (), 1), ("three", (), 1)])
    run.close()
    path = tmp_path / "run" / "memories.jsonl"
    lines = path.read_bytes().split(b"\n")[:-1]
    path.write_bytes(lines[0] + b"\n" + lines[2] + b"\n")
    run = RunDir(tmp_path / "run")
    assert run.intern_memories("a", [("four", (), 1)]) == [3] and run.memories.records[2]["text"] == "three"
    run.close()


def test_a_stale_summary_is_refused_in_one_line_and_made_again(finished, tmp_path):
    made = copied(finished, tmp_path)
    (path,) = made.folder.glob("scores/judge_llm_generous-*.jsonl")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-4]))
    with pytest.raises(DataError, match="judge_llm_generous-.*changed since summary.json was made") as error:
        load_run(made.folder)
    assert "\n" not in str(error.value) and "own command: python" in str(error.value)
    with pytest.raises(DataError, match="changed since"):
        write_benchmark_tables(RunGroup("tiny", (made.folder,)), tmp_path / "tables")
    for script, options in (("tables.py", []), ("report.py", ["--no-figures"]), ("compare.py", [str(finished.folder)])):
        done = warm.run(
            [sys.executable, ROOT / "scripts" / script, str(made.folder), *options, "--out", str(tmp_path / "made")],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1 and "changed since summary.json" in done.stderr and done.stderr.count("\n") == 1, (
            done.stderr
        )
    assert "up to date" not in made.run()["message"]
    assert made.numbers() == finished.numbers() and load_run(made.folder)


def test_what_another_session_adds_does_not_disturb_a_finished_summary(finished, tmp_path):
    made = copied(finished, tmp_path)
    before = columns(load_run(made.folder))
    run = RunDir(made.folder)
    name = next(made.folder.glob("scores/judge_llm_generous-*.jsonl")).stem
    verdicts = run.journal(f"scores/{name}")
    key, record = next(iter(verdicts.records.items()))
    verdicts.append({**record, "label": "correct" if record["label"] == "wrong" else "wrong", "runs": []})
    run.close()
    assert columns(load_run(made.folder)) == before, "the summary is read with the records it was made of"


def test_the_summary_names_its_journals(finished):
    named = finished.summary["journals"]
    for name, entry in named.items():
        rows = finished.lines(entry["file"].removesuffix(".jsonl"))
        assert entry["records"] == len(rows) and len(entry["digest"]) == 16
        assert name == "metrics" or entry["file"].removeprefix("scores/").startswith(name)


def test_of_two_journals_with_equal_means_the_named_one_is_read(finished, tmp_path):
    made = copied(finished, tmp_path)
    (path,) = made.folder.glob("scores/judge_llm_generous-*.jsonl")
    rows = made.lines("scores/judge_llm_generous-*")
    swapped = [
        {**row, "label": twin["label"], "runs": twin["runs"]}
        for row, twin in zip(rows, rows[1:] + rows[:1], strict=True)
    ]
    for name in ("0000000000", "zzzzzzzzzz"):
        path.with_name(f"judge_llm_generous-{name}.jsonl").write_text(
            "".join(json.dumps(row) + "\n" for row in swapped)
        )
    assert columns(load_run(made.folder)) == columns(load_run(finished.folder))
    summary = {name: value for name, value in made.summary.items() if name != "journals"}
    (made.folder / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(DataError, match="3 journals of judge_llm_generous.*does not say which"):
        load_run(made.folder).column("judge_llm_generous")


def legacy(made: Made) -> None:
    """The folder as commit 160bb13 wrote it: no seals, no links, no run.json, a summary that names nothing."""
    for path in made.folder.rglob("*.jsonl"):
        rows = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
        plain = [
            {k: v for k, v in row.items() if k not in ("seq", "digest", "made_from", "hits_digest")} for row in rows
        ]
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in plain), encoding="utf-8")
    for name in ("run.json", "journals.json"):
        (made.folder / name).unlink()
    new = ("journals", "failures", "judged_by_category", "seed")
    summary = {name: value for name, value in made.summary.items() if name not in new}
    (made.folder / "summary.json").write_text(json.dumps(summary))


def test_an_old_folder_is_up_to_date_and_guarded_from_then_on(finished, tmp_path, monkeypatch):
    made = copied(finished, tmp_path)
    legacy(made)
    assert columns(load_run(made.folder)) == columns(load_run(finished.folder)), "read as it is"
    monkeypatch.setattr("eval.judges.llm.LLMJudge.judge", None)
    monkeypatch.setattr("eval.answerers.llm.LLMAnswerer.answer", None)
    assert "up to date" in made.run()["message"]
    assert (
        made.summary["metrics"] == finished.summary["metrics"]
        and made.summary["journals"].keys() == finished.summary["journals"].keys()
    )
    before = {path: path.read_bytes() for path in made.folder.rglob("*.jsonl")}
    assert "up to date" in made.run()["message"] and before == {path: path.read_bytes() for path in before}


def test_in_an_old_folder_a_verdict_without_its_answer_is_not_used(finished, tmp_path):
    made = copied(finished, tmp_path)
    legacy(made)
    path = made.folder / "answers.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    made.run()
    assert len(made.lines("scores/judge_llm_generous-*")) == len(finished.lines("scores/judge_llm_generous-*")) + 1
    assert made.summary["metrics"] == finished.summary["metrics"]


def test_a_journal_that_is_renamed_keeps_its_records_and_one_that_is_moved_by_hand_does_not(finished, tmp_path):
    made = copied(finished, tmp_path)
    (path,) = made.folder.glob("scores/judge_llm_strict-*.jsonl")
    rename_journal(made.folder, f"scores/{path.stem}", "scores/judge_llm_strict-other")
    shutil.copy(path.with_name("judge_llm_strict-other.jsonl"), path.with_name("judge_llm_strict-hand.jsonl"))
    run = RunDir(made.folder)
    assert not path.exists() and len(run.journal("scores/judge_llm_strict-other").records) == 30
    assert (
        run.journal("scores/judge_llm_strict-hand").records == {}
        and run.journal("scores/judge_llm_strict-hand").void == 30
    )
    run.close()
