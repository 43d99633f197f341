"""Answers that are a time or a length of time."""

from __future__ import annotations

import re
from collections.abc import Sequence

from eval.answerers.context import ParsedLine
from eval.answerers.question import QuestionView
from eval.answerers.ranking import Index, RankedLine
from eval.answerers.wording import TimeMention, mentions
from memos.language.calendar import day_words, month_words
from memos.language.dates import durations

_FUTURE = re.compile(r"\b(?:will|going to|plan|plans|planning|next|upcoming|tomorrow|soon)\b", re.IGNORECASE)


def when(question: QuestionView, index: Index, ranked: Sequence[RankedLine], margin: float = 1.0) -> str:
    """The time of what the question asks about: the nearest time expression, resolved, or the day it was said."""
    best = ranked[0]
    for scored in ranked[:4]:
        if best.score - scored.score > margin:
            break
        answer = _line_time(question, index, scored.index)
        if answer:
            return answer
    line = index.lines[best.index]
    return _at_grain(line.time, question.grain) if line.time is not None else ""


def _line_time(question: QuestionView, index: Index, number: int) -> str:
    line = index.lines[number]
    best: tuple[float, str] | None = None
    for sentence in index.sentences(number):
        overlap = len(sentence.stems & question.stems)
        for mention in mentions(sentence.text, line.time):
            score = overlap + _fit(question, mention)
            if best is None or score > best[0]:
                best = (score, _worded(mention, question.grain))
    return best[1] if best else ""


def _fit(question: QuestionView, mention: TimeMention) -> float:
    """A small preference for mentions of the tense of the question, and against bare years and ``today``."""
    fit = 0.5 if mention.grain in ("day", "week", "weekend") else 0.3
    if mention.grain == question.grain:
        fit += 0.5
    future = bool(_FUTURE.search(question.text)) or question.text.lower().startswith(
        ("when is", "when are", "when will")
    )
    if future and " after " in mention.phrase:
        fit += 0.5
    return fit


def _worded(mention: TimeMention, grain: str) -> str:
    if mention.when is None or not grain or mention.grain == grain:
        return mention.phrase
    return _at_grain(mention.when, grain) if grain in ("month", "year") else mention.phrase


def _at_grain(moment, grain: str) -> str:
    if grain == "year":
        return str(moment.year)
    return month_words(moment) if grain == "month" else day_words(moment)


def how_long(question: QuestionView, index: Index, ranked: Sequence[RankedLine], margin: float = 3.0) -> str:
    """A length of time named near what the question asks about; empty where none is."""
    best: tuple[float, str] | None = None
    for scored in ranked[:4]:
        if ranked[0].score - scored.score > margin:
            break
        line: ParsedLine = index.lines[scored.index]
        for sentence in index.sentences(scored.index):
            for start, end in durations(sentence.text):
                score = scored.score + len(sentence.stems & question.stems)
                if best is None or score > best[0]:
                    best = (score, sentence.text[start:end])
        if best is None and re.search(r"\bhow long ago\b", question.text, re.IGNORECASE):
            phrases = [item.phrase for item in mentions(line.text, line.time)]
            if phrases:
                return phrases[0]
    if best is None:
        return ""
    suffix = " ago" if re.search(r"\bago\b", question.text, re.IGNORECASE) else ""
    return best[1] + suffix
