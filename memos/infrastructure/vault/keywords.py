"""Keyword queries: which words of a question are searched for."""

from __future__ import annotations

import re
import unicodedata

from memos.language.scripts import coded, sound
from memos.language.words import STOP, without_negations

_WORD = re.compile(r"\w+")
MAX_WORDS = 64
"""Distinct words of a query that are used."""


def words_of(text: str) -> list[str]:
    """Words of a text, lower-case and without diacritics, as FTS5's unicode61 tokenizer reads them; what is written
    without blanks by the words of ``memos.language.scripts.coded``."""
    text = coded(sound(text))
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return _WORD.findall(plain.lower().replace("_", " "))


def query_words(query: str) -> list[str]:
    """The distinct words of a query worth searching for, in order. Function words count only where there is no
    other."""
    words = dict.fromkeys(words_of(without_negations(query.lower())))
    return [word for word in words if word not in STOP][:MAX_WORDS] or list(dict.fromkeys(words_of(query)))[:MAX_WORDS]


def any_of(words: list[str]) -> str:
    """The FTS5 expression that matches any of the words."""
    return " OR ".join(f'"{word}"' for word in words)


def all_of(words: list[str]) -> str:
    """The FTS5 expression that matches all of the words."""
    return " AND ".join(f'"{word}"' for word in words)
