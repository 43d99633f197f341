"""What is written is what the types say: every file of real runs, old and new, whole and failed, and no more."""

from __future__ import annotations

import copy
import importlib.util
import json
import shutil
from pathlib import Path
from typing import Literal, get_args, is_typeddict

import pytest
from small_runs import Made

from baselines.rag import Rag
from eval.answerers.llm import LLMAnswerer
from eval.core.types import Answer, Verdict
from eval.experiments import rescoring
from eval.experiments.benchmark import experiment as runs
from eval.judges.llm import LLMJudge
from eval.judges.published import PublishedAnswer
from eval.metrics.lexical import Lexical
from eval.runs.format import page
from eval.runs.format.fields import check, fields, problems, shape
from eval.runs.format.files import BENCHMARK, RESCORED, STORE, check_file, check_folder
from eval.runs.format.journals import AnyAnswer, AnyIngest, AnySearch, AnyVerdict
from eval.runs.format.summary import ScoreSummary, Summary
from memos.errors import DataError

ROOT = Path(__file__).resolve().parents[2]
OLD = ROOT / "tests" / "fixtures" / "run_160bb13"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    made = Made(tmp_path_factory.mktemp("whole"))
    made.run()
    return made


def stores(out: Path) -> list[Path]:
    folder = out / "cache" / "state"
    return [path for pattern in ("*/*/progress.json", "*/*.code.json") for path in sorted(folder.glob(pattern))]


def test_every_file_of_a_run_is_as_documented(run):
    assert check_folder(run.folder) == []
    written = {path.relative_to(run.folder).as_posix() for path in run.folder.rglob("*") if path.is_file()}
    assert {"manifest.json", "run.json", "journals.json", "summary.json", "config.yaml", "latency.jsonl"} <= written
    kept = stores(run.folder.parents[2])
    assert len(kept) == 4
    for path in kept:
        check_file(path, STORE["progress.json" if path.name == "progress.json" else "*.code.json"])


def test_a_run_of_the_first_version_is_readable_as_it_is_and_once_taken_over(tmp_path):
    shutil.copytree(OLD, tmp_path / "results")
    (folder,) = (tmp_path / "results").glob("runs/*/*")
    assert check_folder(folder) == []
    for path in stores(tmp_path / "results"):
        check_file(path, STORE["progress.json"])
    config = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["config"]
    new = Made(tmp_path / "results").config
    runs.run({**new, **config, "out": str(tmp_path / "results"), "judge": new["judge"], "accept_code": True})
    assert "adopted" in json.loads((folder / "manifest.json").read_text(encoding="utf-8")), "it was not taken over"
    assert check_folder(folder) == []


def raising(*_, **__):
    raise ValueError("down")


def failing_on_long_questions(method):
    """A method of an answerer or judge that raises on batches and on questions of more than 40 characters."""

    def asked(self, tasks):
        if len(tasks) > 1 or len(tasks[0].question) > 40:
            raise ValueError("down")
        yield from method(self, tasks)

    return asked


def kinds(made: Made, name: str, *choices) -> set[type]:
    """Which of these types the lines of a journal are of."""
    lines = made.lines(name)
    return {kind for kind in choices if any(not list(problems(line, kind)) for line in lines)}


@pytest.mark.parametrize(
    ("owner", "method", "name", "kind"),
    [
        (Rag, "add", "ingest", AnyIngest),
        (Rag, "search", "search", AnySearch),
        (LLMAnswerer, "answer", "answers", AnyAnswer),
        (LLMJudge, "judge", "scores/judge_llm_strict-*", AnyVerdict),
    ],
)
def test_failed_work_is_as_documented(tmp_path, monkeypatch, owner, method, name, kind):
    own = getattr(owner, method)
    monkeypatch.setattr(owner, method, failing_on_long_questions(own) if owner in (LLMAnswerer, LLMJudge) else raising)
    made = Made(tmp_path)
    made.run()
    assert check_folder(made.folder) == []
    assert get_args(kind)[1] in kinds(made, name, *get_args(kind)), "nothing failed"


