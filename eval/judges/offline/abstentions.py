"""Questions without an answer: whether an answer says that the information is missing, and what else it may say.

A data set's rule names such a question (LongMemEval's ``abstention``), or the gold itself says so ("You did not mention
this"). An answer is right there if it says that it is not known, was not mentioned or is incomplete, or that what the
question takes for granted is not so; and does not go on to give one.
"""

from __future__ import annotations

import re

from eval.judges.offline import readings
from eval.judges.offline.discourse import left
from eval.judges.offline.pair import Pair
from eval.judges.offline.text import tokens

VERSION = 1
"""Raised by hand when an outcome changes."""
RULE = "abstention"
"""The rule of questions that cannot be answered (docs/protocol.md#longmemevals-rubric)."""
_NOUN = (
    r"(?:information|info|mention\w*|records?|memor(?:y|ies)|details?|data|evidence|indication|answer|reference|entry|"
    r"entries|trace|access|context|notes?|knowledge|idea|clue|way to (?:know|tell)|specifics?)"
)
_VERB = (
    r"(?:mention|sa(?:y|id)\b|t(?:ell|old)\b|state|specif|discuss|talk|share|provid|includ|contain|cover|describ|"
    r"indicat|reveal|disclos|record|refer|recall|remember|know|f(?:ind|ound)\b|locate|come up|came up|"
    r"clarif|confirm|note|touch|go into|bring|brought up|given|answer|determin|infer|identif|"
    r"establish|be sure|pinpoint|comment|verif|help)"
)
_NOT = r"(?:\bnot|n['’]t|\bnever|\bnowhere|\bnothing|\bno one|\bnobody|\bnone)"
_MISSING = re.compile(
    rf"(?:\b(?:no|without|lacks?|lacking|insufficient|missing|incomplete|not have)|n['’]t have)\b(?: \w+){{0,4}} "
    rf"{_NOUN}\b"
    rf"|{_NOUN}\b(?: \w+){{0,6}} (?:is|are|was|were|seems?|appears?|comes?)(?: \w+)?(?:n['’]t|"
    r" (?:not|missing|incomplete|lacking|insufficient|absent|silent|blank|unavailable|unclear|unknown))\b"
    rf"|{_NOT}\b(?: \w+){{0,3}} {_VERB}"
    rf"|{_NOT}\b(?: \w+){{0,2}} (?:enough|available|clear|sure|certain|able to|aware|privy|apparent)\b"
    rf"|\b(?:cannot|can['’]t|can not|could not|couldn['’]t|unable to|impossible to)\b(?: \w+){{0,2}} {_VERB}"
    r"|\b(?:unknown|unclear|unspecified|undisclosed|unanswerable|undetermined|unsure|n/a|no idea|no clue|beats me|"
    r"your guess|who knows|anyone['’]s guess|left unsaid|silent)\b"
    r"|\b(?:you|they|he|she|i|we)(?: only| just)? (?:mentioned|talked about|said|told me about|spoke of|discussed)\b"
    r"[^.]*\b(?:but not|not|rather than|instead)\b"
    r"|\bonly (?:mention|talk|refer|discuss)\w*\b"
    r"|^\W*(?:none|nothing|nobody|nowhere|never|zero|0)\b(?!\.\d)|\b(?:i['’]m |i am )?(?:afraid|sorry)\b",
    re.IGNORECASE,
)
_TURNS = re.compile(r"\b(?:but|however|though|although|still|yet|nevertheless|that said)\b[,:]?", re.IGNORECASE)
_ASSERTS = re.compile(
    r"\b(?:likely|probably|presumably|perhaps|my (?:best )?guess|i (?:think|believe|guess|would say|assume)|"
    r"it (?:was|is)|based on|suggests?|implies|approximately|around|roughly|estimate\w*|"
    r"so the (?:answer|total)|therefore)\b",
    re.IGNORECASE,
)
"""What an answer goes on with that gives one after all."""
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
BEFORE = 3
"""Words of its own that an answer may say before it refuses ("You mentioned your cat Luna, but …")."""


def unanswerable(rule: str, gold: str) -> bool:
    """Whether a question cannot be answered, by its rule or its gold."""
    return rule == RULE or (bool(tokens(gold)) and readings.abstention(gold) == 1.0 and _missing(gold))


def abstains(pair: Pair) -> bool:
    """Whether an answer says that the information is missing, before it says much else, and gives none after all;
    nothing said is no answer.
    """
    met = _MISSING.search(pair.answer)
    if met is None:
        turn = _TURNS.search(pair.answer)
        refuses = bool(tokens(pair.answer)) and readings.abstention(pair.answer) == 1.0
        return refuses and not _gives(pair.answer[turn.start() :] if turn else "")
    first = Pair(pair.question, "", pair.answer[: met.start()], pair.category)
    if left(first.answer, first) > BEFORE:
        return False
    end = _SENTENCE.search(pair.answer, met.end())
    sentence = pair.answer[: end.start() if end else None]
    turn = _TURNS.search(sentence, met.end())
    rest = (sentence[turn.start() :] if turn else "") + (f" {pair.answer[end.end() :]}" if end else "")
    return not _gives(rest)


def _missing(text: str) -> bool:
    return bool(_MISSING.search(text)) or (bool(tokens(text)) and readings.abstention(text) > 0)


def _gives(rest: str) -> bool:
    """Whether what follows a refusal gives an answer: asserts something and does not itself refuse."""
    return any(
        _ASSERTS.search(part) and not _missing(part) and not part.rstrip().endswith("?")
        for part in _SENTENCE.split(rest)
    )


def verdict(pair: Pair) -> tuple[bool, str]:
    """Whether an answer to such a question is right, and why."""
    if abstains(pair):
        return True, "says that the information is missing"
    count = readings.numbers(readings.head(pair.gold))
    if count and count == readings.numbers(pair.answer):
        return True, "gives the gold's number"
    return False, "gives an answer where there is none" if tokens(pair.answer) else "guard: nothing is said"
