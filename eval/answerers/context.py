"""A rendered context, whichever system made it, as lines with speaker, time and sentences.

Understood: ``<time> | <speaker>: <text>`` lines, chunks of such lines that start mid-line, ``<time>: <memory>`` lines,
bullets, quoted or JSON-like items, headings that name a speaker or a date, and facts that end in ``(event_time: ...)``
or in a date range. Everything else is a line of plain text without speaker and time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from eval.answerers.text import Token, content_stems, split_sentences, tokenize
from memos.language.dates import explicit

_BULLET = re.compile(r"^\s*(?:[-*•·]|\d{1,3}[.)])\s+")
_WRAP = re.compile(r"^[\s\"'“{\[(<]+|[\s,]+$")
_PREFIX_END = re.compile(r"^\s*(?:[\])>]\s*)?(?:\(?UTC\)?\s*)?(?:[|:\-–—\])>,]+\s*|\s+)", re.IGNORECASE)
_TAIL = re.compile(r"\s*[(\[](?:[A-Za-z_ ]+[:=]\s*)?([^()\[\]]*\d[^()\[\]]*)[)\]]\s*[.\"']*$")
_TAIL_DATE = re.compile(r"\b(?:event_time|valid_at|date|time|created_at|timestamp)\b", re.IGNORECASE)
_KEY = re.compile(
    r"^\"?(?:memory|fact|text|content|value|timestamp|time|date|created_at)\"?\s*[:=]\s*\"?", re.IGNORECASE
)
_NAME = re.compile(r"^([A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*){0,2})\s*:\s+")
_BREAK = re.compile(r"^\W*$")


@dataclass(frozen=True)
class Sentence:
    """One sentence of a line."""

    text: str
    line: int
    """Index of its line in the context."""

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        return tokenize(self.text)

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(content_stems(self.text))


@dataclass(frozen=True)
class ParsedLine:
    """One line of the context."""

    text: str
    speaker: str = ""
    """Who says it (an utterance) or whose block it stands in; empty where unknown."""
    time: datetime | None = None
    said: bool = False
    """Whether the speaker says it in the first person (an utterance), not a note about them."""

    @cached_property
    def sentence_texts(self) -> tuple[str, ...]:
        return tuple(split_sentences(self.text))

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(content_stems(self.text))


def _leading_time(text: str) -> tuple[datetime | None, str]:
    """Cut a timestamp off the front of a line."""
    times = explicit(text[:60])
    if not times:
        return None, text
    start, end, when = times[0]
    if text[:start].strip(" \t[(<\"'|-on,:") not in ("", "Date", "DATE", "Time", "Session", "timestamp"):
        return None, text
    rest = text[end:]
    separator = _PREFIX_END.match(rest)
    if rest and separator is None:
        return None, text
    if rest and not re.match(r"\s*(?:[\])>]|\(?UTC|[|:\-–—,])", rest) and rest.strip():
        return None, text
    return when, rest[separator.end() :] if separator else ""


def _trailing_time(text: str) -> tuple[datetime | None, str]:
    """Cut ``(event_time: ...)``, ``(2023-05-08 - present)`` and the like off the end of a line."""
    match = _TAIL.search(text)
    if match is None:
        return None, text
    times = explicit(match.group(1))
    words = re.sub(
        r"[\W\d_]+|\b(?:T|Z|UTC|present|from|to|date|range|unknown|am|pm|on)\b", "", match.group(1), flags=re.I
    )
    if not times or (len(words) > 12 and not _TAIL_DATE.search(match.group())):
        return None, text
    return times[0][2], text[: match.start()]


def _speaker(text: str, speakers: tuple[str, ...]) -> tuple[str, str]:
    """Cut ``Name:`` off the front of a line."""
    for name in speakers:
        if name and text[: len(name) + 1].lower() == f"{name}:".lower():
            return name, text[len(name) + 1 :].strip()
    match = _NAME.match(text)
    if match and len(match.group(1)) <= 24 and len(text) > match.end():
        return match.group(1), text[match.end() :]
    return "", text


def parse(text: str, speakers: tuple[str, ...]) -> tuple[ParsedLine, ...]:
    """Lines of a context, in order; headings and separators are used, not kept."""
    lines: list[ParsedLine] = []
    block_speaker, block_time, fresh = "", None, True
    waiting: list[int] = []
    for raw in text.splitlines():
        if _BREAK.match(raw):
            block_time, fresh = None, True
            waiting.clear()
            continue
        body = _KEY.sub("", _WRAP.sub("", _BULLET.sub("", raw)))
        when, body = _leading_time(body)
        speaker, rest = _speaker(body, speakers)
        if when is None and not speaker and raw.rstrip().rstrip("{[").rstrip().endswith(":"):
            named = [name for name in speakers if re.search(rf"\b{re.escape(name)}\b", raw)]
            block_speaker = named[0] if len(named) == 1 else ""
            block_time = None
            continue
        if when is not None and not rest.strip():
            block_time = when
            continue
        tail, rest = _trailing_time(rest)
        rest = rest.strip().strip('"“”').strip()
        if not re.search(r"\w", rest):
            continue
        continues = when is None and not speaker and not fresh and bool(lines) and lines[-1].said
        line = ParsedLine(
            rest,
            speaker or (lines[-1].speaker if continues else block_speaker),
            when or tail or block_time,
            bool(speaker) or continues,
        )
        if line.time is None and continues:
            line = replace(line, time=lines[-1].time)
        lines.append(line)
        waiting = _fill(lines, waiting, line)
        fresh = False
    return tuple(lines)


def _fill(lines: list[ParsedLine], waiting: list[int], line: ParsedLine) -> list[int]:
    """Give lines without a time (a chunk that starts mid-line) the time of the first timed line after them."""
    if line.time is None:
        return [*waiting, len(lines) - 1]
    if line.said:
        for index in waiting:
            lines[index] = replace(lines[index], time=line.time)
    return []
