"""LongMemEval's own measures of a retrieval (its ``src/retrieval``), of the hits of any system.

The documents are the user's turns alone. A turn is gold where it is marked as evidence; a session is, where one of its
user turns is. What follows from that, and is kept as the official code has it:

- evidence that only the assistant said is no gold, so that some questions have none;
- ranks are not discounted before the third: DCG = rel_1 + sum of rel_i / log2(i) from i = 2;
- ``session`` scores a ranking of turns by session: as many turns count as bring k sessions, a gold session's turns
  without the answer (renamed ``noans``) being another session than those with it;
- means leave out the questions that cannot be answered, and then those without gold (419 of the 500), or not (470),
  where a question without gold has a recall_any of 0, a recall_all of 1 and an NDCG of 0.

A hit of several turns counts as its user turns, one after the other; one without a user turn is no document.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

from eval.core.types import Question
from memos.types import Conversation, Session

RANKS = (1, 3, 5, 10, 30, 50)
WITH_GOLD, ANSWERABLE = "of_419", "of_470"
"""The two denominators, by their sizes in a whole file."""
Unit = tuple[int, bool]
"""A session as the official code counts it: its number, and whether the turn holds the answer."""


@dataclass(frozen=True, slots=True)
class Document:
    """A user turn of a haystack."""

    turn_id: str
    gold: bool
    unit: Unit


def documents(conversation: Conversation, evidence: Collection[str]) -> list[Document]:
    """The user turns of a haystack in their order; a session that is there twice is one and the same."""
    numbers: dict[tuple[str, ...], int] = {}
    made = []
    for session in conversation.sessions:
        number = numbers.setdefault(_content(session), len(numbers))
        for turn in session.turns:
            if turn.speaker == "user":
                gold = turn.turn_id in evidence
                made.append(Document(turn.turn_id, gold, (number, gold)))
    return made


def _content(session: Session) -> tuple[str, ...]:
    return tuple(turn.text for turn in session.turns)


def ranking(haystack: Sequence[Document], hits: Sequence[Collection[str]]) -> list[Document]:
    """The documents in the order in which hits bring them, each once.

    Args:
        haystack: the user turns.
        hits: of each hit, best first, the ids of its turns.
    """
    seen: dict[str, Document] = {}
    for turns in hits:
        wanted = set(turns)
        seen |= {one.turn_id: one for one in haystack if one.turn_id in wanted and one.turn_id not in seen}
    return list(seen.values())


def official_retrieval(
    conversation: Conversation, question: Question, hits: Sequence[Collection[str]]
) -> dict[str, float]:
    """All measures of one question by name, such as ``turn_recall_any_of_419_at_5``; empty where it is left out."""
    if question.unanswerable:
        return {}
    haystack = documents(conversation, question.evidence)
    ranked = ranking(haystack, hits)
    counted = (WITH_GOLD, ANSWERABLE) if any(one.gold for one in haystack) else (ANSWERABLE,)
    made: dict[str, float] = {}
    for k in RANKS:
        by_turn = _measures(haystack, ranked[:k], k, [one.turn_id for one in haystack])
        reach = _reach(haystack, ranked, k)
        by_session = _measures(haystack, ranked[:reach], reach, [one.unit for one in haystack])
        for level, measures in (("turn", by_turn), ("session", by_session)):
            made |= {f"{level}_{name}_{of}_at_{k}": value for name, value in measures.items() for of in counted}
    return made


def _measures(
    haystack: Sequence[Document], top: Sequence[Document], k: int, named: Sequence[Hashable]
) -> dict[str, float]:
    """The three measures of the first documents.

    Args:
        haystack: all documents.
        top: the first of a ranking.
        k: how many of an ideal ranking they are compared with.
        named: what each document of the haystack is found as: a turn, or a session.
    """
    names = {one.turn_id: name for one, name in zip(haystack, named, strict=True)}
    gold = {names[one.turn_id] for one in haystack if one.gold}
    reached = {names[one.turn_id] for one in top}
    ideal = _dcg([1.0] * min(sum(one.gold for one in haystack), k))
    return {
        "recall_any": float(bool(gold & reached)),
        "recall_all": float(gold <= reached),
        "ndcg_any": _dcg([float(one.gold) for one in top]) / ideal if ideal else 0.0,
    }


def _dcg(relevances: Sequence[float]) -> float:
    return sum(rel / math.log2(place) if place > 1 else rel for place, rel in enumerate(relevances, 1))


def _reach(haystack: Sequence[Document], ranked: Sequence[Document], k: int) -> int:
    """So many of the first turns are looked at that they are of k sessions."""
    reach = k
    while reach <= len(haystack) and len({one.unit for one in ranked[:reach]}) < k:
        reach += 1
    return reach
