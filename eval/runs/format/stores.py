"""A saved store (``cache/state/<system>/<conversation>-<identity>/``), which all runs with its identity share."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired, TypedDict

from eval.runs.format.fields import NEW
from eval.runs.format.journals import StoreLosses, Tokens


class Owner(TypedDict):
    """Whose store it is, and which files it has."""

    folder: Annotated[str, "Name of the store's folder."]
    sample_id: NotRequired[Annotated[str, "Conversation."]]
    fingerprint: NotRequired[Annotated[str, "Identity of the store (16 digits)."]]
    files: Annotated[dict[str, str], "File below `store/` to the digest of its bytes (BLAKE2b, 128 bits)."]


class Progress(TypedDict):
    """``progress.json`` of a store: how far ingestion is, saved with the store in one step."""

    sessions: Annotated[int, "Sessions of the conversation that are in it."]
    finished: Annotated[bool, "Whether all are, and background work is done."]
    seconds: Annotated[float, "Seconds of work so far, over all runs."]
    stats: Annotated[dict[str, Any], "Numbers the system gives about its store."]
    usage: Annotated[dict[str, Tokens], "Phase (`ingest`, `organise`) to calls and tokens."]
    losses: NotRequired[Annotated[StoreLosses, NEW, "What a model's replies were of no use for."]]
    round: NotRequired[Annotated[int, NEW, "How often the store was extracted again; absent: never."]]
    store: NotRequired[Annotated[Owner, NEW, "Whose it is."]]


class AcceptedStoreCode(TypedDict):
    """Code that a store's present code was accepted for."""

    digest: Annotated[str | None, "Digest of the code that made it; null where that was not recorded."]
    commit: Annotated[str | None, "Git commit of that code."]


class StoreCode(TypedDict):
    """``<store>.code.json`` beside a store's folder: the code that made it (since 0.2)."""

    digest: Annotated[str | None, "Digest of the code of ingestion; null where the source is not to be had."]
    form: NotRequired[
        Annotated[int, NEW, "Number of the way of digesting; absent: an earlier one, with which nothing is compared."]
    ]
    commit: Annotated[str | None, "Git commit; null outside a repository."]
    accepted: NotRequired[Annotated[list[AcceptedStoreCode], "Earlier codes whose store was kept, oldest first."]]
