"""A world: people, facts, planned tellings of one conversation, and the kinds by name."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from eval.datasets.generated.draw import Draw
from eval.datasets.generated.kinds.events_home import EVENTS
from eval.datasets.generated.kinds.states import STATES
from eval.datasets.generated.kinds.traits import TASTES, TRAITS
from eval.datasets.generated.pools import Stock, with_article
from eval.datasets.generated.records import Knobs, LifeFact, Person, Telling

EVENT = {kind.name: kind for kind in EVENTS}
STATE = {kind.name: kind for kind in STATES}
TRAIT = {kind.name: kind for kind in TRAITS}
TASTE = {kind.name: kind for kind in TASTES}


@dataclass
class World:
    """People, facts and tellings of one conversation, while it is made."""

    knobs: Knobs
    times: list[datetime]
    draw: Draw
    speakers: list[Person] = field(default_factory=list)
    circle: list[Person] = field(default_factory=list)
    facts: list[LifeFact] = field(default_factory=list)
    tellings: list[Telling] = field(default_factory=list)
    companions: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """For each person the kinds and names of companions so far; some come again in another kind of event."""

    def __post_init__(self) -> None:
        self.stock = Stock(self.draw)
        self.early = max(1, round(self.knobs.sessions * (1 - self.knobs.distance)))
        """How many sessions may hold evidence."""

    def day(self, session: int) -> date:
        """The day of a session (from 0)."""
        return self.times[session].date()

    def add(self, subject: Person, kind: str, slots: list[tuple[str, str]], start: date | None) -> LifeFact:
        """A new fact with the next id."""
        fact = LifeFact(len(self.facts), subject, kind, tuple(slots), start)
        self.facts.append(fact)
        return fact

    def alter(self, fact: LifeFact, **changes: Any) -> LifeFact:
        """The fact with changed fields, in the facts and in its tellings."""
        changed = replace(fact, **changes)
        self.facts[fact.fact_id] = changed
        self.tellings = [replace(t, fact=changed) if t.fact is fact else t for t in self.tellings]
        return changed

    def tell(self, act: str, fact: LifeFact, session: int, **how: Any) -> None:
        """Plan a telling by the subject, or by the owner of the subject, or now and then by somebody else."""
        teller = fact.subject.owner or fact.subject.name
        others = [speaker.name for speaker in self.speakers if speaker.name != teller]
        listener = self.draw.pick(others)
        hearsay = bool(fact.subject.owner) and act in ("event", "change") and self.draw.chance(0.2)
        if hearsay:
            teller, listener = listener, teller
        self.tellings.append(Telling(act, fact, session, teller, listener, hearsay=hearsay, **how))


def did(fact: LifeFact) -> str:
    """The event or change as a clause in the past, such as ``adopted Waffles``."""
    kind = EVENT.get(fact.kind) or STATE[fact.kind]
    return kind.did.format_map(slots_of(fact))


def slots_of(fact: LifeFact) -> dict[str, str]:
    """The slots of a fact for templates; ``a_o`` is the main object with its article, and so on."""
    return dict(fact.slots) | {f"a_{slot}": with_article(value) for slot, value in fact.slots}
