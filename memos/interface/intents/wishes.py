"""Wishes about memory itself, read by rules: forget, keep, leave out, correct (docs/memos.md#intents).

The order of the rules is their meaning: a question about memory is no wish; what is not to be forgotten is to be kept;
an outright "delete it" wins over "don't keep it"; a negated "remember" leaves out what the message tells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from memos.interface.intents.plain import LEAD, bare, clauses, plain

Reach = Literal["one", "last", "many", "all"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wished of memory."""

    kind: Literal["withhold", "forget", "keep", "correct"]
    """withhold: do not store the message; keep: store it, and never mind its "don't forget"."""
    subject: str = ""
    """forget: what it is about, in the words of the utterance; empty where the reach says it all."""
    reach: Reach = "one"
    """forget: one thing, what was stored last, all on a subject, or everything."""
    erase: bool = False
    """forget: for good, not only out of the search."""


_STORE = (
    r"(?:remember|save|store|keep|makes? (?:a |any )?notes?|retain|record|note|log|memorise|"
    r"write|jot|put|add|commit|preserve|track|file|"
    r"hold on to|hang on to|hold onto|hang onto|mark|register|take note|take notes|bookmark)"
)
_STORING = r"(?:remembering|saving|storing|keeping|retaining|recording|noting|logging|memorising|writing|preserving)"
_STORED = (
    r"(?:remembered|saved|stored|kept|retained|recorded|noted|logged|memorised|written down|on file|on record|"
    r"in your (?:memory|notes|records|files|profile))"
)
_PLACE = r"(?:memory|notes|records?|files?|profile|logs?|history|books|storage|database|archive)"
_NOT = (
    r"(?:don't|do n't|not|never|n't|needn't|mustn't|shouldn't|without ever|no need to|don't (?:have|need|want) to|"
    r"don't you dare(?: to)?|skip|refrain from|avoid|stop|without|rather than)"
)
_FORGETS = r"(?:forget|forgetting|lose|losing|slip|drop|delete|erase|remove|wipe|unlearn|discard|throw away)"

# -- to be kept ------------------------------------------------------------------------------------------------------
_KEEP = (
    re.compile(
        rf"\b(?:don't|never|mustn't|shouldn't|not|won't|needn't|\w+n't)\b(?: (?:you dare|ever|let me|let us|let it|let "
        rf"this|go|to|you|please|just|better|even|of all things))* {_FORGETS}\b"
    ),
    re.compile(r"\b(?:not (?:to )?be|isn't|is never|never be|never to be) forgotten\b"),
    re.compile(
        r"\b(?:hate|sad|a (?:shame|pity)|bad|terrible|awful|sorry) (?:for you |if you |"
        r"it if you )?(?:to |would |were to )?"
        r"(?:forget|forgot)\b"
    ),
    re.compile(r"\b(?:before|in case|lest|so) (?:that )?(?:i|we) forget\b"),
    re.compile(r"\b(?:slip|slips) (?:your|my) mind\b"),
)
"""Negated forgetting."""
_NO_LONGER = re.compile(r"\b(?:any ?more|any longer|no longer)\b")

