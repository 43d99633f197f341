"""MemVault (paper section 5.5): adapters, filters, and the record types they share."""

from memos.infrastructure.vault.base import Edge, Match, UseRecord, Vault
from memos.infrastructure.vault.filters import (
    AllOf,
    AnyOf,
    Between,
    Brief,
    DerivedFrom,
    FromTurn,
    Happened,
    Is,
    Mentions,
    Not,
    Recorded,
    SaidWithin,
    Tagged,
    Where,
)
from memos.infrastructure.vault.readable import ReadableBy, readable_by, reads_of

__all__ = [
    "AllOf",
    "AnyOf",
    "Between",
    "Brief",
    "DerivedFrom",
    "Edge",
    "FromTurn",
    "Happened",
    "Is",
    "Match",
    "Mentions",
    "Not",
    "ReadableBy",
    "Recorded",
    "SaidWithin",
    "Tagged",
    "UseRecord",
    "Vault",
    "Where",
    "readable_by",
    "reads_of",
]
