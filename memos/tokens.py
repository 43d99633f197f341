"""Counting text: NLTK words (the paper's "Mem Tok") and cl100k tokens, both exact, quick and cached by text.

The paper's memory tokens are ``nltk.word_tokenize`` words (docs/protocol.md#words-and-tokens); later MemOS code counts
cl100k tokens. ``words`` equals ``nltk.word_tokenize`` for every text: sentences and words of a plain shape take a short
way whose result is provably the same, everything else goes through NLTK.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from memos.resources import require_punkt

_INNER_BREAK = re.compile(r"[.?!](?!\w|\s*\Z)")
"""A sentence-end character followed by anything but a word character or the end: only there can Punkt break."""
_CONTRACTION = re.compile(r"cannot|gimme|gonna|gotta|lemme|wanna", re.IGNORECASE)
_PLAIN = re.compile(
    r"([(\[{]?)"
    r"([^\W_]+(?:[.\-][^\W_]+|[:,]\d[^\W_]*)*)"
    r"('(?:s|S|m|M|d|D|ll|LL|re|RE|ve|VE)|n't|N'T)?"
    r"([)\]}]?)([,:?!]?)"
)
"""A whitespace-delimited piece whose Treebank tokens depend on nothing around it: bracket, word, clitic, bracket, mark.
"""
_ALONE = frozenset("-|+/=~&")
_SPLIT_HERE = re.compile(r"(?<=\S)(?= [A-Za-z])")
_BLOCK = 50_000


@lru_cache(maxsize=1)
def _punkt():
    """NLTK's English sentence splitter, with its decision on each context remembered (a pure function of it)."""
    require_punkt()
    from nltk.tokenize.punkt import PunktTokenizer

    splitter = PunktTokenizer("english")
    splitter.text_contains_sentbreak = lru_cache(maxsize=100_000)(splitter.text_contains_sentbreak)
    return splitter


@lru_cache(maxsize=1)
def _treebank():
    from nltk.tokenize.destructive import NLTKWordTokenizer

    return NLTKWordTokenizer()


@lru_cache(maxsize=100_000)
def _piece(piece: str) -> tuple[str, ...] | None:
    """Tokens of one plain piece, or None where the sentence has to go through NLTK."""
    if piece in _ALONE:
        return (piece,)
    match = _PLAIN.fullmatch(piece)
    if match is None:
        return None
    opening, body, clitic, closing, mark = match.groups("")
    return tuple(part for part in (opening, body, clitic, closing, mark) if part)


def sentence_words(sentence: str) -> list[str]:
    """Tokens of NLTK's Treebank rules for one sentence."""
    pieces = sentence.split()
    if not pieces:
        return []
    end = ()
    if len(pieces[-1]) > 1 and pieces[-1].endswith("."):
        pieces[-1], end = pieces[-1][:-1], (".",)
    out: list[str] = []
    for piece in pieces:
        tokens = _piece(piece)
        if tokens is None:
            return _treebank().tokenize(sentence)
        out += tokens
    if _CONTRACTION.search(sentence) or (end and tokens[-1] in ",:?!"):
        return _treebank().tokenize(sentence)
    out += end
    return out


def sentences(text: str) -> list[str]:
    """Punkt's sentences of a text; a text in which nothing can end a sentence is not split."""
    splitter = _punkt()
    return splitter.tokenize(text) if _INNER_BREAK.search(text) else [text.rstrip()]


def words(text: str) -> list[str]:
    """The tokens of ``nltk.word_tokenize(text)`` (Punkt sentences, then NLTK's Treebank rules).

    Raises:
        MissingDependency: where Punkt's data are absent, with the command that fetches them.
    """
    return [word for sentence in sentences(text) for word in sentence_words(sentence)]


@lru_cache(maxsize=65_536)
def count_words(text: str) -> int:
    """Number of NLTK words of a text: the unit of ``memory_words`` and of the paper's "Mem Tok"."""
    return len(words(text))


def count_words_batch(texts: Sequence[str]) -> list[int]:
    """``count_words`` of each text."""
    return [count_words(text) for text in texts]


@lru_cache(maxsize=1)
def _cl100k():
    import bpe_openai

    return bpe_openai.get_encoding("cl100k_base")


def cl100k_encode(text: str) -> list[int]:
    """Token ids of OpenAI's ``cl100k_base``; special-token texts are encoded as ordinary text."""
    encoding = _cl100k()
    if len(text) <= _BLOCK:
        return encoding.encode_ordinary(text)
    # The encoder refuses very long texts. A single space before a letter always starts a new pre-token, so cutting
    # there changes nothing.
    out, start = [], 0
    while len(text) - start > _BLOCK:
        cut = _SPLIT_HERE.search(text, start + _BLOCK)
        if cut is None:
            break
        out += encoding.encode_ordinary(text[start : cut.start()])
        start = cut.start()
    return out + encoding.encode_ordinary(text[start:])


def cl100k_decode_bytes(tokens: Sequence[int]) -> bytes:
    """Bytes of token ids. A slice of ids may begin or end inside a character; decode with ``errors="replace"``."""
    return _cl100k().decode_bytes(list(tokens))


@lru_cache(maxsize=65_536)
def count_tokens(text: str) -> int:
    """Number of ``cl100k_base`` tokens of a text: the unit of ``memory_tokens``."""
    return len(cl100k_encode(text))


def count_tokens_batch(texts: Sequence[str]) -> list[int]:
    """``count_tokens`` of each text."""
    return [count_tokens(text) for text in texts]
