"""Questions whose answer is a number: how many events, of one person or all, in a stretch of time; sums.

Forms are few, so that the choice among them spreads over ways to count and not over kinds: small counts are easy to
guess, sums are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations

from eval.datasets.generated.calendar import day_name, number_forms
from eval.datasets.generated.questions.view import Candidate, View, event_keys
from eval.datasets.generated.records import LifeFact, Person
from eval.datasets.generated.world import EVENT

_TOTALS = {
    "purchase": ("price", "euros", "How much did {who} spend on {items} [together|in total]?"),
    "course": ("score", "points", "How many points did {who} get for {items} [together|in total]?"),
}
_PLURALS = {
    "pet": "adopted animals",
    "trip": "trips",
    "purchase": "purchases (vehicles aside)",
    "race": "races",
    "dinner": "meals for guests",
    "course": "exams",
    "injury": "injuries",
    "concert": "concerts",
    "gift": "presents",
    "loss": "losses",
    "repair": "repairs",
}
_PAIRS = (
    "Counting both {one} and {two}, how many did {who} have?|How many {one} and {two} taken together did {who} have?"
)


def counts(view: View) -> Iterator[Candidate]:
    """Counts and sums; the evidence is everything that is counted."""
    for person in view.world.speakers:
        naming = view.naming(person, hop=False)
        for kind in EVENT.values():
            facts = view.facts(person, kind.name)
            if len(facts) > 1:
                yield view.ask("counting", "count", kind.count, naming, number_forms(len(facts)), _objects(facts))
            yield from _windowed(view, person, facts)
            yield from _totals(view, person, facts)
        for one, two in combinations(_PLURALS, 2):
            facts = view.facts(person, one) + view.facts(person, two)
            if view.facts(person, one) and view.facts(person, two) and len(facts) > 2:
                slots = {"one": _PLURALS[one], "two": _PLURALS[two]}
                golds = number_forms(len(facts))
                yield view.ask("counting", "count-two", _PAIRS, naming, golds, _objects(facts), slots)
    yield from _of_all(view)


def _of_all(view: View) -> Iterator[Candidate]:
    """Events of all speakers, where no two of them share one."""
    names = " and ".join(speaker.name for speaker in view.world.speakers)
    for kind in EVENT.values():
        facts = [fact for person in view.world.speakers for fact in view.facts(person, kind.name)]
        several = len({fact.subject.name for fact in facts}) > 1
        if several and len({fact["o"] for fact in facts}) == len(facts):
            text = view.word(kind.count.near, {"who": f"{names} between them", "whose": f"{names}'s"})
            yield Candidate("counting", "count-all", text, number_forms(len(facts)), _objects(facts))


def _objects(facts: list[LifeFact]) -> tuple[tuple[int, str], ...]:
    return tuple((fact.fact_id, "o") for fact in facts)


def _windowed(view: View, person: Person, facts: list[LifeFact]) -> Iterator[Candidate]:
    dated = [fact for fact in facts if not fact.month_only]
    if len(dated) < 3 or len(dated) < len(facts):
        return
    first, last = dated[0].day - timedelta(days=3), dated[-2].day + timedelta(days=1)
    if last >= dated[-1].day:
        return
    wording = EVENT[facts[0].kind].count.near.removesuffix("?") + " from {first} up to {last}?"
    slots = {"first": day_name(first), "last": day_name(last)}
    golds = number_forms(len(dated) - 1)
    naming = view.naming(person, hop=False)
    yield view.ask("counting", "count-window", wording, naming, golds, event_keys(dated), slots)


def _totals(view: View, person: Person, facts: list[LifeFact]) -> Iterator[Candidate]:
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
            yield view.ask("counting", "total", wording, naming, number_forms(total, unit), needs, items)
