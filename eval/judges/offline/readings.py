"""Numbers, durations, names, list items, polarity, negation, abstention and vagueness in short English answers."""

from __future__ import annotations

import re
from functools import lru_cache

from eval.judges.offline import date_phrases
from eval.judges.offline.calendar import UNIT_DAYS
from eval.judges.offline.text import NUMBER_WORDS, STOPWORDS, idf, stem, tokens

_DURATION = re.compile(
    r"\b(?P<count>\d+(?:\.\d+)?|few|couple|several|half|a|an)(?:-| )(?:of )?(?:and a half )?(?:full |whole |more )?"
    r"(?P<unit>hour|day|week|weekend|month|year|decade)s?\b(?! (?:before|prior|after|following) (?:mo\d|\d))"
)
_NUMBER = re.compile(r"(?<![\w.])\$?(\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d:])")
_VAGUE_COUNT = {"few": 3.0, "couple": 2.0, "several": 4.0, "half": 0.5, "a": 1.0, "an": 1.0}
_ABSTAIN = re.compile(
    r"\bno (?:specific |relevant |direct |explicit |clear |further |exact |"
    r"such |available )*(?:information|info|mention|record|memor(?:y|ies)|"
    r"details?|data|evidence|indication|date|answer|reference)\b"
    r"|\bnot (?:explicitly |specifically |directly |clearly |been "
    r"|be )*(?:mention|specif|provid|stat|known|available|record|given|found|"
    r"clear|sure|indicat|enough|recall|disclos|includ|detail|discuss|describ|answerable|possible)\w*"
    r"|\b(?:does|do|did|is|are|was|were|has|have|can)(?:n't| not) (?:\w+ )?(?:explicitly "
    r"|specifically |directly |clearly )?(?:mention|specif|provid|"
    r"stat|say|contain|includ|indicat|have (?:any|enough)|know|recall"
    r"|remember|find|determine|answer|tell|give|record|reveal)\w*"
    r"|\bcannot (?:be )?(?:determin|answer|find|say|infer|tell|know|identif|confirm)\w*"
    r"|\bcould not (?:be )?(?:find|found|determin)\w*"
    r"|\bunable to (?:find|determine|answer|recall|say|confirm)|\bunknown\b"
    r"|\bunclear\b|\bunspecified\b|\bundisclosed\b|\bn/a\b|\binsufficient\b"
    r"|\bi'm sorry\b|\bi am sorry\b|\bno idea\b|^none\b"
    r"|\bwithout (?:more|further|additional) (?:information|context|details)\b"
    r"|\bnothing (?:is |was )?(?:mentioned|known|recorded|said|specified|relevant)",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:not|never|no|none|nobody|nothing|neither|nor|without|cannot|unable|unlikely|refus\w+|declin\w+|false|untrue|"
    r"incorrect|doubt(?:s|ed|ful)?|mistake|deni(?:es|ed)|lacks?|hardly|opposite|"
    r"contrary|wrong|mistaken|inaccurate|instead of|rather than|other than|anything but|"
    r"far from|except|nothing to do with|no way|ruled? out|excluded?|impossible|untrue|by no means|in no way)\b|n't\b",
    re.IGNORECASE,
)
_YES = re.compile(
    r"^\W*(?:yes|yeah|yep|correct|indeed|definitely|certainly|sure"
    r"|true|likely|most likely|probably|presumably|very likely)\b",
    re.IGNORECASE,
)
_NO = re.compile(
    r"^\W*(?:no|nope|not really|unlikely"
    r"|(?:probably|presumably|likely|most likely|definitely|certainly) not?|not likely|false|never)\b",
    re.IGNORECASE,
)
_VAGUE = frozenset(
    "something someone somewhere sometime somehow some various several certain things thing stuff kind kinds type "
    "types sort sorts different many multiple few couple number activity activities event events item items place "
    "places related general generally various similar often occasionally around approximately roughly recently lately "
    "while ago period time times way ways aspect aspects particular specific relevant topic topics area areas nearby "
    "few mostly mainly possibly perhaps maybe likely probably".split()
)


@lru_cache(maxsize=16384)
def durations(text: str) -> tuple[float, ...]:
    """Spans of time in days; "a few months" is 91."""
    line = date_phrases.normalise(text)
    out = []
    for match in _DURATION.finditer(line):
        if match["count"] in ("a", "an") and line[match.end() :].startswith((" of ", " mo")):
            continue
        count = _VAGUE_COUNT.get(match["count"]) if match["count"] in _VAGUE_COUNT else float(match["count"])
        out.append(count * UNIT_DAYS[match["unit"]])
    return tuple(out)


@lru_cache(maxsize=16384)
def numbers(text: str) -> frozenset[float]:
    """Numbers outside dates, in digits or words; "a" and "an" are none, "both" is 2."""
    line = re.sub(r"\b(?:19|20)\d\d\b", " ", date_phrases.normalise(text))
    line = re.sub(r"mo\d\d \d{1,2}\b|\b\d{1,2} mo\d\d|mo\d\d", " ", line)
    amounts = {float(match.group(1).replace(",", "")) for match in _NUMBER.finditer(line)}
    return frozenset(amounts)


@lru_cache(maxsize=16384)
def names(text: str) -> frozenset[str]:
    """Stems of words written with a capital that are rare in dialogue: names of people, places, works."""
    out = set()
    for match in re.finditer(r"[A-Z][\w'’]*", text):
        words = tokens(match.group())
        if (
            not words
            or words[0] in STOPWORDS
            or words[0] in NUMBER_WORDS
            or date_phrases.normalise(match.group()).startswith("mo")
        ):
            continue
        sentence_start = not text[: match.start()].strip() or text[: match.start()].rstrip()[-1:] in ".!?:"
        if sentence_start and idf(stem(words[0])) < 0.75:
            continue
        out.add(stem(words[0]))
    return frozenset(out)


