"""Failures of every judge, metric and answer: recorded, shown, counted wrong, tried again, and never a silent
denominator.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import warm

from eval.answerers.llm import LLMAnswerer
from eval.core import judging as verdict_rule
from eval.core.judging import verdict_value
from eval.core.types import Answer, Verdict
from eval.experiments import rescoring
from eval.experiments.benchmark.experiment import FAILED_QUESTIONS, OK
from eval.judges import published
from eval.judges.llm import LLMJudge
from eval.metrics.lexical import Lexical
from eval.report.tables import table3, table4
from eval.runs.read import load_run

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def judging(monkeypatch):
    """Replace what a judge says: ``judging("llm_strict", function from a task and its number to a verdict)``; None
    mends it.
    """
    own = LLMJudge.judge

    def replace(name, verdict):
        def judge(self, tasks):
            if self.name != name:
                return own(self, tasks)
            return ((i, verdict(task, i)) for i, task in enumerate(tasks))

        monkeypatch.setattr(LLMJudge, "judge", own if verdict is None else judge)

    return replace


def failed_call(task, number):
    return Verdict("error", None, ("error",), ("LLMError: down",))


def test_a_second_judge_whose_calls_all_fail_is_a_failure_and_is_asked_again(made, judging):
    run = made()
    judging("llm_strict", failed_call)
    outcome = run.run()
    summary = run.summary
    n = summary["n"]
    assert outcome["code"] == FAILED_QUESTIONS and "judge_llm_strict: 30" in outcome["message"]
    assert summary["failed"] == n == 30 and summary["failed_by_stage"] == {"judge": n}
    assert summary["failures"] == {"judge_llm_strict": n} and summary["judged"]["judge_llm_strict"] == {
        "n": n,
        "error": n,
    }
    assert summary["metrics"]["judge_llm_strict"]["mean"] == 0
    notes = " ".join(table3([summary]).notes)
    assert "judge_llm_strict has no verdict that stands on 30 answers" in notes
    judging("llm_strict", None)
    again = run.run()
    assert again["code"] == OK and run.summary["failed"] == 0 and run.summary["failures"] == {}
    assert run.summary["metrics"]["judge_llm_strict"]["mean"] > 0
    assert "up to date" in run.run()["message"]


def test_one_failed_call_of_the_second_judge_is_enough(made, judging):
    run = made()
    own = Verdict("correct", 1.0, ("correct",))
    judging("llm_strict", lambda task, i: failed_call(task, i) if i == 3 else own)
    assert run.run()["code"] == FAILED_QUESTIONS
    assert run.summary["failures"] == {"judge_llm_strict": 1} and run.summary["failed"] == 1
    assert run.summary["metrics"]["judge_llm_strict"]["mean"] == pytest.approx(29 / 30)
    asked = []
    judging("llm_strict", lambda task, i: (asked.append(task), own)[1])
    assert run.run()["code"] == OK and len(asked) == 1, "only the one that failed is asked again"


@pytest.mark.parametrize("broken", ["error", "unparsed"])
def test_a_verdict_with_a_failed_run_is_the_same_everywhere(made, judging, broken):
    run = made()
    runs = ("correct", broken, broken)
    judging(
        "llm_generous",
        lambda task, i: Verdict("correct", 1.0, runs) if i == 0 else Verdict("correct", 1.0, ("correct",) * 3),
    )
    assert run.run()["code"] == FAILED_QUESTIONS
    loaded, summary = load_run(run.folder), run.summary
    column = loaded.column("judge_llm_generous")
    key = next(key for key, record in loaded.verdicts["judge_llm_generous"].items() if record["label"] == broken)
    assert column[key] == verdict_value({"label": "correct", "runs": list(runs)}) == 0
    row = published.PublishedAnswer("s", "a", 0, 4, "q", "g", "a", (), None, None)
    rescored = rescoring.RescoredSet("s", [row], verdicts={"x": [Verdict("correct", 1.0, runs)]})
    assert rescoring.columns(rescored) == {"judge_x": [0.0]}
    assert (
        sum(column.values()) / len(column)
        == pytest.approx(summary["metrics"]["judge_llm_generous"]["mean"])
        == pytest.approx(29 / 30)
    )
    assert summary["judged"]["judge_llm_generous"] == {"n": 30, "correct": 29, broken: 1}
    assert (
        summary["metrics"]["judge_llm_generous"]["repeat_sd"] == 0
        and summary["metrics"]["judge_llm_generous"]["repeat_n"] == 29
    )
    judging("llm_generous", lambda task, i: Verdict("wrong", 1 / 3, ("correct", "wrong", "wrong")))
    assert run.run()["code"] == OK
    assert load_run(run.folder).column("judge_llm_generous")[key] == pytest.approx(1 / 3)


def test_the_rule_for_verdicts_of_several_runs():
    assert verdict_rule.standing("correct", ["correct", "error", "correct"]) == "error"
    assert verdict_rule.standing("correct", ["correct", "unparsed", "error"]) == "error"
    assert verdict_rule.standing("wrong", ["correct", "unparsed"]) == "unparsed"
    assert verdict_rule.standing("wrong", ["correct", "correct", "wrong"]) == "correct"
    assert verdict_rule.standing("CORRECT?") == verdict_rule.standing("error") == "error"
    assert verdict_rule.value("correct", ["correct", "correct", "wrong"]) == pytest.approx(2 / 3)
    assert (
        verdict_rule.value("correct") == 1
        and verdict_rule.value("wrong") == verdict_rule.value("unparsed", ["correct"]) == 0
    )
    row = published.PublishedAnswer("s", "a", 0, 4, "q", "g", "a", (1, 1, 0), None, None)
    assert row.share == verdict_rule.value("correct", ["correct", "correct", "wrong"])
    assert published.PublishedAnswer("s", "a", 0, 4, "q", "g", "a", (), None, None).share == 0


def test_a_judge_that_raises_or_stays_silent_or_says_nonsense_ends_no_run(made, monkeypatch):
    run = made()

    def judge(self, tasks):
        for i, _ in enumerate(tasks):
            if len(tasks) > 1 and i == 5:
                raise ValueError("the judge broke")
            if i != 2:
                yield i, Verdict("correct", float("nan") if i == 1 and len(tasks) > 1 else 1.0, ("correct",))

    monkeypatch.setattr(LLMJudge, "judge", judge)
    assert run.run()["code"] == FAILED_QUESTIONS
    counts = run.summary["judged"]["judge_llm_strict"]
    assert counts == {"n": 30, "correct": 29, "error": 1}, (
        "the score that is no number; what was left was judged one by one"
    )


class Breaks:
    """What ``Lexical.score`` does once it is harmed."""

    def __init__(self, monkeypatch):
        self.own, self.kind, self.word = Lexical.score, "", ""
        harm = self

        def score(scorer, golds, answers, categories=None):
            columns = harm.own(scorer, golds, answers, categories)
            bad = [i for i, gold in enumerate(golds) if harm.word and harm.word in gold]
            if harm.kind == "raises" and bad:
                raise RuntimeError("no memory left")
            for i in bad if harm.kind == "nan" else ():
                columns["f1_memos"][i] = float("nan")
            return columns

        monkeypatch.setattr(Lexical, "score", score)


@pytest.mark.parametrize(("kind", "names"), [("raises", set(Lexical.names)), ("nan", {"f1_memos"})])
def test_a_metric_that_fails_on_an_answer_is_recorded_counted_and_tried_again(made, monkeypatch, kind, names):
    run, harm = made(), Breaks(monkeypatch)
    run.run()
    whole = run.summary["metrics"]
    run = made(out=run.folder.parents[2].parent / "second")
    harm.kind, harm.word = kind, "Biscuit"
    outcome = run.run()
    summary = run.summary
    count = 2
    present = names - summary["missing"].keys()
    assert outcome["code"] == FAILED_QUESTIONS and summary["failures"] == dict.fromkeys(sorted(present), count)
    assert summary["failed"] == count and summary["failed_by_stage"] == {"score": count} and summary["complete"]
    assert summary["metrics"]["f1_memos"]["n"] == 30
    rows = [row for row in run.lines("scores/metrics-*") if row.get("status") == "error"]
    assert len(rows) == count and all(set(row["errors"]) == present for row in rows)
    assert f"f1_memos failed on {count} answers; they count 0" in " ".join(table4([summary]).notes)
    harm.kind = ""
    assert run.run()["code"] == OK and run.summary["metrics"] == whole


def test_where_all_answers_failed_f1_is_0_and_memory_is_measured(made, monkeypatch):
    run = made()
    monkeypatch.setattr(
        "eval.answerers.llm.LLMAnswerer.answer",
        lambda self, tasks: ((i, Answer("", "error", error="down")) for i in range(len(tasks))),
    )
    assert run.run()["code"] == FAILED_QUESTIONS
    summary = run.summary
    assert (
        summary["failed"] == summary["n"] == 30 and summary["complete"] and summary["failed_by_stage"] == {"answer": 30}
    )
    for name in set(Lexical.names) - summary["missing"].keys():
        assert summary["metrics"][name]["mean"] == 0 and summary["metrics"][name]["n"] == 30
    assert summary["metrics"]["memory_words"]["n"] == 30 and summary["metrics"]["evidence_recall_at_5"]["mean"] > 0
    frame = load_run(run.folder).frame
    assert (frame.f1_memos == 0).all() and (frame.status == "answer").all()


@pytest.mark.parametrize("what", ["raises", "short", "no text"])
def test_an_answerer_that_raises_ends_no_run(made, monkeypatch, what):
    def answer(self, tasks):
        for i, task in enumerate(tasks):
            if "job" in task.question:
                if what == "raises":
                    raise ValueError("broke")
                if what == "short":
                    return
            yield i, Answer(None if what == "no text" and "job" in task.question else "an answer")

    monkeypatch.setattr("eval.answerers.llm.LLMAnswerer.answer", answer)
    run = made("latency.questions=0")
    assert run.run()["code"] == FAILED_QUESTIONS
    assert run.summary["failed"] == 2 and run.summary["failed_by_stage"] == {"answer": 2}


def test_a_failed_question_of_the_latency_pass_is_shown_and_timed_again(made, monkeypatch):
    run = made("max_errors=0")
    own = LLMAnswerer.answer

    def broken(self, tasks):
        if len(tasks) == 1:
            raise ValueError("timed out")
        return own(self, tasks)

    monkeypatch.setattr("eval.answerers.llm.LLMAnswerer.answer", broken)
    outcome = run.run()
    failed = run.summary["failures"]["latency"]
    assert (
        outcome["code"] == FAILED_QUESTIONS
        and "latency" in outcome["message"]
        and run.summary["latency_ms"] == {"n": 0, "failed": failed}
    )
    assert run.summary["failed"] == 0, "no question counts wrong for it"
    monkeypatch.setattr("eval.answerers.llm.LLMAnswerer.answer", own)
    assert (
        run.run()["code"] == OK
        and run.summary["latency_ms"]["n"] == failed
        and "failed" not in run.summary["latency_ms"]
    )


def test_rescored_sets_count_failures_and_state_the_judges_own_error():
    class Judge:
        name, comparable, score_se = "some", False, 0.03

        def judge(self, tasks):
            for i, _ in enumerate(tasks):
                if i == 1 and len(tasks) > 1 or tasks[i].answer == "bad":
                    raise ValueError("down")
                yield i, Verdict("correct", 1.0, ("correct",))

    class Scorer:
        names = ("toy",)

        def missing(self):
            return {}

        def score(self, golds, answers, categories=None):
            return {"toy": [float("nan") if a == "bad" else 0.5 for a in answers]}

    rows = [
        published.PublishedAnswer("s", f"c{i % 4}", i, 4, "q", "g", "bad" if i == 3 else "a", (), None, None)
        for i in range(8)
    ]
    summary = rescoring.summary(rescoring.score(rows, [Scorer()], [Judge()]))
    assert summary["judged"]["judge_some"] == {"n": 8, "correct": 7, "error": 1} and summary["failed"] == 1
    assert summary["failures"] == {"toy": 1, "judge_some": 1} and summary["metrics"]["toy"]["mean"] == pytest.approx(
        3.5 / 8
    )
    assert summary["judge_error"] == {"judge_some": 0.03}
    table = table3([summary])
    assert "the judge's own standard error of a score is 3.0 points" in " ".join(table.notes)
    plain = table3([{**summary, "judge_error": {}}])
    column = [c.key for c in table.columns].index("judge_some")
    wide, narrow = (t.sections[-1].rows[0][column] for t in (table, plain))
    assert wide.low < narrow.low


def test_the_offline_judges_own_error_is_in_the_rescored_tables(tmp_path):
    row = {"category": 4, "question": "Who sings?", "gold": "Nadia", "labels": [1]}
    lines = [
        json.dumps({**row, "sample_id": f"c{i % 4}", "qa_index": i, "answer": "Nadia" if i % 3 else "a red kite"})
        + "\n"
        for i in range(12)
    ]
    (tmp_path / "set.jsonl").write_text("".join(lines), encoding="utf-8")
    done = warm.run(
        [
            sys.executable,
            ROOT / "scripts" / "rescore.py",
            str(tmp_path / "set.jsonl"),
            "--judge",
            "offline",
            "--metrics",
            "none",
            "--cache",
            str(tmp_path / "cache.sqlite"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "judge_offline: the judge's own standard error of a score is" in " ".join(done.stdout.split())