# -- to be left out --------------------------------------------------------------------------------------------------
_THINGS = (
    r"(?:this|that|it|these|those|them|any|anything|everything|nothing|what|my|the|our|his|"
    r"her|their|whatever|all|a word|one)"
)
_ASIDE = r"(?: (?:ever|please|actually|even|just|to|you dare|also|go|be|both|ever again|dare))*"
_WITHHOLD = (
    re.compile(
        rf"(?<!\bi )(?<!\bwe )(?<!\bthey )(?<!\bhe )(?<!\bshe )(?:\b|(?<=\w))(?:{_NOT}){_ASIDE} "
        rf"(?:{_STORE}|{_STORING})\b(?!ing)(?: (?:down|in|a|any|note|notes|record|of|track|on to|to|as|for))*"
        rf"(?: {_THINGS}\b|\s*[,.;:!?)-]|\s*$| (?:i|that|where|on|for|please|ok|but|i'm|nobody|who|whom|some))"
    ),
    re.compile(
        rf"\b(?:keep|kept|leave|left|have|stay|stays|stayed)\b[^.?!]{{0,40}}\b(?:out of|off|outside(?: of)?|away from) "
        rf"(?:your |the |my |all )*{_PLACE}\b"
    ),
    re.compile(r"\boff[- ]the[- ]record\b|\bnot for the record\b"),
    re.compile(
        rf"\b(?:not|isn't|nothing) (?:meant |intended )?for (?:your |the |any |my )*"
        rf"(?:{_PLACE}|keeping|keeps|saving|storing|storage)\b"
    ),
    re.compile(
        r"\bno (?:notes?|records?|saving|storing|logging|storage|recording|keeping|memory)\b(?! of (?:him|her|it all))"
    ),
    re.compile(rf"\b(?:not|isn't|hardly) worth {_STORING}\b"),
    re.compile(
        rf"\b(?:not|never|(?:is|are|was|were|should|must|need|do|did|would|could|can|wo)n't|"
        rf"nothing|none|no one)\b[^.?!]{{0,45}}?"
        rf"\b(?:be|been|get|gets|being|want|is|are|isn't|i'd like|want it|want this)?\s*{_STORED}\b"
    ),
    re.compile(rf"\b(?:isn't|aren't|wasn't|not|never) {_STORED}\b"),
    re.compile(
        rf"\b(?:shouldn't|mustn't|isn't to|not to|needn't) (?:go|land|end up|stay|be) (?:in|into|"
        rf"on) (?:your |the )*{_PLACE}\b"
    ),
    re.compile(r"\bnothing to (?:remember|note|keep|store)\b"),
    re.compile(
        rf"\b(?:you|that you|which you) (?:won't|will not|wouldn't|shouldn't|mustn't|must not|needn't|can't|don't)"
        rf"{_ASIDE} {_STORE}\b"
    ),
    re.compile(rf"^(?:\w+ ){{0,3}}forget (?:about )?{_STORING}\b"),
    re.compile(rf"\b(?:didn't|wouldn't|not) {_STORE}\b(?: {_THINGS}\b|\s*$|[.,!?])"),
    re.compile(
        r"\b(?:switch|turn)(?:ed)? (?:off )?(?:your |the )?(?:memory|memories|recording|"
        r"logging)(?: off)?\b(?<=off|ory|ing)"
    ),
    re.compile(
        r"\b(?:stop|pause|suspend|quit) (?:recording|saving|taking notes|logging|remembering things|memorising)\b"
    ),
    re.compile(
        r"\b(?:stays?|remains?|keep (?:this|it|that)) (?:strictly )?(?:just )?between (?:us|you and me|the two of us)\b"
    ),
    re.compile(r"\b(?:incognito|private mode|one-time use|for memory purposes)\b"),
    re.compile(r"\bleave (?:this|that|it|these|all this) unsaved\b|\bunrecorded\b"),
    re.compile(rf"\b(?:don't|do not|not) (?:consent|agree|want|wish|like)\b[^.?!]{{0,25}}\b{_STORING}\b"),
    re.compile(rf"\b(?:don't|not|never)\b[^.?!]{{0,20}}\byou (?:to |ever |even |to ever )*{_STORE}\b"),
    re.compile(
        rf"\brather (?:you )?(?:not|didn't|did not|that you not|this not|"
        rf"it not)\b[^.?!]{{0,25}}\b(?:{_STORE}|{_STORED})\b"
    ),
)
_TELLS_OF_STORING = re.compile(
    r"\b(?:i|we|they|he|she|who|people|landlord|boss|mum|mom|dad) (?:really |just |still |always |even )*"
    r"(?:don't|didn't|can't|couldn't|never|haven't|won't|wouldn't|doesn't) (?:even |really |ever |quite )*"
    rf"(?:{_STORE}|want to {_STORE})\b|"
    r"\b(?:don't|can't|didn't) (?:keep (?:me|us|him|her|them|calling|saying|asking|\w+ing)|save (?:me|money|us|up)|"
    r"remember (?:where|when|who|how|if|whether|why|seeing|meeting|being|having))\b|"
    r"\bkeep (?:quiet|calm|still|going|in touch)\b|"
    r"\bdoesn't (?:keep|save|record|store)\b"
)
"""Statements of what people do not keep or cannot recall, and idioms: no wish."""

