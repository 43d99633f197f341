"""Figures from summaries, run records and the paper's reference values. Each writes PNG, PDF, CSV and sources."""

from eval.report.plots.evidence import correct_given_evidence
from eval.report.plots.growth import growth_curves
from eval.report.plots.judge_matrix import judge_spread
from eval.report.plots.judging import (
    calibration,
    calibration_bins,
    card_files,
    cards_of_folder,
    cards_of_runs,
    critical_difference,
    may_calibrate,
)
from eval.report.plots.paper import ablation, ttft
from eval.report.plots.pooled import pooled_scores
from eval.report.plots.retrieval import cost_by_phase, latency_parts, recall_against_budget
from eval.report.plots.scores import primary_judge, score_against_tokens, score_by_category

__all__ = [
    "ablation",
    "calibration",
    "calibration_bins",
    "card_files",
    "cards_of_folder",
    "cards_of_runs",
    "correct_given_evidence",
    "cost_by_phase",
    "critical_difference",
    "growth_curves",
    "judge_spread",
    "latency_parts",
    "may_calibrate",
    "pooled_scores",
    "primary_judge",
    "recall_against_budget",
    "score_against_tokens",
    "score_by_category",
    "ttft",
]
