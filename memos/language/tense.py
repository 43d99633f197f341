"""Whether the words around a time speak of what was, is or will be: the direction in which ``on Friday`` points."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from memos.language.lexicon import ADVERBS, BASE_AS_PAST, IRREGULAR_PAST, PARTICIPLES, SCHEDULED

Tense = Literal["past", "present", "future", "able", ""]
"""``able``: what somebody can do, at no particular time."""

_SENTENCE = re.compile(r"[.!?;…]+(?=\s|$)|\n+")
_CLAUSE = re.compile(
    r",|:|—|–|\(|\)|\b(?:and|but|so|because|while|when|then|that|which|who|whom|if|although|though|before|after|"
    r"since|until)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_FUTURE = frozenset(
    "will shall gonna won't shan't i'll you'll he'll she'll it'll we'll they'll tomorrow upcoming would should "
    "might must may let's".split()
)
_PRESENT = frozenset(
    "am is are isn't aren't do does don't doesn't i'm you're he's she's it's we're they're that's what's where's "
    "there's who's has".split()
)
_WANTING = frozenset(
    """want wants hope hopes hoping plan plans planning need needs intend intends expect expects aim aims
    forward""".split()
)
_DID = frozenset(("did", "didn't"))
_ARRANGED = frozenset("excited planned scheduled booked supposed expected due".split())
_PAST_AUX = frozenset("was were did wasn't weren't didn't had hadn't couldn't used been".split())
_HAVE = frozenset(
    """have has haven't hasn't i've you've we've they've he's she's it's i'd he'd she'd we'd they'd you'd
    having""".split()
)
_SUBJECTS = frozenset("i you we they".split())
_NO_VERB = frozenset(
    "all both guys two three four five too alone and or but who that with in on at of for to from by as was were "
    "am are have had "
    "will would can could should might must may shall do did".split()
)
_ORDERS = frozenset(
    """see call meet come join remind bring tell text email visit check ask catch save pick talk mark get book
    watch""".split()
)
"""Verbs that open an invitation."""
_NO_PAST = frozenset("need used hundred red bed indeed seed feed speed weed breed shed wed sacred".split())
_BE = frozenset(
    "am is are be been being was were get gets got i'm you're he's she's it's we're they're feel feels so very really "
    "too".split()
)


@lru_cache(maxsize=50_000)
def tense_at(text: str, start: int, end: int) -> Tense:
    """The tense of the clause around ``text[start:end]``, else of the clause nearest to it in its sentence; "" where
    none shows.

    Args:
        text: a text of any length.
        start, end: the words of time, which count for nothing themselves.
    """
    left = max((match.end() for match in _SENTENCE.finditer(text, 0, start)), default=0)
    after = _SENTENCE.search(text, end)
    right = after.start() if after else len(text)
    before, behind = _clauses(text[left:start]), _clauses(text[end:right])
    own = _read(before[-1], last=True) or _read(behind[0], last=False)
    if own:
        return own
    for clause in reversed(before[:-1]):
        if tense := _read(clause, last=True):
            return tense
    return next((tense for clause in behind[1:] if (tense := _read(clause, last=False))), "")  # pyright: ignore[reportReturnType]  # a Tense


def _clauses(text: str) -> list[str]:
    return _CLAUSE.split(text)


def _read(clause: str, *, last: bool) -> Tense:
    """The tense of the last (or first) verb of a clause."""
    words = [word.lower().replace("’", "'") for word in _WORD.findall(clause)]
    tenses: list[Tense] = [tense for place in range(len(words)) if (tense := _tense(words, place))]
    if not tenses:
        return ""
    if any(word in _DID for word in words):
        return "past"
    if "future" in tenses and "past" not in tenses:
        return "future"
    if "able" in tenses and "past" not in tenses:
        return "able"
    return tenses[-1 if last else 0]


def _tense(words: list[str], place: int) -> Tense:
    """What one word says of the tense; "" where nothing."""
    word = words[place]
    before, after = words[place - 1] if place else "", words[place + 1] if place + 1 < len(words) else ""
    if word in _FUTURE or (word in ("going", "about", "have", "has") and after == "to"):
        return "past" if before in ("was", "were") else "future"
    if word in _ARRANGED:
        return "past" if _of_the_past(words[:place]) else "future"
    if word in _WANTING:
        return "future"
    if word in ("can", "able", "can't", "cannot", "could"):
        return "future" if after in ("wait", "we", "i", "you") else "able"
    if word in _PAST_AUX:
        return "past"
    if word in _HAVE and (tense := _perfect(words, place)):
        return tense
    if word in _PRESENT or (word in SCHEDULED and before):
        return "present"
    if word in BASE_AS_PAST and any(other in _FUTURE or other in ("to", "can") for other in words[:place]):
        return ""
    if word in IRREGULAR_PAST and not (
        word in ("bit", "let", "left", "found", "wound", "lay") and before in ("a", "be", "is", "'s", "")
    ):
        return "present" if word == "got" and before in _HAVE else "past"
    if word.endswith("ed") and len(word) > 4 and word not in _NO_PAST and before not in _BE:
        return "past"
    if place == 0 and word in _ORDERS:
        return "future"
    return _simple_present(words, place)


def _perfect(words: list[str], place: int) -> Tense:
    """``have`` with its participle is past; alone it is present."""
    rest = [word for word in words[place + 1 : place + 5] if word not in ADVERBS and word not in ("not", "n't", "to")][
        :2
    ]
    if rest and rest[0] in _ARRANGED:
        return "future"
    if rest and (
        rest[0] in PARTICIPLES
        or (rest[0] in IRREGULAR_PAST and rest[0] not in ("got", "let"))
        or (rest[0].endswith("ed") and len(rest[0]) > 4)
    ):
        return "past"
    return "future" if words[place].endswith("'d") else "present"


def _of_the_past(before: list[str]) -> bool:
    """Whether ``planned`` behind these words tells of a plan that was, and not of one that is or has been made."""
    nearest = next((word for word in reversed(before) if word not in ADVERBS and word != "so"), "")
    return nearest in _PAST_AUX or nearest in _SUBJECTS or nearest in ("he", "she", "it", "got")


def _simple_present(words: list[str], place: int) -> Tense:
    """``we leave``: a plural subject with a word behind it that is no past form."""
    if not place or words[place] in _NO_VERB or words[place] in ADVERBS:
        return ""
    subject = next((word for word in reversed(words[:place]) if word not in ADVERBS), "")
    plain = words[place] not in IRREGULAR_PAST and words[place] not in BASE_AS_PAST and not words[place].endswith("ed")
    return "present" if subject in _SUBJECTS and plain and "'" not in words[place] else ""