def test_answers_verdicts_and_values_that_say_they_failed_are_as_documented(tmp_path, monkeypatch):
    answer = LLMAnswerer.answer
    monkeypatch.setattr(
        LLMAnswerer,
        "answer",
        lambda self, tasks: (
            (i, Answer("", "error", error="down") if i % 3 == 0 else a) for i, a in answer(self, tasks)
        ),
    )
    broken = Verdict("error", None, ("error",), ("LLMError: down",))
    monkeypatch.setattr(LLMJudge, "judge", lambda self, tasks: ((i, broken) for i, _ in enumerate(tasks)))
    monkeypatch.setattr(Lexical, "score", raising)
    made = Made(tmp_path)
    made.run()
    assert check_folder(made.folder) == []
    assert made.summary["failed"] == 30 and any("errors" in line for line in made.lines("scores/metrics-*"))
    assert {line["status"] for line in made.lines("answers")} == {"ok", "error"}


def test_questions_without_an_answer_are_as_documented(tmp_path):
    from eval.experiments.adversarial import experiment as adversarial

    made = Made(tmp_path, "experiment=adversarial", "dataset=tiny", "dataset.categories=[5]")
    adversarial.run(made.config)
    assert check_folder(made.folder) == []
    assert list(made.folder.glob("forced-*.jsonl")) and (made.folder / "abstention.json").exists()


def test_rescored_answers_are_as_documented(tmp_path):
    rows = [
        PublishedAnswer(
            "set", f"c-{i % 4}", i, 1 + i % 4, "Who sings?", "Nadia", "Nadia" if i % 3 else "Tom", (1, 0, 1), None, None
        )
        for i in range(12)
    ]
    scored = rescoring.score(rows, scorers=[Lexical()])
    made = json.loads(json.dumps(rescoring.summary(scored)))
    check(made, ScoreSummary, "rescored")
    assert made["metrics"]["judge_recorded"]["n"] == 12

    spec = importlib.util.spec_from_file_location("rescore", ROOT / "scripts" / "rescore.py")
    rescore = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rescore)
    rescore.save(scored, made, tmp_path)
    assert check_folder(tmp_path, RESCORED) == [] and len(list(tmp_path.iterdir())) == 2


def test_what_is_not_documented_is_refused_with_its_place(run, tmp_path):
    line = run.lines("answers")[0]
    path = tmp_path / "answers.jsonl"
    for change, says in (
        ({"mood": "good"}, "mood: not a field of AnswerLine"),
        ({"status": "fine"}, "status: expected `ok` or `error`, found 'fine'"),
        ({"usage": {**line["usage"], "calls": 1.5}}, "usage.calls: expected integer, found 1.5"),
        ({"cut_tokens": True}, "cut_tokens: expected integer, found True"),
        ({"made_from": []}, "made_from: expected Parents, found []"),
    ):
        path.write_text(json.dumps(line) + "\n" + json.dumps({**line, **change}) + "\n", encoding="utf-8")
        with pytest.raises(DataError) as caught:
            check_file(path, BENCHMARK["answers.jsonl"])
        assert str(caught.value) == f"{path}: line 2: {says}"
    summary = copy.deepcopy(run.summary)
    del summary["metrics"]["f1_mem0"]["n"]
    assert list(problems(summary, Summary)) == ["metrics.f1_mem0.n: missing"]
    summary["metrics"] = None
    assert list(problems(summary, Summary)) == ["metrics: expected object: name to EstimateEntry, found None"]
    (tmp_path / "notes.txt").write_text("", encoding="utf-8")
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    assert check_folder(tmp_path) == ["notes.txt"]


def test_every_field_has_one_sentence_and_every_type_a_description():
    records = page._records()
    assert len(records) > 40
    for record in records:
        assert is_typeddict(record) and (record.__doc__ or "").rstrip()[-1:] == ".", record
        for field in fields(record):
            assert field.about[-1:] == "." and "|" not in field.about, f"{record.__name__}.{field.name}"
            assert field.since == "" or not field.required, f"{record.__name__}.{field.name}: older runs lack it"


def test_types_are_said_as_a_reader_would():
    assert shape(dict[str, list[int | None]]) == "object: name to list of integer or null"
    assert shape(Literal["a", "b"]) == "`a` or `b`"


def test_the_page_is_in_step():
    written = (ROOT / "docs" / "run_folder.md").read_text(encoding="utf-8")
    assert written == page.page(), "run: python scripts/run_folder.py --write"
