"""Labels out of a judge model's text: correct, wrong or unparsed, never a guess.

The reply should be a JSON object with a key ``label``. Models wrap it in fences, in prose, in single quotes or in
nothing at all, think aloud before it, and quote the answer or the form in it. What states no verdict, or names both
labels without saying which one counts, is ``unparsed``, not wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from eval.core.judging import CORRECT, UNPARSED, WRONG
from eval.judges import statements
from memos.llm.repair import whole_objects
from memos.llm.thoughts import without_thoughts

_KEYS = frozenset(
    "label verdict judgment judgement grade correct is_correct iscorrect final_label final_verdict".split()
)
_OUTCOME_KEYS = frozenset(("result", "decision", "evaluation", "rating"))
"""Keys under which only CORRECT, WRONG or INCORRECT is a label: an answer's "yes" may stand there too."""
_OBJECT = " \u241f "
"""What stands in the place of a JSON object while prose is read."""
_OR = re.compile(r"[\s\"'`.,)]*(?:\bor\b|\||/|\bvs\b\.?)[\s\"'`(]*", re.IGNORECASE)
_DENIED = re.compile(
    r"(?:\b(?:not|never|cannot|otherwise|else|instead of|rather than)|n't)(?: (?:be|reply|answer|give|say|return|"
    r"output|label|mark|choose|it|this|with|as|an?|the|would|i|is))*\W*$",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"^[\s,\"'`]*(?:only )?(?:if|unless|when|where|provided|in case|otherwise|for answers|had|were)\b", re.IGNORECASE
)
_SUPPOSED = re.compile(
    r"^\W*(?:(?:only )?(?:if|unless|when(?:ever)?|in case|provided|assuming|suppose|otherwise|else|had)\b"
    r"(?!.*\b(?:so|therefore|thus|hence)\b)|.*\b(?:for example|example of|for instance|e\.g\.|such as)\W*$"
    r"|.*\bexamples?\b[^,]*$)",
    re.IGNORECASE,
)
"""A sentence whose object is given under a condition, or as an example."""
_SENTENCE_END = re.compile(r"(?<!\be\.g)[.!?;]\s|\n")
_DEEPEST = 10
"""Levels of an object that are read."""


def label(text: str) -> str:
    """The label a reply gives: from its JSON object, else from ``label: …``, else from the label that its prose
    states.
    """
    text = without_thoughts(text)
    given, prose = _objects(text)
    return given or statements.read(prose)


def yes_no(text: str) -> str:
    """The label of a yes or no reply; ``unparsed`` where it says neither or both."""
    text = without_thoughts(text)
    prose = statements.cleaned(_objects(text)[1])
    said = [CORRECT if word.lower() == "yes" else WRONG for word in _YES_NO.findall(prose)]
    if not said:
        return label(text)
    stated = {said[0]} if len(set(said)) == 1 else set()
    rest = statements.read(_YES_NO.sub(" ", prose))
    return said[0] if stated and rest in (UNPARSED, said[0]) else UNPARSED


_YES_NO = re.compile(
    r"(?:^|(?<=[.!?:;,\n]) *|\n\s*|\b(?:is|answer|say|said|be|so|therefore|thus|hence) )[\s\"'(\[]*\b(yes|no)\b"
    r"(?=[\s\"')\]]*(?:$|[.,;:!\n—–-])|\s+(?:it|the|this|that|because|since|as|he|she|they)\b)",
    re.IGNORECASE,
)
"""Yes or no as a reply: at the start or behind a verb, and not before a noun, as in "no date"."""


def _objects(text: str) -> tuple[str | None, str]:
    """The verdict of the last JSON object that has one, and the text without its JSON objects."""
    verdicts: list[tuple[str, int, int]] = []
    pieces, done = [], 0
    for value, start, end in whole_objects(text):
        verdict = _of_object(value)
        if verdict and not _DENIED.search(text[:start]) and not _supposed(text[:start], text[end:]):
            verdicts.append((verdict, start, end))
        pieces.append(text[done:start])
        done = end
    prose = _OBJECT.join([*pieces, text[done:]])
    kept = _without_forms(verdicts, text)
    return (kept[-1] if kept else None), prose


def _supposed(before: str, after: str) -> bool:
    """Whether a condition, or the word example, says that an object is no verdict."""
    sentence = _SENTENCE_END.split(before)[-1]
    return bool(_CONDITION.search(after) or _SUPPOSED.search(sentence))


def _without_forms(verdicts: list[tuple[str, int, int]], text: str) -> list[str]:
    """The verdicts that are no form with both labels, as in ``{"label": "CORRECT"} or {"label": "WRONG"}``."""
    kept: list[str] = []
    position = 0
    while position < len(verdicts):
        verdict, _, end = verdicts[position]
        following = verdicts[position + 1] if position + 1 < len(verdicts) else None
        if following and following[0] != verdict and _OR.fullmatch(text, end, following[1]):
            position += 2
            continue
        kept.append(verdict)
        position += 1
    return kept


def _of_object(value: Any, depth: int = 0) -> str | None:
    """The one verdict of an object, its inner ones where it has none of its own; None where there is none or two."""
    if not isinstance(value, Mapping) or depth > _DEEPEST:
        return None
    lower = {str(key).strip().lower().replace(" ", "_"): item for key, item in value.items()}
    said = [_of_value(key, item, depth) for key, item in lower.items() if key in _KEYS or key in _OUTCOME_KEYS]
    if not any(said) and not (lower.keys() & _KEYS):
        inner = [item for outer in lower.values() for item in (outer if isinstance(outer, list) else [outer])]
        said = [_of_object(item, depth + 1) for item in inner]
    verdicts = {verdict for verdict in said if verdict}
    return verdicts.pop() if len(verdicts) == 1 else None


def _of_value(key: str, value: Any, depth: int) -> str | None:
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    if isinstance(value, bool):
        return CORRECT if value else WRONG
    if isinstance(value, Mapping):
        return _of_object(value, depth + 1)
    if not isinstance(value, (str, int)):
        return None
    text = str(value).strip(" .!*_`'\"")
    if key in _OUTCOME_KEYS and not re.search(r"correct|wrong", text, re.IGNORECASE):
        return None
    read = statements.read(text)
    return None if read == UNPARSED else read
