"""The sources of MemoryAgentBench: which file each is in, which metric decides it, and what its prompt adds."""

from __future__ import annotations

from dataclasses import dataclass

from eval.core.categories import JUDGE, Categories, Category

ROWS = {
    "Accurate_Retrieval": 22,
    "Test_Time_Learning": 6,
    "Long_Range_Understanding": 110,
    "Conflict_Resolution": 8,
}
"""Rows of each file of the official data."""
NEWEST = (
    "The memories come from a pool of numbered facts. Where two of them disagree, the one with the larger number is "
    "newer and holds. Answer from the pool alone, whatever you know of the world, and in as few words as possible."
)
LABEL = "The memories hold texts with the numbers of their labels. Reply with the number of this text and no more."


@dataclass(frozen=True)
class RowSource:
    """One source."""

    name: str
    file: str
    official: str = ""
    """The metric that decides it, or ``judge``; empty: one that is not offered here."""
    like: int = 4
    instruction: str | None = None


_CONFLICTS = [
    RowSource(f"factconsolidation_{hops}_{size}", "Conflict_Resolution", "substring_exact_match", like, NEWEST)
    for hops, like in (("sh", 4), ("mh", 1))
    for size in ("6k", "32k", "64k", "262k")
]
_RETRIEVAL = [
    RowSource(name, "Accurate_Retrieval", "substring_exact_match", like)
    for name, like in (
        ("ruler_qa1_197K", 4),
        ("ruler_qa2_421K", 1),
        ("eventqa_65536", 4),
        ("eventqa_131072", 4),
        ("eventqa_full", 4),
    )
]
_LEARNING = [
    RowSource(f"icl_{name}_balance", "Test_Time_Learning", "exact_match", 4, LABEL)
    for name in (
        "banking77_5900shot",
        "clinic150_7050shot",
        "nlu_8296shot",
        "trec_coarse_6600shot",
        "trec_fine_6400shot",
    )
]
ORIGINS = {
    one.name: one
    for one in (
        *_CONFLICTS,
        *_RETRIEVAL,
        *_LEARNING,
        RowSource("detective_qa", "Long_Range_Understanding", "exact_match", 3),
        RowSource("longmemeval_s*", "Accurate_Retrieval", JUDGE),
        RowSource("longmemeval_s_-1_500", "Accurate_Retrieval", JUDGE),
        RowSource("recsys_redial_full", "Test_Time_Learning"),
        RowSource("infbench_sum_eng_shots2", "Long_Range_Understanding"),
    )
}
"""All sources by name, in printing order."""
NOT_OFFERED = {
    "recsys_redial_full": "its recall of films needs a table of titles that is a file of its own",
    "infbench_sum_eng_shots2": "its F1 of summaries is given by a judge of another benchmark",
}


def categories(*, judged: bool) -> Categories:
    """Those that a judge decides, or those that a metric does."""
    wanted = [one for one in ORIGINS.values() if one.official and (one.official == JUDGE) == judged]
    return Categories(tuple(Category(one.name, one.name, one.like, official=one.official) for one in wanted))


RULES = {
    "single-session-user": "single",
    "single-session-assistant": "single",
    "multi-session": "single",
    "temporal-reasoning": "temporal",
    "knowledge-update": "knowledge",
    "single-session-preference": "preference",
}
"""Types of LongMemEval's questions to the rules of its rubric."""
