"""Ceilings: what each metric gives when every answer equals its gold string (docs/protocol.md#ceilings).

BLEU-2 to 4 and METEOR do not reach 100 even then, because short answers cannot: one right token has BLEU-2 0.3162 and
METEOR 0.5. Results are read against these.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from eval.core.categories import CategoryId, in_order
from eval.core.protocols import Scorer
from eval.core.types import Question
from eval.metrics.lexical import Lexical


def ceilings(questions: Sequence[Question], scorers: Sequence[Scorer]) -> dict[str, dict[str, float]]:
    """Mean of each metric of gold against gold: ``{"all": {metric: mean}, "1": {...}, ...}``, fractions.

    What cannot be answered has no gold and is left out.
    """
    asked = [question for question in questions if not question.unanswerable]
    golds = [question.gold for question in asked]
    kinds = [str(question.category) for question in asked]
    out: dict[str, dict[str, float]] = {}
    for scorer in scorers:
        for name, column in scorer.score(golds, golds, [question.locomo_form for question in asked]).items():
            for group in ["all", *sorted(set(kinds))]:
                part = [v for v, kind in zip(column, kinds, strict=True) if group in ("all", kind)]
                out.setdefault(group, {})[name] = sum(part) / len(part)
    return out


def gold_ceilings(golds: Sequence[tuple[str, CategoryId, int | None]]) -> dict[str, dict[str, float]]:
    """The lexical metrics of (gold, category, form of LOCOMO's F1), every answer equal to its gold, as a summary
    carries them; four digits.

    Similarity and BERTScore of equal texts are 1 and stay out, as do metrics whose data are absent.
    """
    kinds = [kind for _, kind, _ in golds]
    columns = _scored(tuple(gold for gold, _, _ in golds), tuple(form for _, _, form in golds))
    groups = {"all": list(range(len(golds)))}
    for kind in in_order(set(kinds)):
        groups[str(kind)] = [i for i, other in enumerate(kinds) if other == kind]
    return {
        group: {name: round(sum(column[i] for i in rows) / len(rows), 4) for name, column in columns.items()}
        for group, rows in groups.items()
        if rows
    }


@lru_cache(maxsize=2)
def _scored(golds: tuple[str, ...], kinds: tuple[int | None, ...]) -> dict[str, list[float]]:
    """Computed once for all systems of a process."""
    return Lexical().score(golds, golds, kinds)
