"""How lives come about: traits, states, events and tastes of each person, and what ties them together.

Dates are chosen together with the session of the telling, since people tell what is over, mostly soon after it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from eval.datasets.generated.calendar import days_apart, month_phrase, past_phrase
from eval.datasets.generated.draw import Draw
from eval.datasets.generated.kinds.events_home import EVENTS
from eval.datasets.generated.kinds.schema import EventKind, Slot, StateKind
from eval.datasets.generated.kinds.states import STATES
from eval.datasets.generated.kinds.traits import TASTES, TRAITS
from eval.datasets.generated.records import Knobs, LifeFact, Person
from eval.datasets.generated.words import people
from eval.datasets.generated.world import EVENT, World, did


def build_world(knobs: Knobs, times: list[datetime], draw: Draw) -> World:
    """The people who are asked about, with all that is told of them. Strangers are added by ``strangers``."""
    world = World(knobs, times, draw)
    scale = min(2.5, world.early / 24)
    for index in range(knobs.speakers):
        gender = "fm"[(index + draw.below(2)) % 2]
        name = world.stock.person(gender)
        world.speakers.append(Person(name, gender, name))
    for speaker in world.speakers:
        _live(world, speaker, scale)
        for friend, session in _circle(world, speaker, scale):
            _live(world, friend, scale * 0.3, first=session)
    _shared_events(world)
    _lean_on_events(world)
    return world


def _circle(world: World, speaker: Person, scale: float) -> list[tuple[Person, int]]:
    """People around a speaker, each introduced in a session; half of them go by a nickname."""
    out = []
    draw = world.draw
    relations = {gender: draw.shuffled(names) for gender, names in people.RELATIONS.items()}
    for _ in range(_about(draw, 3 * min(scale, 1.3))):
        gender = draw.pick("fm")
        nicknamed = draw.chance(0.5)
        full, name = world.stock.nickname(gender) if nicknamed else (world.stock.person(gender),) * 2
        person = Person(name, gender, full, relations[gender].pop(), speaker.name)
        session = draw.below(max(1, world.early // 2))
        world.circle.append(person)
        fact = world.add(person, "relation", [("o", person.relation)], None)
        world.tell("introduce", fact, session)
        out.append((person, session))
    return out


def _live(world: World, person: Person, scale: float, first: int = 0) -> None:
    draw = world.draw
    for trait in draw.sample(TRAITS, _about(draw, 3.5 * min(scale, 1))):
        fact = world.add(person, trait.name, [("o", world.stock.take(trait.pool))], None)
        world.tell("trait", fact, _session(world, first))
    for state in draw.sample(STATES, min(7, _about(draw, 5 * scale))):
        _state(world, person, state, first)
    for event in draw.sample(EVENTS, min(10, _about(draw, 7 * scale))):
        count = draw.weighted((1, 2, 3, 4, 5, 6), (24, 22, 20, 15, 11, 8)) if not person.owner else draw.between(1, 2)
        for _ in range(count):
            _event(world, person, event, first)
    if not person.owner:
        _tastes(world, person, scale)


def _about(draw: Draw, amount: float) -> int:
    """The amount, rounded up or down by chance."""
    return int(amount) + draw.chance(amount - int(amount))


def _session(world: World, first: int) -> int:
    """A session that may hold evidence, not before ``first``."""
    return min(world.draw.between(first, max(first, world.early - 1)), world.knobs.sessions - 1)


def _state(world: World, person: Person, kind: StateKind, first: int) -> None:
    """One to four values in a row; each change lies between the telling of the last value and its own."""
    draw = world.draw
    count = draw.weighted((1, 2, 3, 4), (35, 35, 22, 8))
    open_sessions = range(first, max(first + 1, world.early))
    sessions = sorted(draw.sample(tuple(open_sessions), count))
    last: LifeFact | None = None
    last_day = date.min
    for session in sessions:
        if world.stock.left(kind.pool) < 3:
            return
        today = world.day(session)
        slots = [("o", world.stock.below(kind.pool, last["o"] if last else None))]
        followups = _followups(world, kind.slots, slots, person, kind.name)
        if last is None and draw.chance(0.65):
            last = world.add(person, kind.name, slots, None)
            _tell_still(world, kind, last, session, followups)
        else:
            gap = (today - last_day).days if last else 40
            if gap < 2:
                continue
            start = today - timedelta(days=_lag(draw, gap - 1))
            if last:
                world.alter(last, end=start)
            last = world.add(person, kind.name, slots, start)
            world.tell("change", last, session, when=past_phrase(draw, start, today), followups=followups)
        last_day = today


def _tell_still(world: World, kind: StateKind, fact: LifeFact, session: int, followups: tuple[str, ...]) -> None:
    """A first mention; now and then with a wrong value that is taken back in a later session."""
    wrong = None
    later = _later(world, session)
    if kind.fix and later is not None and not fact.subject.owner and world.draw.chance(0.12):
        wrong = ("o", world.stock.take(kind.pool))
    world.tell("still", fact, session, followups=followups, wrong=wrong)
    if wrong and later is not None:
        world.tell("correct", fact, later, wrong=wrong)


def _event(world: World, person: Person, kind: EventKind, first: int, given: str = "") -> None:
    if any(world.stock.left(pool) < 4 for pool in (kind.pool, *(slot.pool for slot in kind.slots if not slot.ask))):
        return
    draw = world.draw
    session = _session(world, first)
    today = world.day(session)
    taken = {fact.start for fact in world.facts if fact.subject is person}
    start = today - timedelta(days=_lag(draw, 60))
    while start in taken:
        start -= timedelta(days=1)
    month_only = (today - start).days > 34 and draw.chance(0.5)
    slots = [("o", given or world.stock.take(kind.pool))]
    followups = _followups(world, kind.slots, slots, person, kind.name)
    fact = world.add(person, kind.name, slots, start)
    if month_only:
        fact = world.alter(fact, month_only=True)
    when = month_phrase(draw, start, today) if month_only else past_phrase(draw, start, today)
    wrong, later = None, _later(world, session)
    mendable = [slot for slot in kind.slots if slot.fix and slot.name in dict(slots)]
    if mendable and later is not None and not person.owner and draw.chance(0.15):
        slot = draw.pick(mendable)
        if world.stock.left(slot.pool) > 3:
            wrong = (slot.name, world.stock.take(slot.pool))
    world.tell("event", fact, session, when=when, wrong=wrong, followups=followups)
    if wrong and later is not None:
        world.tell("correct", fact, later, wrong=wrong)


def _followups(
    world: World, kinds: tuple[Slot, ...], slots: list[tuple[str, str]], person: Person, kind: str
) -> tuple[str, ...]:
    """Add further slots to a fact: those of the telling itself always, those asked for in some of the cases."""
    asked = []
    for slot in kinds:
        if slot.ask and not world.draw.chance(0.55):
            continue
        if slot.ask and world.stock.left(slot.pool) < 4:
            continue
        slots.append((slot.name, _value(world, slot, person, kind)))
        if slot.ask:
            asked.append(slot.name)
    return tuple(asked)


def _value(world: World, slot: Slot, person: Person, kind: str) -> str:
    """A value of a slot; a companion may be one who was with the person on another kind of event."""
    if slot.pool != "companions":
        return world.stock.take(slot.pool)
    known = world.companions.setdefault(person.name, [])
    here = {name for other, name in known if other == kind}
    again = [name for other, name in known if other != kind and name not in here]
    name = world.draw.pick(again) if again and world.draw.chance(0.4) else world.stock.take(slot.pool)
    known.append((kind, name))
    return name


def _tastes(world: World, person: Person, scale: float) -> None:
    draw = world.draw
    domains = draw.sample(TASTES, min(len(TASTES), _about(draw, 6 * min(scale, 1.4))))
    for domain in domains:
        options = draw.shuffled(domain.options)
        used = [fact["o"] for fact in world.facts if fact.kind.startswith(f"{domain.name}:")]
        options = [option for option in options if option not in used]
        if len(options) < 4:
            continue
        if draw.chance(0.75):
            session = _session(world, 0)
            last = world.add(person, f"{domain.name}:like", [("o", options.pop())], None)
            world.tell("like", last, session)
            later = _later(world, session)
            if later is not None and draw.chance(0.4):
                fact = world.add(person, f"{domain.name}:like", [("o", options.pop())], world.day(later))
                world.alter(last, end=world.day(later))
                world.tell("switch", fact, later, wrong=("o", last["o"]))
        if draw.chance(0.5):
            fact = world.add(person, f"{domain.name}:dislike", [("o", options.pop())], None)
            world.tell("dislike", fact, _session(world, 0))


def _later(world: World, session: int) -> int | None:
    """A session of a later day that may hold evidence."""
    days = [s for s in range(session + 1, world.early) if world.day(s) > world.day(session)]
    return world.draw.pick(days) if days else None


def _lag(draw: Draw, most: int) -> int:
    """Days between an event and its telling: mostly under a week, at least 1, at most ``most``."""
    chance = draw.unit()
    lag = draw.between(1, 6) if chance < 0.62 else draw.pick((7, 14)) if chance < 0.72 else draw.between(8, 60)
    return max(1, min(lag, most))


def _shared_events(world: World) -> None:
    """Two speakers do the same thing on different days, so that what they have in common can be asked for."""
    for kind in (EVENT["trip"], EVENT["dinner"], EVENT["concert"], EVENT["garden"], EVENT["race"], EVENT["course"]):
        if world.early < 4 or not world.draw.chance(0.5):
            continue
        first, second = world.draw.sample(world.speakers, 2)
        own = [fact for fact in world.facts if fact.subject is first and fact.kind == kind.name]
        if own:
            _event(world, second, kind, 0, given=world.draw.pick(own)["o"])


def _lean_on_events(world: World) -> None:
    """Date some events by an earlier told one of the same person, such as "two days after I moved"."""
    dated = {t.fact.fact_id: t for t in world.tellings if t.when and not t.fact.month_only}
    for at, telling in enumerate(world.tellings):
        if telling.act != "event" or telling.fact.month_only or not world.draw.chance(0.3):
            continue
        for other in dated.values():
            apart = (telling.fact.day - other.fact.day).days
            known = (
                other.session < telling.session and other.anchor is None and other.fact.subject is telling.fact.subject
            )
            if known and 1 <= apart <= 9:
                when = f"{days_apart(apart)} after <I> {did(other.fact)}"
                world.tellings[at] = replace(telling, when=when, anchor=other.fact.fact_id)
                dated[telling.fact.fact_id] = world.tellings[at]
                break
