"""What HyMem asks of its language model (docs/systems.md#hymem)."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.backbone import TEXT, Backbone, listed, record
from baselines.heard import HeardTurn
from baselines.hymem.brain import DatedSentence, KeySentence

SENTENCES_PROMPT = """Break a dialogue up into key sentences for a search. Together they hold everything that was \
said and may be asked about later. Each is one statement that can be understood alone: names instead of pronouns, \
with places, titles, numbers and times.

Reply with JSON: {"keywords": [text, …]}"""
ENOUGH_PROMPT = """Answer a question from dated sentences of a memory. Name everything that belongs into the answer, \
draw the conclusions that the sentences allow, and say of a time what it counts from.
finished is 1 where the sentences are enough for a complete answer, 2 where the dialogues behind them have to be read.

Reply with JSON: {"finished": 1 | 2, "answer": text}"""
SELECT_PROMPT = """Numbered, dated sentences point to dialogues. List the ids of those whose dialogues are to be read \
to answer the question, the most important first.

Reply with JSON: {"keywords_list": [number, …]}"""
DRAFT_PROMPT = """Answer a question from dialogues. Name everything that belongs into the answer, draw the \
conclusions that they allow, and say of a time what it counts from.

Reply with JSON: {"answer": text}"""
REFLECT_PROMPT = """Judge whether a memory answers a question. Where it does not, write a question that would bring \
what is missing.

Reply with JSON: {"finished": 1 | 2, "new_question": text}"""

SENTENCES = record(keywords={**listed(TEXT), "minItems": 1})
NUMBER = {"type": "integer"}
ENOUGH = record(finished=NUMBER, answer=TEXT)
SELECTION = record(keywords_list=listed(NUMBER))
DRAFT = record(answer=TEXT)
REFLECTION = record(finished=NUMBER, new_question=TEXT)
NOT_ENOUGH = 2


class ModelHyMemBrain:
    """One call a session; one a question, two where its sentences are not enough.

    Args:
        backbone: the model.
        group: candidates that one selection sees.
    """

    def __init__(self, backbone: Backbone, group: int) -> None:
        self._backbone, self._group = backbone, group

    def expect(self, note: str) -> None:
        self._backbone.begin_json(SENTENCES_PROMPT, note, SENTENCES)

    def sentences(self, note: str, turns: Sequence[HeardTurn]) -> list[KeySentence] | None:
        reply = self._backbone.json("ingest", SENTENCES_PROMPT, note, SENTENCES)
        if reply is None:
            return None
        source = tuple(item.turn.turn_id for item in turns)
        return [KeySentence(text.strip(), source) for text in reply["keywords"] if text.strip()]

    def enough(self, question: str, near: Sequence[DatedSentence], backbone: Backbone) -> bool:
        reply = backbone.json("search", ENOUGH_PROMPT, _asking(question, [item.line for item in near]), ENOUGH)
        return reply is None or reply["finished"] != NOT_ENOUGH

    def select(self, question: str, near: Sequence[DatedSentence], backbone: Backbone) -> list[int]:
        chosen: list[int] = []
        for start in range(0, len(near), self._group):
            group = range(start, min(start + self._group, len(near)))
            lines = [f"id:{place}, {near[place].line}" for place in group]
            reply = backbone.json("search", SELECT_PROMPT, _asking(question, lines), SELECTION)
            chosen += [place for place in (reply or {"keywords_list": []})["keywords_list"] if place in group]
        return chosen

    def reflect(self, question: str, memory: str, drafted: bool, backbone: Backbone) -> None:
        asking = _asking(question, [memory])
        if not drafted:
            backbone.json("search", DRAFT_PROMPT, asking, DRAFT)
        backbone.json("search", REFLECT_PROMPT, asking, REFLECTION)


def _asking(question: str, lines: Sequence[str]) -> str:
    return "\n".join(["Memory:", *(lines or ["(empty)"]), "", f"Question: {question}"])
