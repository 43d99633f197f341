"""What a verdict says and what it counts: one rule for summaries, tables, comparisons, rescored and published sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

CORRECT, WRONG, UNPARSED, ERROR = "correct", "wrong", "unparsed", "error"
"""Labels of a verdict: the last two are failures."""


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


def stands(record: Mapping[str, Any]) -> bool:
    """Whether a verdict's record says correct or wrong, and is no failure."""
    return standing(record["label"], record.get("runs") or ()) in (CORRECT, WRONG)


def value(label: str, runs: Sequence[str] = ()) -> float:
    """What a verdict counts in a mean: the share of its runs that said correct; one that does not stand counts 0.

    Summaries, tables, comparisons, rescoring and published sets all read verdicts through this function.
    """
    if label not in (CORRECT, WRONG) or standing(label, runs) not in (CORRECT, WRONG):
        return 0.0
    votes = runs or (label,)
    return sum(vote == CORRECT for vote in votes) / len(votes)


def verdict_value(record: Mapping[str, Any]) -> float:
    """What a verdict's record counts in a mean (``value``); one without a label is a failure."""
    return value(record.get("label", ERROR), record.get("runs") or ())
