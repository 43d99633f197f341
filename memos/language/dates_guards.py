"""When a word of the calendar is none: the verbs ``may`` and ``march``, people called April or June, the adjective
``august``."""

from __future__ import annotations

import re

from memos.language.calendar import AMBIGUOUS_MONTHS, GIVEN_NAMES, MONTHS
from memos.language.lexicon import IRREGULAR_PAST, PARTICIPLES

_NEXT = re.compile(r"\s+([^\W\d_]+(?:['’][^\W\d_]+)?)")
_BEFORE = re.compile(r"([^\W_]+(?:['’][^\W\d_]+)?)\W*$")
_PAIR = re.compile(r"([^\W_]+(?:['’][^\W\d_]+)?)\s+[^\W_]+(?:['’][^\W\d_]+)?\W*$")
_STOP = re.compile(r"[.!?]\s*$")
_POSSESSIVE = re.compile(r"['’]s?\b")
_TITLE = re.compile(r"[\"“«]\s*$")
_VERBAL = frozenset(
    """be have not also well come go need want get still never always even only just actually or like make take help
    seem
    look feel work bring give join attend cause do lead show find become include contain require use say think know
    prefer
    leave see apply exist happen""".split()
)
"""What follows the verb ``may``."""
_FINITE = frozenset(
    "is was has had will would said says called calls told tells came left got went can could does did asked".split()
)
_COUNTED = frozenset(
    """people men women children kids guests friends of miles km kilometers kilometres meters metres steps
    blocks""".split()
)
_MARCHING = frozenset(
    "to we i they you it he she who and will can must may could would should not troops soldiers".split()
)
_NOT_COUNTED = frozenset("was is has its this as does yes us always perhaps".split())
_DATE_LEADS = frozenset(
    """in on of since until till by from to through during around early late mid before after last next this past
    coming the and every""".split()
)
_DETERMINERS = frozenset("the an a this that his her our their its such most".split())
_AUGUST_NOUNS = frozenset(
    "company body presence institution assembly gathering occasion personage figure audience".split()
)
_MADE_BY = frozenset(
    """song book poem painting novel film movie album article photo picture letter play story piece drawing
    track""".split()
)
_NEAR_BY = frozenset(
    """sat stood stayed stopped swung walked passed sit stand stay stop swing walk pass drop dropped came went go
    come""".split()
)
_ACTORS = frozenset("i we you he she they had have has i'd we'd he'd she'd they'd you'd i've we've".split())
"""In front of a verb in the active voice: ``we finished by June`` is a date, ``written by June`` is not."""
_DEADLINE = re.compile(
    r"\b(?:will|must|should|shall|need|needs|has to|have to|had been|won't|would|due|going to)\b|['’]ll\b", re.I
)
_TRUST = frozenset("believe believed believes confide confided trust trusted faith interested".split())
_SURNAME = re.compile(r"\s+[A-Z]\w*(?:['’][A-Z]\w+|-[A-Z]\w+)?(?P<owns>['’]s)?")
_RANGE = re.compile(r"\s*(?:to|until|till|through|on|onwards?|[-–])\b|\s*[-–]", re.I)
_MONTH_OR_I = frozenset((*MONTHS, "i", "i'm", "i've", "i'll", "i'd"))


def verb_or_count(
    text: str, start: int, end: int, month: str, *, number_first: bool, ordinal: bool, year: bool
) -> bool:
    """Whether the month beside a number is a verb: ``12 may come``, ``we march 12 miles``.

    Args:
        text: the text.
        start, end: number and month (and year) in it.
        month: the month's word as it stands.
        number_first: ``12 may`` rather than ``may 12``.
        ordinal: whether the number has its ``th``.
        year: whether a year follows.
    """
    low = month.lower()
    if low not in AMBIGUOUS_MONTHS:
        return False
    before, after = _word_before(text, start), _word_after(text, end)
    plain = month.islower() or (month.isupper() and len(month) > 2 and _shouted(text))
    if number_first:
        if after in _VERBAL and not (year or (month.istitle() and ordinal)):
            return True
        return plain and not year and not ordinal and before not in _DATE_LEADS
    opens = not before or text[:start].rstrip()[-1:] in '.!?:\n"“'
    counted = after in _COUNTED or (after.endswith("s") and after not in _NOT_COUNTED and after.islower())
    if counted and not year and (plain or opens or before in ("to", "we", "i", "they", "you")):
        return True
    if not plain or year or ordinal or before in _DATE_LEADS - {"to"} or not before:
        return False
    return before in _MARCHING or (low == "may" and before not in ("born", "due", "dated") and bool(after))


