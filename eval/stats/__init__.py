"""Statistics of the benchmark: intervals clustered by conversation, and comparisons paired on the same questions.

Questions of one conversation share its speakers, its memory store and its quirks, so they are not independent; LOCOMO
has ten conversations, hence ten clusters and a t distribution with nine degrees of freedom
(docs/protocol.md#statistics). Judge-repeat spread is not in here: it measures the judge, not the sampling of questions.
"""

from eval.stats.intervals import Estimate, cluster_bootstrap, interval, percentiles, wilson
from eval.stats.paired import Comparison, compare, holm, mcnemar, sign_flip, smallest_difference
from eval.stats.ranks import Ranking, ranking

__all__ = [
    "Comparison",
    "Estimate",
    "Ranking",
    "cluster_bootstrap",
    "compare",
    "holm",
    "interval",
    "mcnemar",
    "percentiles",
    "ranking",
    "sign_flip",
    "smallest_difference",
    "wilson",
]
