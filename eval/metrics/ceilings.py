"""Ceilings: what each metric gives when every answer equals its gold string (protocol.md 2.1).

BLEU-2 to 4 and METEOR do not reach 100 even then, because short answers cannot: one right token has BLEU-2 0.3162 and
METEOR 0.5. Results are read against these.
"""

from __future__ import annotations

from collections.abc import Sequence

from eval.protocols import Scorer
from eval.types import Question


def ceilings(
    questions: Sequence[Question], scorers: Sequence[Scorer]
) -> dict[str, dict[str, float]]:
    """Mean of each metric of gold against gold: ``{"all": {metric: mean}, "1": {...}, ...}``, fractions.

    Category 5 has no gold answers and is left out.
    """
    asked = [question for question in questions if question.category != 5]
    golds = [question.gold for question in asked]
    kinds = [question.category for question in asked]
    out: dict[str, dict[str, float]] = {}
    for scorer in scorers:
        for name, values in scorer.score(golds, golds, kinds).items():
            for group in ["all", *sorted({str(kind) for kind in kinds})]:
                part = [v for v, kind in zip(values, kinds, strict=True) if group in ("all", str(kind))]
                out.setdefault(group, {})[name] = sum(part) / len(part)
    return out
