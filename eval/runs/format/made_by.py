"""``made_by`` of ``summary.json``: the parts and models that made a row; by it tables tell what it compares with."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired, TypedDict


class ModelFacts(TypedDict):
    """Whose model a part asked."""

    model: Annotated[str, "The model's name, such as `gpt-4o-mini-2024-07-18`."]
    maker: Annotated[str | None, "Such as `openai`; `synthetic` of scripted replies; null where nothing says it."]
    place: Annotated[str, "The server's host; empty in the run's own process."]
    declared: Annotated[bool, "Whether the maker is the user's word (`declared`, `served_as`), not the address's."]


class PartFacts(TypedDict):
    """A part and the model it asked."""

    part: Annotated[str, "Name of the component."]
    kind: Annotated[str, "Its stable name in identities."]
    llm: Annotated[ModelFacts | None, "The language model it asked; null where it asks none."]
    settings: Annotated[dict[str, Any], "Its fields that a comparison looks at, such as `temperature` and `top_k`."]


class MemoryFacts(PartFacts):
    """The memory system."""

    embedder: Annotated[ModelFacts | None, "Its embedder; null where it has none."]


class AnswererFacts(PartFacts):
    """The answerer."""

    prompt: Annotated[str | None, "Id of the answer prompt; null where it reads none."]
    own_prompt: Annotated[bool, "Whether the prompt is the one that the method's authors used, or our wording of it."]


class MadeBy(TypedDict):
    """What made a row."""

    memory: Annotated[MemoryFacts, "The memory system."]
    answerer: Annotated[AnswererFacts, "The answerer."]
    judges: Annotated[dict[str, PartFacts], "Judge to what it is."]
    metrics: Annotated[
        dict[str, list[str]], "Metric to why its values are not the paper's; those with none are absent."
    ]
    origin: NotRequired[Annotated[str, "Where answers that existed already come from."]]
