"""Measures of a ranking against gold units, turns or sessions: share, any, all, NDCG, MRR and R_cap.

A hit may bring several units (a passage, a chunk, a summary) and some that an earlier hit brought already; each unit
counts once, where it comes first. A cut is a number of hits (``at_k``) or of words (``words_b``, whole hits alone).

For hits of one unit each, NDCG and MRR are those of trec_eval with binary gains. For longer hits the gain is the number
of gold units that are new, and the ideal order is the best one of these very hits, followed by one hit for each gold
unit that none of them brings: so the measure tells how well a system orders what it makes, whatever the length.

R_cap is that of LMEB (KaLM-Embedding/LMEB): gold units among the first k hits over the smaller of k and of all gold
units, at most 1. It is the share wherever k is at least the number of gold units.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from eval.metrics.retrieval import BUDGETS, within_words

CUTS = (1, 3, 5, 10, 20, 50)
"""Numbers of hits."""
KINDS = ("share", "any", "all")
"""How the gold units before a cut are counted: the share of them, whether there is one, whether there are all."""
OWN = "context"
"""The cut of the system itself: the hits that are in its context."""
NAMES = (
    *(f"{kind}_at_{k}" for kind in KINDS for k in CUTS),
    *(f"{kind}_words_{budget}" for kind in KINDS for budget in BUDGETS),
    *(f"{kind}_{OWN}" for kind in KINDS),
    *(f"{kind}_at_{k}" for kind in ("ndcg", "rcap") for k in CUTS),
    "mrr",
)
Hit = tuple[Collection[str], int]
"""Ids of the units that a hit comes from, and its NLTK words."""


def ranking_measures(hits: Sequence[Hit], gold: Collection[str], used: int) -> dict[str, float]:
    """All measures of one question.

    Args:
        hits: ranked, best first.
        gold: the gold units, at least one.
        used: how many of the first hits are in the system's own context.

    Returns:
        ``NAMES`` to fractions.
    """
    wanted, seen, reached, gains = frozenset(gold), set[str](), [0], []
    for units, _ in hits:
        new = wanted.intersection(units) - seen
        seen |= new
        gains.append(len(new))
        reached.append(len(seen))
    cuts = {f"at_{k}": min(k, len(hits)) for k in CUTS} | {OWN: min(used, len(hits))}
    cuts |= {f"words_{budget}": within_words([words for _, words in hits], budget) for budget in BUDGETS}
    out: dict[str, float] = {}
    for cut, depth in cuts.items():
        count = reached[depth]
        out[f"share_{cut}"] = count / len(wanted)
        out[f"any_{cut}"] = float(count > 0)
        out[f"all_{cut}"] = float(count == len(wanted))
    ideal = sorted(filter(None, gains), reverse=True) + [1] * (len(wanted) - len(seen))
    for k in CUTS:
        out[f"ndcg_at_{k}"] = _discounted(gains[:k]) / _discounted(ideal[:k])
        out[f"rcap_at_{k}"] = min(1.0, reached[min(k, len(hits))] / min(k, len(wanted)))
    out["mrr"] = next((1 / place for place, gain in enumerate(gains, 1) if gain), 0.0)
    return out


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, 1))
