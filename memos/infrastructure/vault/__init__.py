"""MemVault (paper section 5.5): adapters, filters, and the record types they share."""

from memos.infrastructure.vault.base import Edge, Match, UseRecord, Vault
from memos.infrastructure.vault.filters import (
    AllOf,
    AnyOf,
    Between,
    DerivedFrom,
    FromTurn,
    Happened,
    Is,
    Not,
    Recorded,
    Tagged,
    Where,
)
from memos.infrastructure.vault.readable import ReadableBy, readable_by, reads_of

__all__ = [
    "AllOf",
    "AnyOf",
    "Between",
    "DerivedFrom",
    "Edge",
    "FromTurn",
    "Happened",
    "Is",
    "Match",
    "Not",
    "ReadableBy",
    "Recorded",
    "Tagged",
    "UseRecord",
    "Vault",
    "Where",
    "readable_by",
    "reads_of",
]
