"""What measured cells are held against, and why one failed."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from eval.report.paper.kv_audit import paper_cells


def reason(record: Mapping[str, Any]) -> str:
    """Why a cell failed, in a few words."""
    if record.get("error"):
        return str(record["error"])
    if not record.get("unchanged", True):
        return "the stored cache was changed by its use"
    if not record.get("identical", True):
        return f"the arms' answers part at token {record['first_divergence']}"
    return f"the arms' first logits differ by {record.get('max_logit_difference')}"


def gates(cells: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the paper and the machine are held against, over the cells at hand; None where nothing was measured."""
    local = [cell for cell in cells if "limit" in cell]
    shares = [cell["limit"]["speedup_over_allowed"] for cell in local]
    longer = [cell["limit"] for cell in local if cell["context"] != "short"]
    paper = paper_cells()
    return {
        "identical_cells": sum(cell["identical"] for cell in local),
        "max_logit_difference": max((cell["max_logit_difference"] for cell in local), default=None),
        "kv_over_naive_median": statistics.median(c["kv_over_naive"]["p50"] for c in local) if local else None,
        "speedup_over_allowed_median": statistics.median(shares) if shares else None,
        "speedup_over_allowed_worst": min(shares, default=None),
        "of_matrix_peak_worst_from_medium": min((bound["of_matrix_peak"]["p50"] for bound in longer), default=None),
        "quickest_of_matrix_peak_worst_from_medium": min(
            (bound["quickest_of_matrix_peak"] for bound in longer if "quickest_of_matrix_peak" in bound), default=None
        ),
        "ratio_flags": sum(cell["ratio_flag"] for cell in local),
        "cells_at_or_above_paper_qwen3_8b": sum(
            cell["speedup"] >= paper.get((cell["context"], cell["query"]), {}).get("speedup", float("inf"))
            for cell in cells
        ),
    }
