"""``memory_size.json``: how much a run's systems had to remember (``experiment=growth``)."""

from __future__ import annotations

from typing import Annotated, TypedDict

MEMORY_SIZE = "memory_size.json"


class MemorySize(TypedDict):
    """``memory_size.json``: the size of the conversations of a run, all together."""

    conversations: Annotated[int, "Conversations, each a memory of its own."]
    sessions: Annotated[int, "Sessions of all of them."]
    turns: Annotated[int, "Turns of all of them."]
    tokens: Annotated[int, "cl100k tokens of the texts of these turns."]
