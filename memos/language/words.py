"""Words as every system sees them: lower case, stemmed, without function words; scripts without blanks by letters and
pairs."""

from __future__ import annotations

import re
from functools import lru_cache

from memos.language.lexicon import (
    AUXILIARIES,
    CLITICS,
    CONJUNCTIONS,
    DETERMINERS,
    FILLERS,
    NEGATED_HALVES,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    QUESTION_WORDS,
    RUN_TOGETHER,
)
from memos.language.scripts import grams, parted, unspaced

STOP = (
    DETERMINERS
    | POSSESSIVES
    | PRONOUNS
    | AUXILIARIES
    | PREPOSITIONS
    | CONJUNCTIONS
    | QUESTION_WORDS
    | FILLERS
    | RUN_TOGETHER
    | frozenset("s t re ve ll d m n't".split())
)
"""Function words, interjections and clitics: they carry no topic."""

MARKS = (
    "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f\u0670"
    "\u0900-\u0903\u093a-\u094f\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a4d\u0a81-\u0acd\u0b01-\u0b4d\u0b82-\u0bcd"
    "\u0c00-\u0c4d\u0c81-\u0ccd\u0d00-\u0d4d\u0d82-\u0ddf"
)
"""Marks that belong to the letter before them, which Python takes for no part of a word."""
_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{MARKS}])*(?:['’‘ʼ´`＇][^\W_]+)*")
WORD = re.compile(r"[^\W_](?:[^\W_]|['’&\-])*")
"""A word as it stands, with its apostrophes, hyphens and ampersands."""
_PLAIN = str.maketrans(dict.fromkeys("’‘ʼ´`＇", "'"))
_CLITIC = re.compile("(?:" + "|".join(CLITICS) + ")$")
_HALF = re.compile(rf"\b({'|'.join(sorted(NEGATED_HALVES))})(?: ?['’‘ʼ´`＇] ?| )t\b(?!-)", re.IGNORECASE)
_ODD_NOT = re.compile(r" ['’‘ʼ´`＇]?t\b(?!-)")
"""A negation that somebody or something has taken apart: ``don t``, ``don' t``, ``don 't``."""


@lru_cache(maxsize=1)
def _stemmer():
    """NLTK's Snowball stemmer; importing it takes over a second, so it waits until a word is stemmed."""
    from nltk.stem.snowball import SnowballStemmer

    return SnowballStemmer("english")


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Snowball stem of one lower-case word, without a possessive or contracted ending."""
    return _stemmer().stem(without_clitic(word))


@lru_cache(maxsize=200_000)
def without_clitic(word: str) -> str:
    """A lower-case word without ``'s``, ``n't``, ``'ll`` and the like; ``o'brien`` stays whole.

    A negated auxiliary gives the auxiliary, so that it is a function word wherever that is: ``don't`` is ``do``,
    ``won't`` ``will``.
    """
    if word.isalnum():
        return word
    word = word.translate(_PLAIN)
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    while (cut := _CLITIC.search(word)) is not None and cut.start():
        word = word[: cut.start()]
    return word


_IRREGULAR = {
    "won't": "will",
    "can't": "can",
    "shan't": "shall",
    "ain't": "is",
    "let's": "let",
    "y'all": "you",
    "o'clock": "o'clock",
}


def without_negations(text: str) -> str:
    """A lower-case text without ``don't``, ``didn t`` and the like, so that no half of them is taken for a word."""
    return _HALF.sub(" ", text)


def is_stop(word: str) -> bool:
    """Whether a lower-case word, with or without its clitic, carries no topic."""
    return word in STOP or without_clitic(word) in STOP


def words(text: str) -> list[str]:
    """Words of a text with inner apostrophes (made straight), hyphens and ampersands, in order and case."""
    return [word.replace("’", "'").rstrip("'-") for word in WORD.findall(text)]


def surface(text: str) -> list[str]:
    """Lower-case words of a text without clitics and function words, in order; letters and pairs of scripts without
    blanks."""
    if unspaced(text):
        return [word for piece, run in parted(text) for word in (grams(piece) if run else _surface(piece))]
    return _surface(text)


def _surface(text: str) -> list[str]:
    text = text.lower().replace("ʼ", "'")
    if _ODD_NOT.search(text):
        text = without_negations(text)
    out = []
    for word in _WORD.findall(text):
        word = without_clitic(word)
        if word and word not in STOP:
            out.append(word)
    return out


def terms(text: str) -> list[str]:
    """Stems of a text's content words, in order, repeats kept."""
    return [stem(word) for word in surface(text)]


@lru_cache(maxsize=16_384)
def stems(text: str) -> frozenset[str]:
    """The distinct stems of a text's content words."""
    return frozenset(terms(text))
