"""The decisions of MemGAS by rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from baselines.backbone import Backbone
from baselines.extract import entities, turn_facts
from baselines.heard import HeardTurn
from memos.language.words import terms

SUMMARY_FACTS, KEYWORDS = 5, 10


class RuleMemGASBrain:
    """The facts of a session with the rarest words are its summary; its entities and commonest words its keywords.

    Args:
        listener: speaker to the one who is spoken to.
        max_words: longest run of sentences in one fact.
    """

    def __init__(self, listener: Callable[[str], str], max_words: int) -> None:
        self._listener, self._max_words = listener, max_words

    def expect(self, text: str) -> None:
        """Rules wait for nothing."""

    def summary(self, text: str, turns: Sequence[HeardTurn]) -> str | None:
        facts = [
            fact.text
            for item in turns
            for fact in turn_facts(item.session, item.turn, self._listener(item.turn.speaker), self._max_words)
        ]
        counts = Counter(word for fact in facts for word in set(terms(fact)))
        weights = [sum(1.0 / counts[word] for word in set(terms(fact))) for fact in facts]
        best = sorted(sorted(range(len(facts)), key=lambda place: -weights[place])[:SUMMARY_FACTS])
        return " ".join(facts[place] for place in best)

    def keywords(self, text: str, turns: Sequence[HeardTurn]) -> list[str] | None:
        said = " ".join(item.turn.said for item in turns)
        common = [word for word, _ in Counter(terms(said)).most_common(KEYWORDS)]
        return list(dict.fromkeys([*entities(said, KEYWORDS), *common]))

    def filtered(self, question: str, blocks: Sequence[str], backbone: Backbone) -> str:
        return ""