@lru_cache(maxsize=16384)
def items(text: str) -> tuple[str, ...]:
    """The items of a list in an answer ("chicken pot pie, sushi and muffins" has three); one item where it is none."""
    line = re.sub(r"\s+(?:and|as well as|or)\s+|\s*[;&/•\n]\s*|,\s*(?:and\s+|or\s+)?", "\x00", text)
    stretches = [part.strip(" .-*'\"") for part in line.split("\x00")]
    stretches = [part for part in stretches if any(word not in STOPWORDS for word in tokens(part))]
    return tuple(stretches) or (text,)


@lru_cache(maxsize=16384)
def abstention(text: str) -> float:
    """1 for an answer that is only a refusal or empty, 0.5 for one that refuses in part, 0 for none."""
    if not tokens(text):
        return 1.0
    match = _ABSTAIN.search(text)
    if match is None:
        return 0.0
    return 1.0 if len(tokens(text[: match.start()])) <= 8 else 0.5


@lru_cache(maxsize=16384)
def polarity(text: str) -> int:
    """1 for an answer that begins with yes or likely, -1 for no or unlikely, 0 for neither."""
    if _NO.search(text):
        return -1
    return 1 if _YES.search(text) else 0


_HEDGE = re.compile(
    r"\b(?:there (?:is|'s|was|can be) )?(?:no|little) (?:doubt|question)(?: about it| about that)?\b"
    r"|\bwithout (?:a |any )?(?:shadow of (?:a )?)?(?:doubt|question|fail)\b"
    r"|\b(?:unless|if) (?:i'?m|i am|i was|we'?re) (?:not )?(?:very much |much )?(?:mistaken|wrong)\b"
    r"|\bif memory (?:doesn'?t|does not) fail\w*(?: me)?\b"
    r"|\b(?:nothing|none|nobody|no one) (?:other than|but|except|else than)\b"
    r"|\bno less than\b|\bi (?:could|may|might) be (?:wrong|mistaken|off)\b"
    r"|\b(?:i'?m |i am )?not (?:\w+ )?(?:sure|certain"
    r"|positive)(?: about (?:the rest|anything else|everything|it|that|this)(?: though)?|(?=,| but\b| if that'?s all))"
    r"|\b(?:no|without|nor) (?:other|further|more|additional|others)\b(?: \w+)*"
    r"|\b(?:no|not|without|n't)(?: \w+){0,4} (?:anything|anyone|any"
    r"|or anything) (?:else|other|more|further|beyond|besides)\b[^.;!?]*"
    r"|\([^()]*\b(?:not|no)\b[^()]*\)|\bnot only\b"
    r"|\bcan(?:not|'t| not) (?:be )?(?:deny|denied|stress|agree more|go wrong)\w*|\bno wonder\b|\bdon'?t forget\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=16384)
def plainly(text: str) -> str:
    """A text without the negations that deny nothing of what is claimed ("no doubt", "if I'm not mistaken", "no other
    details").
    """
    return _HEDGE.sub(" ", text.replace("’", "'"))


@lru_cache(maxsize=16384)
def negations(text: str) -> int:
    """How many words deny something."""
    return len(_NEGATION.findall(plainly(text)))


@lru_cache(maxsize=16384)
def vague_share(text: str) -> float:
    """Share of the meaning-carrying words that say little ("something", "various", "activities")."""
    words = [word for word in tokens(text) if word not in STOPWORDS or word in _VAGUE]
    return sum(word in _VAGUE for word in words) / len(words) if words else 1.0


_PLAIN_NOT = re.compile(r"\b(?:not|never|dislikes?|avoids?)\b|n't\b", re.IGNORECASE)


@lru_cache(maxsize=16384)
def refuses(question: str) -> bool:
    """Whether a question itself asks for what is not the case."""
    return bool(_PLAIN_NOT.search(question))


_CLAUSE = re.compile(
    r"[.;!?](?:\s|$)|,? (?<!nything )(?:but|however|although|though"
    r"|whereas|while|because|since|which|who|where)\b|, (?:and|so|as) "
)


@lru_cache(maxsize=16384)
def clauses(text: str) -> tuple[str, ...]:
    """The clauses of a text; a denial reaches no further than its own."""
    stretches = tuple(part.strip() for part in _CLAUSE.split(text) if part and part.strip())
    return stretches or (text,)


@lru_cache(maxsize=16384)
def head(gold: str) -> str:
    """The answer proper of a gold that goes on to explain itself: "Likely no; she moved" gives "Likely no"."""
    return re.split(r";|\.\s|,? (?:since|because|as (?:she|he|they|it)|due to)\b", gold, maxsplit=1)[0].strip() or gold


_OR = re.compile(
    r"(?:[-,:]|\b(?:a|an|the|to|at|in|be|for|by|with|enjoy|prefer|reading|like))? ?([\w.' ]+?),? or (?:an? "
    r"|the |to |in )?([\w.' ]+?)\??$"
)


@lru_cache(maxsize=16384)
def options(question: str) -> tuple[str, str] | None:
    """The two sides of a question that asks to choose ("the beach or the mountains?")."""
    match = _OR.search(question.strip())
    if match is None:
        return None
    return " ".join(match.group(1).split()[-3:]), match.group(2)
