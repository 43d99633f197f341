"""What MemSifter asks of its language model (docs/systems.md#memsifter)."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.backbone import Backbone, listed, record

RANKING_PROMPT = """Below are numbered sessions of a long dialogue and a question about it. Find out which sessions \
one has to read to answer the question, and rank them: the one that helps most comes first. Leave out those that do \
not help.

Reply with JSON: {"ranking": [number, …]}"""

RANKING = record(ranking=listed({"type": "integer"}))


def asked_ranking(question: str, sessions: Sequence[str], backbone: Backbone) -> list[int]:
    """Positions of the sessions that matter, best first; none where no reply could be read."""
    blocks = [f"Session {number}\n{text}" for number, text in enumerate(sessions)]
    prompt = "\n\n".join([*blocks, f"Question: {question}"])
    reply = backbone.json("search", RANKING_PROMPT, prompt, RANKING)
    return list(reply["ranking"]) if reply else []
