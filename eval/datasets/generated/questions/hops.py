"""Questions that join several tellings: what held when something else happened, what two people share, chains."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import combinations

from eval.datasets.generated.calendar import day_name, month_name
from eval.datasets.generated.draw import Draw
from eval.datasets.generated.questions.view import (
    Candidate,
    Key,
    View,
    event_keys,
    golds_of,
    state_keys,
)
from eval.datasets.generated.records import LifeFact, Person
from eval.datasets.generated.world import EVENT, STATE, did

_SHARED = {
    "trip": "Which destination have both {a} and {b} travelled to?|Which destination do {a} and {b} have in common?",
    "dinner": "Which dish have both {a} and {b} cooked for guests?|What did {a} serve that {b} served as well?",
    "concert": "Which band have both {a} and {b} seen live?|Whose concert was {a} at and {b}, too?",
    "garden": "What have both {a} and {b} planted?|What grows at {a}'s as well as at {b}'s?",
    "race": "Which race have both {a} and {b} taken part in?|Where have {a} and {b} each crossed the same finish line?",
    "course": "In which subject have both {a} and {b} passed an exam?|Which certificate do {a} and {b} both hold?",
}


def held_at(view: View) -> Iterator[Candidate]:
    """The value of a state on a day, in a month (point in time), or when something happened (multi-hop)."""
    for person in view.people:
        for kind in STATE.values():
            facts = view.facts(person, kind.name)
            if len(facts) < 2:
                continue
            for fact in facts:
                first, last = view.since(fact) + timedelta(days=1), (fact.end or view.world.day(-1)) - timedelta(days=1)
                needs = _bounds(facts, fact)
                if first > last or not view.said(needs):
                    continue
                trap = next(other["o"] for other in facts if other is not fact)
                for at, needed in _times(view, person, first, last):
                    category = "multi-hop" if needed else "point-in-time"
                    yield view.ask(
                        category,
                        f"{kind.name}/at" + ("/event" if needed else ""),
                        kind.at,
                        view.naming(person, hop=False),
                        golds_of(fact),
                        (*needs, *needed),
                        {"at": at},
                        trap,
                    )


def _bounds(facts: list[LifeFact], fact: LifeFact) -> tuple[Key, ...]:
    """A value and the change that ended it."""
    after = facts[facts.index(fact) + 1 :][:1]
    return (*state_keys(fact), *(key for other in after for key in state_keys(other)))


def _times(view: View, person: Person, first: date, last: date) -> Iterator[tuple[str, tuple[Key, ...]]]:
    """Ways to name a time between two days, and what one must know to resolve them."""
    draw: Draw = view.draw
    yield f"on {day_name(first + timedelta(days=draw.below((last - first).days + 1)))}", ()
    month = (first.replace(day=1) + timedelta(days=31)).replace(day=1)
    if first.day == 1:
        month = first
    if (month + timedelta(days=31)).replace(day=1) - timedelta(days=1) <= last:
        yield f"in {month_name(month)}", ()
    events = [
        fact
        for fact in view.world.facts
        if fact.kind in EVENT and not fact.subject.owner and not fact.month_only and first <= fact.day <= last
    ]
    for event in draw.sample(events, 2):
        yield f"when {event.subject.name} {did(event)}", event_keys((event,))


def shared(view: View) -> Iterator[Candidate]:
    """The one thing that two speakers both did."""
    for first, second in combinations(view.world.speakers, 2):
        for kind, template in _SHARED.items():
            ones = {fact["o"]: fact for fact in view.facts(first, kind)}
            both = [(ones[fact["o"]], fact) for fact in view.facts(second, kind) if fact["o"] in ones]
            if len(both) == 1:
                (pair,) = both
                text = view.word(template, {"a": first.name, "b": second.name})
                needs = tuple((fact.fact_id, "o") for fact in pair)
                yield Candidate("multi-hop", f"{kind}/shared", text, golds_of(pair[0]), needs)


def chains(view: View) -> Iterator[Candidate]:
    """Somebody who is known from one event only by the part they played, asked for in another one."""
    for person in view.world.speakers:
        known = [
            (fact, slot)
            for kind in EVENT.values()
            for fact in view.facts(person, kind.name)
            for slot in kind.slots
            if slot.person and slot.name in dict(fact.slots) and view.corrected(fact, slot.name) is None
        ]
        for one, role in known:
            for other, slot in known:
                if one.kind == other.kind or one[role.name] != other[slot.name] or slot.reverse is None:
                    continue
                needs = tuple(
                    (f.fact_id, s) for f, s in ((one, "o"), (one, role.name), (other, "o"), (other, slot.name))
                )
                named = {slot.name: role.person.format(o=one["o"])}
                yield view.ask(
                    "multi-hop",
                    f"{other.kind}/{slot.name}/chain",
                    slot.reverse.near,
                    view.naming(person, hop=False),
                    golds_of(other),
                    needs,
                    named,
                )
