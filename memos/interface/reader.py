"""MemReader: from an utterance to a MemoryCall, by rules (paper section 5.3; docs/memos.md C9).

Says what the speaker wants of memory (or that no memory is needed), over which time, about whom, and where to look.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from memos.language import dates
from memos.language.names import names
from memos.language.rewrite import resolve_self
from memos.language.words import surface
from memos.operation.retrieval.call import Intent, Kind, MemoryCall, Scope, Window

_KIND_OF: Mapping[str, Kind] = {"prefer": "preference", "procedure": "skill", "summarise": "episode"}


_GREETING = re.compile(
    r"^\W*(hi|hello|hey|good (morning|afternoon|evening|night)|"
    r"thanks?( you)?( so much| a lot| for .*)?|thank you.*|bye|goodbye|"
    r"see you.*|ok(ay)?|cool|great|nice|awesome|sure|yes|no|yep|nope|lol|haha.*|got it|sounds good|perfect|welcome|"
    r"you're welcome|no problem|never ?mind)\b[\w\s,'!.]{0,20}$",
    re.I,
)
_REMEMBER = re.compile(
    r"\b(remember that|remember:|please remember|don't forget (that|i|my)|"
    r"note (that|down)|make a note|keep in mind|save this|"
    r"write (this|that) down|for the record|remind yourself)\b|^\W*(fyi|note)\b",
    re.I,
)
_FORGET = re.compile(
    r"\b(forget (what|about|that|my|everything|the)|delete|erase|remove (that|my|the|what)|wipe)\b", re.I
)
_CORRECT = re.compile(
    r"\b(actually|correction|that's (wrong|not right|incorrect|outdated)|"
    r"no longer|not anymore|any ?more|i meant|instead of|"
    r"changed my mind|has changed|update (my|the|that)|is now|are now)\b",
    re.I,
)
_SUMMARY = re.compile(
    r"\b(summar(y|ise|ize)|recap|overview|catch me up|what have (we|i) (talked|discussed|been)|bring me up)\b", re.I
)
_PREFERENCE = re.compile(
    r"\bi (really |absolutely |generally |usually |always |now |"
    r"much )*(like|love|prefer|hate|dislike|enjoy|can't stand|adore|"
    r"favou?r)\b|\bmy favou?rite\b|\bi'd rather\b|\bi('m| am) (into|not into|a (big )?fan)\b|\bcall me\b",
    re.I,
)
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
_PHATIC = re.compile(
    r"^\W*(?:(?:hi|hello|hey|so|well)\W+)?(?:how (?:are|is|'?s) (?:you|it going|everything|things|life)|"
    r"how do you do|how have you been|"
    r"what'?s up|what is up|who are you|what are you|what can you do|"
    r"how was your day|really|are you (?:there|sure|ok|okay|a (?:bot|robot))|"
    r"is that so|you know what|guess what)(?: doing| today| then)?\W*$",
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
_QUESTION = re.compile(
    r"\?\s*$|^\W*(what|who|whom|whose|when|where|why|how|which"
    r"|did|do|does|is|are|was|were|has|have|can|could|tell me)\b",
    re.I,
)
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
        anchors = tuple(history[-1:]) if _FOLLOW.search(text) and history else ()
        query = f"{anchors[0]} {text}" if anchors else text
        return MemoryCall(
            intent=intent,
            query=resolve_self(query, caller) if caller else query,
            caller=caller,
            window=window(text, now),
            entities=self.entities(query),
            kind=_KIND_OF.get(intent, "fact"),
            scope=scope(text),
            access="write" if intent in ("remember", "correct", "forget", "prefer") else "read",
            anchors=anchors,
        )

    def intent(self, text: str, follows: bool = False) -> Intent:
        """What the utterance wants of memory."""
        if not text or not re.search(r"\w", text) or _GREETING.match(text) or _PHATIC.match(text):
            return "none"
        asks = bool(_QUESTION.search(text))
        personal = bool(_PERSONAL.search(text)) or any(name.lower() in text.lower() for name in self.speakers)
        if _FORGET.search(text) and not asks:
            return "forget"
        if _SUMMARY.search(text):
            return "summarise" if personal or not _TASK.match(text) else "none"
        if _REMEMBER.search(text) and not text.endswith("?"):
            return "remember"
        if not asks and _CORRECT.search(text) and personal:
            return "correct"
        if not asks and _PREFERENCE.search(text):
            return "prefer"
        if asks and _PROCEDURE.search(text) and personal:
            return "procedure"
        if _TASK.match(text):
            return "recall" if re.search(r"\b(my|our|we|i)\b", text, re.I) or _FOR_NAME.search(text) else "none"
        if asks:
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
        return tuple(dict.fromkeys([*known, *names(text)]))


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


def scope(text: str) -> Scope:
    """Which layer an utterance is about: private unless it says otherwise."""
    if _GLOBAL.search(text):
        return "global"
    return "shared" if _SHARED.search(text) else "private"