# -- to be forgotten -------------------------------------------------------------------------------------------------
_STRONG = r"(?:forget|erase|unlearn|unsave|un-?remember|expunge|disremember|un-?note|forget-me)"
_WEAK = (
    r"(?:delete|remove|wipe(?: out)?|drop|clear(?: out)?|purge|scrub|discard|shred|destroy|"
    r"obliterate|nuke|scrap|scratch|strike"
    r"(?: out| from)?|cancel|undo|lose|retract|disregard|ignore|throw (?:away|out)|get rid of|take (?:out|back|away)|"
    r"let go of|empty|reset|cross out|eliminate|rid yourself of|dump|ditch|bin|trash|make|"
    r"start (?:over|from scratch|fresh))"
)
_FORGET_ING = r"(?:forgetting|deleting|removing|erasing|dropping|wiping|clearing|purging|getting rid of|discarding)"
_COMMAND = re.compile(
    rf"^(?:{_STRONG}|{_WEAK}|{_FORGET_ING}|stop (?:remembering|keeping|storing|saving|holding on to))\b"
)
_GONE_STRONG = r"(?:forgotten|erased|deleted|expunged|unlearned|wiped|purged|scrubbed)"
_GONE = rf"(?:{_GONE_STRONG}|removed|gone|cleared|dropped|discarded|struck|taken out)"
_MEMORY = (
    r"(?:memor(?:y|ies)|notes?|records?|entr(?:y|ies)|files?|data|history|profile|traces?|details?|everything|anything|"
    r"whatever|all|fact|facts|bit|part|thing|things|stuff|story|stories|what (?:i|you|we)|"
    r"that i|i (?:said|told|mentioned)|"
    r"you (?:know|have|stored|saved|kept|noted)|my|me|that|it|this|them|those|these|the last|"
    r"message|sentence|statement|lot|"
    r"last|previous|number|numbers|address(?:es)?|name|names|password|passwords|pin|code|email)"
)
_DESIRED = (
    re.compile(
        rf"\b(?:i want|i'd like|i would like|i need|i wish|please have|have|like to have|i'd prefer|possible to have|"
        rf"can|could|may)\b(?P<x>[^.?!]*?)\b(?:to be |be |were |was )?{_GONE_STRONG}\b"
    ),
    re.compile(
        rf"\b(?:i want|i'd like|i would like|i need|i wish|have)\b(?P<x>[^.?!]*?)\b(?:to be |be |were )?{_GONE}\b"
        rf"(?= (?:from|out of|off|in) (?:your|the) |\s*[.!]*$)(?=.*)"
    ),
    re.compile(
        rf"^(?P<x>(?:(?!\b(?:i|we|they|he|she|i'll|we'll)\b)[^.?!])*?|what (?:i|you) [^.?!]*?)"
        r"\b(?:should|must|needs? to|has to|have to|ought to|is to|are to|can|"
        rf"may)\b (?:now |please |all "
        rf"|just |really )*(?:be (?:\w+ly )?{_GONE}\b|go\b(?= ?(?:now|please|away)?\W*$))"
    ),
    re.compile(
        r"\bi (?:request|demand|ask for|want)(?: the)?(?: complete| full)? (?:erasure|deletion|"
        r"removal) of (?P<x>[^.?!]*)"
    ),
    re.compile(r"^(?:erasure|deletion|removal) of (?P<x>[^.?!]*)"),
    re.compile(r"\bmake (?P<x>[^.?!]*?) (?:disappear|vanish|go away)\b"),
    re.compile(
        r"\b(?:no longer|don't|never|not)\b[^.?!]{0,25}?(?:keep|store|remember|retain|hold on to|hang on to) "
        r"(?P<x>[^.?!]*?)\b(?:any ?more|any longer)\b"
    ),
    re.compile(r"\b(?:please )?no longer (?:keep|store|remember|retain|hold) (?P<x>[^.?!]*)"),
    re.compile(r"\bremember(?:ing)? (?P<x>[^.?!]*?)[.!,]? don't(?: do (?:that|it|so))? any ?more\b"),
)
_NO_SUCH = re.compile(r"\b(?:how (?:do|can|could|would|should|to)|i'll never|i will never|can't make)\b")
_REQUEST = re.compile(
    r"^(?:please )?(?:(?:can|could|would|will|may|might) (?:you|we|i)|would it be possible|is it possible|do you mind|"
    r"do you think you could|is there (?:a|any) way|(?:can|could|may) (?:my|the|this|that|it|all|everything))\b"
)
_ASKS = re.compile(
    r"^(?:(?:and|but|so|well|hey|ok|okay|please|sorry|um|erm)[, ]+)*(?:what(?! (?:i|you|we|he|"
    r"she)\b)|who|whom|whose|when|where|why|how|which|do you|don't you|did|didn't|"
    r"have|haven't|has|hasn't|is|isn't|are|aren't|was|wasn't|were|does|doesn't|am|had|will you (?:ever )?remember|"
    r"you (?:haven't|didn't|do remember|still remember|remember|don't remember)|any idea|"
    r"remember (?:when|how|what|the)\b.*\?$|"
    r"can you (?:still )?(?:remember|recall)|could you (?:still )?(?:remember|recall)|wasn't|"
    r"weren't|should i|shall|tell me)\b"
)
"""Questions: about memory or anything else, but no wish."""
_FOR_GOOD = re.compile(
    r"\b(?:permanent(?:ly)?|for good|for ?ever|completely|irrevocably|irreversibl[ey]|"
    r"entirely|once and for all|without a trace|all "
    r"traces?|erase[ds]?|erasing|erasure|purged?|shred(?:ded)?|destroy(?:ed)?|scrub(?:bed)?|"
    r"expunged?|obliterated?|nuked?|wiped?(?: out)?|"
    r"can't be (?:restored|recovered|undone)|beyond recovery|disappear)\b"
)
_ALL = re.compile(
    r"^(?:absolutely |simply |just )?(?:everything|it all|all|all of (?:it|this|that|them)|the lot|the whole lot|me|"
    r"all (?:that )?(?:you(?:'ve| have)? (?:know|have|got|stored|saved|kept)|i(?:'ve|"
    r" have)? (?:ever )?(?:said|told you))(?: (?:about|on|of) me)?|"
    r"everything (?:that )?(?:you(?:'ve| have)? (?:know|have|got|stored|saved|kept|remember)|"
    r"i(?:'ve| have)? (?:ever )?(?:said|told you))?"
    r"(?: ?(?:about|on|of) me)?|anything about me|(?:all|everything in|all of)? ?(?:my|your|"
    r"the) (?:whole |entire |complete |full )?"
    r"(?:memory|memories|data|stuff|notes|history|records|profile|files)(?: of me| about me|"
    r" on me)?|all (?:memories|notes|data|records)|"
    r"start (?:over|from scratch|fresh).*)$"
)
_LAST = re.compile(
    r"^(?:about )?(?:(?:that|it|this)(?: (?:one|bit|part|last bit|last part|last one|"
    r"last thing|last note|sentence|message))?|anything|"
    r"(?:that |this |the |my )?(?:very )?(?:last|latest|previous|"
    r"most recent)(?: (?:few )?\w+)?(?: (?:i|you) .*|,? (?:from|in) .*)?|"
    r"(?:what|that|the (?:thing|bit|part|one)|whatever)?,? ?(?:that )?(?:i|you|we)(?:'ve| have)? (?:just|only just) .*|"
    r"what i said(?: (?:just now|a (?:second|moment|minute) ago|before|there))?|i (?:said|"
    r"mentioned|brought|told|wrote|ever|typed)(?: (?:it|that|this"
    r"|anything|so|you(?: that| anything)?|up|up that|that up|it up|any of (?:it|that))(?: up)?)?|"
    r"(?:what|the (?:thing|bit)) i told you (?:a (?:second|moment|minute) ago|just now|right now))$"
)
_MANY = re.compile(
    r"\b(?:everything|anything|whatever|all|every|each|any|everyone|memories|entries|notes|"
    r"things|numbers|passwords|lot)\b"
)
_TAIL = re.compile(
    r"[\s,]*(?:\b(?:from|in|out of|off) (?:your|the|my)? ?(?:memory|notes|records?|files?|"
    r"profile|history|storage|database|mind)|"
    r"\bfrom memory|\bplease|\bpls|\bwill you|\bwould you|\bok|\bnow|\bany ?more|\bany longer|"
    r"\bfor good|\bpermanently|\bforever|"
    r"\bfor ever|\bcompletely|\bentirely|\bfor me|\bat once|\bonce and for all|"
    r"\bwithout a trace|\bthanks|\bthank you|\balready|"
    r"\bagain|\bactually|\bright away|\bif you can|\bi mean|\bit was a (?:joke|false alarm))\W*$"
)
_WRAP = re.compile(
    r"^(?:\s*(?:about|that|the|any|all|every|each|my|of|on|to|do with|and|record|(?:memor(?:y|"
    r"ies)|notes?|entr(?:y|ies)|records?|bits?|"
    r"parts?|things?|facts?|stor(?:y|ies)|pieces?|traces?|details?|info(?:rmation)?|data|bit|"
    r"everything|anything|whatever|what|all)"
    r"(?: (?:about|on|of|that|where|regarding|related to|concerning|to do with|with))?|"
    r"(?:that )?(?:i|you|we)(?:'ve| have)? (?:ever |once |still )?(?:said|told you|know|have|"
    r"got|mentioned|stored|saved|kept|noted|remember|wrote"
    r"|gave you)(?: down)?(?: (?:about|on|of|that|regarding|to))?|related to|regarding|concerning|to do with)\b\s*)+"
)


