"""One statement, read for what decides whether it outdates or repeats another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from memos.language.lexicon import BASE_VERBS, IRREGULAR_PAST
from memos.language.numerals import ORDINALS, numbers
from memos.language.polarity import negated, without_negation
from memos.language.quoting import foreign
from memos.language.updates import words_of as lists
from memos.language.updates.owners import SPOKEN, Owner, owners
from memos.language.updates.scope import before_it, heads, near
from memos.language.updates.slots import AttributeValue, slots
from memos.language.words import stem, surface

_OPENERS = re.compile(
    r"^(?:\s*(?:well|so|oh|yes|yeah|no|and|but|by the way|btw|anyway|as i (?:said|mentioned)|like i (?:told you|"
    r"said)|"
    r"you know|guess what|sadly|sorry|actually|correction|no wait|wait|i meant|i mean|i was wrong|"
    r"i made a mistake before|"
    r"i got it wrong|i misspoke|it turns out(?: that)?|it turned out(?: that)?|turns out|did i mention that|strange|"
    r"good news|bad news|update|fyi|remember|reminder|unfortunately|luckily|in fact|to be honest|honestly|"
    r"believe it or not)\b[\s,:;.!-]*)+",
    re.IGNORECASE,
)
_AGREES = re.compile(
    r"\b(?:won't|will not|wouldn't|never|not|hasn't|haven't|doesn't|don't|didn't|isn't|no plans? to|"
    r"no reason to|nothing|"
    r"no intention)\b(?: \w+){0,3}? (?:quit|stop\w*|give up|given up|gave up|leave|regret|unhappy|dislike|mind|"
    r"against|"
    r"doubt\w*|hate|miss|tired|bad)\b|\bcan't get enough\b|\bno (?:plans?|reason|intention|wish) to\b|"
    r"\bnothing against\b",
    re.IGNORECASE,
)
_RIGHTLY = re.compile(r"\bused to (?:it|the|that|this|my|living|being|having|working)\b", re.IGNORECASE)
_HAPPENED = re.compile(
    r"\b(?:went|visited|bought|met|saw|ate|ran|watched|baked|lost|broke|called (?:my|his|her)|painted|cooked|"
    r"attended|took part|won|"
    r"wore|had (?:a|an|lunch|dinner|breakfast)|slept|tasted|borrowed|missed|overslept|found|made)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a statement says, by rules."""

    owners: tuple[Owner, ...]
    words: frozenset[str]
    """Lower-case words."""
    stems: frozenset[str]
    """Stems of content words, synonyms under one, without negations and fillers."""
    topics: frozenset[str]
    """Stems that could be what the statement is about: no owner, no word of change, no light verb."""
    numbers: frozenset[str]
    denies: bool
    asks: bool
    quotes: bool
    plans: bool
    wishes: bool
    """A plan or wish that nothing denies."""
    past: bool
    brief: bool
    happened: bool
    """Tells of a single event of the past."""
    ends: bool
    ends_all: bool
    """Ends whatever it speaks of: ``no longer``."""
    ended: frozenset[str]
    """Stems of the things it ends: ``sold my bike``."""
    leaves: bool
    changes: bool
    changes_all: bool
    changed: frozenset[str]
    body: str
    corrects: bool
    adds: bool
    agrees: bool
    """Denies a denial or an end, so that nothing has changed."""
    liking: int
    """1 likes, -1 dislikes, 0 neither."""
    fields: frozenset[str]
    ended_fields: frozenset[str]
    """Fields whose words stand beside a wording of end."""
    changed_fields: frozenset[str]
    slots: tuple[AttributeValue, ...]


_LIGHT = frozenset(
    map(
        stem,
        """use used stop stopped quit give gave given sell sold move moved change changed start started begin turn
        turned become became new now old go going went get got take takes taking make made long year month
        week day morning evening yesterday today tomorrow last next time one two much lot good well actually
        sorry correction instead since lately finally anymore longer replace switch cancel drop live work
        like dislike own job named plan want will would decide back put come keep every usually really away
        always never more some thing off over be is was until later earlier end ended call called find found
        birth wed read play my mine our birthday night weekend place still idea happy try let little bit
        need run mistake wrong wait mind reach raise grow grown half past""".split(),
    )
)


@lru_cache(maxsize=16_384)
def canonical(word: str) -> str:
    """The stem of a lower-case word, or of the word that stands for its synonyms."""
    return stem(lists.SYNONYMS.get(word, word))


