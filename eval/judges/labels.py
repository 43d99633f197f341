"""Labels out of a judge model's text: correct, wrong or unparsed, never a guess.

The reply should be a JSON object with a key ``label``. Models wrap it in fences, in prose, in single quotes or in
nothing at all; a reply that names both labels without saying which one counts is ``unparsed``, not wrong.
"""

from __future__ import annotations

import json
import re

from eval.core.judging import CORRECT, UNPARSED, WRONG

_WORDS = {
    "correct": CORRECT,
    "right": CORRECT,
    "true": CORRECT,
    "yes": CORRECT,
    "accept": CORRECT,
    "accepted": CORRECT,
    "1": CORRECT,
    "wrong": WRONG,
    "incorrect": WRONG,
    "false": WRONG,
    "no": WRONG,
    "reject": WRONG,
    "rejected": WRONG,
    "0": WRONG,
}
_KEYS = ("label", "verdict", "judgment", "judgement", "grade", "result", "answer", "correct")
_PAIR = re.compile(
    r"[\"']?\b(?:label|verdict|judge?ment|grade)\b[\"']?\s*(?::|=|\bis\b)\s*[\"'*_`]*\s*([A-Za-z]+|[01])\b",
    re.IGNORECASE,
)
_LOUD = re.compile(r"\b(CORRECT|WRONG|INCORRECT)\b")
_PLAIN = re.compile(r"\b(correct|wrong|incorrect|not correct|not wrong)\b", re.IGNORECASE)
_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)


def label(text: str) -> str:
    """The label a reply gives: from its JSON object, else from ``label: …``, else from its only label word."""
    text = _THINKING.sub(" ", text)
    for candidate in reversed(_objects(text)):
        stated = _of_object(candidate)
        if stated:
            return stated
    named = [_word(match) for match in _PAIR.findall(text)]
    if named and named[-1]:
        return named[-1]
    for pattern in (_LOUD, _PLAIN):
        said = {_plain(word) for word in pattern.findall(text)}
        if len(said) == 1:
            return said.pop()
        if said:
            return UNPARSED
    return yes_no(text) if len(text.split()) <= 3 else UNPARSED


def yes_no(text: str) -> str:
    """The label of a yes or no reply; ``unparsed`` where it says neither or both."""
    words = re.findall(r"[a-z]+", _THINKING.sub(" ", text).lower())
    if words and words[0] in ("yes", "no"):
        return CORRECT if words[0] == "yes" else WRONG
    said = {word for word in words if word in ("yes", "no")}
    return UNPARSED if len(said) != 1 else (CORRECT if "yes" in said else WRONG)


def _objects(text: str) -> list[dict]:
    """Every JSON object in a text, outermost ones, also where the quotes are single."""
    out, decoder, start = [], json.JSONDecoder(strict=False), 0
    while (start := text.find("{", start)) >= 0:
        try:
            value, end = decoder.raw_decode(text, start)
        except json.JSONDecodeError:
            start += 1
            continue
        if isinstance(value, dict):
            out.append(value)
        start = end
    return out


def _of_object(reply: dict) -> str | None:
    lower = {str(key).strip().lower(): value for key, value in reply.items()}
    for key in _KEYS:
        if key in lower:
            value = lower[key]
            if isinstance(value, bool):
                return CORRECT if value else WRONG
            if isinstance(value, (str, int)):
                return _word(str(value))
    return None


def _word(value: str) -> str | None:
    return _WORDS.get(value.strip(" .!*_`'\"").lower())


def _plain(word: str) -> str:
    return {"correct": CORRECT, "not wrong": CORRECT}.get(word.lower(), WRONG)
