"""Rescoring: published totals come out exactly; files and run folders are read; mistakes name their place."""

import gzip
import json

import numpy as np
import pytest

from eval.core.types import Verdict
from eval.experiments import rescoring
from eval.judges import agreement, published
from eval.judges.recorded import RecordedJudge
from eval.judges.recorded import verdict as recorded_verdict
from memos.errors import DataError

TOTALS = {
    "memobase_0503": (70.91, 63.83, 80.37, 52.08, 71.82),
    "memobase_0710": (75.78, 70.92, 85.05, 46.88, 77.17),
    "mirix_run1": (83.96, 85.46, 80.06, 64.58, 87.16),
    "mirix_run2": (87.34, 85.46, 85.36, 64.58, 91.32),
    "mirix_run3": (84.87, 84.4, 85.67, 67.71, 86.68),
    "mirix_fullctx": (87.99, 86.88, 83.49, 62.5, 92.98),
    "mirix_rag500": (51.62, 37.94, 37.69, 48.96, 61.83),
    "mirix_langmem": (78.05, 74.47, 61.06, 67.71, 86.92),
    "mirix_mem0": (62.47, 62.41, 57.32, 44.79, 66.47),
    "fc_gpt-4o-mini-memos": (74.29, 70.21, 51.09, 56.6, 86.52),
    "fc_gpt-4o-mini-cot": (79.89, 82.62, 57.32, 66.67, 89.1),
    "fc_gpt-4.1-mini-cot": (92.62, 92.2, 86.29, 80.9, 96.51),
    "ap_v1": (10.61, 5.91, 3.43, 8.33, 15.18),
    "ap_v2": (60.2, 35.84, 62.89, 61.4, 66.67),
}


@pytest.mark.parametrize("name", TOTALS)
def test_published_totals_come_out(published_dir, name):
    rows = published.read(published_dir / f"{name}.jsonl.gz")
    totals = rescoring.totals(rows)
    assert tuple(round(totals[key], 2) for key in ("overall", "1", "2", "3", "4")) == TOTALS[name]
    summary = rescoring.summary(rescoring.score(rows))
    assert summary["metrics"]["judge_recorded"]["mean"] * 100 == pytest.approx(totals["overall"], abs=1e-9)


def test_published_values_come_out_on_every_row(published_dir):
    for name in (name for name in TOTALS if name.startswith(("memobase", "mirix"))):
        for check in rescoring.check_published(published.read(published_dir / f"{name}.jsonl.gz")):
            assert check.equal_as_origin == check.rows == 1540, check
            if check.name == "f1_mem0":
                assert check.equal == 1540


@pytest.mark.parametrize(
    ("labels", "share", "accepted"),
    [((1, 0), 0.5, False), ((1, 1, 0), 2 / 3, True), ((0,), 0.0, False), ((), 0.0, False)],
)
def test_a_tie_of_recorded_runs_is_wrong_wherever_verdicts_are_read(labels, share, accepted):
    row = published.PublishedAnswer("set", "c", 0, 1, "Who sings?", "Nadia", "Nadia", labels, None, None)
    assert row.share == share and row.accepted is accepted
    assert (recorded_verdict(row).label == "correct") is accepted
    zeros = np.zeros(1)
    table = agreement.JudgedRows(zeros, zeros, zeros, np.array([row.share]), zeros, zeros)
    assert table.majority.tolist() == [int(accepted)]


LINE = {
    "sample_id": "t-1",
    "qa_index": 0,
    "category": 4,
    "question": "Who sings?",
    "gold": "Nadia",
    "answer": "Nadia",
    "labels": [1, 1, 0],
    "f1_published": 1.0,
    "bleu1_published": None,
}


def test_plain_and_gzipped_files_are_equal(tmp_path):
    plain, packed = tmp_path / "set.jsonl", tmp_path / "set.jsonl.gz"
    text = json.dumps(LINE) + "\n\n" + json.dumps({**LINE, "qa_index": 1, "answer": None}) + "\n"
    plain.write_text(text, encoding="utf-8")
    with gzip.open(packed, "wt", encoding="utf-8") as file:
        file.write(text)
    rows = published.read(plain)
    assert rows == published.read(packed) and rows[1].answer == "" and rows[0].share == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("change", "place"), [({"labels": [2]}, "labels"), ({"category": "4"}, "category"), ({"question": 3}, "question")]
)
def test_a_bad_line_is_named(tmp_path, change, place):
    file = tmp_path / "x.jsonl"
    file.write_text(json.dumps(LINE) + "\n" + json.dumps({**LINE, **change}), encoding="utf-8")
    with pytest.raises(DataError, match=f"line 2: {place}"):
        published.read(file)


