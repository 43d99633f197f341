"""The decisions of HyMem by rules. The gate is ours, not its authors'."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from baselines.backbone import Backbone
from baselines.extract import turn_facts
from baselines.heard import HeardTurn
from baselines.hymem.brain import DatedSentence, KeySentence
from memos.language.words import is_stop, stems

LISTED, SPREAD = 5, 3
"""A question for a list reads the sessions where its first LISTED sentences come from SPREAD or more of them."""
_COUNT = re.compile(r"\bhow (?:many|often)\b|\b(?:list|all the)\b", re.IGNORECASE)
_WHICH = re.compile(r"\b(?:what|which)\s+((?:[\w'-]+\s+){0,2}?)([\w'-]+s)\b", re.IGNORECASE)


class RuleHyMemBrain:
    """Facts of the turns as sentences.

    A question reads the sessions where its sentences lack too many of its words, where none is near, or where it asks
    for a list and they come from several sessions.

    Args:
        listener: speaker to the one who is spoken to.
        max_words: longest run of sentences in one fact.
        coverage: share of the question's content words that its sentences must hold.
        sure: least cosine of the nearest sentence.
        selector_ratio: share of the best score from which a sentence's session is read.
        max_sessions: sessions read at most.
    """

    def __init__(
        self,
        listener: Callable[[str], str],
        max_words: int,
        coverage: float,
        sure: float,
        selector_ratio: float,
        max_sessions: int,
    ) -> None:
        self._listener, self._max_words = listener, max_words
        self._coverage, self._sure = coverage, sure
        self._selector_ratio, self._max_sessions = selector_ratio, max_sessions

    def expect(self, note: str) -> None:
        """Rules wait for nothing."""

    def sentences(self, note: str, turns: Sequence[HeardTurn]) -> list[KeySentence] | None:
        return [
            KeySentence(fact.text, fact.turn_ids)
            for item in turns
            for fact in turn_facts(item.session, item.turn, self._listener(item.turn.speaker), self._max_words)
        ]

    def enough(self, question: str, near: Sequence[DatedSentence], backbone: Backbone) -> bool:
        asked = stems(question)
        held = frozenset[str]().union(*(stems(item.text) for item in near))
        covered = not asked or len(asked & held) >= self._coverage * len(asked)
        sure = bool(near) and near[0].score >= self._sure
        spread = len({item.note for item in near[:LISTED]}) >= SPREAD
        return covered and sure and not (spread and asks_for_several(question))

    def select(self, question: str, near: Sequence[DatedSentence], backbone: Backbone) -> list[int]:
        least = self._selector_ratio * near[0].score if near else 0.0
        chosen = [place for place, item in enumerate(near) if item.score >= least]
        notes = list(dict.fromkeys(near[place].note for place in chosen))[: self._max_sessions]
        return [place for place in chosen if near[place].note in notes]

    def reflect(self, question: str, memory: str, drafted: bool, backbone: Backbone) -> None:
        """Rules draft nothing."""


def asks_for_several(question: str) -> bool:
    """Whether a question asks for a number or for more than one thing."""
    if _COUNT.search(question):
        return True
    return any(
        not is_stop(noun.lower()) and not any(is_stop(word.lower()) for word in between.split())
        for between, noun in _WHICH.findall(question)
    )
