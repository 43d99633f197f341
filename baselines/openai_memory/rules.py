"""Entries by rules."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.extract import Fact, entities, session_facts
from baselines.openai_memory.writer import EntryChanges, MemoryEntry, session_date
from memos.language.words import terms, words
from memos.types import Session


class RuleWriter:
    """The most telling facts of each session, up to a number of words, in the order they were said."""

    def __init__(self, session_words: int, max_words: int) -> None:
        self._session_words, self._max_words = session_words, max_words

    def expect(self, session: Session, speakers: tuple[str, ...]) -> None:
        """Rules wait for nothing."""

    def write(self, session: Session, speakers: tuple[str, ...], entries: Sequence[MemoryEntry]) -> EntryChanges:
        facts = session_facts(session, speakers, self._max_words)
        order = sorted(range(len(facts)), key=lambda i: (-salience(facts[i]), i))
        left, chosen = self._session_words, []
        for index in order:
            size = len(words(facts[index].text))
            if size <= left:
                chosen.append(index)
                left -= size
        adds = [MemoryEntry("", facts[i].text, session_date(session), facts[i].turn_ids) for i in sorted(chosen)]
        return EntryChanges(tuple(adds))


def salience(fact: Fact) -> float:
    """How much a fact tells a word: names, numbers and a date count more than other content words."""
    size = max(8, len(words(fact.text)))
    named = len(entities(fact.text))
    numbers = sum(word[0].isdigit() for word in words(fact.text))
    return (len(set(terms(fact.text))) + 2.0 * named + 1.5 * numbers + 2.0 * fact.dated) / size
