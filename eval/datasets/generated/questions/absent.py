"""Questions that the conversation does not answer, in the very forms of those it does."""

from __future__ import annotations

from collections.abc import Iterator

from eval.datasets.generated.calendar import day_name
from eval.datasets.generated.questions.view import Candidate, View, slots_of
from eval.datasets.generated.records import Person
from eval.datasets.generated.world import EVENT, STATE, TASTE, TRAIT

CATEGORY = "unanswerable"


def absent(view: View) -> Iterator[Candidate]:
    """Facts of somebody else asked of this person, and details that never came up. The trap is the value next to it."""
    for person in view.world.speakers:
        yield from _foreign_values(view, person)
        yield from _foreign_events(view, person)
        yield from _missing_details(view, person)


def _foreign_values(view: View, person: Person) -> Iterator[Candidate]:
    naming = view.naming(person, hop=False)
    wordings = [(kind.name, kind.which) for kind in TRAIT.values()]
    wordings += [(kind.name, kind.now) for kind in STATE.values()]
    wordings += [(f"{kind.name}:like", kind.best) for kind in TASTE.values()]
    wordings += [(f"{kind.name}:dislike", kind.worst) for kind in TASTE.values()]
    for kind, wording in wordings:
        others = view.others(person, kind)
        if others and not view.facts(person, kind):
            yield view.ask(CATEGORY, f"absent/{kind}", wording, naming, (), (), trap=view.draw.pick(others)["o"])


def _foreign_events(view: View, person: Person) -> Iterator[Candidate]:
    naming = view.naming(person, hop=False)
    for kind in EVENT.values():
        own = {fact["o"] for fact in view.facts(person, kind.name)}
        others = [fact for fact in view.others(person, kind.name) if fact["o"] not in own and not fact.month_only]
        for fact in view.draw.sample(others, 1):
            trap = day_name(fact.day)
            yield view.ask(CATEGORY, f"absent/{kind.name}/when", kind.when, naming, (), (), slots_of(fact), trap)


def _missing_details(view: View, person: Person) -> Iterator[Candidate]:
    naming = view.naming(person, hop=False)
    for kind in EVENT.values():
        facts = view.facts(person, kind.name)
        for slot in kind.slots:
            traps = [
                fact[slot.name] for fact in view.world.facts if slot.name in dict(fact.slots) and fact.kind == kind.name
            ]
            for fact in facts:
                if slot.name not in dict(fact.slots) and traps:
                    form, trap = f"absent/{kind.name}/{slot.name}", view.draw.pick(traps)
                    yield view.ask(CATEGORY, form, slot.which, naming, (), (), {"o": fact["o"]}, trap)
