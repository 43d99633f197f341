"""A world as the question makers see it: facts by person and kind, the turns that say them, wording."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from eval.datasets.generated.draw import Draw
from eval.datasets.generated.grammar import fill, sentence
from eval.datasets.generated.kinds.schema import Wording
from eval.datasets.generated.pools import forms_of
from eval.datasets.generated.records import LifeFact, Person, Telling
from eval.datasets.generated.world import EVENT, STATE, TASTE, TRAIT, World, slots_of

Key = tuple[int, str]
"""A fact and a slot of it (``when`` for its date)."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question before it is chosen."""

    category: str
    form: str
    text: str
    golds: tuple[str, ...]
    needs: tuple[Key, ...] = ()
    """What must be known for the gold; their turns are the evidence."""
    trap: str | None = None


@dataclass(frozen=True, slots=True)
class Naming:
    """A way to name a person in a question, and what one must know to resolve it."""

    who: str
    needs: tuple[Key, ...] = ()

    @property
    def slots(self) -> dict[str, str]:
        return {"who": self.who, "whose": f"{self.who}'s"}


@dataclass
class View:
    """Facts of a finished conversation, indexed."""

    world: World
    evidence: Mapping[Key, tuple[str, ...]]
    draw: Draw
    tellings: dict[int, Telling] = field(default_factory=dict)
    """The first telling of each fact."""

    def __post_init__(self) -> None:
        for telling in self.world.tellings:
            self.tellings.setdefault(telling.fact.fact_id, telling)
        self._by: dict[tuple[str, str], list[LifeFact]] = {}
        for fact in self.world.facts:
            self._by.setdefault((fact.subject.name, fact.kind), []).append(fact)

    @property
    def people(self) -> list[Person]:
        """Everybody who is asked about."""
        return [*self.world.speakers, *self.world.circle]

    def facts(self, person: Person, kind: str) -> list[LifeFact]:
        """Facts of a kind: events by date, values of a state in their order."""
        facts = self._by.get((person.name, kind), [])
        return sorted(facts, key=lambda fact: fact.day) if kind in EVENT else facts

    def others(self, person: Person, kind: str) -> list[LifeFact]:
        """Facts of a kind about other people who are asked about."""
        return [fact for fact in self.world.facts if fact.kind == kind and fact.subject is not person]

    def naming(self, person: Person, hop: bool) -> Naming:
        """By name; with ``hop`` by relation or by a full name that is used once only."""
        if not hop or not person.owner:
            return Naming(person.name)
        intro = self._by[person.name, "relation"][0]
        by_full = person.full != person.name and self.draw.chance(0.4)
        who = person.full if by_full else f"{person.owner}'s {person.relation}"
        return Naming(who, ((intro.fact_id, "o"),))

    def word(self, wording: Wording | str, slots: Mapping[str, str]) -> str:
        """The question in its near or its far wording."""
        if isinstance(wording, Wording):
            template = wording.far if self.draw.chance(self.world.knobs.paraphrase) else wording.near
        else:
            template = wording
        text = fill(template, {**slots}, self.draw)
        return sentence(text, "?")

    def ask(
        self,
        category: str,
        form: str,
        wording: Wording | str,
        naming: Naming,
        golds: Sequence[str],
        needs: Iterable[Key],
        slots: Mapping[str, str] | None = None,
        trap: str | None = None,
    ) -> Candidate:
        """A candidate about a named person."""
        text = self.word(wording, {**naming.slots, **(slots or {})})
        return Candidate(category, form, text, tuple(dict.fromkeys(golds)), (*naming.needs, *needs), trap)

    def turns(self, needs: Iterable[Key]) -> tuple[str, ...]:
        """The turns that say what is needed, in the order of the conversation."""
        turns = {turn for need in needs for turn in self.evidence[need]}
        return tuple(sorted(turns, key=lambda turn: tuple(int(part) for part in turn[1:].split(":"))))

    def said(self, needs: Iterable[Key]) -> bool:
        """Whether the conversation says all that is needed."""
        return all(need in self.evidence for need in needs)

    def told_on(self, fact: LifeFact) -> date:
        """The day of the first telling."""
        return self.world.day(self.tellings[fact.fact_id].session)

    def since(self, fact: LifeFact) -> date:
        """The first day for which the conversation vouches for a state."""
        return fact.start or self.told_on(fact)

    def corrected(self, fact: LifeFact, slot: str) -> str | None:
        """The wrong value that was told first, where there was one."""
        wrong = self.tellings[fact.fact_id].wrong
        return wrong[1] if wrong and wrong[0] == slot else None


def golds_of(fact: LifeFact, slot: str = "o") -> tuple[str, ...]:
    """Accepted forms of a value."""
    return forms_of(pool_of(fact.kind, slot), fact[slot])


def pool_of(kind: str, slot: str) -> str:
    """The pool that a slot of a kind draws from."""
    if slot == "o":
        return (
            TASTE[kind.split(":")[0]].name if ":" in kind else (EVENT.get(kind) or STATE.get(kind) or TRAIT[kind]).pool
        )
    return next(each.pool for each in (EVENT.get(kind) or STATE[kind]).slots if each.name == slot)


def in_order(events: Sequence[LifeFact]) -> bool:
    """Whether what is said of the dates puts the events in one order."""
    for first, second in zip(events, events[1:], strict=False):
        if first.month_only or second.month_only:
            if (first.day.year, first.day.month) == (second.day.year, second.day.month):
                return False
        elif first.day == second.day:
            return False
    return True


def event_keys(facts: Iterable[LifeFact]) -> tuple[Key, ...]:
    """What names and dates events."""
    return tuple((fact.fact_id, slot) for fact in facts for slot in ("o", "when"))


def state_keys(fact: LifeFact) -> tuple[Key, ...]:
    """What gives a value of a state and the day since which it holds."""
    return ((fact.fact_id, "o"), *(((fact.fact_id, "when"),) if fact.start else ()))


__all__ = ["Candidate", "Naming", "View", "event_keys", "golds_of", "in_order", "pool_of", "slots_of", "state_keys"]
