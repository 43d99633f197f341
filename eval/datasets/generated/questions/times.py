"""Questions about dates, durations, updates and order."""

from __future__ import annotations

from collections.abc import Iterator

from eval.datasets.generated.calendar import date_forms, number_forms, ordinal_word
from eval.datasets.generated.questions.view import (
    Candidate,
    View,
    event_keys,
    golds_of,
    in_order,
    slots_of,
    state_keys,
)
from eval.datasets.generated.records import LifeFact, Person
from eval.datasets.generated.world import EVENT, STATE, did


def dates(view: View) -> Iterator[Candidate]:
    """When something happened or changed; for people of the circle also by relation (multi-hop)."""
    for person in view.people:
        for hop in (False, True) if person.owner else (False,):
            category = "multi-hop" if hop else "temporal"
            for kind in EVENT.values():
                for fact in view.facts(person, kind.name):
                    golds = date_forms(fact.day, fact.month_only)
                    naming = view.naming(person, hop)
                    wording = kind.when.near if fact.month_only else kind.when
                    yield view.ask(
                        category, f"{kind.name}/when", wording, naming, golds, event_keys((fact,)), slots_of(fact)
                    )
            for state in STATE.values():
                for fact in view.facts(person, state.name):
                    if fact.start:
                        golds, naming = date_forms(fact.day), view.naming(person, hop)
                        yield view.ask(
                            category,
                            f"{state.name}/since",
                            state.since,
                            naming,
                            golds,
                            state_keys(fact),
                            slots_of(fact),
                        )


def durations(view: View) -> Iterator[Candidate]:
    """Days between two events of one person."""
    for person in view.world.speakers:
        events = _dated(view, person)
        for first, second in zip(events, events[2:], strict=False):
            days = (second.day - first.day).days
            if 2 <= days <= 120:
                wording = "How many days passed between the day {who} {first} and the day {who} {second}?|"
                wording += "After {who} {first}, how many days went by until {who} {second}?"
                slots = {"first": did(first), "second": did(second)}
                yield view.ask(
                    "temporal",
                    "days-between",
                    wording,
                    view.naming(person, hop=False),
                    number_forms(days, "days"),
                    event_keys((first, second)),
                    slots,
                )


def updates(view: View) -> Iterator[Candidate]:
    """The present value of what has changed or was corrected, and the one before it."""
    for person in view.people:
        for kind in STATE.values():
            facts = view.facts(person, kind.name)
            naming = view.naming(person, hop=False)
            wrong = view.corrected(facts[0], "o") if facts else None
            if len(facts) > 1 or wrong:
                trap = facts[-2]["o"] if len(facts) > 1 else wrong
                needs = state_keys(facts[-1])
                yield view.ask(
                    "knowledge-update", f"{kind.name}/now", kind.now, naming, golds_of(facts[-1]), needs, trap=trap
                )
            for old, new in zip(facts, facts[1:], strict=False):
                needs = (*state_keys(old), *state_keys(new))
                yield view.ask(
                    "knowledge-update",
                    f"{kind.name}/before",
                    kind.before,
                    naming,
                    golds_of(old),
                    needs,
                    slots_of(new),
                    new["o"],
                )


def orders(view: View) -> Iterator[Candidate]:
    """The nth of a kind, the next after another, several events put in order."""
    for person in view.world.speakers:
        naming = view.naming(person, hop=False)
        for kind in EVENT.values():
            facts = view.facts(person, kind.name)
            if len(facts) < 2 or not in_order(facts):
                continue
            needs = event_keys(facts)
            for place, fact in enumerate(facts, 1):
                slots = {"nth": ordinal_word(place)}
                trap = facts[place % len(facts)]["o"]
                yield view.ask("ordering", f"{kind.name}/nth", kind.nth, naming, golds_of(fact), needs, slots, trap)
            for first, second in zip(facts, facts[1:], strict=False):
                slots = slots_of(first)
                yield view.ask("ordering", f"{kind.name}/after", kind.after, naming, golds_of(second), needs, slots)
        for size in (3, 4):
            yield from _sequences(view, person, size)


def _sequences(view: View, person: Person, size: int) -> Iterator[Candidate]:
    events = view.draw.sample(_dated(view, person), size)
    if len(events) < size:
        return
    shown = "; ".join(did(fact) for fact in events)
    events.sort(key=lambda fact: fact.day)
    steps = [did(fact) for fact in events]
    wording = (
        "[Put these in the order in which they happened to|What is the order in time of these events in the life of] "
    )
    wording += "{who}, earliest first: {shown}"
    golds = (", ".join(steps), "; ".join(steps), ", ".join(steps[:-1]) + " and " + steps[-1], ", then ".join(steps))
    naming = view.naming(person, hop=False)
    yield view.ask("ordering", f"sequence-{size}", wording, naming, golds, event_keys(events), {"shown": shown})


def _dated(view: View, person: Person) -> list[LifeFact]:
    """Events known to the day, in their order."""
    facts = [fact for kind in EVENT for fact in view.facts(person, kind) if not fact.month_only]
    return sorted(facts, key=lambda fact: fact.day)
