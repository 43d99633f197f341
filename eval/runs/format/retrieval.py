"""``retrieval`` of ``summary.json``: what was found of the evidence, and what right answers owe to it."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict

from eval.runs.format.estimate import EstimateEntry


class CorrectGiven(TypedDict):
    """How often a judge said correct, over questions that can be answered and name evidence."""

    evidence: NotRequired[Annotated[EstimateEntry, "Where all evidence was in the context; absent where it never was."]]
    no_evidence: NotRequired[Annotated[EstimateEntry, "Where some was not; absent where all always was."]]


class RetrievalSummary(TypedDict):
    """Retrieval of all questions, from the records of the searches."""

    metrics: Annotated[
        dict[str, EstimateEntry],
        "`turn_` or `session_`, then `share`, `any`, `all`, `ndcg`, `rcap` or `mrr`, then the cut (`at_10`, "
        "`words_800`, `context`); `official_…`: the data set's own. Questions without evidence are left out.",
    ]
    correct: Annotated[dict[str, CorrectGiven], "Judge (`judge_<name>`) to how often it said correct."]
    empty_contexts: Annotated[int, "Questions whose context has no word."]
    answer_words: NotRequired[Annotated[EstimateEntry, "NLTK words of an answer; absent where nothing was answered."]]
