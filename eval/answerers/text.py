"""Words, stems and sentences for the embedded reader. English, rule-based, no data files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(r"\d{1,2}:\d{2}|\d+(?:[.,]\d+)*(?:st|nd|rd|th)?|[^\W\d_]+(?:[-'’&][^\W\d_]+)*|[^\w\s]|_")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”')\]]*\s+(?=[\"“'(\[]?[A-Z0-9])|\n+|(?<=[!?])\s+")
_ABBREVIATION = re.compile(r"\b(?:[A-Z]|Mr|Mrs|Ms|Dr|St|vs|etc|e\.g|i\.e)\.$")
_CLITIC = re.compile(r"(?:'|’)(?:s|m|re|ve|ll|d|t)$", re.IGNORECASE)

DETERMINERS = frozenset("a an the this that these those some any".split())
POSSESSIVES = frozenset("my your his her its our their".split())
PRONOUNS = frozenset(
    "i you he she it we they me him us them myself yourself himself herself itself ourselves themselves mine yours hers "
    "ours theirs".split()
)
AUXILIARIES = frozenset(
    "am is are was were be been being do does did doing done have has had having can could will would shall should may "
    "might must i'm i've i'd i'll you're you've we're we've we'll it's that's there's they're he's she's don't didn't "
    "doesn't isn't aren't wasn't weren't haven't hasn't can't couldn't won't wouldn't".split()
)
PREPOSITIONS = frozenset(
    "in on at to for with from by of about into onto over under through during after before between around near against "
    "without within along across like as than off out up down".split()
)
CONJUNCTIONS = frozenset("and or but so because since though although while if when where which who whom whose".split())
WH = frozenset("what which who whom whose when where why how".split())
FILLERS = frozenset(
    "really very so just also too well still even already again then there here now not no yes yeah yep hey hi oh wow "
    "thanks thank please much many more most lot lots such kind type sort".split()
)
STOPWORDS = DETERMINERS | POSSESSIVES | PRONOUNS | AUXILIARIES | PREPOSITIONS | CONJUNCTIONS | WH | FILLERS

NUMBER_WORDS = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty".split()
    )
} | {"once": 1, "twice": 2, "thirty": 30, "forty": 40, "fifty": 50, "hundred": 100}


@lru_cache(maxsize=1)
def _stemmer():
    """NLTK's Porter stemmer; importing it takes over a second, so it waits until a word is stemmed."""
    from nltk.stem.porter import PorterStemmer

    return PorterStemmer()


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Porter stem of a lower-case word, without a possessive or contracted ending."""
    return _stemmer().stem(_CLITIC.sub("", word))


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a punctuation mark of a sentence."""

    text: str
    lower: str
    stem: str
    start: int
    end: int
    """Character offsets in the sentence."""

    @property
    def is_word(self) -> bool:
        return self.text[0].isalnum()

    @property
    def is_content(self) -> bool:
        return self.text[0].isalnum() and self.lower not in STOPWORDS


@lru_cache(maxsize=60_000)
def tokenize(text: str) -> tuple[Token, ...]:
    """Words (contractions and hyphens kept whole) and single punctuation marks, with offsets."""
    out = []
    for match in _TOKEN.finditer(text):
        word = match.group()
        lower = word.lower().replace("’", "'")
        out.append(Token(word, lower, stem(lower) if word[0].isalnum() else lower, match.start(), match.end()))
    return tuple(out)


def split_sentences(text: str) -> list[str]:
    """Sentences of a text; abbreviations and initials do not end one."""
    pieces, start = [], 0
    for match in _SENTENCE_END.finditer(text):
        head = text[start : match.start()]
        if _ABBREVIATION.search(head):
            continue
        if head.strip():
            pieces.append(text[start : match.end()].strip())
        start = match.end()
    if text[start:].strip():
        pieces.append(text[start:].strip())
    return pieces


def content_stems(text: str) -> tuple[str, ...]:
    """Stems of the content words of a text, in order, each once."""
    return tuple(dict.fromkeys(token.stem for token in tokenize(text) if token.is_content))


def number_of(word: str) -> int | None:
    """The integer a word or numeral says, or None."""
    if word.isdigit():
        return int(word)
    return NUMBER_WORDS.get(word.lower())