def test_a_run_folder_needs_its_dataset_and_failed_answers_are_empty(tmp_path, tiny_dataset):
    asked = [q for q in tiny_dataset.questions if q.category != 5][:2]
    lines = [
        {"sample_id": asked[0].sample_id, "qa_index": asked[0].qa_index, "status": "ok", "answer": asked[0].gold},
        {"sample_id": asked[1].sample_id, "qa_index": asked[1].qa_index, "status": "error", "answer": "half"},
    ]
    (tmp_path / "answers.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    with pytest.raises(DataError, match="--data"):
        rescoring.load(tmp_path)
    rows = rescoring.load(tmp_path, tiny_dataset)
    assert {row.key: row.answer for row in rows} == {asked[0].key: asked[0].gold, asked[1].key: ""}


def test_unreadable_verdicts_count_wrong_and_are_counted(tmp_path):
    file = tmp_path / "s.jsonl"
    file.write_text("\n".join(json.dumps({**LINE, "qa_index": i}) for i in range(4)), encoding="utf-8")
    rows = published.read(file)
    judge = RecordedJudge(rows=rows[:0])
    scored = rescoring.score(rows, judges=[judge])
    summary = rescoring.summary(scored)
    assert summary["judged"]["judge_recorded"] == {"n": 4, "unparsed": 4}
    assert summary["metrics"]["judge_recorded"]["mean"] == 0 and summary["failed"] == 4


def test_ceilings_stand_beside_rescored_metrics():
    from eval.metrics.lexical import Lexical
    from eval.report.tables import table3

    if Lexical().missing():
        pytest.skip("; ".join(Lexical().missing().values()))
    rows = [
        published.PublishedAnswer("s", f"t-{i}", i, 4, "Who sings?", gold, "Nadia", (1,), None, None)
        for i, gold in enumerate(("Nadia", "Tom and Ann"))
    ]
    summary = rescoring.summary(rescoring.score(rows, [Lexical()]))
    assert summary["ceilings"]["all"]["meteor"] == pytest.approx((0.5 + 0.9815) / 2, abs=1e-3)
    assert summary["ceilings"]["all"]["f1_memos"] == 1
    notes = " ".join(table3([summary]).notes)
    assert "Ceilings (every answer equal to its gold)" in notes and "METEOR 74.1" in notes and "F1 100" not in notes
    assert "judge_card_recorded" not in notes


def test_shares_have_intervals_between_0_and_1():
    rows = [
        published.PublishedAnswer("s", f"t-{i % 5}", i, 4, "Who?", "Nadia", "Nadia", (int(i == 0),), None, None)
        for i in range(40)
    ]
    low, high = rescoring.summary(rescoring.score(rows))["metrics"]["judge_recorded"]["ci95"]
    assert low == 0 and 0 < high < 1


def test_a_judge_that_was_fitted_on_what_is_rescored_is_named(tiny_dataset):
    class Fitted(RecordedJudge):
        fitted_on = {"my rubric": {"fitted": ["locomo/conv-26"]}}
        name = "fitted"

        def judge(self, tasks):
            return ((index, Verdict("correct", 1.0)) for index, _ in enumerate(tasks))

    rows = [published.PublishedAnswer("set", "tiny-1", 0, 1, "Who sings?", "Nadia", "Nadia", (), None, None)]
    scored = rescoring.score(rows, judges=[Fitted(rows=rows)])
    assert "fitted_on" not in rescoring.summary(scored), "nothing is said of conversations that are not known"
    made = rescoring.summary(scored, conversations=tiny_dataset.conversations)["fitted_on"]["my rubric"]
    assert made["roles"] == ["judge fitted"] and made["data"] == {"locomo": 1} and made["conversations"] == {}
