"""Distractors: facts of the same kinds about people nobody asks about, with values that no key uses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from eval.datasets.generated.calendar import past_phrase
from eval.datasets.generated.draw import Draw
from eval.datasets.generated.kinds.events_home import EVENTS
from eval.datasets.generated.kinds.states import STATES
from eval.datasets.generated.records import LifeFact, Person, Telling
from eval.datasets.generated.words.people import ACQUAINTANCES, STRANGERS, SURNAMES
from eval.datasets.generated.world import World

_FULL = 5
"""Tellings that make a session."""
_SESSIONS_PER_STRANGER = 4
"""A stranger comes up in about so many sessions in a row, then somebody else does."""


_NAMES = 44 * len(SURNAMES)
"""First names by surnames."""


def stranger_tellings(world: World, session: int, planned: int, draw: Draw) -> list[Telling]:
    """What is told of strangers in one session, made only then, so that long conversations stay small in memory.

    Sessions in which little is ``planned`` about the people who are asked about get more of it.
    """
    amount = world.knobs.distractors * max(1, _FULL - planned)
    count = int(amount) + draw.chance(amount - int(amount))
    return [_telling(world, session, draw) for _ in range(count)]


def _telling(world: World, session: int, draw: Draw) -> Telling:
    owner = draw.pick(world.speakers)
    place = session // _SESSIONS_PER_STRANGER * 3 + draw.below(3)
    person = _stranger(world, place * len(world.speakers) + world.speakers.index(owner), owner)
    listener = draw.pick([speaker.name for speaker in world.speakers if speaker is not owner])
    today = world.day(session)
    if draw.chance(0.7):
        kind = draw.pick(EVENTS)
        start = today - timedelta(days=draw.between(1, 6))
        slots = [("o", world.stock.spare(kind.pool, draw))]
        slots += [(slot.name, world.stock.spare(slot.pool, draw)) for slot in kind.slots]
        asked = [slot.name for slot in kind.slots if slot.ask and draw.chance(0.4)]
        telling = Telling("event", LifeFact(-1, person, kind.name, tuple(slots), start), session, owner.name, listener)
        return replace(telling, when=past_phrase(draw, start, today), followups=tuple(asked))
    state = draw.pick(STATES)
    slots = [("o", world.stock.spare(state.pool, draw))]
    slots += [(slot.name, world.stock.spare(slot.pool, draw)) for slot in state.slots]
    return Telling("still", LifeFact(-1, person, state.name, tuple(slots), None), session, owner.name, listener)


def _stranger(world: World, index: int, owner: Person) -> Person:
    """The stranger of a number; once all first names by all surnames are used, names get a middle initial."""
    draw = Draw(world.knobs.seed, "stranger", owner.name, index)
    gender = "fm"[index % 2]
    first = STRANGERS[gender][index // 2 % len(STRANGERS[gender])]
    surname = SURNAMES[(index // 44 + index % 44 * 19) % len(SURNAMES)]
    if index >= _NAMES:
        surname = f"{'BCDFGHJKLMNPQRSTVWXYZ'[index // _NAMES % 21]} {surname}"
    return Person(f"{first} {surname}", gender, f"{first} {surname}", draw.pick(ACQUAINTANCES), owner.name)
