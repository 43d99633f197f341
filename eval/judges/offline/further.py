"""What an answer tells besides its gold: a further event, a reason, a time. What it denies is not the gold.

"Porto, because the job in Berlin fell through" and "lasagne, then a cake that went wrong" hold words that deny, and
deny nothing of Porto or the lasagne. Such a clause follows the gold and has something of its own to tell; clauses about
the talk, in the first or second person, or in mockery ("when pigs fly") may still speak of the gold.
"""

from __future__ import annotations

import re

from eval.judges.offline.discourse import DISCOURSE, MARK
from eval.judges.offline.pair import Pair
from eval.judges.offline.senses import senses
from eval.judges.offline.text import STOPWORDS, found, stem

_JOINT = re.compile(
    r"(?P<end>[.!?;:,()—–…]+|\s-\s)?\s*"
    r"(?P<word>\b(?:because|since|after|before|when|while|then|until|till|as|who|which|whose|and|but|so|although|though|"
    r"unless)\b)?",
    re.IGNORECASE,
)
_REASON = frozenset("because since after before when while until till".split())
_PERSONS = frozenset("he she they him her them his their hers theirs".split())
_TALKERS = frozenset(
    "i me my mine you your yours we us our anyone anybody someone somebody everyone everybody nobody whoever answer "
    "answers answering guess guesses option choice response claim claims truth fact question".split()
)
_TALK = frozenset(
    "ask question answer convers chat discuss talk mention said say told tell claim topic dialogu transcript record "
    "memori text messag".split()
)
"""Stems of words about the talk."""
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+", re.IGNORECASE)
_SPOKEN_OF = frozenset(("no", "false", "deny", "mocks", "other"))
"""Senses of words that may speak of the gold; a clause of nothing else tells no event."""


def without_events(marked: str, pair: Pair) -> str:
    """An answer without the clauses behind its gold that tell something else.

    Args:
        marked: the answer with the mark in place of its gold.
        pair: the question and the gold.
    """
    cut = marked.rfind(MARK)
    if cut < 0 or marked[cut + 1 :].lstrip(" \"'”’")[:1] == "?" or _claimed(marked[:cut]):
        return marked
    out, rest = marked[: cut + 1], marked[cut + 1 :]
    start, joint = 0, ""
    for met in _JOINT.finditer(rest):
        if not met.group().strip():
            continue
        out += _kept(rest[start : met.start()], joint, pair)
        start, joint = met.end(), met.group()
    return out + _kept(rest[start:], joint, pair)


def _claimed(before: str) -> bool:
    """Whether the gold is what somebody guessed, said or believes; what follows may tell how that went."""
    return any("think" in senses(token.lower()) for token in _WORD.findall(before))


def _kept(clause: str, joint: str, pair: Pair) -> str:
    if joint.strip() and _tells(clause, joint, pair):
        return ""
    return joint + clause


def _tells(clause: str, joint: str, pair: Pair) -> bool:
    """Whether a clause tells of something besides the gold, and not of the talk."""
    tokens = [token.lower() for token in _WORD.findall(clause.replace("’", "'"))]
    held = {sense for token in tokens for sense in senses(token)}
    bare = [token.partition("'")[0] for token in tokens]
    if "mocks" in held or not _TALKERS.isdisjoint(bare) or any(stem(t) in _TALK for t in tokens):
        return False
    telling = [
        t
        for t in tokens
        if t.partition("'")[0] not in STOPWORDS and not _SPOKEN_OF.intersection(senses(t)) and not t.isdigit()
    ]
    own = [t for t in telling if stem(t) not in DISCOURSE and not found(stem(t), pair.asked)]
    reason = not _REASON.isdisjoint(joint.lower().split())
    person = not _PERSONS.isdisjoint(bare)
    if own:
        return True
    if reason:
        return person or "it" in bare
    return person and bool(telling) and not held & {"false", "deny"}
