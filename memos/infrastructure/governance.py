"""MemGovernance (paper section 5.5): deny by default, explained denials, sensitivity, rate limits, erasure with
lineage.

The rule itself is ``access.decide_on``; here it is asked, enforced and logged. Whoever reads a memory by its id asks
``fetch`` or ``read``, whoever searches or lists takes the filter ``readable``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from memos.cube.clock import Clock
from memos.cube.cube import MemCube
from memos.cube.errors import AccessDenied, FrozenCube, LicenceError, NotFound, RateLimited
from memos.cube.header import Right
from memos.cube.payload import PlaintextPayload, stays_inside
from memos.errors import ConfigError
from memos.infrastructure.access import Caller, Decision, decide_on, licensed_to
from memos.infrastructure.audit import AuditEntry
from memos.infrastructure.sensitivity import find_sensitive, level_of, redact, watermark
from memos.infrastructure.vault.base import Vault
from memos.infrastructure.vault.filters import DerivedFrom, FromTurn
from memos.infrastructure.vault.readable import ReadableBy, readable_by, reads_of


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure removed."""

    erased: tuple[str, ...]
    """The cubes asked for and every cube derived from them, in the order of the lineage."""
    files: tuple[str, ...]
    """Tensor and weight files of erased activation and parametric cubes, below the vault's folder; the caller deletes
    them."""


