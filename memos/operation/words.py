"""Words as retrieval sees them: lower case, stemmed, without function words; and names mentioned in a text."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_NAME = re.compile(r"\b[A-Z][\w’'-]+(?:\s+(?:of\s+|the\s+)?[A-Z][\w’'-]+)*")
_BREAK = re.compile(r"(?:^|[.!?:;]\s+|[\"“(]\s*)$")

STOP = frozenset(
    """a an the of to in on at for from by with about as into is are was were be been being am do does did doing done
    have has had having i you he she it we they me him her us them my your his its our their this that these those there
    here and or but if so than then not no nor can could will would shall should may might must what which who whom whose
    when where why how s t re ve ll d m also just very oh yeah yes ok okay hey hi wow""".split()
)
"""Function words and interjections; they carry no topic."""


@lru_cache(maxsize=1)
def _stemmer():
    from nltk.stem.snowball import SnowballStemmer

    return SnowballStemmer("english")


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Snowball stem of one lower-case word."""
    return _stemmer().stem(word)


def surface(text: str) -> list[str]:
    """Lower-case words of a text without clitics and function words, in order."""
    out = []
    for word in _WORD.findall(text.lower()):
        word = word.partition("'")[0].partition("’")[0]
        if word and word not in STOP:
            out.append(word)
    return out


def terms(text: str) -> list[str]:
    """Stems of a text's content words, in order, repeats kept."""
    return [stem(word) for word in surface(text)]


@lru_cache(maxsize=4096)
def names(text: str) -> tuple[str, ...]:
    """Capitalised names in a text, each once; a capital that only begins a sentence does not count."""
    found: dict[str, None] = {}
    for match in _NAME.finditer(text):
        name = match.group().rstrip("'’-")
        first = name.split()[0]
        if _BREAK.search(text[: match.start()]) and " " not in name:
            continue
        if first.lower().split("'")[0].split("’")[0] in STOP:
            name = name[len(first) :].strip()
        if len(name) > 1:
            found[re.sub(r"['’]s$", "", name)] = None
    return tuple(found)
