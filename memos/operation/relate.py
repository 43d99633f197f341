"""Typed relations between memories: follows, relates, causes, conditions (memos.md C20).

Rules read the cue words; a language model may be asked instead. ``contradicts`` comes from ``resolve``, ``aggregates``
from ``organise``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from memos.cube import MemCube
from memos.infrastructure.vault import Edge
from memos.llm.base import LLM, Request
from memos.operation.words import terms
from memos.types import Message

RELATIONS = ("follows", "relates", "causes", "conditions", "contradicts", "aggregates")
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
                    "relation": {"type": "string", "enum": ["causes", "conditions", "relates", "follows"]},
                },
                "required": ["source", "target", "relation"],
            },
        }
    },
    "required": ["relations"],
}
_CAUSE = re.compile(r"\b(?:because(?: of)?|due to|thanks to|since|after|as a result of|inspired by|caused by)\b(.*)", re.I | re.S)
_EFFECT = re.compile(r"\b(?:therefore|as a result|so (?:now|then|that)|that's why|that is why|led (?:me |us )?to)\b", re.I)
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

    listing = "\n".join(f"{number}. {cube.text}" for number, cube in enumerate(cubes))
    ask = (
        "Numbered memories follow. Name the relations between them as JSON {\"relations\": [{\"source\": n, \"target\": m, "
        "\"relation\": r}]}. r is causes (source brought target about), conditions (target holds only if source does), follows "
        "(source happened after target) or relates (same subject). Name only relations the texts support.\n" + listing
    )
    value = complete_json(llm, Request((Message("user", ask),)), SCHEMA).value
    kept = []
    for item in value["relations"]:
        source, target = item["source"], item["target"]
        if source != target and source < len(cubes) and target < len(cubes):
            kept.append(Edge(cubes[source].cube_id, cubes[target].cube_id, item["relation"]))
    return acyclic(kept)


def acyclic(edges: Sequence[Edge], directed: Sequence[str] = ("follows", "causes", "conditions")) -> list[Edge]:
    """The edges without those that would close a cycle of one directed relation; earlier edges win."""
    kept: list[Edge] = []
    reach: dict[str, dict[str, set[str]]] = {}
    for edge in edges:
        if edge.relation in directed:
            ahead = reach.setdefault(edge.relation, {})
            if edge.source == edge.target or edge.source in _reached(ahead, edge.target):
                continue
            ahead.setdefault(edge.source, set()).add(edge.target)
        kept.append(edge)
    return kept


def _reached(ahead: dict[str, set[str]], start: str) -> set[str]:
    seen, open_ = {start}, [start]
    while open_:
        for nxt in ahead.get(open_.pop(), ()):
            if nxt not in seen:
                seen.add(nxt)
                open_.append(nxt)
    return seen


