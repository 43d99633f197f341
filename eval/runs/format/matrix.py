"""``summary.json`` of a judge matrix."""

from __future__ import annotations

from typing import Annotated, TypedDict


class MatrixJudgeEntry(TypedDict):
    """One judge under one prompt."""

    name: Annotated[str, "Name in its journals, `scores/judge_<name>-<identity>-<run>.jsonl`."]
    prompt: Annotated[str, "Rubric it judges by; empty where it asks no model."]
    failed: Annotated[int, "Answers without a verdict that stands."]


class MatrixRun(TypedDict):
    """A run whose answers were judged."""

    label: Annotated[str, "Its system for people."]
    fingerprint: Annotated[str, "Its identity."]


class MatrixPair(TypedDict):
    """Two judges on the same answers."""

    first: Annotated[str, "One judge."]
    second: Annotated[str, "The other."]
    n: Annotated[int, "Answers on which the verdicts of both stand."]
    agreement: Annotated[float | None, "Share of them with the same label."]
    kappa: Annotated[float | None, "Cohen's kappa; null where chance alone agrees on all."]
    low: Annotated[float | None, "Low end of its 95 % interval over conversations; null below 3 of them."]
    high: Annotated[float | None, "High end."]
    shift: Annotated[float, "Mean over the systems of the second judge's score less the first's (fraction)."]
    tau: Annotated[float | None, "Kendall's tau of the systems' scores; null below 2 systems, or where all are equal."]


class MatrixSpread(TypedDict):
    """One system under every judge."""

    system: Annotated[str, "The system for people."]
    n: Annotated[int, "Questions."]
    scores: Annotated[dict[str, float], "Judge to the score (fraction of all questions)."]
    width: Annotated[float, "Highest score less the lowest."]


class MatrixDataset(TypedDict):
    """The data that all runs share."""

    name: Annotated[str, "Name of the data set."]
    sha256: Annotated[str, "Digest of the content."]


class MatrixSummary(TypedDict):
    """``summary.json`` of a judge matrix."""

    schema: Annotated[int, "1."]
    experiment: Annotated[str, "`judge_matrix`."]
    complete: Annotated[bool, "Whether every answer was put to every judge."]
    n: Annotated[int, "Questions times runs."]
    unanswered: Annotated[int, "Of them those without a good answer; they count as wrong and are in no pair."]
    failed: Annotated[int, "Most answers that any judge left without a verdict that stands."]
    judges: Annotated[dict[str, MatrixJudgeEntry], "Judge for people to what it is."]
    runs: Annotated[list[MatrixRun], "The runs."]
    questions: Annotated[int, "Questions of each run."]
    dataset: Annotated[MatrixDataset, "The data."]
    pairs: Annotated[list[MatrixPair], "Every two judges."]
    spreads: Annotated[list[MatrixSpread], "Every system."]