class MemGovernance:
    """Asks, enforces and logs the access rule on one vault."""

    @dataclass
    class Config:
        calls_per_minute: int | None = field(
            default=None, metadata={"help": "calls a user may make in 60 s; none: any number"}
        )
        classify: bool = field(
            default=True, metadata={"help": "detect sensitive content in new text and raise its sensitivity"}
        )

        remote: bool = field(
            default=True,
            metadata={
                "help": "a model on another machine is shown no restricted memory, confidential ones redacted, "
                "of others' public ones only"
            },
        )

        def __post_init__(self) -> None:
            if self.calls_per_minute is not None and self.calls_per_minute < 1:
                raise ConfigError(f"governance.calls_per_minute: {self.calls_per_minute} is not positive")

    def __init__(self, config: Config | None = None, *, vault: Vault, clock: Clock) -> None:
        self.config = config or self.Config()
        self.vault, self.clock = vault, clock
        self._calls: dict[str, deque[float]] = {}

    # -- permission --------------------------------------------------------------------------------------------
    def explain(self, caller: Caller, right: Right, cube: MemCube) -> Decision:
        """The decision and the rule that makes it; nothing is logged."""
        reads = lambda cube_id: reads_of(self.vault, caller, cube_id)  # noqa: E731
        return decide_on(caller, cube, right, at=self.clock(), reads=reads)

    def require(self, caller: Caller, right: Right, cube: MemCube) -> None:
        """Raise AccessDenied, or LicenceError, (and log the denial) unless the caller has the right."""
        decision = self.explain(caller, right, cube)
        if not decision.allowed:
            self.log(caller, "denied", cube.cube_id, cube.kind, cause=decision.rule, outcome="denied", right=right)
            raise (LicenceError if decision.licensed else AccessDenied)(decision.rule)

    def readable(self, caller: Caller) -> ReadableBy:
        """The filter of what the caller may read, for every search."""
        return readable_by(self.vault, caller, self.clock())

    def fetch(self, caller: Caller, cube_id: str, right: Right = "read") -> MemCube:
        """The cube, if the caller has the right.

        Raises:
            NotFound: no such cube.  AccessDenied: with the rule that denies, which is logged.
        """
        cube = self.vault.get(cube_id)
        for needed in dict.fromkeys(("read", right)):
            self.require(caller, needed, cube)
        return cube

    def read(
        self, caller: Caller, cube_ids: Iterable[str], *, count: Callable[[list[str]], None] | None = None
    ) -> list[MemCube]:
        """The memories in the order asked for, where the caller may read every one; reads under a licence are counted.

        Args:
            count: counts a use of each, such as ``MemLifecycle.use``; without it only reads under a licence count.

        Raises:
            NotFound, AccessDenied, LicenceError: then nothing is counted.
        """
        ids = list(cube_ids)
        cubes = [self.fetch(caller, cube_id) for cube_id in ids]
        self.charge(caller, cubes, count)
        return cubes

    def charge(
        self, caller: Caller, cubes: Sequence[MemCube], count: Callable[[list[str]], None] | None = None
    ) -> None:
        """Count reads that the caller has the right to; see ``read``.

        Raises:
            LicenceError: the last read under a licence was taken meanwhile.
        """
        licensed = [cube for cube in cubes if licensed_to(caller, cube)]
        counted = cubes if count is not None else licensed
        if not counted:
            return
        over: MemCube | None = None
        with self.vault.transaction():
            over = next((cube for cube in licensed if not self.explain(caller, "read", cube).allowed), None)
            if over is None:
                ids = list(dict.fromkeys(cube.cube_id for cube in counted))
                (count or (lambda ids: self.vault.touch(ids, self.clock(), "access", caller.user)))(ids)
        if over is not None:
            self.require(caller, "read", over)

    def past(self, caller: Caller, cube: MemCube) -> bool:
        """Whether the caller may see earlier versions of a memory: its owner alone, as of all that is not live."""
        return caller.user == cube.governance.owner and self.explain(caller, "read", cube).allowed

    def require_past(self, caller: Caller, cube: MemCube) -> None:
        """Raise AccessDenied (and log the denial) unless the caller may see earlier versions of a memory."""
        if not self.past(caller, cube):
            rule = f"earlier versions of memory {cube.cube_id} are left to its owner"
            self.log(caller, "denied", cube.cube_id, cube.kind, cause=rule, outcome="denied", right="read")
            raise AccessDenied(rule)

    def admit(self, caller: Caller) -> None:
        """Count a call against the caller's rate.

        Raises:
            RateLimited: with the seconds to wait.
        """
        limit = self.config.calls_per_minute
        if limit is None:
            return
        now, calls = self.clock().timestamp(), self._calls.setdefault(caller.user, deque())
        while calls and calls[0] <= now - 60:
            calls.popleft()
        if len(calls) >= limit:
            raise RateLimited(f"user {caller.user}: more than {limit} calls a minute; wait {calls[0] + 60 - now:.0f} s")
        calls.append(now)

    # -- content -----------------------------------------------------------------------------------------------
    def classify(self, cube: MemCube) -> dict[str, object]:
        """Governance fields that the content asks for: findings and a sensitivity at least as strict as theirs."""
        if not self.config.classify:
            return {}
        findings = find_sensitive(cube.text)
        kinds = tuple(dict.fromkeys(finding.kind for finding in findings))
        if kinds == cube.governance.findings:
            return {}
        return {"findings": kinds, "sensitivity": level_of(findings, cube.governance.sensitivity)}

    def exported(self, caller: Caller, cube: MemCube, *, mark: str = "") -> MemCube:
        """The cube as it may leave the store: readable by the caller, sensitive spans redacted, watermarked.

        Titles, tags, records and attributes are redacted like the text. The export is a new cube of version 1.
        """
        self.require(caller, "read", cube)
        redacted = redacted_cube(cube)
        if mark and isinstance(redacted.payload, PlaintextPayload):
            payload = replace(redacted.payload, text=watermark(redacted.payload.text, mark))
            governance = replace(redacted.governance, watermark=mark)
            redacted = replace(redacted, payload=payload, governance=governance)
        return redacted.as_first_version()

    def sendable(self, caller: Caller, cube: MemCube) -> Callable[[str], str] | None:
        """How a memory's text may go to a model on another machine; None where it may not.

        Restricted memories stay on this machine, of confidential ones what is sensitive; of others' memories only the
        public ones are sent.
        """
        rules = cube.governance
        if not self.config.remote:
            return str
        if rules.sensitivity == "restricted" or (rules.owner != caller.user and rules.sensitivity != "public"):
            return None
        return redact if rules.sensitivity == "confidential" else str

    # -- erasure -----------------------------------------------------------------------------------------------
    def lineage(self, cube_ids: Iterable[str]) -> list[str]:
        """The cubes and everything made from them, directly or not, breadth first."""
        descendants = dict.fromkeys(cube_ids)
        front = list(descendants)
        while front:
            front = [one for one in self.vault.find(DerivedFrom(*front), live=False) if one not in descendants]
            descendants.update(dict.fromkeys(front))
        return list(descendants)

    def erase(
        self, caller: Caller, cube_ids: Sequence[str] = (), *, dialogue: str = "", turn: str = "", cause: str
    ) -> Erasure:
        """Remove memories and all that was made from them, versions, vectors, edges and files included.

        Args:
            cube_ids: cubes to erase; and, or instead, everything that cites
            dialogue, turn: this turn (of this dialogue).

        Raises:
            AccessDenied: the caller may not write one of the cubes asked for (derived ones follow).
            FrozenCube: one of them is frozen.
        """
        named = list(cube_ids)
        if dialogue or turn:
            named += self.vault.find(FromTurn(dialogue=dialogue, turn=turn), live=False)
        if not named:
            raise NotFound("erase: nothing to erase was named or found")
        for cube in self.vault.get_many(named):
            if not caller.privileged:
                self.require(caller, "write", cube)
        doomed = self.vault.get_many(self.lineage(named))
        frozen = next((cube.cube_id for cube in doomed if cube.frozen), None)
        if frozen is not None:
            raise FrozenCube(f"cube {frozen} is frozen and would be erased; un-freeze it first")
        with self.vault.transaction():
            ids = [cube.cube_id for cube in doomed]
            self.vault.purge(ids)
            self.log(caller, "erase", cause=cause, cubes=ids)
        self.vault.scrub()
        files = (cube.payload.file for cube in doomed if not isinstance(cube.payload, PlaintextPayload))
        return Erasure(tuple(ids), tuple(filter(stays_inside, files)))

    # -- log ---------------------------------------------------------------------------------------------------
    def log(
        self,
        caller: Caller,
        operation: str,
        cube_id: str = "",
        kind: str = "",
        *,
        cause: str = "",
        outcome: str = "ok",
        **details: object,
    ) -> AuditEntry:
        """Append an entry in the caller's name."""
        full = {**details, **({"context": caller.context} if caller.context else {})}
        return self.vault.append_audit(
            AuditEntry(self.clock(), caller.user, operation, cube_id, kind, cause, outcome, full)
        )


def redacted_cube(cube: MemCube) -> MemCube:
    """The cube with text, titles, tags, records and attributes redacted."""
    header = cube.descriptive
    clean = replace(
        header,
        key=redact(header.key),
        tags=tuple(map(redact, header.tags)),
        topic=redact(header.topic),
        concept=redact(header.concept),
        entities=tuple(map(redact, header.entities)),
        links=tuple(map(redact, header.links)),
        trigger=redact(header.trigger),
        attributes=_redacted_json(header.attributes),
    )
    payload = cube.payload
    if isinstance(payload, PlaintextPayload):
        payload = replace(payload, text=redact(payload.text), record=_redacted_json(payload.record))
    return replace(cube, payload=payload, descriptive=clean)


def _redacted_json(value):
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact(key): _redacted_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_redacted_json(item) for item in value]
    return value
