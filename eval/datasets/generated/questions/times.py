"""Questions about dates, durations, updates, numbers and order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations

from eval.datasets.generated.calendar import date_forms, day_name, number_forms, ordinal_word
from eval.datasets.generated.questions.view import (
    Candidate,
    View,
    event_keys,
    golds_of,
    in_order,
    slots_of,
    state_keys,
)
from eval.datasets.generated.records import Fact, Person
from eval.datasets.generated.world import EVENT, STATE, did

_TOTALS = {
    "purchase": ("price", "euros", "How much did {who} spend on {items} [together|in total]?"),
    "course": ("score", "points", "How many points did {who} get for {items} [together|in total]?"),
}


def dates(view: View) -> Iterator[Candidate]:
    """When something happened or changed; for people of the circle also by relation (multi-hop)."""
    for person in view.people:
        for hop in (False, True) if person.owner else (False,):
            category = "multi-hop" if hop else "temporal"
            for kind in EVENT.values():
                for fact in view.facts(person, kind.name):
                    golds = date_forms(fact.start, fact.month_only)
                    naming = view.naming(person, hop)
                    wording = kind.when.near if fact.month_only else kind.when
                    yield view.ask(
                        category, f"{kind.name}/when", wording, naming, golds, event_keys((fact,)), slots_of(fact)
                    )
            for state in STATE.values():
                for fact in view.facts(person, state.name):
                    if fact.start:
                        golds, naming = date_forms(fact.start), view.naming(person, hop)
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
            days = (second.start - first.start).days
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


def counts(view: View) -> Iterator[Candidate]:
    """How many events of a kind: of one person, of all speakers, in a stretch of time; and sums of numbers."""
    for kind in EVENT.values():
        everybody = [fact for person in view.world.speakers for fact in view.facts(person, kind.name)]
        for person in view.world.speakers:
            facts = view.facts(person, kind.name)
            naming = view.naming(person, hop=False)
            if len(facts) > 1:
                needs = tuple((fact.fact_id, "o") for fact in facts)
                yield view.ask("counting", f"{kind.name}/count", kind.count, naming, number_forms(len(facts)), needs)
            yield from _windowed(view, person, facts)
            yield from _totals(view, person, facts)
        if len({fact.subject.name for fact in everybody}) > 1 and len({fact["o"] for fact in everybody}) == len(
            everybody
        ):
            names = " and ".join(speaker.name for speaker in view.world.speakers)
            text = view.word(kind.count.near, {"who": f"{names} between them", "whose": f"{names}'s"})
            needs = tuple((fact.fact_id, "o") for fact in everybody)
            yield Candidate("counting", f"{kind.name}/count-all", text, number_forms(len(everybody)), needs)


def _windowed(view: View, person: Person, facts: list[Fact]) -> Iterator[Candidate]:
    dated = [fact for fact in facts if not fact.month_only]
    if len(dated) < 3 or len(dated) < len(facts):
        return
    first, last = dated[0].start - timedelta(days=3), dated[-2].start + timedelta(days=1)
    if last >= dated[-1].start:
        return
    wording = EVENT[facts[0].kind].count.near.removesuffix("?") + " from {first} up to {last}?"
    slots = {"first": day_name(first), "last": day_name(last)}
    golds = number_forms(len(dated) - 1)
    naming = view.naming(person, hop=False)
    form = f"{facts[0].kind}/count-window"
    yield view.ask("counting", form, wording, naming, golds, event_keys(dated), slots)


def _totals(view: View, person: Person, facts: list[Fact]) -> Iterator[Candidate]:
    if not facts or facts[0].kind not in _TOTALS:
        return
    slot, unit, wording = _TOTALS[facts[0].kind]
    priced = [fact for fact in facts if slot in dict(fact.slots) and view.said(((fact.fact_id, slot),))]
    for size in (2, 3):
        for chosen in list(combinations(priced, size))[:3]:
            total = sum(int(fact[slot].split()[0]) for fact in chosen)
            names = [f"the {fact['o']}" for fact in chosen]
            items = {"items": ", ".join(names[:-1]) + " and " + names[-1]}
            if facts[0].kind == "course":
                items["items"] = "the exams in " + ", ".join(f["o"] for f in chosen[:-1]) + " and " + chosen[-1]["o"]
            needs = tuple((fact.fact_id, part) for fact in chosen for part in ("o", slot))
            naming = view.naming(person, hop=False)
            form = f"{facts[0].kind}/total"
            yield view.ask("counting", form, wording, naming, number_forms(total, unit), needs, items)


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
    events.sort(key=lambda fact: fact.start)
    steps = [did(fact) for fact in events]
    wording = (
        "[Put these in the order in which they happened to|What is the order in time of these events in the life of] "
    )
    wording += "{who}, earliest first: {shown}"
    golds = (", ".join(steps), "; ".join(steps), ", ".join(steps[:-1]) + " and " + steps[-1], ", then ".join(steps))
    naming = view.naming(person, hop=False)
    yield view.ask("ordering", f"sequence-{size}", wording, naming, golds, event_keys(events), {"shown": shown})


def _dated(view: View, person: Person) -> list[Fact]:
    """Events known to the day, in their order."""
    facts = [fact for kind in EVENT for fact in view.facts(person, kind) if not fact.month_only]
    return sorted(facts, key=lambda fact: fact.start)
