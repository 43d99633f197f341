"""What a judge's prose states: which label words are verdicts, and which are denied, conditional, asked, adjectives.

A label word counts by how it stands: after ``label:`` or ``verdict is``, in capitals, or as the predicate of a
sentence, in this order. A denied one says the opposite where it can only mean that ("not CORRECT"), else nothing. What
depends on a condition, repeats the form with both labels, or is a question says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from eval.core.judging import CORRECT, UNPARSED, WRONG

MEANING = {
    **dict.fromkeys(("correct", "right", "true", "yes", "accept", "accepted", "1"), CORRECT),
    **dict.fromkeys(("wrong", "incorrect", "false", "no", "reject", "rejected", "0"), WRONG),
}
"""Words that mean a label where a label is expected."""
_OPPOSITE = {CORRECT: WRONG, WRONG: CORRECT}
NAMED, LOUD, PLAIN = 3, 2, 1
"""How a mention stands; the highest kind that states anything decides."""


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b", re.IGNORECASE)


_MENTION = _words("correct", "incorrect", "wrong", *(re.escape(word) for word in MEANING))
_EVERYWHERE = ("correct", "incorrect", "wrong")
"""The other words are labels only where one is named."""
_NAME = re.compile(
    r"\b(?:label|verdict|judge?ment|grade|final (?:answer|decision|result|rating|score)|is_?correct)\b[\s\"')\]]*"
    r"(?:[:=>]|->|→|\b(?:is|should be|must be|would be|will be)\b)[\s\"'(\[<]*"
    r"(?:(?:therefore|thus|clearly|also|not),? )?[\"']?$",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"\b(correct|incorrect|wrong|yes|no)\b[\s\"'`.)\]}]*(?:[/|,]|\bor\b|\bvs\b\.?|\bversus\b)[\s\"'`(\[{]*(?:label\"?:\s*\"?)?"
    r"\b(correct|incorrect|wrong|yes|no)\b",
    re.IGNORECASE,
)
_RUBRIC = re.compile(
    r"^[\W]*(?:correct|wrong|incorrect)\W*[:=-].*\n+\W*(?:correct|wrong|incorrect)\W*[:=-].*$",
    re.IGNORECASE | re.MULTILINE,
)
"""The two labels explained, a line each."""
_QUOTED = re.compile(
    r"\b(?:says?|said|states?|stated|answer(?:s|ed)|wrote|writes|claim(?:s|ed)|reads?)[:,]?\s*\"[^\"\n]*\"", re.I
)
_BREAK = re.compile(
    r"[.!?]+[\"')\]]*\s|[\n:;]|=>|→|—|–|--|\b(?:so|therefore|thus|hence|(?<!anything )(?<!nothing )but|however|"
    r"consequently|accordingly|overall)\b",
    re.I,
)
"""Where a statement may begin anew: what stands before is another one."""
_CONCLUDES = re.compile(r"=>|→|\b(?:so|therefore|thus|hence|consequently|accordingly|overall)\b", re.I)
_END = re.compile(r"[.!?]+(?=[\"')\]\s]|$)|[\n;]")
_OWN_CLAUSE = re.compile(
    r"(?:,|\band\b|\bbecause\b|\bsince\b|\bas\b)\s+(?:then |this time )?(?:and (?=is\b)|(?:is|was)\b|(?:i|we|it|this|"
    r"(?:the|its) (?:\w+ ){0,2}?(?:answer|response|reply|prediction|label|verdict))\b)[^,]*$",
    re.I,
)
"""A clause of its own at the end of a sentence: what its first part denies, it does not."""
_NOT_A_DENIAL = _words("not (?:only|just|merely|simply)", "not to mention", "no doubt", "cannot but")
_DENIAL = re.compile(
    r"\b(?:not|cannot|never|neither|nor|hardly|scarcely|barely|far from|by no means|in no way|no way|nowhere near|"
    r"anything but|nothing|no longer|non)\b|n't\b",
    re.I,
)
_DENIED_BREAK = re.compile(r"\b(?:not|never)\s*(?:[:;]|--|[–—-])[\s\"'(\[]*$", re.I)
"""A denial and a break: "Not: CORRECT"."""
_DEGREE = _words(
    "entirely", "completely", "totally", "wholly", "fully", "strictly", "necessarily", "exactly", "quite", "so"
)
_OPEN = _words(
    r"doubt(?:s|ed|ful)?|without|instead of|rather than|other than|fail(?:s|ed|ing)?|refus(?:e|es|ed)",
    r"lack(?:s|ed)?|short of|hesitat(?:e|es|ed)|impossible|unable|unclear|unsure|uncertain|unlikely",
    r"disagree(?:s|d)?|nobody|(?:a )?mistake|(?:wrong|incorrect|hard|difficult|premature) to",
    r"(?:false|untrue) that|reject(?:s|ed)? (?:that|the)|den(?:y|ies|ied)|too|no(?! way| longer| means)",
    r"none|less than|almost|nearly|partly|partially|half|mostly|largely|somewhat|semi|possibly|perhaps",
    r"maybe|may(?= (?:be|not|have|count|seem|well)\b)|might|could|must|needs?|have been|had been|to be|to count"
    r"|only|unless|whether|when",
    r"whenever|provided|assuming|suppos(?:e|ing)|in case|as long as|otherwise|else|(?<!even )(?<!as )if",
)
"""Words in a statement that leave open what its label is."""
_CONDITION = _words(
    "(?<!even )(?<!as )if", "unless", "provided", "assuming", "as long as", "in case", "otherwise", "whenever", "had it"
)
_DEFINES = re.compile(
    r"^[\s\"',)]*(?:only )?(?:when|where|means|requires|for answers|is given|should be given)\b", re.I
)
_ARTICLE = re.compile(r"\b(?:the|an?|any|every|its|no|which|what)\s+[\"']?$", re.I)
_FOLLOWERS = frozenset(
    """because as since for in by under here given and but so though although while with according based due per
    then overall too even despite if unless when or on at about also instead not either this that it which whereas
    rather i we from of to the therefore thus hence only after enough where provided assuming otherwise whenever
    nor""".split()
)
_REPLY = re.compile(r"^\s+(?:answer|response|reply|one|prediction|match)\b", re.I)
_GIVES = re.compile(r"(?:\b(?:is|was|gives|gave|provides|provided|as)|'s|n't|\bnot)\s+(?:an?|the)\s+$", re.I)
_PREDICATE = re.compile(
    r"(?:(?:\b(?:is|are|was|be|as|seems?|appears?|remains?|considered|deemed|judged|marked|graded|rated|called|found|answer|"
    r"response|it|not|never|cannot|nothing|from|but|near|means|way|longer|\w+ly)|'s|n't)\s+[\"'(]?|^[\s\"'(\[{<>.,=-]*)$",
    re.I,
)
_GOLD = re.compile(
    r"\b(?:reference|gold|expected|ground.truth|question|premise)"
    r"(?: answer| date| label| itself)?\s+(?:is|was|seems)\s+$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class LabelWord:
    """A label word and what it states."""

    kind: int
    states: str
    """``correct``, ``wrong``, or ``unparsed`` where it says nothing."""
    concludes: bool
    """Whether the text says that this one counts: "so", or a line of its own at the end."""


def read(text: str) -> str:
    """The label that prose states; ``unparsed`` where it states none, or both without saying which one counts."""
    text = cleaned(text)
    if word := MEANING.get(text.strip(" .!\"'()[]{}<>\n").lower()):
        return word
    stated = [mention for mention in mentions(text) if mention.states != UNPARSED]
    for kind in (NAMED, LOUD, PLAIN):
        said = [mention for mention in stated if mention.kind == kind]
        if said:
            sure = kind == NAMED or said[-1].concludes or len({mention.states for mention in said}) == 1
            return said[-1].states if sure else UNPARSED
    return UNPARSED


def cleaned(text: str) -> str:
    """Straight quotes, no marks of emphasis, no form with both labels, no quoted answer."""
    for curly, straight in (("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"'), ("\u00a0", " ")):
        text = text.replace(curly, straight)
    text = re.sub(r"</\w+>", "\n", re.sub(r"<(\w+)>", r"\1: ", re.sub(r"[*`#~]+", "", text)))
    text = re.sub(r"(?<=[A-Za-z])[_-](?=(?:in)?correct\b|wrong\b)", " ", text, flags=re.I)
    return _FORM.sub(_without_form, _RUBRIC.sub(" ", _QUOTED.sub(" ", text)))


def _without_form(match: re.Match[str]) -> str:
    first, second = (MEANING[word.lower()] for word in match.groups())
    return match.group() if first == second else " … "


def mentions(text: str) -> list[LabelWord]:
    """Every label word of a cleaned text, in order."""
    listed = []
    for match in _MENTION.finditer(text):
        named = bool(_NAME.search(text[max(0, match.start() - 80) : match.start()]))
        if named or match.group().lower() in _EVERYWHERE:
            kind = NAMED if named else LOUD if match.group().isupper() else PLAIN
            listed.append(_mention(text, match, kind))
    return listed


def _mention(text: str, match: re.Match[str], kind: int) -> LabelWord:
    breaks = list(_BREAK.finditer(text, 0, match.start()))
    before = text[breaks[-1].end() if breaks else 0 : match.start()]
    end = _END.search(text, match.end())
    after = text[match.end() : end.start() if end else len(text)]
    asked = end is not None and end.group().startswith("?")
    alone = not text[match.end() :].strip(" .!\"'`)\\]}>\n") and not text[: match.start()].rpartition("\n")[2].strip(
        " \"'([{<"
    )
    concludes = alone or bool(breaks and _CONCLUDES.fullmatch(breaks[-1].group()))
    if (
        asked
        or _DENIED_BREAK.search(text[: match.start()])
        or _open(before, after)
        or (kind != NAMED and not _said_of_the_answer(before, after, kind))
    ):
        return LabelWord(kind, UNPARSED, concludes)
    return LabelWord(kind, _polarity(before, MEANING[match.group().lower()]), concludes)


def _open(before: str, after: str) -> bool:
    """Whether a condition or a doubt leaves open what the label is."""
    kept = _NOT_A_DENIAL.sub(" ", before)
    own = _OWN_CLAUSE.search(kept)
    condition = _CONDITION.search(kept) or re.search(r"\bwhether\b", kept, re.I)
    doubt = _OPEN.search(own.group() if own else kept)
    return bool(condition or doubt or _CONDITION.search(after) or _DEFINES.search(after))


def _said_of_the_answer(before: str, after: str, kind: int) -> bool:
    """Whether the word says how the answer is, rather than what kind of thing something is ("the correct date")."""
    if _GOLD.search(before):
        return False
    if _REPLY.match(after) and _GIVES.search(before):
        return not re.search(r"\b(?:reference|gold|expected|ground.truth)\b", before, re.I)
    noun = re.match(r"\s+([A-Za-z]+)", after)
    follows = (
        noun is not None
        and noun[1].lower() not in _FOLLOWERS
        and (kind == PLAIN or noun[1].islower() or noun[1].isupper())
    )
    if _ARTICLE.search(before) and (follows or noun is None and kind == PLAIN):
        return False
    return not follows and (kind != PLAIN or bool(_PREDICATE.search(before)))


def _polarity(before: str, meaning: str) -> str:
    """What a label means behind the words of its statement: the opposite behind one denial, nothing behind more."""
    text = re.sub(r"\bneither\b(.*)\bnor\b", r"not \1", _NOT_A_DENIAL.sub(" ", before), flags=re.I)
    own = _OWN_CLAUSE.search(text)
    near = own.group() if own else text
    denials = list(_DENIAL.finditer(near))
    if not denials:
        return meaning
    if len(denials) > 1:
        return UNPARSED
    between = near[denials[0].end() :]
    if "," in between or (meaning == WRONG and _DEGREE.search(between)):
        return UNPARSED
    return _OPPOSITE[meaning]
