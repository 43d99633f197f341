"""``abstention.json``: questions without an answer (``experiment=adversarial``)."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict


class WholeEstimate(TypedDict):
    """A share with its interval (``eval.stats.Estimate``)."""

    mean: Annotated[float, "The share, as a fraction."]
    low: Annotated[float | None, "Low end of the 95 % interval; null where there is none."]
    high: Annotated[float | None, "High end."]
    n: Annotated[int, "Questions."]
    clusters: Annotated[int, "Conversations."]
    se: Annotated[float | None, "Standard error."]
    method: Annotated[str, "How the interval was made."]
    note: Annotated[str, "Why there is none."]


class AbstentionRecord(TypedDict):
    """``abstention.json``: the table of category 5 for one system, and of the constant answerer beside it."""

    label: Annotated[str, "Name of the system for people."]
    free_form: Annotated[WholeEstimate, "Answers that say the conversation does not tell."]
    forced_choice: Annotated[WholeEstimate | None, "Forced choices that were right; null where none was asked."]
    unclear: Annotated[int, "Forced choices whose answer names no option; wrong."]
    constant_adversarial: Annotated[float, "What always saying “not mentioned” scores here."]
    constant_answerable: Annotated[float, "The most it scores on categories 1 to 4."]
    constant_all: Annotated[float, "And on all five together."]
    failed: Annotated[int, "Questions without a free-form answer; wrong."]
    failed_choices: NotRequired[Annotated[int, "Forced choices without an answer; wrong, not among the unclear ones."]]
