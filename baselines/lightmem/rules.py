"""The decisions of LightMem by rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from baselines.extract import turn_facts
from baselines.extract.relation import CONTRADICTS, OTHER, relate
from baselines.lightmem.brain import DialogueLine, Revision


class RuleLightMemBrain:
    """Facts of each line; an older entry that a later one contradicts goes, one that it repeats takes its text.

    Args:
        listener: speaker to the one who is spoken to.
        same: cosine from which a fact counts as known.
        related: least cosine of facts on the same matter.
        max_words: longest run of sentences in one fact.
    """

    def __init__(self, listener: Callable[[str], str], same: float, related: float, max_words: int) -> None:
        self._listener, self._same, self._related, self._max_words = listener, same, related, max_words

    def expect(self, lines: Sequence[DialogueLine]) -> None:
        """Rules wait for nothing."""

    def facts(self, lines: Sequence[DialogueLine]) -> list[tuple[int, str]]:
        return [
            (line.number, fact.text)
            for line in lines
            for fact in turn_facts(
                line.turn.session, line.turn.turn, self._listener(line.turn.turn.speaker), self._max_words
            )
        ]

    def revise(self, target: str, sources: Sequence[str], cosines: Sequence[float]) -> Revision:
        pairs = list(zip(sources, cosines, strict=True))
        relations = [relate(text, target, cosine, self._same, self._related) for text, cosine in pairs]
        if CONTRADICTS in relations:
            return Revision("delete")
        akin = [text for text, relation in zip(sources, relations, strict=True) if relation != OTHER]
        return Revision("update", akin[-1]) if akin else Revision("ignore")
