"""The path resolver: what is searched, where, and in which order, with the reasons (paper section 5.4.1; docs/memos.md
C16)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC

from memos.infrastructure.vault import AllOf, AnyOf, Happened, Is, Recorded, Where
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
    """Searches in order; later ones fill what earlier ones leave open. Equal calls give equal plans."""

    query: str
    steps: tuple[PlannedSearch, ...]

    def explain(self) -> str:
        """The plan as numbered lines."""
        if not self.steps:
            return "no memory is needed"
        return "\n".join(
            f"{number}. {step.what} in {step.where}: {step.why}" for number, step in enumerate(self.steps, 1)
        )


def plan(call: MemoryCall) -> Plan:
    """The plan for a memory call: the narrowest place first, everything the caller may read last."""
    if not call.needs_memory:
        return Plan(call.query, ())
    steps = []
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
    if call.window is not None:
        span = _span(call.window)
        steps.append(
            PlannedSearch("any memory", f"the time {span}", "the utterance names a time", _within(call.window))
        )
    steps.append(
        PlannedSearch(
            "facts and episodes", "working memory", "the present conversation comes first", Is("tier", "working")
        )
    )
    steps.append(PlannedSearch("any memory", "everything the caller may read", "what the narrower searches leave open"))
    return Plan(call.query, tuple(steps))


def _within(window: Window) -> Where:
    aware = [None if moment is None else moment.replace(tzinfo=UTC) for moment in (window.start, window.end)]
    return AnyOf(Happened(window.start, window.end), AllOf(Recorded(aware[0], aware[1])))


def _span(window: Window) -> str:
    start, end = window.start, window.end
    return " ".join(
        f"{word} {moment:%Y-%m-%d}" for word, moment in (("from", start), ("before", end)) if moment is not None
    )
