"""How a new text joins the old one of a memory (paper section 5.3, Update)."""

from __future__ import annotations

from typing import Literal

from memos.cube.errors import CubeError

UpdateMode = Literal["append", "merge", "overwrite"]


def combined(old: str, new: str, mode: UpdateMode) -> str:
    """The text after an update: replaced, with the new one after it, or with those sentences that are not there yet.

    Raises:
        CubeError: there is no such mode.
    """
    if mode == "overwrite":
        return new
    if mode == "append":
        return f"{old}\n{new}"
    if mode == "merge":
        seen = {line.strip().casefold() for line in _sentences(old)}
        fresh = [line for line in _sentences(new) if line.strip().casefold() not in seen]
        return "\n".join([old, *fresh])
    raise CubeError(f"update mode {mode!r} is none of append, merge, overwrite")


def _sentences(text: str) -> list[str]:
    sentences = [
        part for line in text.splitlines() for part in line.replace("? ", "?\n").replace(". ", ".\n").splitlines()
    ]
    return [part.strip() for part in sentences if part.strip()]
