"""MemCube: payload, headers, state. Immutable; a change makes a new object (and, in the vault, a new version)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from memos.cube.clock import Clock, Ids
from memos.cube.codec import canonical, digest_of, from_json, to_json
from memos.cube.errors import MALFORMED, CubeError
from memos.cube.header import Behavioural, Descriptive, Governance
from memos.cube.payload import KIND_OF, KINDS, ParametricPayload, Payload, PlaintextPayload
from memos.cube.versions import chain_digest

State = Literal["generated", "activated", "merged", "archived", "expired"]
STATES: tuple[str, ...] = ("generated", "activated", "merged", "archived", "expired")
LIVE: tuple[str, ...] = ("generated", "activated")
"""States in which a cube is found by a search."""
SCHEMA = 2
"""Version of the JSON form. ``memos.infrastructure.migrate`` reads older ones."""

_FIXED = ("cube_id", "provenance_id", "created_at", "origin")
_STAMPS = ("cube_id", "provenance_id", "created_at", "updated_at")
_WORD = re.compile(r"\w+")


class _Written:
    """Room for the content of a plaintext cube once it was written: it is needed to seal the cube and again to store
    it.
    """

    __slots__ = ("_content",)


@dataclass(frozen=True, slots=True)
class MemCube(_Written):
    """One memory. Build with ``new_cube``, change with ``revise``; the vault sets state, tier, frozen and counters."""

    payload: Payload
    descriptive: Descriptive
    governance: Governance
    behavioural: Behavioural
    state: State = "generated"
    tier: str = "long_term"
    """Where it is kept: working, long_term, user, or a tier of a policy's own."""
    frozen: bool = False

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise CubeError(f"MemCube.state: {self.state!r} is none of {', '.join(STATES)}")
        if not self.tier:
            raise CubeError("MemCube.tier: empty")

    @property
    def cube_id(self) -> str:
        return self.descriptive.cube_id

    @property
    def kind(self) -> str:
        """plaintext, activation or parametric."""
        return KIND_OF[type(self.payload)]

    @property
    def text(self) -> str:
        """The readable text; empty for cubes without plaintext."""
        return self.payload.text if isinstance(self.payload, PlaintextPayload) else ""

    @property
    def version(self) -> int:
        return self.behavioural.version

    @property
    def turn_ids(self) -> tuple[str, ...]:
        """Ids of the dialogue turns the memory was made from, in order, each once."""
        return tuple(dict.fromkeys(source.turn for source in self.descriptive.sources if source.turn))

    @property
    def parents(self) -> tuple[str, ...]:
        """Ids of the cubes this one was made from, an adapter's training cubes included."""
        trained = self.payload.training_cubes if isinstance(self.payload, ParametricPayload) else ()
        return tuple(dict.fromkeys((*self.behavioural.derived_from, *trained)))

    @property
    def expires_at(self) -> float | None:
        """End of its time to live in seconds since the epoch; None where it has none."""
        ttl = self.governance.ttl_seconds
        return None if ttl is None else self.descriptive.updated_at.timestamp() + ttl

    def live(self, at: datetime | None = None) -> bool:
        """Whether a search may find it: in a live state and, at that time, not past its time to live."""
        if self.state not in LIVE:
            return False
        end = None if at is None or self.frozen else self.expires_at
        return end is None or at is None or at.timestamp() < end

    def content(self) -> str:
        """Canonical JSON of what a version keeps: payload, descriptive (without ids and record times), governance."""
        known = getattr(self, "_content", None)
        if known is not None:
            return known
        descriptive = to_json(self.descriptive)
        for name in _STAMPS:
            descriptive.pop(name, None)
        content = (
            f'{{"descriptive":{canonical(descriptive)},"governance":{_rules(self.governance)},"kind":"{self.kind}",'
            f'"payload":{canonical(to_json(self.payload))}}}'
        )
        self._keep(content)
        return content

    def _keep(self, content: str) -> None:
        if isinstance(self.payload, PlaintextPayload):
            object.__setattr__(self, "_content", content)

    def revise(
        self,
        at: datetime,
        *,
        payload: Payload | None = None,
        derived_from: Sequence[str] | None = None,
        descriptive: Mapping[str, Any] | None = None,
        governance: Mapping[str, Any] | None = None,
    ) -> MemCube:
        """The next version of the cube.

        Args:
            at: record time of the change.
            payload: new payload of the same kind, or None to keep it.
            derived_from: further cubes the content now comes from.
            descriptive, governance: header fields to change.

        Raises:
            CubeError: for a fixed field, an unknown field or another payload kind.
        """
        fixed = [name for name in (descriptive or {}) if name in _FIXED]
        if fixed:
            raise CubeError(f"Descriptive.{fixed[0]} of {self.cube_id}: fixed for life")
        if payload is not None and type(payload) is not type(self.payload):
            raise CubeError(f"cube {self.cube_id}: a {self.kind} payload cannot become {KIND_OF.get(type(payload))}")
        try:
            header = replace(self.descriptive, **{**(descriptive or {}), "updated_at": at})
            rules = replace(self.governance, **(governance or {}))
        except TypeError as error:
            raise CubeError(f"cube {self.cube_id}: {error}") from error
        lineage = tuple(dict.fromkeys((*self.behavioural.derived_from, *(derived_from or ()))))
        behaviour = replace(
            self.behavioural,
            version=self.version + 1,
            parent_version=self.version,
            derived_from=lineage,
        )
        draft = replace(
            self, payload=payload or self.payload, descriptive=header, governance=rules, behavioural=behaviour
        )
        return _sealed(draft, self.behavioural.digest)

    def with_content(self, content: str, at: datetime) -> MemCube:
        """The next version of the cube, with the content of another version of it (Time Machine)."""
        payload, descriptive, governance = parse_content(content)
        stamps = {name: getattr(self.descriptive, name) for name in _STAMPS} | {"updated_at": at}
        header = from_json(Descriptive, descriptive | {name: to_json(value) for name, value in stamps.items()})
        behaviour = replace(self.behavioural, version=self.version + 1, parent_version=self.version)
        draft = replace(self, payload=payload, descriptive=header, governance=governance, behavioural=behaviour)
        return _sealed(draft, self.behavioural.digest)

    def as_first_version(self, *, cube_id: str | None = None) -> MemCube:
        """The same content as the start of a new version chain, without counters (export, publishing)."""
        header = replace(self.descriptive, cube_id=cube_id or self.cube_id)
        behaviour = Behavioural(derived_from=self.behavioural.derived_from)
        return _sealed(replace(self, descriptive=header, behavioural=behaviour, frozen=False), "")

    def governed(self, **governance: Any) -> MemCube:
        """The same, not yet stored cube under other governance fields."""
        return replace(self, governance=replace(self.governance, **governance)).as_first_version()

    def copied(self, cube_id: str, at: datetime, *, derived_from: Sequence[str], **governance: Any) -> MemCube:
        """A cube of its own with the same content, under other governance fields; provenance id and origin stay."""
        header = replace(self.descriptive, cube_id=cube_id, created_at=at, updated_at=at)
        behaviour = Behavioural(derived_from=tuple(derived_from))
        draft = replace(self, descriptive=header, behavioural=behaviour, state="generated", frozen=False)
        return draft.governed(**governance)

    def to_json(self) -> dict[str, Any]:
        """The whole cube as a JSON object; ``from_json`` gives an equal cube back."""
        return {
            "schema": SCHEMA,
            "kind": self.kind,
            "payload": to_json(self.payload),
            "descriptive": to_json(self.descriptive),
            "governance": to_json(self.governance),
            "behavioural": to_json(self.behavioural),
            "state": self.state,
            "tier": self.tier,
            "frozen": self.frozen,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> MemCube:
        """Build from ``to_json``'s form.

        Raises:
            CubeError: naming the unknown or wrong field.
        """
        fields = dict(value)
        schema, kind = fields.pop("schema", None), fields.pop("kind", None)
        if schema != SCHEMA:
            raise CubeError(
                f"MemCube.schema: {schema!r}, expected {SCHEMA}; load older dumps with memos.infrastructure.loader"
            )
        if kind not in KINDS:
            raise CubeError(f"MemCube.kind: {kind!r} is none of {', '.join(KINDS)}")
        readers = {
            "payload": KINDS[kind],
            "descriptive": Descriptive,
            "governance": Governance,
            "behavioural": Behavioural,
        }
        unknown = [name for name in fields if name not in readers and name not in ("state", "tier", "frozen")]
        if unknown:
            raise CubeError(f"MemCube: unknown field {unknown[0]!r}")
        missing = [name for name in readers if name not in fields]
        if missing:
            raise CubeError(f"MemCube.{missing[0]}: missing")
        built = {name: from_json(reader, fields.pop(name), name) for name, reader in readers.items()}
        for name, like in (("state", str), ("tier", str), ("frozen", bool)):
            if not isinstance(fields.get(name, like()), like):
                raise CubeError(f"MemCube.{name}: expected {like.__name__}, got {fields[name]!r}")
        return cls(**built, **fields)

    def checked(self) -> MemCube:
        """The cube as reading its JSON gives it, so that no value of a wrong kind is stored.

        Raises:
            CubeError: naming the field.
        """
        try:
            return self.from_json(self.to_json())
        except MALFORMED as error:
            raise CubeError(f"cube {self.cube_id}: {type(error).__name__}: {error}") from error

    def digest(self) -> str:
        """Digest of the whole cube, headers, counters and state included."""
        return digest_of(canonical(self.to_json()))


def parse_content(content: str) -> tuple[Payload, dict[str, Any], Governance]:
    """The payload, the descriptive fields (as JSON) and the governance header of a version's content."""
    fields = json.loads(content)
    payload = from_json(KINDS[fields["kind"]], fields["payload"])
    return payload, fields["descriptive"], from_json(Governance, fields["governance"])


def fingerprint(text: str) -> str:
    """64-bit simhash of a text's lower-case words, in hex; near-duplicates differ in few bits. Empty for no words."""
    words = set(_WORD.findall(text.lower()))
    if not words or len(words) >= _LANE:
        return "" if not words else digest_of(canonical(text.lower()))[:16]
    # What is missing to 2**15 above half of the words, added to every lane: the highest bit is then the majority's.
    total = sum(map(_spread, words), _ONES * (_LANE - len(words) // 2 - 1))
    majority = total.to_bytes(128, "big")[::2].translate(_HIGH)
    return f"{int(majority, 2):016x}"


_LANE = 1 << 15
"""More distinct words than any lane of 16 bits may count; such a text gets a plain digest."""
_ONES = sum(1 << 16 * place for place in range(64))
"""A one in each lane."""
_HIGH = b"0" * 128 + b"1" * 128
"""The highest bit of a byte as a digit."""


@lru_cache(maxsize=65_536)
def _spread(word: str) -> int:
    """The 64 hash bits of a word, each in a lane of 16 bits, so that adding numbers counts all bits at once."""
    bits = int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
    return sum(1 << 16 * place for place in range(64) if bits >> place & 1)


def _rules(governance: Governance) -> str:
    """Canonical JSON of a governance header."""
    try:
        return _known_rules(governance)
    except TypeError:  # a field holds a list, which cannot be looked up
        return canonical(to_json(governance))


@lru_cache(maxsize=1024)
def _known_rules(governance: Governance) -> str:
    """The same, remembered: most memories share one header."""
    return canonical(to_json(governance))


def _sealed(cube: MemCube, parent_digest: str) -> MemCube:
    content = cube.content()
    content_digest = digest_of(content)
    chained = chain_digest(parent_digest, cube.cube_id, cube.version, cube.descriptive.updated_at, content_digest)
    light = fingerprint(cube.text)
    behaviour = replace(cube.behavioural, content_digest=content_digest, digest=chained, fingerprint=light)
    sealed = MemCube(cube.payload, cube.descriptive, cube.governance, behaviour, cube.state, cube.tier, cube.frozen)
    sealed._keep(content)
    return sealed


def new_cube(
    payload: Payload | str,
    *,
    owner: str,
    ids: Ids,
    clock: Clock,
    governance: Mapping[str, Any] | None = None,
    derived_from: Sequence[str] = (),
    state: State = "generated",
    tier: str = "long_term",
    **descriptive: Any,
) -> MemCube:
    """Make a cube of version 1.

    Args:
        payload: a payload, or a text (then a plaintext payload).
        owner: user the memory belongs to.
        ids: gives the cube id; the provenance id is the same unless ``provenance_id`` is given.
        clock: gives the record time.
        governance: further fields of the governance header.
        descriptive: further fields of the descriptive header.

    Raises:
        CubeError: for an unknown field or a bad value.
    """
    body = PlaintextPayload(payload) if isinstance(payload, str) else payload
    now, cube_id = clock(), descriptive.pop("cube_id", None) or ids()
    stamps = {"cube_id": cube_id, "provenance_id": cube_id, "created_at": now, "updated_at": now}
    try:
        header = Descriptive(**{**stamps, **descriptive})
        rules = Governance(owner=owner, **(governance or {}))
    except TypeError as error:
        raise CubeError(f"cube {cube_id}: {error}") from error
    behaviour = Behavioural(derived_from=tuple(derived_from))
    return _sealed(MemCube(body, header, rules, behaviour, state, tier), "")
