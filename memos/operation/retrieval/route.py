"""The path resolver: what is searched, where, and in which order, with the reasons (paper section 5.4.1; docs/memos.md
C16)."""

from __future__ import annotations

from dataclasses import dataclass, field

from memos.infrastructure.vault import AnyOf, Brief, Happened, Is, Mentions, SaidWithin, Where
from memos.operation.retrieval.call import MemoryCall, Window

_KINDS = {
    "preference": (("preference", "profile"), "the utterance is about likes or habits"),
    "skill": (("skill", "tool", "trajectory"), "the utterance asks how something is done"),
}


@dataclass(frozen=True, slots=True)
class PlannedSearch:
    """One search of a plan."""

    what: str
    """Kind of memory."""
    where: str
    """Tier or layer."""
    why: str
    filter: Where | None = field(default=None, compare=False)
    """The same for equal ``what``, ``where`` and calls."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Places in order: what lies in the first of them comes first, and so on; later ones fill what earlier ones leave
    open. Equal calls give equal plans."""

    query: str
    steps: tuple[PlannedSearch, ...]
    within: Where | None = field(default=None, compare=False)
    """What every step keeps to: the time that the call names. The same for equal calls."""

    def explain(self) -> str:
        """The plan as numbered lines."""
        if not self.steps:
            return "no memory is needed"
        return "\n".join(
            f"{number}. {step.what} in {step.where}: {step.why}" for number, step in enumerate(self.steps, 1)
        )


WORKING = "working memory"
"""The place of the present conversation; what lies there comes first among what would be found anyway."""
MONTH = 31 * 86_400.0
"""Seconds within which the time of an event must be known to keep it out of another time."""


def plan(call: MemoryCall, *, working: bool = False) -> Plan:
    """The plan for a memory call: the narrowest place first, everything the caller may read last.

    Args:
        working: whether there is a present conversation to look into first.
    """
    if not call.needs_memory:
        return Plan(call.query, ())
    steps = []
    if call.scope != "private":
        layers = ("shared", "global") if call.scope == "shared" else ("global",)
        steps.append(
            PlannedSearch(
                "any memory",
                f"{call.scope} layer",
                f"the utterance is about {call.scope} matters",
                Is("layer", *layers),
            )
        )
    names = [name for name in call.entities if name.casefold() != call.caller.casefold()]
    if names:
        why = f"the utterance names {', '.join(names)}"
        steps.append(PlannedSearch("any memory", "what names them", why, Mentions(*names)))
    if call.kind in _KINDS:
        kinds, why = _KINDS[call.kind]
        steps.append(PlannedSearch("/".join(kinds), "user and long-term memory", why, Is("semantic_type", *kinds)))
    if call.kind == "episode":
        steps.append(
            PlannedSearch(
                "topic/concept",
                "long-term memory",
                "a summary is asked for: parents before facts",
                Is("semantic_type", "topic", "concept", "summary"),
            )
        )
    if working:
        steps.append(
            PlannedSearch("facts and episodes", WORKING, "the present conversation comes first", Is("tier", "working"))
        )
    within = None
    if call.window is not None:
        within, why = _within(call), "the utterance names a time, and nothing else is looked at"
        steps.append(PlannedSearch("any memory", f"the time {_span(call.window)}", why, within))
    else:
        why = "what the narrower searches leave open"
        steps.append(PlannedSearch("any memory", "everything the caller may read", why))
    return Plan(call.query, tuple(steps), within)


def _within(call: MemoryCall) -> Where:
    """What the time of a call lets through. What was said then counts, unless it tells of another time just as near."""
    assert call.window is not None
    start, end = call.window.start, call.window.end
    if call.tense == "telling":
        return SaidWithin(start, end)
    if call.tense == "state" and end is not None:
        return AnyOf(Happened(start, end), SaidWithin(None, end))
    return AnyOf(Happened(start, end), SaidWithin(start, end) & ~Brief(MONTH))


def _span(window: Window) -> str:
    start, end = window.start, window.end
    return " ".join(f"{word} {moment:%Y-%m-%d}" for word, moment in (("from", start), ("before", end)) if moment)
