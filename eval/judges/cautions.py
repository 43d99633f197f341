"""When a set of answers is not one that an estimating judge was measured on: mostly empty, or judged unlike people did.

A judge whose class says ``comparable = False`` estimates another judge's verdicts. Its error was measured on answers
that say something; what is wrong with a set is told beside its score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.core import judging

EMPTY = 0.5
"""Share of empty answers from which a set is mostly empty."""
CHANCE = 0.1
"""Kappa up to which a judge agrees with recorded verdicts no better than by chance."""
FEWEST = 20
"""Answers from which a kappa is looked at."""


def estimating(judges: Sequence[Any]) -> list[str]:
    """Names of the judges that estimate another one's verdicts."""
    return [judge.name for judge in judges if getattr(judge, "comparable", True) is False]


def cautions(
    names: Sequence[str], answers: Sequence[str], labels: Mapping[str, Sequence[str | None]]
) -> dict[str, list[str]]:
    """What speaks against the scores of estimating judges, by judge.

    Args:
        names: of these judges.
        answers: all answers, failed ones as "".
        labels: by judge, the recorded ones as ``recorded``, the label of each answer; None where there is none.
    """
    empty = sum(not answer.strip() for answer in answers)
    against: dict[str, list[str]] = {}
    for name in names:
        if empty >= EMPTY * len(answers) > 0:
            against.setdefault(name, []).append(
                f"{empty} of {len(answers)} answers are empty; the judge's error was measured on answers that say "
                "something"
            )
        if line := _beside_recorded(labels.get(name, ()), labels.get("recorded", ())):
            against.setdefault(name, []).append(line)
    return against


def _beside_recorded(own: Sequence[str | None], recorded: Sequence[str | None]) -> str:
    """What the agreement with recorded verdicts says against a judge; empty where nothing."""
    both = [
        (one == judging.CORRECT, other == judging.CORRECT)
        for one, other in zip(own, recorded, strict=False)
        if {one, other} <= {judging.CORRECT, judging.WRONG}
    ]
    if len(both) < FEWEST:
        return ""
    import numpy as np

    from eval.judges.agreement import kappa  # with SciPy, which a run of another judge need not load

    table = np.array(both, dtype=float)
    agreement = kappa(table[:, 1], table[:, 0])
    if agreement is None or agreement > CHANCE:
        return ""
    return (
        f"agrees with the recorded verdicts no better than by chance (kappa {agreement:.2f} over {len(both)} answers); "
        "its score says nothing here"
    )
