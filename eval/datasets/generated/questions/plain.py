"""Questions about one person's facts: single-hop, and multi-hop where the person is named by relation or full name."""

from __future__ import annotations

from collections.abc import Iterator

from eval.datasets.generated.questions.view import Candidate, View, golds_of, slots_of
from eval.datasets.generated.records import LifeFact, Person
from eval.datasets.generated.world import EVENT, STATE, TASTE, TRAIT


def plain(view: View) -> Iterator[Candidate]:
    """Traits, values of states that never changed, details of events; corrected details are knowledge updates."""
    for person in view.people:
        for hop in (False, True) if person.owner else (False,):
            yield from _traits(view, person, hop)
            yield from _states(view, person, hop)
            for kind in EVENT:
                for fact in view.facts(person, kind):
                    yield from _details(view, person, fact, hop)


def _category(hop: bool) -> str:
    return "multi-hop" if hop else "single-hop"


def _traits(view: View, person: Person, hop: bool) -> Iterator[Candidate]:
    for kind in TRAIT.values():
        for fact in view.facts(person, kind.name):
            naming = view.naming(person, hop)
            needs = ((fact.fact_id, "o"),)
            yield view.ask(_category(hop), f"{kind.name}/which", kind.which, naming, golds_of(fact), needs)


def _states(view: View, person: Person, hop: bool) -> Iterator[Candidate]:
    for kind in STATE.values():
        facts = view.facts(person, kind.name)
        if len(facts) == 1 and view.corrected(facts[0], "o") is None:
            (fact,) = facts
            naming, needs = view.naming(person, hop), ((fact.fact_id, "o"),)
            yield view.ask(_category(hop), f"{kind.name}/now", kind.now, naming, golds_of(fact), needs)
        for fact in facts:
            for slot in kind.slots:
                needs = ((fact.fact_id, slot.name),)
                if slot.name in dict(fact.slots) and view.said(needs):
                    form = f"{kind.name}/{slot.name}"
                    naming = view.naming(person, hop)
                    yield view.ask(
                        _category(hop), form, slot.which, naming, golds_of(fact, slot.name), needs, slots_of(fact)
                    )


def _details(view: View, person: Person, fact: LifeFact, hop: bool) -> Iterator[Candidate]:
    for slot in EVENT[fact.kind].slots:
        needs = ((fact.fact_id, "o"), (fact.fact_id, slot.name))
        if slot.name not in dict(fact.slots) or not view.said(needs):
            continue
        wrong = view.corrected(fact, slot.name)
        category = _category(hop) if wrong is None else "knowledge-update"
        form = f"{fact.kind}/{slot.name}"
        naming = view.naming(person, hop)
        yield view.ask(
            category, form, slot.which, naming, golds_of(fact, slot.name), needs, {"o": fact["o"]}, trap=wrong
        )
        same = [other for other in view.facts(person, fact.kind) if dict(other.slots).get(slot.name) == fact[slot.name]]
        if slot.reverse and wrong is None and len(same) == 1:
            asked = {slot.name: fact[slot.name]}
            yield view.ask(
                category, f"{form}/reverse", slot.reverse, view.naming(person, hop), golds_of(fact), needs, asked
            )


def preferences(view: View) -> Iterator[Candidate]:
    """What somebody likes best or least, what to choose for them; a changed favourite is a knowledge update."""
    for person in view.world.speakers:
        for kind in TASTE.values():
            likes, dislikes = (view.facts(person, f"{kind.name}:{side}") for side in ("like", "dislike"))
            naming = view.naming(person, hop=False)
            for fact in dislikes:
                needs = ((fact.fact_id, "o"),)
                yield view.ask("preference", "taste/worst", kind.worst, naming, (fact["o"],), needs, trap=_first(likes))
            if likes:
                needs, trap = ((likes[-1].fact_id, "o"),), likes[0]["o"] if len(likes) > 1 else _first(dislikes)
                gold = (likes[-1]["o"],)
                yield view.ask("preference", "taste/advice", kind.advice, naming, gold, needs, trap=trap)
                category = "preference" if len(likes) == 1 else "knowledge-update"
                yield view.ask(category, "taste/best", kind.best, naming, gold, needs, trap=trap)


def _first(facts: list[LifeFact]) -> str | None:
    return facts[0]["o"] if facts else None
