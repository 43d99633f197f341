"""What a kind of fact consists of. All texts are templates of ``grammar``.

Questions name the person by ``{who}`` or ``{whose}``. Each question form has a wording near to the tellings
(``near``) and one away from them (``far``).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """A question form in two wordings."""

    near: str
    far: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A further part of a fact, beside its main object ``o``."""

    name: str
    pool: str
    """Name of the pool its values come from; ``#`` marks numbers."""
    which: Wording
    """Asks for the slot, given ``{o}``."""
    ask: str = ""
    """The listener's question that brings it out; empty where the telling itself says it."""
    answer: str = ""
    fix: str = ""
    """How the teller takes back a wrong value: ``{right}`` and ``{wrong}``."""
    reverse: Wording | None = None
    """Asks for the main object, given this slot."""
    person: str = ""
    """Where the value is a person, how to name that person without the name, given ``{o}``."""


@dataclass(frozen=True, slots=True)
class EventKind:
    """Something that happens on a day."""

    name: str
    pool: str
    mood: str
    """``glad``, ``proud``, ``sorry`` or ``plain``: chooses reactions."""
    tell: tuple[str, ...]
    """First or third person, with ``{when}`` and the slots that have no ``ask``."""
    did: str
    """The event as a clause in the past, such as ``adopted {o}``; follows a name or "I"."""
    when: Wording
    nth: Wording
    """Asks for the main object by its place among the events of this kind: ``{nth}``."""
    after: Wording
    """Asks for the main object that came next after ``{o}``."""
    count: Wording
    slots: tuple[Slot, ...] = ()
    callbacks: tuple[tuple[str, str], ...] = ()
    """Later small talk about the event: the listener's question, the teller's reply. They say nothing new."""


@dataclass(frozen=True, slots=True)
class StateKind:
    """Something that has one value at a time and may change."""

    name: str
    pool: str
    mood: str
    still: tuple[str, ...]
    """Says the value that holds already when it is first mentioned; no date."""
    change: tuple[str, ...]
    """Says the new value and since ``{when}``."""
    did: str
    """The change as a clause in the past."""
    now: Wording
    at: Wording
    """Asks for the value at a time: ``{at}`` is such as ``on 14 March 2023`` or ``when Anouk adopted Waffles``."""
    since: Wording
    """Asks for the day of the change to ``{o}``."""
    before: Wording
    """Asks for the value before ``{o}``."""
    slots: tuple[Slot, ...] = ()
    callbacks: tuple[tuple[str, str], ...] = ()
    fix: str = ""


@dataclass(frozen=True, slots=True)
class TraitKind:
    """Something that holds for good."""

    name: str
    pool: str
    tell: tuple[str, ...]
    which: Wording


@dataclass(frozen=True, slots=True)
class TasteKind:
    """A domain of likes and dislikes."""

    name: str
    options: tuple[str, ...]
    like: tuple[str, ...]
    dislike: tuple[str, ...]
    switch: tuple[str, ...]
    """Says a new favourite and that ``{old}`` is over."""
    best: Wording
    worst: Wording
    advice: str
    """Asks what to choose for the person; the gold is the favourite."""