def month_year_verb(text: str, start: int, end: int, month: str) -> bool:
    """Whether a month before a year is a verb: ``May 2023 be kind to you``, ``we march 2023 miles``."""
    if month.lower() not in ("may", "march", "mar"):
        return False
    after = _word_after(text, end)
    return after in ("be", "bring", "give", "treat", "fill", "see", "hold", "mark") or after in _COUNTED


def no_month(text: str, start: int, end: int, lead: str, month: str) -> bool:
    """Whether the month behind a preposition or ``this``, ``next``, ``last`` is a verb, an adjective or a person.

    Args:
        text: the text.
        start: where the preposition begins.
        end: where the month ends.
        lead: the preposition or the direction, lower case.
        month: the month's word as it stands.
    """
    low, rest = month.lower(), text[end:]
    before, after = _word_before(text, start), _word_after(text, end)
    step = lead.split()[-1]
    if step in ("this", "next", "last", "past", "coming", "previous"):
        if low == "may" and month.islower() and not (step != "this" and before != "the") and rest[:1].isspace():
            return True
        if low in ("march", "august", "mar") and month.islower() and before in _DETERMINERS:
            return True
        return low == "august" and after in _AUGUST_NOUNS
    if low == "august" and month.islower() and after in _AUGUST_NOUNS:
        return True
    if low in ("march", "may", "mar") and month.islower() and before in _DETERMINERS:
        return True
    return low in GIVEN_NAMES and not month.islower() and _person(text, start, end, lead, before, after)


def _person(text: str, start: int, end: int, lead: str, before: str, after: str) -> bool:
    """Whether a capitalised April, May, June, August or Jan behind a preposition is somebody."""
    rest = text[end:]
    if _POSSESSIVE.match(rest):
        return True
    surname = _SURNAME.match(rest)
    if surname and surname["owns"] and after.removesuffix("'s").removesuffix("’s") not in _MONTH_OR_I:
        return True
    if lead == "from" and not _RANGE.match(rest):
        return True
    if surname and lead in (
        "by",
        "from",
        "around",
        "of",
        "for",
        "with",
        "about",
        "until",
        "till",
        "before",
        "after",
        "since",
    ):
        return after not in _MONTH_OR_I
    if lead in ("since", "until", "till", "before", "after", "by") and _finite(after):
        return True
    if lead == "in" and before in _TRUST:
        return True
    if lead != "by":
        return False
    if _DEADLINE.search(text[max(start - 80, 0) : start]):
        return False
    if before in _MADE_BY or before in _NEAR_BY:
        return True
    made = before in PARTICIPLES or before in IRREGULAR_PAST or (before.endswith("ed") and len(before) > 4)
    return made and _second_before(text, start) not in _ACTORS


def _finite(word: str) -> bool:
    return word in _FINITE or word in IRREGULAR_PAST or (word.endswith("ed") and len(word) > 4)


def quoted_alone(text: str, start: int, end: int) -> bool:
    """Whether the words stand alone in quotation marks, as a title does."""
    return bool(_TITLE.search(text[:start])) and text[end : end + 1] in ('"', "”", "»")


def _shouted(text: str) -> bool:
    """Whether a text is written in capitals altogether."""
    letters = [letter for letter in text if letter.isalpha()]
    return sum(letter.isupper() for letter in letters) > 0.8 * len(letters)


def _word_before(text: str, end: int) -> str:
    """The word that ends before a place, lower case; empty at the beginning of a sentence."""
    head = text[max(end - 40, 0) : end]
    match = _BEFORE.search(head)
    return match[1].lower() if match and not _STOP.search(head) else ""


def _second_before(text: str, end: int) -> str:
    pair = _PAIR.search(text[max(end - 60, 0) : end])
    return pair[1].lower() if pair else ""


def _word_after(text: str, start: int) -> str:
    match = _NEXT.match(text, start)
    return match[1].lower() if match else ""
