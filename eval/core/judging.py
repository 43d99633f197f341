"""What a verdict says and what it counts: one rule for summaries, tables, comparisons, rescored and published sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

CORRECT, WRONG, UNPARSED, ERROR = "correct", "wrong", "unparsed", "error"
"""Labels of a verdict: the last two are failures."""
NOT_JUDGED = "not_judged"
"""Label of an answer to a question of a kind that the judge cannot judge: no failure, and no number."""


def majority(labels: Sequence[str]) -> tuple[str, float | None]:
    """The label most runs gave and the share of readable runs that said correct; a tie is wrong.

    Runs without a label (unparsed, error) do not vote. Where none voted the label is theirs and the share None.
    """
    votes = [item for item in labels if item in (CORRECT, WRONG)]
    if not votes:
        return Counter(labels).most_common(1)[0][0] if labels else ERROR, None
    share = votes.count(CORRECT) / len(votes)
    return (CORRECT if accepts(share) else WRONG), share


def accepts(share: Any) -> Any:
    """Whether the majority says correct, from the share of runs (0 to 1) that did; a tie is wrong.

    Of an array of shares, an array of as many truth values.
    """
    return share > 0.5


def standing(label: str, runs: Sequence[str] = ()) -> str:
    """The label of a verdict by the one rule for verdicts of several runs.

    A verdict stands where every run gave a label; then the majority's holds. One failed call makes it ``error``, else
    one unreadable reply ``unparsed``: such a verdict is a failure, asked for again on the next run and counted wrong
    until then. So no score is ever the share of the runs that happened to answer.
    """
    for failure in (ERROR, UNPARSED):
        if failure in runs:
            return failure
    agreed = majority(runs)[0] if runs else label
    return agreed if agreed in (CORRECT, WRONG, UNPARSED) else ERROR


def recorded(label: str, runs: Sequence[str] = ()) -> str:
    """The label that a record has: ``not_judged`` as the judge said it, all others by ``standing``."""
    return label if label == NOT_JUDGED else standing(label, runs)


def stands(record: Mapping[str, Any]) -> bool:
    """Whether a verdict's record is no failure: it says correct or wrong, or that the judge has none for such
    questions.
    """
    return recorded(record["label"], record.get("runs") or ()) in (CORRECT, WRONG, NOT_JUDGED)


def run_values(label: str, runs: Sequence[str] = (), grades: Sequence[float] = ()) -> list[float]:
    """What each run of a verdict that stands counts: its grade where the judge gives grades, else 1 for correct and 0.

    Args:
        label: of the verdict.
        runs: label of each run; empty where there was one.
        grades: grade of each run from 0 to 1, of a judge that gives partial scores.
    """
    return [float(grade) for grade in grades] or [float(vote == CORRECT) for vote in runs or (label,)]


def value(label: str, runs: Sequence[str] = (), grades: Sequence[float] = ()) -> float:
    """What a verdict counts in a mean: the mean of its runs' grades, or the share of them that said correct; one that
    does not stand counts 0.

    Summaries, tables, comparisons, rescoring and published sets all read verdicts through this function.
    """
    if label not in (CORRECT, WRONG) or standing(label, runs) not in (CORRECT, WRONG):
        return 0.0
    counted = run_values(label, runs, grades)
    return sum(counted) / len(counted)


def verdict_value(record: Mapping[str, Any]) -> float | None:
    """What a verdict's record counts in a mean (``value``); one without a label is a failure. None: it is in none,
    since the judge has no verdict for such questions.
    """
    label = record.get("label", ERROR)
    if label == NOT_JUDGED:
        return None
    return value(label, record.get("runs") or (), record.get("grades") or ())


def measure_name(judge: str, measure: str) -> str:
    """Metric of what a judge measures beside its grade: ``beam_order_f1`` of ``judge_beam`` and ``order_f1``."""
    return f"{judge.removeprefix('judge_')}_{measure}"
