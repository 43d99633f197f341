"""Typed relations between memories: follows, relates, causes, conditions, contradicts, aggregates (docs/memos.md C20).

``detect`` reads them by rules (cue words, event times, names in common) or asks a language model and checks what it
says. On insert, ``resolve`` finds contradictions and ``by_cue`` causes and conditions; ``organise`` makes aggregates of
its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise

from memos.cube import MemCube
from memos.infrastructure.vault import Edge
from memos.language.calendar import DAYS, MONTHS
from memos.language.words import stem, terms
from memos.llm.base import LLM, Request
from memos.types import Message

RELATIONS = ("follows", "relates", "causes", "conditions", "contradicts", "aggregates")
DIRECTED = ("follows", "causes", "conditions", "aggregates")
"""Relations that must not form cycles."""
SCHEMA = {
    "type": "object",
    "properties": {
        "relations": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "source": {"type": "integer", "minimum": 0},
                    "target": {"type": "integer", "minimum": 0},
                    "relation": {"type": "string", "enum": list(RELATIONS)},
                },
                "required": ["source", "target", "relation"],
            },
        }
    },
    "required": ["relations"],
}
_CAUSE = re.compile(
    r"\b(?:because(?: of)?|due to|thanks to|since|after|as a result of|inspired by|caused by)\b(.*)", re.I | re.S
)
_EFFECT = re.compile(
    r"\b(?:therefore|as a result|so (?:now|then|that)|that's why|that is why|led (?:me |us )?to)\b", re.I
)
_SUM = re.compile(
    r"\b(?:altogether|in total|in all|all in all|overall|to sum up|all (?:two|three|four|five|of)|both|so far)\b", re.I
)
_CONDITION = re.compile(r"\b(?:if|unless|as long as|provided|once)\b([^,.;]*)", re.I)


def follows(cubes: Sequence[MemCube]) -> list[Edge]:
    """A chain in order of event time (record time where there is none) over memories of one subject."""

    def when(cube: MemCube):
        moment = cube.descriptive.event_start or cube.descriptive.created_at
        return moment.replace(tzinfo=None), cube.descriptive.position or 0, cube.cube_id

    ordered = sorted(cubes, key=when)
    return [Edge(later.cube_id, earlier.cube_id, "follows") for earlier, later in pairwise(ordered)]


def shared_names(new: MemCube, others: Sequence[MemCube], common: frozenset[str] = frozenset()) -> list[Edge]:
    """``relates`` edges to memories that name the same thing; names in ``common`` do not count."""
    mine = {name.lower() for name in new.descriptive.entities} - common
    out = []
    for other in others:
        both = mine & {name.lower() for name in other.descriptive.entities}
        if both and other.cube_id != new.cube_id:
            out.append(Edge(new.cube_id, other.cube_id, "relates", float(len(both)), {"names": sorted(both)}))
    return out


def by_cue(new: MemCube, others: Sequence[MemCube], least: float = 0.34) -> list[Edge]:
    """``causes`` and ``conditions`` edges that the new memory's own words announce.

    The clause after "because" (or "if") is matched with the other memories' words; the best match of at least ``least``
    of the clause is the cause (or condition). Edges point from cause to effect, from condition to what depends on it.
    """
    out = []
    for pattern, relation in ((_CAUSE, "causes"), (_CONDITION, "conditions")):
        match = pattern.search(new.text)
        if match:
            best = _best(set(terms(match.group(1))), others, least)
            if best is not None:
                out.append(Edge(best.cube_id, new.cube_id, relation))
    if _EFFECT.search(new.text) and not any(edge.relation == "causes" for edge in out):
        best = _best(set(terms(new.text)), others, least / 2)
        if best is not None:
            out.append(Edge(best.cube_id, new.cube_id, "causes"))
    return out


def _best(clause: set[str], others: Sequence[MemCube], least: float) -> MemCube | None:
    if not clause:
        return None
    scored = [(len(clause & set(terms(other.text))) / len(clause), other) for other in others]
    score, best = max(scored, key=lambda pair: (pair[0], pair[1].cube_id), default=(0.0, None))
    return best if score >= least else None


def by_model(llm: LLM, cubes: Sequence[MemCube]) -> list[Edge]:
    """Relations a language model names between numbered memories. A pair that breaks the rules is left out.

    Raises:
        LLMError: when the model gives no usable reply; nothing is lost, the caller keeps the memories as they are.
    """
    from memos.llm.structured import complete_json

    listing = "\n".join(f"{number}. {_dated(cube)}" for number, cube in enumerate(cubes))
    ask = (
        "Numbered memories follow, some with the date of the event. "
        'Name the relations between them as JSON {"relations": '
        '[{"source": n, "target": m, "relation": r}]}. r is causes (source brought target about), conditions (target '
        "holds only if source does), follows "
        "(source is a later event of the same story as target), contradicts (both cannot "
        "be true now), aggregates (source sums up target and others) or relates (same subject, none of the others). "
        "Name only relations the texts support.\n" + listing
    )
    value = complete_json(llm, Request((Message("user", ask),)), SCHEMA).value
    edges = []
    for item in value["relations"]:
        source, target = item["source"], item["target"]
        if source != target and source < len(cubes) and target < len(cubes):
            edges.append(_turned(cubes[source], cubes[target], item["relation"]))
    return checked(edges)


def _dated(cube: MemCube) -> str:
    moment = cube.descriptive.event_start
    return f"[{moment:%Y-%m-%d}] {cube.text}" if moment else cube.text


def _turned(source: MemCube, target: MemCube, relation: str) -> Edge:
    """The edge in the direction that event times (follows) or record times (contradicts: newer to older) give it."""
    if relation == "follows":
        later, earlier = source.descriptive.event_start, target.descriptive.event_start
    elif relation == "contradicts":
        later, earlier = source.descriptive.created_at, target.descriptive.created_at
    else:
        later = earlier = None
    if later and earlier and later.replace(tzinfo=None) < earlier.replace(tzinfo=None):
        source, target = target, source
    return Edge(source.cube_id, target.cube_id, relation)


def checked(edges: Sequence[Edge]) -> list[Edge]:
    """Each edge once; ``relates`` only where nothing more exact joins the pair; no cycle of a directed relation."""
    exact = {frozenset((edge.source, edge.target)) for edge in edges if edge.relation != "relates"}
    seen, distinct = set(), []
    for edge in edges:
        pair = frozenset((edge.source, edge.target))
        key = (edge.relation, edge.source, edge.target) if edge.relation in DIRECTED else (edge.relation, pair)
        if key not in seen and not (edge.relation == "relates" and pair in exact):
            seen.add(key)
            distinct.append(edge)
    return acyclic(distinct)


def detect(cubes: Sequence[MemCube], llm: LLM | None = None, common: frozenset[str] = frozenset()) -> list[Edge]:
    """All relations among some memories, checked.

    Args:
        llm: the model to ask; None: rules.
        common: lower-case names that relate nothing, such as the speakers'.

    Raises:
        LLMError: when the model gives no usable reply.
    """
    if llm is not None:
        return by_model(llm, cubes)
    edges: list[Edge] = []
    for cube in cubes:
        edges += by_cue(cube, [other for other in cubes if other is not cube])
    edges += conflicts(cubes) + aggregates(cubes) + stories(cubes, common)
    for place, cube in enumerate(cubes):
        edges += shared_names(cube, cubes[:place], common)
    return checked(edges)


def conflicts(cubes: Sequence[MemCube]) -> list[Edge]:
    """``contradicts`` edges, newer to older, between statements that cannot both hold, by the rules of ``resolve``."""
    from memos.operation.upkeep.resolve import compare

    out = []
    for place, new in enumerate(cubes):
        for old in cubes[:place]:
            if compare(old.text, new.text, 0.0) == "contradiction":
                out.append(_turned(new, old, "contradicts"))
    return out


def aggregates(cubes: Sequence[MemCube], least: int = 2) -> list[Edge]:
    """``aggregates`` edges from a memory that counts or sums up (by its own words) to those that share its words."""
    out = []
    for cube in cubes:
        if _SUM.search(cube.text):
            words = set(terms(_SUM.sub(" ", cube.text)))
            counted = [
                other
                for other in cubes
                if other is not cube and words & set(terms(other.text)) and not _SUM.search(other.text)
            ]
            if len(counted) >= least:
                out += [Edge(cube.cube_id, part.cube_id, "aggregates") for part in counted]
    return out


def stories(cubes: Sequence[MemCube], common: frozenset[str] = frozenset()) -> list[Edge]:
    """``follows`` chains, by event time, over dated memories of one story: those that share a name or a word of
    content.
    """
    left = [cube for cube in cubes if cube.descriptive.event_start is not None and not _SUM.search(cube.text)]
    matter = {cube.cube_id: _matter(cube, common) for cube in left}
    out: list[Edge] = []
    while left:
        story = [left.pop(0)]
        for member in story:
            near = [cube for cube in left if matter[member.cube_id] & matter[cube.cube_id]]
            story += near
            left = [cube for cube in left if cube not in near]
        if len({cube.descriptive.event_start for cube in story}) == len(story):
            out += follows(story)
    return out


def _matter(cube: MemCube, common: frozenset[str]) -> set[str]:
    """Content words of a memory without names that are common and words of time."""
    plain = {stem(name) for name in common} | _times()
    return {word for word in terms(cube.text) if not word.isdigit()} - plain


@lru_cache(maxsize=1)
def _times() -> frozenset[str]:
    """Stems that make no story of two memories."""
    return frozenset(
        map(stem, (*MONTHS, *DAYS, *"day week weekend month year today yesterday morning evening night".split()))
    )


def acyclic(edges: Sequence[Edge], directed: Sequence[str] = DIRECTED) -> list[Edge]:
    """The edges without those that would close a cycle of one directed relation; earlier edges win."""
    accepted: list[Edge] = []
    reach: dict[str, dict[str, set[str]]] = {}
    for edge in edges:
        if edge.relation in directed:
            ahead = reach.setdefault(edge.relation, {})
            if edge.source == edge.target or edge.source in _reached(ahead, edge.target):
                continue
            ahead.setdefault(edge.source, set()).add(edge.target)
        accepted.append(edge)
    return accepted


def closes(stored: Callable[..., Sequence[Edge]], edge: Edge) -> bool:
    """Whether an edge would close a cycle of its directed relation with the stored ones (``vault.edges``)."""
    if edge.relation not in DIRECTED:
        return False
    seen, open_ = {edge.target}, [edge.target]
    while open_ and edge.source not in seen:
        ahead = {one.target for one in stored(open_, relations=[edge.relation], direction="out")} - seen
        seen |= ahead
        open_ = sorted(ahead)
    return edge.source in seen


def _reached(ahead: dict[str, set[str]], start: str) -> set[str]:
    seen, open_ = {start}, [start]
    while open_:
        for nxt in ahead.get(open_.pop(), ()):
            if nxt not in seen:
                seen.add(nxt)
                open_.append(nxt)
    return seen
