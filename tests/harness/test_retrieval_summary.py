"""Retrieval and fitted parts in a run's summary: from its records, with nothing searched again."""

from __future__ import annotations

import json

import pytest

from baselines.rag import Rag
from eval.core.types import Question
from eval.datasets.load import load_dataset
from eval.datasets.locomo import Tiny
from eval.experiments.benchmark.experiment import check
from eval.runs.format.files import check_folder
from eval.stages.bench import Bench
from memos import tokens
from memos.errors import ConfigError
from memos.types import Retrieved


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    from small_runs import Made

    made = Made(tmp_path_factory.mktemp("retrieval"), "also_judges={}")
    made.run()
    return made


def test_the_share_is_that_of_the_score_stage(whole):
    ours, stage = whole.summary["retrieval"]["metrics"], whole.summary["metrics"]
    for cut in ("at_5", "at_20", "words_200", "words_1600"):
        assert ours[f"turn_share_{cut}"] == stage[f"evidence_recall_{cut}"]
    assert ours["session_any_at_1"]["mean"] >= ours["turn_any_at_1"]["mean"]
    assert check_folder(whole.folder) == []


def test_right_answers_with_and_without_the_evidence_add_up_to_the_score(whole):
    summary, questions = whole.summary, {q.key: q for q in Bench(whole.config).dataset.questions}
    (given,) = (own for name, own in summary["retrieval"]["correct"].items() if name == "judge_llm_generous")
    verdicts = {(r["sample_id"], r["qa_index"]): r["label"] for r in whole.lines("scores/judge_llm_generous-*")}
    counted = [key for key, q in questions.items() if q.evidence and not q.unanswerable]
    assert sum(one["n"] for one in given.values()) == len(counted)
    right = sum(one["n"] * one["mean"] for one in given.values())
    assert right == pytest.approx(sum(verdicts[key] == "correct" for key in counted))
    whole_context = summary["retrieval"]["metrics"]["turn_all_context"]
    assert given["evidence"]["n"] == pytest.approx(whole_context["mean"] * whole_context["n"])


def test_words_of_answers_and_empty_contexts_are_counted(whole, made, monkeypatch):
    assert whole.summary["retrieval"]["empty_contexts"] == 0
    words = [tokens.count_words(record["answer"]) for record in whole.lines("answers")]
    assert whole.summary["retrieval"]["answer_words"]["mean"] == pytest.approx(sum(words) / len(words))
    monkeypatch.setattr(Rag, "search", lambda self, query: Retrieved((), 0))
    empty = made("also_judges={}")
    empty.run()
    assert empty.summary["retrieval"]["empty_contexts"] == empty.summary["n"]
    assert empty.summary["retrieval"]["metrics"]["turn_share_at_50"]["mean"] == 0


def test_a_failed_search_counts_among_those_without_evidence_and_wrong(made, monkeypatch):
    search = Rag.search

    def failing(self, query):
        if len(query.text) % 2:
            raise ValueError("down")
        return search(self, query)

    monkeypatch.setattr(Rag, "search", failing)
    run = made("also_judges={}")
    run.run()
    summary = run.summary
    assert summary["failed"]
    given = summary["retrieval"]["correct"]["judge_llm_generous"]
    assert sum(one["n"] for one in given.values()) == summary["n"], "a failed question is left out"
    assert summary["retrieval"]["metrics"]["turn_share_at_5"]["n"] < summary["n"]


def test_a_finished_run_of_before_gets_the_numbers_without_a_search(made, monkeypatch):
    run = made()
    run.run()
    (path,) = (run.folder.parents[2] / "runs").rglob("summary.json")
    before = run.summary
    manifest = json.loads((run.folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["summary_code"] = "0" * 16
    (run.folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    path.write_text(json.dumps({k: v for k, v in before.items() if k not in ("retrieval", "fitted_on")}))
    monkeypatch.setattr(Rag, "search", lambda *_: pytest.fail("it searched again"))
    run.run()
    assert run.summary["retrieval"] == before["retrieval"]


def test_measures_of_the_data_set_itself_are_taken_up(made, monkeypatch):
    def first(conversation, question: Question, hits):
        assert conversation.sample_id == question.sample_id
        return {"first_at_1": float(bool(hits) and question.evidence[0] in hits[0])} if question.evidence else {}

    monkeypatch.setattr(Tiny, "official_retrieval", staticmethod(first), raising=False)
    run = made()
    run.run()
    assert run.summary["retrieval"]["metrics"]["official_first_at_1"]["n"] == run.summary["n"]


def test_a_list_that_is_not_there_is_named_before_the_run(made):
    with pytest.raises(ConfigError, match="system.fitted_on: no file nowhere.json"):
        check(made("+system.fitted_on=nowhere.json").config)


def test_parts_that_were_fitted_on_what_is_measured_are_named(made, tmp_path):
    from eval.datasets.fitted_list import own_list

    file = tmp_path / "mine.json"
    tiny = load_dataset("tiny")
    file.write_text(json.dumps(own_list(tiny, "my ranker", ["tiny-3"])), encoding="utf-8")
    wanted = ("dataset.conversations=[tiny-3,tiny-4]", "answerer=reader", "judge=offline", "also_judges={}")
    run = made(*wanted, f"+system.fitted_on={file}")
    plain = made(*wanted)
    assert run.folder == plain.folder, "what a part was fitted on is no part of what it does"
    assert Bench(run.config).score_fingerprint != Bench(plain.config).score_fingerprint
    run.run()
    mine = run.summary["fitted_on"]["my ranker"]
    assert mine["roles"] == ["memory"] and mine["data"] == {"tiny": 1}
    copy = mine["conversations"]["tiny-3"]
    assert (copy["of"], copy["use"], copy["share"]) == ("tiny/tiny-3", "fitted", 1.0)
    asked = [q for q in Bench(run.config).dataset.questions if q.sample_id in mine["conversations"]]
    assert mine["questions"] == {"fitted": len(asked), "tuned": 0}
    reader, judge = run.summary["fitted_on"]["extractive reader"], run.summary["fitted_on"]["offline judge"]
    assert reader["roles"] == ["answerer"] and reader["data"] == {"locomo": 6} and not reader["conversations"]
    assert judge["roles"] == ["judge offline"] and judge["data"] == {"locomo": 10}
    assert check_folder(run.folder) == []
