"""``fitted_on`` of ``summary.json``: the parts that were fitted or tuned on something, and what of it is measured."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict


class CopyFacts(TypedDict):
    """A measured conversation that a part was fitted or tuned on."""

    of: Annotated[str, "The conversation it is or is a copy of, such as `locomo/conv-26`."]
    use: Annotated[Literal["fitted", "tuned"], "Weights were fitted on it, or settings chosen with it in view."]
    share: Annotated[float, "Share of turns the two have in common; 1 where all are equal."]


class UseCounts(TypedDict):
    """Questions by how their conversation was used."""

    fitted: Annotated[int, "Questions about conversations that weights were fitted on."]
    tuned: Annotated[int, "Questions about those that settings were chosen with."]


class FittedOn(TypedDict):
    """A component that rests on data."""

    roles: Annotated[list[str], "Whose numbers rest on it: `memory`, `answerer`, `judge NAME`."]
    data: Annotated[dict[str, int], "Data set to the number of its conversations that it was fitted or tuned on."]
    conversations: Annotated[dict[str, CopyFacts], "Measured conversation to which of these it is; absent: none."]
    questions: Annotated[UseCounts, "Questions that were asked about them."]
