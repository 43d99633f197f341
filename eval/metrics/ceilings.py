"""Ceilings: what each metric gives when every answer equals its gold string (docs/protocol.md#ceilings).

BLEU-2 to 4 and METEOR do not reach 100 even then, because short answers cannot: one right token has BLEU-2 0.3162 and
METEOR 0.5. Results are read against these.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from eval.core.protocols import Scorer
from eval.core.types import Question
from eval.metrics.lexical import Lexical


def ceilings(questions: Sequence[Question], scorers: Sequence[Scorer]) -> dict[str, dict[str, float]]:
    """Mean of each metric of gold against gold: ``{"all": {metric: mean}, "1": {...}, ...}``, fractions.

    Category 5 has no gold answers and is left out.
    """
    asked = [question for question in questions if question.category != 5]
    golds = [question.gold for question in asked]
    kinds = [question.category for question in asked]
    out: dict[str, dict[str, float]] = {}
    for scorer in scorers:
        for name, column in scorer.score(golds, golds, kinds).items():
            for group in ["all", *sorted({str(kind) for kind in kinds})]:
                part = [v for v, kind in zip(column, kinds, strict=True) if group in ("all", str(kind))]
                out.setdefault(group, {})[name] = sum(part) / len(part)
    return out


def gold_ceilings(golds: Sequence[tuple[str, int]]) -> dict[str, dict[str, float]]:
    """The lexical metrics of (gold, category) pairs, every answer equal to its gold, as a summary carries them; four
    digits.

    Similarity and BERTScore of equal texts are 1 and stay out, as do metrics whose data are absent.
    """
    texts, kinds = [gold for gold, _ in golds], [kind for _, kind in golds]
    columns = _scored(tuple(texts), tuple(kinds))
    groups = {"all": list(range(len(texts)))}
    for kind in sorted(set(kinds)):
        groups[str(kind)] = [i for i, other in enumerate(kinds) if other == kind]
    return {
        group: {name: round(sum(column[i] for i in rows) / len(rows), 4) for name, column in columns.items()}
        for group, rows in groups.items()
        if rows
    }


@lru_cache(maxsize=2)
def _scored(golds: tuple[str, ...], kinds: tuple[int, ...]) -> dict[str, list[float]]:
    """Computed once for all systems of a process."""
    return Lexical().score(golds, golds, kinds)
