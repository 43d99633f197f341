"""MemReader: from an utterance to a MemoryCall, by rules (paper section 5.3; docs/memos.md C9).

Says what the speaker wants of memory (or that no memory is needed), over which time, about whom, and where to look.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from memos.interface.intents import wish_of
from memos.interface.intents.kinds import asks, chats, corrects, mistaken, prefers, remembers, summarises
from memos.interface.intents.plain import plain
from memos.language import dates
from memos.language.calendar import DAYS, MONTHS
from memos.language.names import names
from memos.language.rewrite import resolve_self
from memos.language.words import surface
from memos.operation.retrieval.call import Intent, Kind, MemoryCall, Scope, Tense, Window

_INTENT_OF: Mapping[str, Intent] = {"withhold": "withhold", "forget": "forget", "keep": "remember"}
_KIND_OF: Mapping[str, Kind] = {"prefer": "preference", "procedure": "skill", "summarise": "episode"}


_WRITES = ("remember", "correct", "forget", "prefer")
_NO_LONGER = re.compile(r"\bno longer\b|\bany ?(?:more|longer)\b")
_ABOUT_MEMORY = re.compile(
    r"^\W*(?:what|when|where|who|why|how|which|(?:do|did|don't|didn't|have|haven't|are|is|was|"
    r"does) (?:i|you|we|it|he|she|they|my|the)|"
    r"can you (?:still )?(?:remember|recall)(?! (?:that|this|to|i)\b)|remember (?!that i|this|to\b|i\b).*\?)"
)
"""Questions about what is remembered, not commands to remember."""
_PROCEDURE = re.compile(
    r"\bhow (do|did|can|should) (i|we|you)\b(?! (feel|like|know|meet|get on|spend|celebrate))|"
    r"\bsteps (to|for)\b|\bwalk me through\b|"
    r"\bprocedure\b|\bwhat's the (way|process)\b|\bhow to\b",
    re.I,
)
_PERSONAL = re.compile(
    r"\b(i|i'm|i've|i'd|me|my|mine|we|our|us|"
    r"you (said|told|mentioned|recommended|suggested)|last time|earlier|before|again|"
    r"remember|recall|told|mentioned|he|she|his|her|their|they|them)\b",
    re.I,
)
_TASK = re.compile(
    r"^\W*(?:please )?(?:(?:can|could|would|will) you )?(?:please )?"
    r"(define|explain|translate|calculate|compute|convert|spell"
    r"|tell me a joke|write|draft|compose|generate|proofread|rephrase)\b",
    re.I,
)
_YES_NO = re.compile(
    r"^\W*(?:do|does|did|is|are|was|were|am|has|have|had|can|could|will|would|should|shall|may|might|must)(?:n't)?\b",
    re.I,
)
_DEFINITE = re.compile(r"\b(?:the|that|this|those|these)\s+[^\W\d_]{3,}", re.I)
"""A thing both sides know: whether the boat is repaired is for memory, whether water is wet is not."""
_FOR_NAME = re.compile(r"\b(?:for|with|about|from|by)\s+[A-Z][\w’'-]+|\b[A-Z][\w-]+['’]s\b")
_TELLS = re.compile(
    r"^\W*[A-Z][\w-]+(?: [A-Z][\w-]+| and [A-Z][\w-]+)?(?:['’]s [\w ]{2,30}?)? "
    r"(?:is|was|are|were|has|had|got|went|came|took|made|works?|lives?|moves?"
    r"|said|says|likes?|loves?|wants?|plans?|plays?|studies|[a-z]+ed)\b"
)
"""A statement that begins with a name, such as one about somebody not spoken of before."""
_SHARED = re.compile(
    r"\b(our (team|group|project|family|company|class|department|office|lab)"
    r"|the team|the group|everyone on|shared|we all|between us)\b",
    re.I,
)
_GLOBAL = re.compile(
    r"\b(company[- ]wide|everybody|everyone(?! on)|public(ly)?"
    r"|all users|global(ly)?|official policy|company policy|anyone)\b",
    re.I,
)
_FOLLOW = re.compile(
    r"^\W*(and|but|so|what about|how about|when was that|where was that|why was that|who was that|which one)\b"
    r"|\bthat\b\s*\?$",
    re.I,
)
_CALENDAR = frozenset((*DAYS, *MONTHS))
_REFERS = re.compile(r"\b(?:he|she|him|her|hers|his|they|them|their|theirs|it|its|there|then)\b", re.I)
"""Words that stand for somebody or something named before."""
_PEOPLE = re.compile(r"\b(?:he|she|him|her|hers|his|they|them|their|theirs)\b", re.I)
_TASTE = re.compile(
    r"\b(?:likes?|loves?|prefers?|enjoys?|hates?|dislikes?|favou?rites?|fond of|keen on|taste in)\b", re.I
)
_TELLING = re.compile(
    r"\b(?:say|said|tell|told|mention(?:ed)?|talk(?:ed)?|discuss(?:ed)?|speak|spoke|chat(?:ted)?|write|wrote)\b", re.I
)
_STATE = re.compile(
    r"\b(?:live[ds]?|living|work(?:s|ed|ing)? (?:at|for|in|as)|own(?:s|ed)?|belong(?:s|ed)?|called|know|knew|"
    r"like[ds]?|love[ds]?|prefer(?:red|s)?)\b",
    re.I,
)
_BEFORE = re.compile(r"\b(before|until|till|up to|prior to)\s*$", re.I)
_AFTER = re.compile(r"\b(since|after|from|starting)\s*(in|on)?\s*$", re.I)


class MemReader:
    """Reads utterances. Deterministic; needs no model."""

    def __init__(self, speakers: Sequence[str] = ()) -> None:
        self.speakers = tuple(speakers)
        """Known people, so that a first name alone counts as an entity."""

    def read(
        self, utterance: str, *, caller: str = "", now: datetime | None = None, history: Sequence[str] = ()
    ) -> MemoryCall:
        """The memory call behind an utterance.

        Args:
            utterance: what was said to the assistant.
            caller: who said it.
            now: wall-clock time, for relative times.
            history: earlier utterances, oldest first, for references such as "and when was that?".
        """
        text = " ".join(utterance.split())
        intent = self.intent(text, bool(history))
        if intent == "none":
            return MemoryCall("none", text, caller, access="none")
        asking = intent in ("recall", "summarise", "procedure")
        anchors = self._anchors(text, history, asking)
        query = f"{anchors[0]} {text}" if anchors else text
        span = window(text, now) or next((one for anchor in anchors if (one := window(anchor, now))), None)
        kind = "preference" if intent == "recall" and _TASTE.search(text) else _KIND_OF.get(intent, "fact")
        return MemoryCall(
            intent=intent,
            query=resolve_self(query, caller) if caller else query,
            caller=caller,
            window=span,
            tense=tense(query),
            entities=self.entities(query),
            kind=kind,
            scope=scope(text),
            access="write" if intent in _WRITES else "read",
            anchors=anchors,
        )

    def _anchors(self, text: str, history: Sequence[str], asking: bool) -> tuple[str, ...]:
        """The earlier utterance that an utterance rests on; for "she" the last one that names somebody."""
        if not history:
            return ()
        if _FOLLOW.search(text):
            return (history[-1],)
        if not asking or not _REFERS.search(text) or self.entities(text):
            return ()
        named = (one for one in reversed(history) if self.entities(one))
        return (next(named, history[-1]) if _PEOPLE.search(text) else history[-1],)

    def intent(self, text: str, follows: bool = False) -> Intent:
        """What the utterance wants of memory."""
        said = plain(text)
        wish = wish_of(text)
        if wish is not None:
            return _INTENT_OF[wish.kind]
        if not re.search(r"\w", text) or chats(said):
            return "none"
        if mistaken(said):
            return "correct"
        personal = bool(_PERSONAL.search(text)) or any(name.lower() in text.lower() for name in self.speakers)
        task = bool(_TASK.match(text))
        if summarises(said):
            return "summarise" if personal or not task else "none"
        asking = asks(said)
        if remembers(said) and not (asking and _ABOUT_MEMORY.match(said)):
            return "remember"
        if not asking:
            tastes = prefers(said)
            if corrects(said) and not (tastes and _NO_LONGER.search(said)):
                return "correct"
            if tastes:
                return "prefer"
        if asking and _PROCEDURE.search(text) and personal:
            return "procedure"
        if task:
            return "recall" if re.search(r"\b(my|our|we|i)\b", text, re.I) or _FOR_NAME.search(text) else "none"
        if asking:
            return "recall" if self._asks_memory(text, personal, follows) else "none"
        return "remember" if personal or self.entities(text) or _TELLS.match(text) else "none"

    def _asks_memory(self, text: str, personal: bool, follows: bool) -> bool:
        """Whether a question may be about what is remembered.

        Who, what, when and the like always may be, whoever they name: a search in vain costs little, an answer without
        the memory that has it costs the answer. Yes-or-no questions need a person, a name or a thing both sides know.
        """
        if not surface(text) and not follows:
            return False
        if not _YES_NO.match(text):
            return True
        return (
            personal
            or follows
            and bool(_FOLLOW.search(text))
            or bool(self.entities(text))
            or bool(_DEFINITE.search(text))
        )

    def entities(self, text: str) -> tuple[str, ...]:
        """Names in the text, known people first."""
        words = set(re.findall(r"[^\W_]+", text.lower()))
        known = [name for name in self.speakers if name.split()[0].lower() in words]
        named = [name for name in names(text) if name.lower().removesuffix("s") not in _CALENDAR]
        return tuple(dict.fromkeys([*known, *named]))


def window(text: str, now: datetime | None) -> Window | None:
    """The time an utterance asks about; "before" and "since" open one side, "between" joins two times."""
    mentions = dates.find(text, now)
    if not mentions:
        return None
    first, last = mentions[0], mentions[-1]
    lead = text[: first.at]
    own = first.text.lower()
    if len(mentions) > 1 and re.search(
        r"\b(between|from)\s*$", lead + ("from" if own.startswith("from") else ""), re.I
    ):
        return Window(min(first.start, last.start), max(first.end, last.end))
    if _BEFORE.search(lead) or re.match(r"(before|until|till)\b", own):
        return Window(None, first.start if "before" in (lead[-8:] + own).lower() else first.end)
    if _AFTER.search(lead) or re.match(r"(since|after)\b", own):
        after = "after" in (lead[-8:] + own).lower()
        return Window(first.end if after else first.start, None)
    return Window(first.start, first.end)


def tense(text: str) -> Tense:
    """What the time in an utterance is the time of."""
    if _TELLING.search(text):
        return "telling"
    return "state" if _STATE.search(text) else "event"


def scope(text: str) -> Scope:
    """Which layer an utterance is about: private unless it says otherwise."""
    if _GLOBAL.search(text):
        return "global"
    return "shared" if _SHARED.search(text) else "private"
