"""Memories of one text that a user hands over outside of a dialogue: the text itself and the preferences said in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from memos.cube import MemCube, Source, new_cube
from memos.cube.clock import Clock, Ids
from memos.cube.payload import check_content
from memos.interface.reader_fast import event_of
from memos.language.names import names
from memos.plaintext.preference import cube_of, explicit


def text_cube(
    text: str,
    *,
    user: str,
    speaker: str,
    kind: str,
    said: datetime,
    tags: tuple[str, ...],
    ids: Ids,
    clock: Clock,
    rules: Mapping[str, Any] | None = None,
    tier: str = "long_term",
) -> MemCube:
    """The memory of a text, with the names in it and the time it tells of.

    Args:
        user: whose memory it is (owner and namespace).
        speaker: who said it; empty where it is no utterance.
        kind: semantic type, such as fact or episode.
        said: wall-clock time it was said; relative dates count from it.
        rules: fields of its governance header.
        tier: where it is kept.

    Raises:
        CubeError: the text is blank.
    """
    event = event_of(text, said)
    return new_cube(
        check_content(text),
        owner=user,
        ids=ids,
        clock=clock,
        governance={"namespace": user, **(rules or {})},
        tier=tier,
        state="activated",
        semantic_type=kind,
        speaker=speaker,
        tags=tags,
        entities=names(text),
        trigger="add",
        event_start=event.start if event else None,
        event_end=event.end if event else None,
        attributes={"said_at": said.isoformat()},
    )


def preference_cubes(
    text: str, *, user: str, holder: str, said: datetime, ids: Ids, clock: Clock, derived_from: Sequence[str] = ()
) -> list[MemCube]:
    """One memory for each preference that a text says outright; ``holder`` is whose preference it is, and
    ``derived_from`` the memory of the text.
    """
    return [
        cube_of(
            preference,
            owner=user,
            ids=ids,
            clock=clock,
            namespace=user,
            said_at=said.isoformat(),
            sources=(Source(dialogue=user),),
            derived_from=derived_from,
        )
        for preference in explicit(text, holder)
    ]
