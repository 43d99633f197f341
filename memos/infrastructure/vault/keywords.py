"""Keyword queries: which words of a question are searched for."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+")
FUNCTION_WORDS = frozenset(
    """a about after all also am an and any are as at be because been before being but by can could did do does doing
    for from had has have having he her hers him his how i if in into is it its me my no nor not of on or our ours she
    should so some such than that the their theirs them then there these they this those to too us was we were what
    when where which while who whom whose why will with would you your yours s t d m ll re ve""".split()
)
"""English words that carry no content. They are searched for only where a query has no other word."""
MAX_WORDS = 64
"""Distinct words of a query that are used; the rarest would be better, the first are cheaper."""


def query_words(query: str) -> list[str]:
    """The distinct words of a query worth searching for, lower-case, in order."""
    words = list(dict.fromkeys(_WORD.findall(query.lower())))
    return [word for word in words if word not in FUNCTION_WORDS][:MAX_WORDS] or words[:MAX_WORDS]


def match_expression(query: str) -> str:
    """The FTS5 expression that matches any of the query's words; empty where it has none."""
    return " OR ".join(f'"{word}"' for word in query_words(query))
