"""Who may do what to which memory: the ternary rule (user identity, memory object, calling context), deny by default.

Pure functions over headers; the vault compiles the same rule to SQL (``filters.ReadableBy``) and a property test holds
the two together. Paper section 5.5 (MemGovernance), docs/memos.md C42.
"""

from __future__ import annotations

from dataclasses import dataclass

from memos.cube.header import Governance, Right


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
