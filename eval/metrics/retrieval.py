"""Evidence recall and hit rate: how many of a question's gold turns the retrieved memories come from (issue 2).

A hit that summarises or spans several turns counts as one hit and brings the words it really has. Questions without
resolvable evidence have no value (None); they are left out of means and counted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

RANKS = (5, 10, 20, 50)
BUDGETS = (200, 400, 800, 1600, 3200)
NAMES = tuple(
    f"evidence_{kind}_at_{place}" if kind == "hit" else f"evidence_{kind}_{place}"
    for kind, places in (
        ("recall", [f"at_{k}" for k in RANKS] + [f"words_{b}" for b in BUDGETS]),
        ("hit", [str(k) for k in RANKS] + [f"words_{b}" for b in BUDGETS]),
    )
    for place in places
)
"""Metric names: evidence_recall_at_5…50, evidence_recall_words_200…3200, evidence_hit_at_5…50, evidence_hit_at_words_…
"""


def within_words(words: Sequence[int], budget: int) -> int:
    """How many of the first hits fit into ``budget`` NLTK words of context, cut at the last whole hit."""
    total = 0
    for count, size in enumerate(words):
        total += size
        if total > budget:
            return count
    return len(words)


def evidence_metrics(hits: Iterable[tuple[Collection[str], int]], gold: Collection[str]) -> dict[str, float] | None:
    """All retrieval metrics of one question.

    Args:
        hits: ranked, best first: ids of the turns each hit comes from, and its NLTK words.
        gold: ids of the gold evidence turns.

    Returns:
        ``NAMES`` to fractions; None where ``gold`` is empty.
    """
    wanted = frozenset(gold)
    if not wanted:
        return None
    ranked = [(wanted.intersection(turns), words) for turns, words in hits]
    sizes = [words for _, words in ranked]
    seen_by: list[int] = [0]
    seen: set[str] = set()
    for turns, _ in ranked:
        seen |= turns
        seen_by.append(len(seen))
    cuts = {f"at_{k}": min(k, len(ranked)) for k in RANKS}
    cuts.update({f"words_{budget}": within_words(sizes, budget) for budget in BUDGETS})
    out = {f"evidence_recall_{name}": seen_by[cut] / len(wanted) for name, cut in cuts.items()}
    for name, cut in cuts.items():
        out[f"evidence_hit_at_{name.removeprefix('at_')}"] = float(seen_by[cut] > 0)
    return out
