"""A mean over questions with its interval, as summaries hold it."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict


class Repeats(TypedDict):
    """How far a judge that runs several times agrees with itself; nothing of one that runs once."""

    repeat_sd: NotRequired[Annotated[float, "Standard deviation of the score over the judge's runs."]]
    repeat_n: NotRequired[Annotated[int, "Verdicts that `repeat_sd` is over."]]


class EstimateEntry(Repeats):
    """A mean over questions."""

    mean: Annotated[float, "The mean; a fraction for scores and verdicts, a count for `memory_words` and `_tokens`."]
    ci95: Annotated[list[float] | None, "Low and high of the 95 % interval clustered by conversation; null below 3."]
    n: Annotated[int, "Questions it is over."]
    bootstrap95: NotRequired[Annotated[list[float], "The same by cluster bootstrap; verdicts only."]]
