"""What D-Mem asks at a question, of a model or by rules (docs/systems.md#d-mem)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from baselines.backbone import TEXT, Backbone, listed, record
from baselines.dmem.evidence import RawTurn
from baselines.extract import question_entities
from memos.language.words import stems
from memos.types import Hit

DRAFT_PROMPT = """Answer a question from memories of a dialogue, as shortly as it can be done.

Reply with JSON: {"answer": text}"""
GRADE_PROMPT = """Grade a draft of an answer. It was written from the memories shown and nothing else. Give each of \
these a number from 1, bad, to 5, good:
- relevance: whether the memories are about what is asked
- faithfulness: whether the memories say what the draft says
- completeness: whether anything that is asked for is missing

Reply with JSON: {"relevance": 1-5, "faithfulness": 1-5, "completeness": 1-5, "reason": text}"""
READ_PROMPT = """Read a part of a dialogue and note everything in it that helps to answer a question. Each note is a \
quotation or a fact that can be understood alone, with the ids of its lines, which stand in round brackets. Note \
nothing that is not there; an empty list where nothing helps.

Reply with JSON: {"evidence": [{"fact": text, "lines": [text, …]}]}"""

GRADE = {"type": "integer"}
DRAFT = record(answer=TEXT)
GRADES = record(relevance=GRADE, faithfulness=GRADE, completeness=GRADE, reason=TEXT)
EVIDENCE = record(evidence=listed(record(fact=TEXT, lines=listed(TEXT))))


@dataclass(frozen=True, slots=True)
class QuotedFact:
    """A fact, and the ids of its turns as the model wrote them."""

    text: str
    lines: tuple[str, ...]


class DMemBrain(Protocol):
    """Whether a draft is good enough, and what a part of the history says."""

    def good(self, question: str, memories: str, hits: Sequence[Hit], backbone: Backbone) -> bool: ...

    def read(self, question: str, turns: Sequence[RawTurn], backbone: Backbone) -> list[QuotedFact] | None:
        """None where no reply could be read, or where rules are asked."""
        ...


class ModelDMemBrain:
    """Two calls a question, and one a part of the history where the draft is graded badly.

    Args:
        least: lowest grade that passes.
    """

    def __init__(self, least: int) -> None:
        self._least = least

    def good(self, question: str, memories: str, hits: Sequence[Hit], backbone: Backbone) -> bool:
        asking = f"{memories}\n\nQuestion: {question}"
        drafted = backbone.json("search", DRAFT_PROMPT, asking, DRAFT)
        draft = drafted["answer"] if drafted else "(none)"
        reply = backbone.json("search", GRADE_PROMPT, f"{asking}\n\nDraft: {draft}", GRADES)
        return reply is not None and passes(
            [reply[name] for name in ("relevance", "faithfulness", "completeness")], self._least
        )

    def read(self, question: str, turns: Sequence[RawTurn], backbone: Backbone) -> list[QuotedFact] | None:
        lines = "\n".join(turn.shown for turn in turns)
        reply = backbone.json("search", READ_PROMPT, f"{lines}\n\nQuestion: {question}", EVIDENCE)
        if reply is None:
            return None
        return [
            QuotedFact(item["fact"].strip(), tuple(item["lines"])) for item in reply["evidence"] if item["fact"].strip()
        ]


class RuleDMemBrain:
    """The gate by two measures: the nearest memory is near, and the memories hold what the question names.

    A draft by rules would be a sentence of the memories and so is faithful to them.

    Args:
        relevance: least cosine of the nearest memory.
        completeness: least share of the question's content words and names in the memories.
    """

    def __init__(self, relevance: float, completeness: float) -> None:
        self._relevance, self._completeness = relevance, completeness

    def good(self, question: str, memories: str, hits: Sequence[Hit], backbone: Backbone) -> bool:
        asked = stems(question) | {stem for name in question_entities(question) for stem in stems(name)}
        covered = not asked or len(asked & stems(memories)) >= self._completeness * len(asked)
        return covered and bool(hits) and hits[0].score >= self._relevance

    def read(self, question: str, turns: Sequence[RawTurn], backbone: Backbone) -> list[QuotedFact] | None:
        return None


def passes(grades: Sequence[int], least: int) -> bool:
    """Whether every grade is good enough."""
    return all(grade >= least for grade in grades)
