"""Figures from summaries, run records and the paper's reference values. Each writes PNG, PDF, CSV and sources."""

from eval.plots.scores import score_against_tokens, score_by_category

__all__ = ["score_against_tokens", "score_by_category"]
