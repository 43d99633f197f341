"""Who may do what to which memory: the ternary rule (user identity, memory object, calling context), deny by default.

Pure functions: ``decide`` over a header, ``decide_on`` over a memory with its state and licence, which every door asks.
The vault compiles the same rule to SQL (``vault.readable``) and a property test holds the two together. Paper
section 5.5 (MemGovernance), docs/memos.md C42.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from memos.cube.cube import MemCube
from memos.cube.errors import AccessDenied
from memos.cube.header import Governance, Right
from memos.infrastructure.licence import licence_of

SYSTEM_NAMESPACES = ("memstore", "what-if")
"""Namespaces that MemOS itself writes, with all below them (``memstore/…``); no user has one or writes into one."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Identity and context of a call."""

    user: str
    groups: tuple[str, ...] = ()
    context: str = ""
    """What the call is for, such as ``chat`` or ``export``; compared with ``Governance.contexts``."""
    privileged: bool = False
    """May un-freeze, purge and read the whole audit log. Gives no right to read other users' memories."""

    @property
    def principals(self) -> tuple[str, ...]:
        """The names under which grants apply to the caller."""
        return (self.user, *(f"group:{group}" for group in self.groups), "*")


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer of governance and the rule that gave it."""

    allowed: bool
    rule: str
    licensed: bool = False
    """Whether it was a licence that decided."""


def decide(caller: Caller, rules: Governance, right: Right, cube_id: str = "") -> Decision:
    """Whether ``caller`` has ``right`` over a cube with these rules, with the rule that decides."""
    name = f"memory {cube_id}" if cube_id else "memory"
    if rules.contexts and caller.context not in rules.contexts:
        allowed = ", ".join(rules.contexts)
        return Decision(False, f"{name} may not be used in context {caller.context!r} (allowed: {allowed})")
    if right == "write" and rules.read_only:
        return Decision(False, f"{name} is read-only")
    if caller.user == rules.owner:
        return Decision(True, "owner")
    if rules.layer == "private":
        return Decision(False, f"{name} is private to its owner")
    principals = caller.principals
    granted = [grant for grant in rules.acl if right in grant.rights and grant.principal in principals]
    denied = next((grant for grant in granted if grant.effect == "deny"), None)
    if denied is not None:
        return Decision(False, f"{name} denies {right} to {denied.principal}")
    if granted:
        return Decision(True, f"grant of {right} to {granted[0].principal}")
    if rules.layer == "global" and right == "read":
        if rules.sensitivity == "restricted":
            return Decision(False, f"{name} is restricted: reading needs a grant")
        return Decision(True, "global layer")
    return Decision(False, f"{name} grants no {right} to {caller.user}")


def decide_on(
    caller: Caller,
    cube: MemCube,
    right: Right,
    *,
    at: datetime | None = None,
    reads: Callable[[str], int] | None = None,
) -> Decision:
    """Whether ``caller`` has ``right`` over a memory as it stands.

    What is no longer live (archived, merged, expired) is its owner's alone, and a licence binds all but the owner.

    Args:
        at: the present; None: unknown, which a limited licence does not allow.
        reads: gives how often the caller has read a memory, by id; needed where the present is.
    """
    decision = decide(caller, cube.governance, right, cube.cube_id)
    if not decision.allowed or caller.user == cube.governance.owner:
        return decision
    if not cube.live(at):
        state = "expired" if cube.live() else cube.state
        return Decision(False, f"memory {cube.cube_id} is {state}, which leaves it to its owner")
    licence = licence_of(cube.governance.licence)
    if right == "read" and licence.limited:
        count = reads(cube.cube_id) if reads is not None and licence.max_accesses is not None else 0
        refusal = licence.refusal(at if reads is not None else None, count, caller.user)
        if refusal:
            return Decision(False, f"memory {cube.cube_id}: {refusal}", licensed=True)
    return decision


def licensed_to(caller: Caller, cube: MemCube) -> bool:
    """Whether each read of the caller counts against a licence."""
    return caller.user != cube.governance.owner and licence_of(cube.governance.licence).max_accesses is not None


def reserved(namespace: str) -> bool:
    """Whether a namespace belongs to MemOS itself."""
    return namespace.partition("/")[0] in SYSTEM_NAMESPACES


def check_user(user: str) -> None:
    """That a name can be a user's, who also has a namespace of that name.

    Raises:
        AccessDenied: it is a namespace of the system, or a group's principal.
    """
    if reserved(user):
        raise AccessDenied(f"user {user!r}: this name is a namespace of MemOS itself; choose another")
    if user.startswith("group:"):
        raise AccessDenied(f"user {user!r}: names that start with 'group:' stand for groups; choose another")


def check_namespace(caller: Caller, namespace: str) -> None:
    """That a caller may write into a namespace.

    Raises:
        AccessDenied: it belongs to MemOS itself, and the caller is not privileged.
    """
    if reserved(namespace) and not caller.privileged:
        raise AccessDenied(f"namespace {namespace!r} belongs to MemOS itself; users write into namespaces of their own")
