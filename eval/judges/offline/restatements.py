"""Answers that hand the question back, or talk about an answer without giving one.

What such an answer holds besides the question is looked at: where the question stands in it word for word, the rest
must hold a telling word of the gold (or a date or number where one is asked for) or say a good deal of its own; where
its words come back in another order, nothing of its own may be left.
"""

from __future__ import annotations

import re
from functools import lru_cache

from eval.judges.offline import date_phrases, readings
from eval.judges.offline.denials import PLAIN
from eval.judges.offline.discourse import DISCOURSE, MOST_LEFT, left, words
from eval.judges.offline.pair import TALK, Pair
from eval.judges.offline.synthetic import statement
from eval.judges.offline.text import content, found, tokens

_COUNTLESS = re.compile(
    r"\b(?:both|one|first|the two|two) (?:of (?:them|us|the (?:speakers|sessions|chats|conversations|talks|messages))|"
    r"that|another|could|might|would|must|has to|can|"
    r"needs?|speakers|people|friends|thing|step|we)\b|\bstep (?:by step|one|\d+)\b|\bfirst\b(?=,)"
    r"|\bat one point\b|\bone day\b|\bno one\b|\bfirst of all\b|\bin the first place\b",
    re.IGNORECASE,
)
"""Numbers that count the talk, not what was asked."""
_YES_NO = re.compile(
    r"\b(?:yes|yeah|yep|no|nope|definitely|certainly|absolutely|true"
    r"|(?<!the )correct(?!\.)|false|likely|unlikely|probably|not|never)\b|n['’]t\b",
    re.IGNORECASE,
)
_ASKS_MEASURE = re.compile(
    r"\bwhen\b|\bhow (?:many|much|long|often|old|far)\b|\b(?:date|day|month|year|number)\b", re.IGNORECASE
)
_ASKS_YES_NO = re.compile(
    r"\W*(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|must)\b", re.IGNORECASE
)
MUCH = 6
"""Words of its own by which an answer goes beyond a whole question that it quotes; whoever says less and nothing of the
gold has not answered.
"""
LONG = 4
"""Words from which a question without its question word is told from a phrase that an answer may share with it."""


def hands_back(pair: Pair) -> bool:
    """Whether the answer repeats the question, or only talks, and adds nothing of the gold nor of its own."""
    if not pair.asked:
        return False
    whole = tokens(pair.question)
    _, times = _cut(tokens(pair.answer), whole)
    if times and len(whole) >= 3:
        rest = _rest(pair, whole)
        return left(rest, pair) <= MUCH and not _tells(rest, pair)
    bare = tokens(statement(pair.question))
    _, times = _cut(tokens(pair.answer), bare)
    if times and len(bare) >= LONG and not readings.polarity(pair.gold):
        rest = _rest(pair, bare)
        return left(rest, pair) <= MOST_LEFT and not _tells(rest, pair)
    return _echoes(pair) or _only_talks(pair) or _leaves_open(pair)


@lru_cache(maxsize=4096)
def _cut(said: tuple[str, ...], part: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
    """Words without every occurrence of a run of words, and how often it occurred."""
    out: list[str] = []
    place = times = 0
    while place < len(said):
        if part and said[place : place + len(part)] == part:
            place, times = place + len(part), times + 1
        else:
            out.append(said[place])
            place += 1
    return tuple(out), times


def _rest(pair: Pair, part: tuple[str, ...]) -> str:
    """The answer's text without a run of words, punctuation and case kept."""
    gap = r"[^A-Za-z0-9]+(?:[a-z]{1,2}\b[^A-Za-z0-9]+)?"
    pattern = gap.join(re.escape(word) for word in part)
    text = re.sub(rf"\b{pattern}\b(?:['’]s)?", " ", pair.answer.replace("’", "'"), flags=re.IGNORECASE)
    if text == pair.answer.replace("’", "'"):
        return " ".join(_cut(tokens(pair.answer), part)[0])
    return " ".join(text.split())


def _tells(rest: str, pair: Pair) -> bool:
    """Whether what stands beside the question may answer it, rightly or wrongly."""
    if readings.polarity(pair.gold) and _YES_NO.search(rest):
        return True
    if _measured(rest) and (_measured(pair.gold) or _ASKS_MEASURE.search(pair.question)):
        return True
    if PLAIN.search(pair.gold) and PLAIN.search(rest):
        return True
    said = words(rest)
    return any(found(word, said) for word in _telling(pair))


def _measured(text: str) -> bool:
    """Whether a text names a date or a number that counts more than the talk."""
    return bool(date_phrases.find(text) or readings.numbers(_COUNTLESS.sub(" ", text)))


def _leaves_open(pair: Pair) -> bool:
    """Whether a question to be answered by yes or no gets neither, and not a word about what it asks."""
    if (
        not (readings.polarity(pair.gold) and _ASKS_YES_NO.match(pair.question))
        or _YES_NO.search(pair.answer)
        or readings.polarity(pair.answer)
        or readings.negations(pair.answer)
    ):
        return False
    said = words(pair.answer)
    return not any(found(word, said) for word in (*pair.asked, *_telling(pair)) if word not in DISCOURSE)


def _telling(pair: Pair) -> list[str]:
    """The stems of the gold by which an answer is told from talk."""
    new = [word for word in pair.wanted if not found(word, pair.asked)] or list(pair.wanted)
    return [word for word in new if word not in DISCOURSE] or new


def _echoes(pair: Pair) -> bool:
    """Whether most words of the question come back, in whatever order, and nothing else comes with them."""
    if readings.polarity(pair.answer) or readings.polarity(pair.gold):
        return False
    said = frozenset(content(pair.answer))
    back = sum(found(word, said) > 0 for word in pair.asked) / len(pair.asked)
    new = [word for word in pair.wanted if not found(word, pair.asked)]
    if back < 0.6 or left(pair.answer, pair) or _news(pair) or (new and all(word in DISCOURSE for word in new)):
        return False
    if any(found(word, pair.given) for word in new):
        return False
    return bool(new) or pair.answer.count("?") > 0 or _both_sides(pair.question, said)


def _news(pair: Pair) -> bool:
    """Whether an answer names a date, a number or a negation that the question does not."""
    numbers = readings.numbers(_COUNTLESS.sub(" ", pair.answer)) - readings.numbers(pair.question) - {1.0}
    return bool(
        numbers
        or len(date_phrases.find(pair.answer)) > len(date_phrases.find(pair.question))
        or len(PLAIN.findall(pair.answer)) != len(PLAIN.findall(pair.question))
    )


def _only_talks(pair: Pair) -> bool:
    """Whether all words of an answer speak about talk or come from the question, and none of those that tell the gold
    is among them.
    """
    if readings.polarity(pair.gold) or readings.polarity(pair.answer) or _news(pair):
        return False
    telling = _telling(pair)
    talk = set(content(pair.answer)) & TALK - pair.asked - words(pair.gold)
    if len(talk) < 2 or all(word in DISCOURSE for word in telling):
        return False
    return not left(pair.answer, pair) and not any(found(word, pair.given) for word in telling)


def _both_sides(question: str, said: frozenset[str]) -> bool:
    """Whether both sides of a question that asks to choose are said again."""
    first, second = (set(content(side)) for side in readings.options(question) or ("", ""))
    return all(own and any(found(word, said) for word in own) for own in (first - second, second - first))
