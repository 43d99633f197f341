"""The grammar of RealTalk's evidence strings: lists, ranges, stops, blanks, and a semicolon for a colon.

``D1:11; D3:18``, ``D13:4. D14:4``, ``D12:11-D12:14;D13:25``, ``D13:45:D20:19``, ``D 2:18``, ``D17;39`` and ``23:29``
name turns; ``D:56``, ``D58`` and an empty string name none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_ID = r"D\s*(\d+)\s*[:;]\s*(\d+)|(?<![\d:D])(\d+)\s*:\s*(\d+)"
_ITEM = re.compile(rf"(?:{_ID})(?:\s*[-–]\s*(?:D?\s*(\d+)\s*[:;]\s*)?(\d+))?")
_BETWEEN = re.compile(r"[\s.,;:&/]|\band\b")
Number = tuple[int, int]
"""An official id: the number behind ``D`` and that behind the colon. The first need not be the session's."""


@dataclass(frozen=True)
class Named:
    """What an evidence string names."""

    turns: tuple[str, ...]
    """Turns of the chat, in the order they are named."""
    lost: int
    """Ids that are missing within the numbers of the file: messages that were only a picture."""
    whole: bool
    """Whether all of the string names turns."""


def read(text: str, turns: Mapping[Number, str]) -> Named:
    """What a string names.

    A range covers what the file has of it, as long as its end is not past the last number; a picture that was dropped
    hangs on one of its neighbours.

    Args:
        text: the string.
        turns: official ids to turn ids.
    """
    named: dict[str, None] = {}
    lost, whole, rest, at = 0, bool(text.strip()), "", 0
    for match in _ITEM.finditer(text):
        rest, at = rest + text[at : match.start()], match.end()
        first, last = _ends(match)
        own = _covered(first, last, turns)
        named.update(dict.fromkeys(own))
        if not own:
            whole = False
            lost += first == last and first[1] < _highest(first[0], turns)
    rest += text[at:]
    return Named(tuple(named), lost, whole and at > 0 and not _BETWEEN.sub("", rest))


def _ends(match: re.Match[str]) -> tuple[Number, Number]:
    day, number, bare_day, bare_number, last_day, last = match.groups()
    first = (int(day or bare_day), int(number or bare_number))
    return first, (int(last_day or first[0]), int(last)) if last else first


def _covered(first: Number, last: Number, turns: Mapping[Number, str]) -> list[str]:
    if first == last:
        return [turns[first]] if first in turns else []
    if first[0] != last[0] or first > last or last[1] > _highest(first[0], turns):
        return []
    inside = [(first[0], number) for number in range(first[1], last[1] + 1)]
    return [turns[one] for one in inside if one in turns]


def _highest(day: int, turns: Mapping[Number, str]) -> int:
    return max((number for own, number in turns if own == day), default=0)
