"""The decisions of mem0 by rules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from baselines.extract import session_facts, turn_facts
from baselines.extract.relation import CONTRADICTS, RICHER, SAME, relate
from baselines.mem0.brain import NewFact, UpdateDecision
from memos.embed.base import Embedder
from memos.types import Session, Turn


class RuleMem0Brain:
    """The same by rules: facts of the user's own turns; NONE, UPDATE, DELETE by ``extract.relate``."""

    def __init__(self, same: float, related: float, max_words: int) -> None:
        self._same, self._related, self._max_words = same, related, max_words

    def prepare(self, session: Session, speakers: tuple[str, ...], embedder: Embedder) -> None:
        """Embed the facts of the whole session at once, so that a cached embedder works in one batch."""
        embedder.encode([fact.text for fact in session_facts(session, speakers, self._max_words)])

    def expect(self, session: Session, batch: Sequence[Turn], user: str, other: str) -> None:
        """Rules wait for nothing."""

    def facts(self, session: Session, batch: Sequence[Turn], user: str, other: str) -> list[NewFact]:
        own_facts = [
            fact for turn in batch if turn.speaker == user for fact in turn_facts(session, turn, other, self._max_words)
        ]
        return [NewFact(fact.text, fact.turn_ids) for fact in own_facts]

    def decide(self, old, old_vectors, new, new_vectors) -> list[UpdateDecision]:
        return rule_decisions(old, old_vectors, new, new_vectors, self._same, self._related)


def rule_decisions(
    old: Sequence[str],
    old_vectors: Sequence[np.ndarray],
    new: Sequence[NewFact],
    new_vectors: Sequence[np.ndarray],
    same: float,
    related: float,
) -> list[UpdateDecision]:
    """Decide for each new fact against the old memories shown (and against the new facts already taken).

    A contradicted memory is deleted and the new fact added; a known fact is NONE; a richer wording updates the nearest
    such memory; everything else is added. Each old memory changes at most once.
    """
    out: list[UpdateDecision] = []
    taken: list[tuple[str, np.ndarray]] = []
    changed: set[int] = set()
    for item, vector in zip(new, new_vectors, strict=True):
        if any(relate(item.text, text, float(vector @ other), same, related) == SAME for text, other in taken):
            out.append(UpdateDecision("NONE", item.text, None, item.turn_ids))
            continue
        scores = [float(vector @ other) for other in old_vectors]
        order = sorted((i for i in range(len(old)) if i not in changed), key=lambda i: -scores[i])
        relations = [(i, relate(item.text, old[i], scores[i], same, related)) for i in order]
        known = next((i for i, relation in relations if relation == SAME), None)
        richer = next((i for i, relation in relations if relation == RICHER), None)
        untrue = [i for i, relation in relations if relation == CONTRADICTS]
        if known is not None and not untrue:
            out.append(UpdateDecision("NONE", item.text, known, item.turn_ids))
            continue
        out += [UpdateDecision("DELETE", old[i], i, ()) for i in untrue]
        changed.update(untrue)
        if richer is not None:
            changed.add(richer)
            out.append(UpdateDecision("UPDATE", item.text, richer, item.turn_ids))
        else:
            out.append(UpdateDecision("ADD", item.text, None, item.turn_ids))
        taken.append((item.text, vector))
    return out
