"""Tokens and sentences for the embedded reader; what a word is worth is read by ``memos.language.words``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from memos.language.scripts import grams, unspaced
from memos.language.words import MARKS, is_stop, stem

_LETTERS = rf"[^\W\d_](?:[^\W\d_]|[{MARKS}])*"
_TOKEN = re.compile(rf"\d{{1,2}}:\d{{2}}|\d+(?:[.,]\d+)*(?:st|nd|rd|th)?|{_LETTERS}(?:[-'’&]{_LETTERS})*|[^\w\s]|_")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”')\]]*\s+(?=[\"“'(\[]?[A-Z0-9])|\n+|(?<=[!?])\s+|(?<=[。！？])")
_ABBREVIATION = re.compile(r"\b(?:[A-Z]|Mr|Mrs|Ms|Dr|St|vs|etc|e\.g|i\.e)\.$")


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
        return self.text[0].isalnum() and not is_stop(self.lower)

    @property
    def stems(self) -> tuple[str, ...]:
        """Its stem; of a run without blanks, its letters and pairs."""
        return tuple(grams(self.text)) if unspaced(self.text) else (self.stem,)


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
    return tuple(dict.fromkeys(stem for token in tokenize(text) if token.is_content for stem in token.stems))