def wish_of(text: str) -> Wish | None:
    """What an utterance wishes of memory; None where it wishes nothing of it."""
    said = plain(text)
    asks = bool(_ASKS.match(said)) and not _REQUEST.match(said)
    if asks and (
        said.rstrip().endswith("?")
        or re.match(r"^(?:what(?! (?:i|you|we|he|she)\b)|when|where|who|which|why|how)\b", said)
    ):
        return None
    forget = _forget(said)
    if forget is not None:
        return forget
    if _withholds(said):
        return Wish("withhold")
    if any(rule.search(said) for rule in _KEEP):
        return Wish("keep")
    return None


def _withholds(said: str) -> bool:
    left = _TELLS_OF_STORING.sub(" ~ ", said)
    return any(rule.search(left) for rule in _WITHHOLD)


def _forget(said: str) -> Wish | None:
    if _NO_SUCH.search(said):
        return None
    negated = any(rule.search(said) for rule in _KEEP)
    erase = bool(_FOR_GOOD.search(said))
    parts = clauses(said)
    for place, clause in enumerate(parts):
        if negated and not _NO_LONGER.search(said) and not _later_command(parts, place):
            continue
        command = _COMMAND.match(clause)
        if command is None or _idle(clause, command.end(), place):
            continue
        subject = _subject(clause[command.end() :])
        if not subject or subject in ("it", "that", "them", "these", "those"):
            subject = _before(parts, place) or subject
        return Wish("forget", *_reach(subject, clause), erase)
    if negated:
        return None
    for rule in _DESIRED:
        match = rule.search(bare(said))
        if match is not None and match["x"].strip():
            subject = _subject(match["x"])
            return Wish("forget", *_reach(subject, said), erase)
    return None


