"""A session while it is written, and what a telling brings along for its wording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from eval.datasets.generated import talk
from eval.datasets.generated.draw import Draw
from eval.datasets.generated.grammar import fill, in_person, sentence
from eval.datasets.generated.kinds.schema import Slot
from eval.datasets.generated.pools import with_article
from eval.datasets.generated.records import GeneratedTurn, Person, Telling
from eval.datasets.generated.world import EVENT, STATE, TASTE, TRAIT, slots_of


@dataclass
class Scene:
    """The session that is being written."""

    number: int
    draw: Draw
    turns: list[GeneratedTurn] = field(default_factory=list)
    recalled: list[int] = field(default_factory=list)
    """Facts that were asked after in this session."""
    weather: bool = False
    """Whether the weather has been talked about."""

    def say(self, speaker: str, text: str) -> str:
        """Add a turn; returns its id."""
        turn_id = f"D{self.number}:{len(self.turns) + 1}"
        self.turns.append(GeneratedTurn(turn_id, speaker, text))
        return turn_id

    def line(self, templates: Sequence[str], slots: dict[str, str] | None = None, end: str = ".") -> str:
        """A sentence from one of some templates."""
        return sentence(in_person(fill(self.draw.pick(templates), slots or {}, self.draw)), end)


def grouped(draw: Draw, tellings: list[Telling]) -> list[tuple[Telling, ...]]:
    """Put neighbouring tellings into one turn: of the speaker's own life, the first without further questions."""
    out: list[tuple[Telling, ...]] = []
    for telling in tellings:
        before = out[-1] if out else ()
        if len(before) == 1 and _own(telling) and _own(before[0]) and not before[0].followups:
            if before[0].teller == telling.teller and draw.chance(0.7):
                out[-1] = (before[0], telling)
                continue
        out.append((telling,))
    return out


def _own(telling: Telling) -> bool:
    """Whether a speaker tells a fact of their own life."""
    return telling.act not in ("introduce", "correct") and telling.fact.subject.name == telling.teller


def subject_of(telling: Telling) -> Person | None:
    """Whom a telling is about, where it is not the teller."""
    return None if telling.fact.subject.name == telling.teller else telling.fact.subject


def told_slots(telling: Telling) -> dict[str, str]:
    """The slots as they are told, with a wrong value where one is told first."""
    slots = slots_of(telling.fact) | {"when": telling.when}
    if telling.wrong:
        slots["old" if telling.act == "switch" else telling.wrong[0]] = telling.wrong[1]
        slots |= {f"a_{slot}": with_article(slots[slot]) for slot, _ in telling.fact.slots}
    return slots


def person_of(about: Person | None) -> tuple[str | None, str]:
    """Name and gender for ``in_person``; no name where the teller is meant."""
    return (None, "f") if about is None else (about.name, about.gender)


def frames(telling: Telling, about: Person) -> Sequence[str]:
    """Openings of a telling about somebody else."""
    if telling.hearsay:
        return talk.HEARSAY
    return talk.STRANGERS if telling.fact.fact_id < 0 else talk.ABOUT_OTHERS


def asked_slots(telling: Telling) -> list[Slot]:
    """The slots that come out when the listener asks."""
    kind = EVENT.get(telling.fact.kind) or STATE.get(telling.fact.kind)
    return [slot for slot in kind.slots if slot.name in telling.followups] if kind else []


def wordings(telling: Telling) -> tuple[str, Sequence[str]]:
    """Mood and templates of a telling."""
    name = telling.fact.kind
    if telling.act == "event":
        return EVENT[name].mood, EVENT[name].tell
    if telling.act in ("still", "change"):
        return STATE[name].mood if telling.act == "change" else "calm", getattr(STATE[name], telling.act)
    if telling.act == "trait":
        return "calm", TRAIT[name].tell
    return "calm", getattr(TASTE[name.split(":")[0]], telling.act)
