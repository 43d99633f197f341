"""Tables of retrieval, of evidence and answers, and of what was fitted on what is measured."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from eval.core.types import Question
from eval.metrics.ranked import CUTS
from eval.report.plots import correct_given_evidence
from eval.report.tables import evidence_table, fitted_table, markdown, retrieval_table, table3
from eval.report.tables.fitted import fitted_apart, fitted_line
from eval.report.tables.fitted_marks import fitted_notes
from eval.report.tables.tex import escape
from memos.errors import DataError

TALKS = [f"c{i}" for i in range(6)]
KEYS = [(talk, i) for talk in TALKS for i in range(4)]


def entry(mean: float, n: int = 24) -> dict:
    return {"mean": mean, "ci95": [mean - 0.05, mean + 0.05], "n": n}


def component(roles, fitted=(), tuned=()) -> dict:
    copies = {talk: {"of": f"locomo/{talk}", "use": "fitted", "share": 1.0} for talk in fitted}
    copies |= {talk: {"of": f"locomo/{talk}", "use": "tuned", "share": 1.0} for talk in tuned}
    counts = {"fitted": 4 * len(fitted), "tuned": 4 * len(tuned)}
    return {"roles": roles, "data": {"locomo": 6}, "conversations": copies, "questions": counts}


def summary(name: str, **fields) -> dict:
    metrics = {f"turn_share_at_{k}": entry(0.1 + k / 100) for k in CUTS}
    metrics |= {"turn_ndcg_at_10": entry(0.4), "turn_mrr": entry(0.5), "session_all_words_200": entry(0.3)}
    metrics |= {"turn_all_context": entry(0.25), "turn_any_context": entry(0.75), "turn_share_context": entry(0.5)}
    correct = {"judge_offline": {"evidence": entry(0.8, 6), "no_evidence": entry(0.2, 18)}}
    own = {
        "system": name,
        "experiment": "made",
        "fingerprint": name,
        "display": {"label": name},
        "n": 24,
        "answerer": "reader",
        "judge": "offline",
        "metrics": {"judge_offline": entry(0.35)},
        "by_category": {},
        "retrieval": {"metrics": metrics, "correct": correct, "empty_contexts": 2, "answer_words": entry(4.25)},
    }
    return {**own, **fields}


def cells(table, row: int = 0, section: int = 0) -> dict:
    return dict(zip([column.key for column in table.columns], table.sections[section].rows[row], strict=True))


def test_each_measure_and_unit_is_a_section_with_its_cuts():
    table = retrieval_table([summary("a"), summary("b")])
    titles = [section.title for section in table.sections]
    turns = ["share of the gold turns", "any gold turns", "all gold turns", "NDCG of turns", "MRR of turns"]
    assert titles == [*turns, "all gold sessions"]
    first = cells(table)
    assert first["n"].value == 24 and first["at_3"].value == pytest.approx(0.13) and first["context"].value == 0.5
    assert first["words_200"].value is None
    assert cells(table, section=4)["whole"].value == 0.5
    assert cells(table, section=5)["words_200"].value == 0.3


def test_the_data_sets_own_measures_have_sections_and_depths():
    made = summary("a")
    made["retrieval"]["metrics"]["official_recall_any_at_30"] = entry(0.9, 19)
    table = retrieval_table([made])
    assert table.sections[-1].title == "official: recall any"
    last = cells(table, section=len(table.sections) - 1)
    assert last["at_30"].value == 0.9 and last["n"].value == 19


def test_a_run_of_before_has_dashes_and_the_reason():
    old = {key: value for key, value in summary("old").items() if key != "retrieval"}
    assert retrieval_table([old]) is None and evidence_table([old]) is None
    for table in (retrieval_table([summary("new"), old]), evidence_table([summary("new"), old])):
        assert all(cell.value is None for cell in table.sections[0].rows[1][1:])
        assert any(note.startswith("Missing for old: made before") for note in table.notes)


def test_answers_with_and_without_the_evidence():
    row = cells(evidence_table([summary("a")]))
    assert (row["judge_offline_evidence"].value, row["judge_offline_evidence_n"].value) == (0.8, 6)
    assert (row["judge_offline_no_evidence"].value, row["judge_offline_no_evidence_n"].value) == (0.2, 18)
    assert row["judge_offline_evidence"].low == pytest.approx(0.75)
    assert row["empty_contexts"].value == 2 and "4.2 [4.2, 4.3]" in markdown(evidence_table([summary("a")]))


def test_the_figure_needs_verdicts(tmp_path):
    assert len(correct_given_evidence([summary("a"), summary("b")], tmp_path / "evidence")) == 4
    text = (tmp_path / "evidence.csv").read_text(encoding="utf-8")
    assert text.splitlines()[1] == "a,evidence,0.8,0.75,0.85,6"
    with pytest.raises(DataError, match="no run says how often"):
        correct_given_evidence([{**summary("a"), "retrieval": {}}], tmp_path / "none")


class Recorded(SimpleNamespace):
    """A run with its columns."""

    def column(self, name: str) -> dict:
        return self.columns.get(name, {})


def run(name: str, inside: float, outside: float, **components) -> Recorded:
    column = {key: inside if key[0] in TALKS[:3] else outside for key in KEYS}
    return Recorded(
        summary=summary(name, fitted_on=components),
        columns={"judge_offline": column, "evidence_recall_at_20": column},
        keys=KEYS,
        questions={key: Question(*key, 4, "?", "!") for key in KEYS},
    )


RANKER = {"ranker": component(["memory"], TALKS[:3], TALKS[3:])}
READER = {"reader": component(["answerer"], TALKS[:3])}
JUDGE = {"offline judge": component(["judge offline"], TALKS)}


def test_both_halves_of_every_system_are_printed_and_its_own_half_marked():
    table = fitted_table([run("ours", 1.0, 0.5, **RANKER, **READER), run("rag", 0.5, 0.5, **READER)])
    half = "12 questions of 3 conversations"
    assert table.sections[0].title == f"fitted: {half}; not fitted: {half}"
    ours, rag = cells(table), cells(table, 1)
    assert (ours["judge_offline_fitted"].value, ours["judge_offline_unfitted"].value) == (1.0, 0.5)
    assert ours["judge_offline_change"].value == 0.5 and rag["judge_offline_change"].value == 0
    assert ours["evidence_recall_at_20_fitted"].flag == "‡" and rag["evidence_recall_at_20_fitted"].flag == ""
    assert rag["judge_offline_fitted"].flag == "‡", "its answers come from a fitted reader"
    assert (ours["method"].flag, rag["method"].flag) == ("‡", "")
    assert ours["evidence_recall_words_1600_fitted"].value is None


def test_every_table_tells_fitted_and_unfitted_questions_apart():
    runs = [run("ours", 1.0, 0.5, **RANKER), run("rag", 0.5, 0.5)]
    made = fitted_apart({"": table3([one.summary for one in runs])}, runs)[""]
    assert made.notes[-1] == (
        "Judge offline on questions of conversations that a row's weights were fitted on: ours 100.0 (n = 12) fitted, "
        "50.0 (n = 12) not fitted."
    )
    assert fitted_line(runs[1:]) == "" and fitted_apart({"": made}, runs[1:])[""] is made


def test_what_a_judge_was_fitted_on_makes_no_half_and_nothing_fitted_no_table():
    assert fitted_table([run("rag", 1.0, 0.5, **JUDGE)]) is None
    assert fitted_table([run("rag", 1.0, 0.5)]) is None


def test_notes_name_component_rows_conversations_and_questions():
    ours, rag = (run(n, 1, 1, **own).summary for n, own in (("ours", {**RANKER, **JUDGE}), ("rag", JUDGE)))
    first, second = fitted_notes([ours, rag])
    assert "ranker (memory): weights on 3 conversations (12 of 24 questions) and settings with 3 conversations" in first
    assert "(12 of 24 questions), of ours; offline judge (judge offline): weights on 6 conversations (24 of" in first
    assert second.startswith("‡: weights of this row's memory")
    assert "ours‡" in markdown(table3([ours, rag])) and first in table3([ours, rag]).notes
    assert escape("ours‡") == r"ours$\ddagger$"


def test_notes_say_that_nothing_measured_was_fitted_on_and_what_is_a_copy():
    other = run("rag", 1, 1, reader=component(["answerer"])).summary
    assert fitted_notes([other]) == ["Fitted on locomo, on none of the conversations measured here: reader."]
    copied = component(["answerer"], ["c1"])
    copied["conversations"]["c1"]["of"] = "locomo/conv-26"
    assert "as copies (such as c1 of locomo/conv-26)" in fitted_notes([run("rag", 1, 1, reader=copied).summary])[0]
