"""Multiple choice: the option that the context supports best."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from eval.answerers.ranking import Index, RankedLine
from eval.answerers.text import content_stems

READ = 8
"""Lines nearest to the question that count by their place."""


def best(options: Sequence[str], index: Index, ranked: Sequence[RankedLine], near: np.ndarray | None = None) -> str:
    """The best supported option, the first of equals; empty where the context supports none.

    An option's support by a line is what they share of the words that tell the options apart, by how rare these are.
    It counts in the line that supports it most, and in those nearest to the question.

    Args:
        options: the choices.
        index: the context's lines.
        ranked: the lines that bear on the question, best first.
        near: cosine of each option (rows) with each line (columns), where an embedder ranks too.
    """
    stems = [content_stems(option) for option in options]
    holders = Counter(stem for own in stems for stem in own)
    scores = []
    for place, own in enumerate(stems):
        weight = {stem: index.idf(stem) * math.log((1 + len(options)) / holders[stem]) for stem in own}
        length = math.sqrt(sum(weight.values())) or 1.0
        support = np.zeros(len(index.lines))
        for stem, gain in weight.items():
            support[index.postings.get(stem, [])] += gain / length
        if near is not None:
            support += near[place]
        close = sum(support[item.index] / (1 + rank) for rank, item in enumerate(ranked[:READ]))
        scores.append(float(support.max(initial=0.0) + close))
    return options[scores.index(max(scores))] if max(scores, default=0.0) > 0 else ""