def content(text: str) -> frozenset[str]:
    """Stems of content words, synonyms under one; ``don't like`` is ``dislike``."""
    text = re.sub(r"\b(?:do(?:es)?n['’]t|do(?:es)? not) (?:really )?(like|love|enjoy)\b", "dislike", text, flags=re.I)
    text = re.sub(r"\bhave got\b|['’]ve got\b", " have", text, flags=re.I)
    plain = frozenset(canonical(word) for word in surface(text) if word not in lists.FILLER)
    return without_negation(plain)


@lru_cache(maxsize=16_384)
def read(text: str) -> Statement:
    """Read a statement.

    Args:
        text: one or a few sentences, in the first or third person.
    """
    spans = foreign(text)
    said = SPOKEN.match(text)
    quoted = 0 if said else sum(b - a for a, b in spans if "@" not in text[a:b] and "://" not in text[a:b])
    opener = _OPENERS.match(text)
    body = text[opener.end() :] if opener and opener.end() < len(text) else text
    body = body[said.end() :] if said and body is text else body
    whose = owners(body) or owners(text)
    stems = content(body)
    own = {stem(piece) for path in whose for step in path for piece in step.split()}
    agrees = bool(_AGREES.search(body))
    ends_all, ended, end_places = heads(body, lists.ENDS)
    changes_all, changed, change_places = heads(body, lists.CHANGES)
    places = {name: [m.span() for m in pattern.finditer(body)] for name, pattern in lists.EXCLUSIVE.items()}
    ends = bool(end_places) and not agrees and not _RIGHTLY.search(body)
    low = body.lower().replace("’", "'")
    return Statement(
        owners=whose,
        words=frozenset(re.findall(r"[^\W_]+(?:-[^\W_]+)*", low)),
        stems=stems - own,
        topics=stems - own - _LIGHT,
        numbers=numbers(body),
        denies=negated(body),
        asks=bool(lists.ASKS.search(text.strip()) or lists.ASKS.search(body.strip())),
        quotes=quoted > 0.25 * len(text)
        or bool(re.search(r"\b(?:says|sings?|quoted|read aloud) (?:that )?(?:he|she|no)", low)),
        plans=bool(lists.PLANS.search(body)),
        wishes=bool(lists.WISHES.search(body)),
        past=bool(lists.PASTS.search(body)),
        brief=bool(lists.BRIEF.search(body)),
        happened=bool(_HAPPENED.search(body)),
        ends=ends,
        ends_all=ends and ends_all,
        ended=_stems(ended) if ends else frozenset(),
        leaves=bool(lists.LEAVES.search(body)),
        changes=bool(change_places),
        changes_all=changes_all,
        changed=_stems(changed),
        body=body,
        corrects=bool(lists.CORRECTS.search(text)),
        adds=bool(lists.ADDS.search(body)),
        agrees=agrees,
        liking=-1 if lists.DISLIKING.search(body) else int(bool(lists.LIKING.search(body))),
        fields=frozenset(name for name, spans in places.items() if spans),
        ended_fields=frozenset(n for n, spans in places.items() if ends and any(near(end_places, s) for s in spans)),
        changed_fields=frozenset(n for n, spans in places.items() if any(near(change_places, s) for s in spans)),
        slots=tuple(slot for slot in slots(body) if slot.name - own),
    )


def _stems(phrases: frozenset[str]) -> frozenset[str]:
    return frozenset(canonical(word) for phrase in phrases for word in phrase.split())


def other_kind(old: Statement, new: Statement, topics: frozenset[str]) -> bool:
    """Whether every thing both speak of is of another kind in each: a piano lesson and a swimming lesson."""
    return bool(topics) and all(_told_apart(old, new, topic) for topic in topics)


def _kind_word(statement: Statement, word: str) -> bool:
    """Whether what stands before a word can tell of which kind it is: no verb and no number."""
    before = before_it(statement.body, word)
    verbal = before in BASE_VERBS or before in IRREGULAR_PAST or before.endswith(("ed", "ing"))
    return not (
        verbal or before.isdigit() or numbers(before) or before in ORDINALS or canonical(before) in statement.ended
    )


def _told_apart(old: Statement, new: Statement, topic: str) -> bool:
    before = []
    for statement in (old, new):
        word = next((word for word in sorted(statement.words) if canonical(word) == topic), "")
        kind = canonical(before_it(statement.body, word)) if word else ""
        before.append("" if kind in _LIGHT or not _kind_word(statement, word) else kind)
    return (
        bool(before[0] and before[1])
        and before[0] != before[1]
        and before[0] not in new.stems
        and before[1] not in old.stems
    )