def _later_command(parts: list[str], place: int) -> bool:
    """Whether a clause of a message that also says "don't forget" is a plain command all the same."""
    return place > 0 and bool(re.match(rf"^(?:{_STRONG}|delete|remove|erase)\b", parts[place]))


def _idle(clause: str, end: int, place: int) -> bool:
    """Whether the verb asks nothing of memory: without anything of memory as its object, or an idiom."""
    verb, rest = clause[:end], clause[end:].strip()
    if re.match(rf"^{_STRONG}\b", verb):
        return bool(re.match(rf"(?:to|it stays|-|(?:about )?{_STORING})\b", rest))
    if verb == "make":
        return not re.search(r"\b(?:disappear|vanish|go away)\b", rest)
    if re.match(r"^(?:ignore|disregard|cancel|take|lose|empty|reset|scratch|undo|drop|make)\b", verb):
        return (
            not re.search(
                r"\b(?:memor(?:y|ies)|notes?|entry|entries|record|what i|i (?:just )?(?:said|told)|that|it|last|about|"
                r"message|statement|you just|what you|of (?:it|that)|previous|know of|my)\b",
                rest,
            )
            or "scratch" in verb
        )
    if place and not re.match(r"(?:delete|remove)\b", verb):  # "…, and clear my mind"
        return not re.search(
            r"^(?:it|that|this|them|those|these)\b|\b(?:memory|memories|notes?|entry|entries|records?|data|what i)\b",
            rest,
        )
    return not rest or not re.search(rf"\b{_MEMORY}\b", rest)


def _subject(rest: str) -> str:
    before = None
    while before != rest:
        before, rest = rest, _TAIL.sub("", rest.strip(" .,!?:;'\""))
    return rest.strip(" .,!?:;'\"")


def _before(parts: list[str], place: int) -> str:
    """What "delete it" points at: the clause before it."""
    for clause in [*reversed(parts[:place]), *parts[place + 1 :]]:
        if not _COMMAND.match(clause) and len(clause.split()) <= 14:
            return _subject(clause)
    return ""


def _reach(subject: str, clause: str) -> tuple[str, Reach]:
    if _ALL.match(subject) or (not subject and re.search(r"start (?:over|from scratch|fresh)", clause)):
        return "", "all"
    if not subject or _LAST.match(subject):
        return "", "last"
    return about(subject), "many" if _MANY.search(subject) else "one"


def about(subject: str) -> str:
    """A subject without the words that only say it is a memory: "the note about the boat" is "boat"."""
    wrapped = _WRAP.match(subject)
    left = subject[wrapped.end() :].strip() if wrapped else subject
    return left or subject


__all__ = ["LEAD", "Reach", "Wish", "about", "wish_of"]
