"""The offline judge: a small, fast, deterministic model of GPT-4o-mini's verdicts over interpretable features."""

from eval.judges.offline.judge import OfflineJudge

__all__ = ["OfflineJudge"]
