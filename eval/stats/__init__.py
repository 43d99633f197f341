"""Statistics of the benchmark: intervals clustered by conversation, and comparisons paired on the same questions.

Questions of one conversation share its speakers, its memory store and its quirks, so they are not independent; LOCOMO
has ten conversations, hence ten clusters and a t distribution with nine degrees of freedom
(docs/protocol.md#statistics). Where answers are repeated, their spread and the judge's are told apart from it.
"""

from eval.stats.intervals import Estimate, cluster_bootstrap, interval, percentiles, wilson
from eval.stats.paired import Comparison, compare, holm, mcnemar, sign_flip, smallest_difference
from eval.stats.pooled import Pooled, Stratum, conversations_needed, differences, pooled, sign_flips, stratum
from eval.stats.ranks import Ranking, ranking
from eval.stats.repeats import ScoreSpread, judge_sd, spread

__all__ = [
    "Comparison",
    "Estimate",
    "Pooled",
    "Ranking",
    "ScoreSpread",
    "Stratum",
    "cluster_bootstrap",
    "compare",
    "conversations_needed",
    "differences",
    "holm",
    "interval",
    "judge_sd",
    "mcnemar",
    "percentiles",
    "pooled",
    "ranking",
    "sign_flip",
    "sign_flips",
    "smallest_difference",
    "spread",
    "stratum",
    "wilson",
]
