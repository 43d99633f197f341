"""The answer in a model's reply: without its thinking, the words "Answer:" before it, and the JSON object around it."""

from __future__ import annotations

import json
import re
from typing import Any

from memos.llm.repair import whole_objects
from memos.llm.thoughts import without_thoughts

_HEAD = re.compile(r"\A[\s*_#>]*(?:(?:the|my|your|final|short|brief) )*answer(?: is)?[\s*_]*[:=][\s*_]*", re.IGNORECASE)
_LAST = re.compile(
    r"^[\s*_#>]*(?:(?:so|the|my|final|short) )*answer(?: is)?[\s*_]*[:=][\s*_]*", re.IGNORECASE | re.MULTILINE
)
_NEXT_QUESTION = re.compile(r"^[\s*_#>]*question[\s*_]*:", re.IGNORECASE | re.MULTILINE)
_BROKEN = re.compile(
    r"[\"']answer[\"']\s*:\s*(?:\"((?:[^\"\\]|\\.)*)\"|'([^'\n]*)'|([^\s,}\"'][^,}\n]*))", re.IGNORECASE
)


def answer_of(reply: str, *, asks_json: bool = False) -> str | None:
    """The answer that a reply gives; None where there is none: thinking alone, or an object without an answer.

    Args:
        reply: the model's text.
        asks_json: whether the prompt asks for an object with the key ``answer``; a reply in plain words counts too.
    """
    text = without_thoughts(reply)
    if not text:
        return None if reply.strip() else ""
    if asks_json and "{" in text:
        return _of_object(text)
    return _without_heading(text)


def _without_heading(text: str) -> str:
    """The text behind "Answer:" at its start, or at the start of its last such line where reasoning comes before.

    A model that goes on with questions of its own is left alone but for its first heading.
    """
    last = None
    if not _NEXT_QUESTION.search(text):
        last = max(_LAST.finditer(text), key=lambda match: match.start(), default=None)
    match = last or _HEAD.match(text)
    behind = text[match.end() :].strip() if match else ""
    return behind or text


def _of_object(text: str) -> str | None:
    """The answer of the last object that has one, also where the object is cut or its quotes are not JSON's."""
    answers = []
    for value, _, _ in whole_objects(text):
        answer = next((value[key] for key in value if key.strip().lower() in ("answer", "final_answer")), None)
        if answer is not None:
            answers.append(_written(answer))
    if answers:
        return answers[-1]
    broken = list(_BROKEN.finditer(text))
    return next((group for group in broken[-1].groups() if group is not None), "").strip() if broken else None


def _written(answer: Any) -> str:
    """An answer's value in words: a list's items joined by commas."""
    if isinstance(answer, list):
        return ", ".join(_written(item) for item in answer)
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return answer.strip() if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
