"""Who talks with whom."""

from __future__ import annotations

from collections.abc import Sequence


def listener_of(speaker: str, speakers: Sequence[str]) -> str:
    """Whom a speaker's "you" means: the other one of two, ``Ben and Cleo`` in a group of three.

    Somebody who is not among the speakers talks to the first of them.
    """
    if speaker not in speakers:
        return speakers[0]
    return " and ".join(other for other in speakers if other != speaker) or speaker
