"""Names mentioned in a text: runs of capitalised words that do not merely begin a sentence or name a month or a
weekday."""

from __future__ import annotations

import re
from functools import lru_cache

from memos.language.calendar import DAYS, GIVEN_NAMES, MONTHS
from memos.language.dates_guards import no_month
from memos.language.lexicon import INTERJECTIONS
from memos.language.words import is_stop

_CAPITAL = r"[A-ZÀ-ÖØ-ÞĀ-Ž]"
_NAME = re.compile(rf"\b{_CAPITAL}[\w’'-]+(?:\s+(?:of\s+)?(?:the\s+)?{_CAPITAL}[\w’'-]+)*")
_BREAK = re.compile(r"(?:^|[.!?:;]\s+|[\"“(]\s*)$")
_POSSESSIVE = re.compile(r"['’]s\s+(?=\S)")
_CALENDAR = MONTHS.keys() | DAYS.keys() | {"today", "tomorrow", "yesterday", "tonight"}
_LEAD = re.compile(
    r"\b(in|on|since|during|by|until|till|around|before|after|from|of|early|late|mid|last|next|this|past|coming|"
    r"every)\s+$",
    re.I,
)
_STEPS = frozenset("last next every early late".split())
_COMPANY = frozenset(
    "with and met told asked called saw love loves miss meet see hug thank ask tell call for to".split()
)
_VERB = re.compile(r"\s+(?:is|was|has|had|said|says|told|called|came|went|will|and I|loves|likes|lives|works)\b")


@lru_cache(maxsize=4096)
def names(text: str) -> tuple[str, ...]:
    """Names in a text, each once, in order, without possessive endings.

    A capital that only begins a sentence does not count, unless a possessive or a second capital stands behind it.
    April, May, June and August count where they are people.
    """
    out: dict[str, None] = {}
    for match in _NAME.finditer(text):
        opens = bool(_BREAK.search(text[: match.start()]))
        start = match.start()
        for piece in _POSSESSIVE.split(match.group()):
            name, moved = _trimmed(text, start, piece)
            owned = text[start + len(piece) : start + len(piece) + 2] in ("'s", "’s") or piece.endswith(("'s", "’s"))
            if len(name) > 1 and not (opens and not moved and " " not in name and not owned):
                out[name] = None
            start += len(piece) + 3
            opens = False
    return tuple(out)


def _trimmed(text: str, start: int, piece: str) -> tuple[str, bool]:
    """A run without its possessive, its leading function words and its words of the calendar; whether any were cut."""
    name, cut = re.sub(r"['’]s$", "", piece.rstrip("'’-")), False
    while name:
        first, _, rest = name.partition(" ")
        low = first.lower()
        if low in _CALENDAR:
            ordinary = _is_date(text, start, first, rest)
        else:
            ordinary = is_stop(low) or low in INTERJECTIONS or low in _STEPS
        if not ordinary:
            return name, cut
        after = re.sub(r"^(?:of\s+|the\s+)+", "", rest.strip())
        start += len(name) - len(after)
        name, cut = after, True
    return "", cut


def _is_date(text: str, start: int, word: str, rest: str) -> bool:
    """Whether a word of the calendar is a date there, and not a person or part of a longer name."""
    low, before = word.lower(), text[:start]
    lead = _LEAD.search(before)
    end = start + len(word)
    if low in GIVEN_NAMES:
        if lead:
            return not no_month(text, lead.start(), end, lead[1].lower(), word)
        if rest:
            return bool(re.match(r"\s+(?:I|\d)", text[end:]))
        spoken = re.search(r"(\w+)\s+$", before)
        return not (
            text[end : end + 2] in ("'s", "’s") or _VERB.match(text, end) or (spoken and spoken[1].lower() in _COMPANY)
        )
    return not rest or bool(lead) or low in ("today", "tomorrow", "yesterday", "tonight")
