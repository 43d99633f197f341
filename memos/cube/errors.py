"""Typed errors of the memory store. After any of them the store is as it was before the call."""

from __future__ import annotations

from memos.errors import DataError, MemosError

MALFORMED = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError)
"""What reading a value of an unexpected kind raises, where no check names it first."""


class CubeError(DataError):
    """A cube, header or payload is malformed: unknown field, wrong type, value out of range."""


class ForeignFile(DataError):
    """A file is not a vault or dump of this project, is damaged, or was written by a newer version."""


class ChainBroken(DataError):
    """A version chain or an audit chain does not verify: something was changed behind the store's back."""


class NotFound(MemosError):
    """No cube, version or namespace of that name exists (or the caller may not know that it does)."""


class DuplicateCube(MemosError):
    """A cube of that id is in the store already."""


class VersionConflict(MemosError):
    """The cube was changed since the caller read it; read it again and repeat the update."""


class VaultLocked(MemosError):
    """Another process has held the vault for too long; the call can be repeated."""


class FrozenCube(MemosError):
    """The cube is frozen: it can be read and copied, not changed, merged into or expired."""


class IllegalTransition(MemosError):
    """The lifecycle has no such transition (table of docs/memos.md#states)."""


class AccessDenied(MemosError):
    """Governance refused the call; the message names the rule that did."""


class LicenceError(AccessDenied):
    """A published cube's licence has expired or its access count is used up."""


class RateLimited(AccessDenied):
    """The caller made more calls than its rate allows."""
