"""Which letter I is the pronoun, and which a Roman one, a variable, an initial or a title's."""

from __future__ import annotations

import re

from memos.language.calendar import DAYS, MONTHS
from memos.language.lexicon import BASE_VERBS, INTERJECTIONS, IRREGULAR_PAST, MODALS
from memos.language.words import is_stop

_BEFORE = re.compile(r"([^\W_]+(?:['’][^\W\d_]+)?)(\W*)$")
_AFTER = re.compile(r"(\W*)([^\W_]+(?:['’][^\W\d_]+)?)?")
_SPOKEN = frozenset("am 'm was have 've had will would 'll 'd".split())
_NUMBERED = frozenset(
    """war part phase class grade chapter act schedule stage level volume vol book section title article appendix
    category
    tier mark model unit season calculus algebra physics chemistry biology statistics accounting economics spanish
    french
    german english latin elementary type group form division figure table episode round step version series bipolar
    apollo
    calc chem bio bowl amendment rocket saturn saga corps title""".split()
)
"""Nouns that a Roman numeral counts, with a capital or in mid-sentence."""
_LOWER_NUMBERED = frozenset(
    "type part phase class grade chapter act stage level volume section tier group bipolar category".split()
)
_RULERS = frozenset(
    """henry charles james william elizabeth edward george richard napoleon francis philip louis otto leopold nicholas
    alexander catherine mary frederick peter paul pius alfonso ferdinand isabella gustav christian constantine justinian
    darius cyrus ramses wilhelm franz albert haakon umberto pedro juan carlos abbas selassie""".split()
)
_RULES = frozenset(
    """of was is had has ruled reigned died lived became married succeeded founded fought built conquered and or to in
    from by
    who whose granted ordered signed won lost invaded abdicated""".split()
)
"""What follows the name of a ruler, and not somebody who is spoken to."""
_TOLD = frozenset(
    "told tell tells asked ask asks with and like as than to for hope wish knew know thinks said thought".split()
)
_TITLES = frozenset("king queen pope emperor empress tsar czar kaiser prince princess sultan saint st".split())
_NAMED_LETTER = frozenset("letter letters numeral vowel capital".split())
_SERIES = re.compile(r"I\s*(?:,|and|or|to|through|&|[-–])\s*(?:II|III|IV|V)\b")
_CODE = re.compile(r"[=\[\]{}()<>*/+\\|#%;^~]")


def is_pronoun(text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]``, an I or a lower-case i standing as a word, is the speaker.

    Args:
        text: the sentence or more.
        start, end: the letter.
    """
    before, gap = _neighbour_before(text, start)
    marks, after = _AFTER.match(text, end).groups("")  # pyright: ignore[reportOptionalMemberAccess]  # always matches
    low_before, low_after = before.lower(), after.lower()
    if marks[:1] in ("'", "’") and low_after in ("m", "ve", "ll", "d"):
        return True
    if text[start] == "i":
        return _lower(text, start, end, low_before, gap, marks, low_after)
    if _glued(text, start, end, marks) or (marks == ", " and after == "Robot"):
        return False
    if not before or gap.strip(" \t*_\"'“”‘’(["):
        return not _enumerates(text, start, marks, after)
    if gap != " " and gap.strip():
        return True
    if low_before in _NAMED_LETTER or low_before == "an":
        return _speaks(low_after) and low_before != "an"
    return not _numeral(text, start, before, marks, low_after)


def _numeral(text: str, start: int, before: str, marks: str, after: str) -> bool:
    """Whether an I right behind a word counts it: World War I, Henry I, type I diabetes."""
    low, capital = before.lower(), before[:1].isupper()
    if _SERIES.match(text, start):
        return True
    ends = not after or bool(marks.strip(" \t"))
    if low in ("war", "bipolar") or (capital and low in _NUMBERED):
        return after != "am" and (ends or low in ("war", "bipolar") or after not in BASE_VERBS or after in _RULES)
    if low in _LOWER_NUMBERED:
        return ends or not _speaks(after)
    second = _neighbour_before(text, start - len(before) - 1)[0].lower() if capital else ""
    if second in _TITLES and not is_stop(low):
        return True
    if capital and low in _RULERS:
        return (ends and not marks.startswith(",")) or (after in _RULES and second not in _TOLD)
    if not capital or is_stop(low) or low in MONTHS or low in DAYS or low in INTERJECTIONS:
        return False
    return not after and bool(marks.strip()) or marks.strip(" \t")[:1] in (".", "!", "?", ")", ";", ":")


def _speaks(word: str) -> bool:
    """Whether a lower-case word can follow the pronoun I: a verb or an adverb."""
    return (
        word in BASE_VERBS
        or word in IRREGULAR_PAST
        or word in MODALS
        or word in _SPOKEN
        or word.endswith(("n't", "n’t", "ly"))
        or (word.endswith("ed") and len(word) > 4)
    )


def _lower(text: str, start: int, end: int, before: str, gap: str, marks: str, after: str) -> bool:
    """Whether a lower-case i is the pronoun typed in haste, and no variable, enumerator or ``i.e.``."""
    if _glued(text, start, end, marks) or text[end : end + 1] in (".", ")", ":", ",") and text[end : end + 1] != ",":
        return False
    if (
        _CODE.search(gap)
        or _CODE.search(marks)
        or before in ("for", "index", "variable", "letter", "int", "let", "var", "const")
    ):
        return before == "for" and _speaks(after)
    return (
        _speaks(after)
        or (not after.isdigit() and after not in ("in", "and", "or", "is", "e") and bool(after))
        or before in ("and", "am", "do", "can")
    )


def _glued(text: str, start: int, end: int, marks: str) -> bool:
    """Whether the letter is part of something longer: I-95, I/O, I.Q., A.I., I&D, $i, _i."""
    left, right = text[max(start - 1, 0) : start], text[end : end + 2]
    if left in ("-", "/", "&", "$", "_", "#", "\\", ".") and (left != "." or text[start - 2 : start - 1].isupper()):
        return not (left == "-" and text[start - 2 : start - 1] in ("I", "-", " "))
    if right[:1] in ("-", "/", "&", "_", "=") and right[1:].isalnum():
        return right[1:2] != "I" and not (right[:1] == "/" and right[1:2].islower())
    return right[:1] == "." and right[1:].isupper()


def _enumerates(text: str, start: int, marks: str, after: str) -> bool:
    """Whether an I at the beginning numbers a heading or list: ``I. Introduction``, ``I) first``."""
    opens = not text[:start].strip() or text[:start].rstrip(" \t").endswith("\n")
    if not opens:
        return marks[:1] == ")" and text[:start].rstrip()[-1:] == "("
    return marks.strip() in (".", ")", ":") and bool(after)


def _neighbour_before(text: str, start: int) -> tuple[str, str]:
    match = _BEFORE.search(text[max(start - 40, 0) : start])
    return (match[1], match[2]) if match else ("", text[:start])
