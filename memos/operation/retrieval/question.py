"""What a question asks for: its words, the speaker it names, the times it names, the kind of answer it wants."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from memos.language.dates import Mention, find
from memos.language.names import names
from memos.language.words import surface, terms

_WHEN = re.compile(
    r"\b(when|what (date|day|month|year|time|season)|how long|how (recently|soon)|which (year|month|day|season))\b",
    re.I,
)
_COUNT = re.compile(r"\b(how many|how much|how often|how old|number of)\b", re.I)
_WHERE = re.compile(
    r"\b(where|(what|which) (country|countries|city|cities|state|states|place|places|town|towns|area|areas))\b", re.I
)
_OWN = re.compile(r"\b(I|I'(m|ve|d|ll)|my|me|mine|myself|we|our|ours|us)\b", re.I)
_YOURS = re.compile(
    r"\b(did|had|have) you\b|\byou(?:'d|'ve| had| have)?(?: already| just| once)? (said|told|gave|suggested|"
    r"recommended|mentioned|explained|wrote|listed|provided|showed|shared|proposed|offered|described|advised)\b|\byour "
    r"(advice|answer|reply|response|suggestion|recommendation|explanation|list|example)s?\b",
    re.I,
)
USERS, ASSISTANTS = frozenset(("user", "human")), frozenset(("assistant", "ai", "bot", "chatbot"))
"""Roles that stand in place of names where a person talks with a machine."""


@dataclass(frozen=True, slots=True)
class ReadQuestion:
    """A query, read by rules."""

    text: str
    terms: tuple[str, ...]
    """Stems of the content words, without the names of speakers."""
    speakers: tuple[str, ...]
    """Known speakers it names; roles that it means by I and you."""
    names: tuple[str, ...]
    """Other names in it."""
    times: tuple[Mention, ...]
    wants_time: bool
    wants_count: bool
    wants_place: bool


def read(text: str, speakers: Iterable[str], now: datetime | None = None) -> ReadQuestion:
    """Read a question.

    Args:
        text: the question.
        speakers: names of known speakers; a question may use the first name alone.
        now: reference for relative times; without it only absolute times are found.
    """
    low = set(re.findall(r"[^\W_]+", text.lower()))
    speakers = [name for name in speakers if name]
    roles = [name for name in speakers if name.lower() in USERS | ASSISTANTS]
    named = tuple(name for name in speakers if name not in roles and _named(name, low))
    own = {word for name in named for word in terms(name)}
    words = terms(text)
    content = tuple(word for word in words if word not in own) or tuple(words)
    others = tuple(
        name for name in names(text) if not set(surface(name)) <= {w.lower() for s in named for w in s.split()}
    )
    return ReadQuestion(
        text=text,
        terms=content,
        speakers=named + _meant(text, roles),
        names=others,
        times=tuple(find(text, now)),
        wants_time=bool(_WHEN.search(text)),
        wants_count=bool(_COUNT.search(text)),
        wants_place=bool(_WHERE.search(text)),
    )


def _meant(text: str, roles: Sequence[str]) -> tuple[str, ...]:
    """The roles a question is about: what the machine said where it asks for that, else the person who says I."""
    if not roles:
        return ()
    meant = ASSISTANTS if _YOURS.search(text) else USERS if _OWN.search(text) else frozenset()
    return tuple(role for role in roles if role.lower() in meant)


def _named(name: str, words: set[str]) -> bool:
    first = re.findall(r"[^\W_]+", name.lower())
    return bool(first) and first[0] in words
