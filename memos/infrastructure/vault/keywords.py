"""Keyword queries: which words of a question are searched for."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\w+")
FUNCTION_WORDS = frozenset(
    """a about after all also am an and any are as at be because been before being but by can could did do does doing
    for from had has have having he her hers him his how i if in into is it its me my no nor not of on or our ours she
    should so some such than that the their theirs them then there these they this those to too us was we were what
    when where which while who whom whose why will with would you your yours s t d m ll re ve""".split()
)
"""English words that carry no content. They are searched for only where a query has no other word."""
MAX_WORDS = 64
"""Distinct words of a query that are used."""


def words_of(text: str) -> list[str]:
    """Words of a text, lower-case and without diacritics, as FTS5's unicode61 tokenizer reads them."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return _WORD.findall(plain.lower().replace("_", " "))


def query_words(query: str) -> list[str]:
    """The distinct words of a query worth searching for, in order."""
    words = list(dict.fromkeys(words_of(query)))
    return [word for word in words if word not in FUNCTION_WORDS][:MAX_WORDS] or words[:MAX_WORDS]


def any_of(words: list[str]) -> str:
    """The FTS5 expression that matches any of the words."""
    return " OR ".join(f'"{word}"' for word in words)


def all_of(words: list[str]) -> str:
    """The FTS5 expression that matches all of the words."""
    return " AND ".join(f'"{word}"' for word in words)
