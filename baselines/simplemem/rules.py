"""The decisions of SimpleMem by rules: its index alone, without planning and reflection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from baselines.backbone import Backbone
from baselines.extract import entities, question_entities, turn_facts
from baselines.extract.entities import normal
from baselines.simplemem.entries import Restatement, Wanted
from baselines.simplemem.model import DialogueWindow, period
from memos.language.names import names
from memos.language.words import surface


class RuleSimpleMemBrain:
    """Facts of the turns; the question is its own only query.

    Args:
        speakers: who talks, for the persons that a question names.
        listener: speaker to the one who is spoken to.
        max_words: longest run of sentences in one fact.
    """

    def __init__(self, speakers: Callable[[], Sequence[str]], listener: Callable[[str], str], max_words: int) -> None:
        self._speakers, self._listener, self._max_words = speakers, listener, max_words

    def expect(self, window: DialogueWindow) -> None:
        """Rules wait for nothing."""

    def entries(self, window: DialogueWindow) -> list[Restatement] | None:
        made = []
        for item in window.turns:
            for fact in turn_facts(item.session, item.turn, self._listener(item.turn.speaker), self._max_words):
                persons = tuple(dict.fromkeys([item.turn.speaker, *names(fact.text)]))
                words, named = tuple(dict.fromkeys(surface(fact.text))), tuple(entities(fact.text))
                time = fact.time.isoformat() if fact.time else ""
                made.append(Restatement(fact.text, fact.turn_ids, words, time, persons=persons, entities=named))
        return made

    def queries(self, question: str, backbone: Backbone) -> list[str]:
        return []

    def wanted(self, question: str, now: datetime | None, backbone: Backbone) -> Wanted:
        asked, people = question_entities(question), {normal(name) for name in self._speakers()}
        persons = tuple(name for name in asked if normal(name) in people)
        others = tuple(name for name in asked if normal(name) not in people)
        return Wanted(tuple(surface(question)), persons, "", others, period(question, now))

    def missing(self, question: str, entries: Sequence[str], backbone: Backbone) -> list[str]:
        return []
