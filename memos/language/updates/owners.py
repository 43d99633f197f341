"""Whom a statement is about: the speaker, somebody by name, or a relative, pet or thing of theirs.

An owner is a path, such as ``("i",)``, ``("anna lee",)`` or ``("i", "older daughter")``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from memos.language.calendar import DAYS, MONTHS
from memos.language.lexicon import ADVERBS, AUXILIARIES, BASE_VERBS, INTERJECTIONS, IRREGULAR_PAST
from memos.language.updates.words_of import KIN, SERVING, WHICH
from memos.language.words import is_stop

Owner = tuple[str, ...]
_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*|\d+")
_SELF = frozenset("i i'm i've i'd i'll we we're we've we'd we'll me us myself mine ours".split())
_OWN = frozenset("my our".split())
_NO_NAME = frozenset(
    "spring summer autumn fall winter breakfast lunch dinner supper christmas easter school work tea coffee".split()
)
SPOKEN = re.compile(r"^(?P<who>[A-ZÀ-Ž][\w'’-]*(?: [A-ZÀ-Ž][\w'’-]*)?) said: ")
"""What stands before a fact that does not name its speaker."""


@lru_cache(maxsize=16_384)
def owners(text: str) -> tuple[Owner, ...]:
    """Whom a statement is about, one owner for each subject (``Ana and Zoe``); empty where it names nobody.

    A capital that only begins the statement counts as a name where nothing else does.
    """
    said = SPOKEN.match(text)
    if said:
        return owners(text[said.end() :]) or ((said["who"].lower(),),)
    tokens = [word.replace("’", "'") for word in _WORD.findall(text)]
    for place in range(len(tokens)):
        path, end = _path(tokens, place)
        if path:
            paths = [path]
            while end + 1 < len(tokens) and tokens[end].lower() == "and":
                other, behind = _path(tokens, end + 1)
                if not other:
                    break
                paths.append(other)
                end = behind
            return tuple(paths)
    return ()


def _path(tokens: list[str], place: int) -> tuple[Owner, int]:
    """The owner that begins at a word and where it ends; empty where none does."""
    word, low = tokens[place], tokens[place].lower()
    if low in _SELF:
        return ("i",), place + 1
    if low in _OWN:
        return _kin(("i",), tokens, place + 1)
    if low in ("one", "two", "some", "all") and [t.lower() for t in tokens[place + 1 : place + 3]] in (
        ["of", "my"],
        ["of", "our"],
    ):
        path, end = _kin(("i",), tokens, place + 3)
        return (*path[:-1], f"{low} {path[-1]}") if len(path) > 1 else path, end
    if not _is_name(tokens, place):
        return (), place
    name, end = _without_s(word), place + 1
    owned = _has_s(word)
    while not owned and end < len(tokens) and tokens[end].lower() not in _SELF and _can_name(tokens[end]):
        name, owned, end = f"{name} {_without_s(tokens[end])}", _has_s(tokens[end]), end + 1
    return _kin((name.lower(),), tokens, end) if owned else ((name.lower(),), end)


def _kin(path: Owner, tokens: list[str], place: int) -> tuple[Owner, int]:
    """Goes on to a relative, pet or other person behind a possessive, with the words that tell which one."""
    which: list[str] = []
    end = place
    while end < len(tokens) and tokens[end].lower() in WHICH and len(which) < 2:
        which.append(tokens[end].lower())
        end += 1
    if end < len(tokens) and _without_s(tokens[end]).lower() == "ex":
        end += 1
    if end >= len(tokens):
        return path, place
    word = tokens[end]
    bare = _without_s(word).lower()
    serves = bare in SERVING and (_has_s(word) or (end + 1 < len(tokens) and _verbal(tokens[end + 1])))
    if bare not in KIN and not serves:
        return path, place
    name, owned, end = KIN.get(bare, bare), _has_s(word), end + 1
    while not owned and end < len(tokens) and tokens[end][:1].isupper() and tokens[end].lower() not in _SELF:
        which.append(_without_s(tokens[end]).lower())
        owned, end = _has_s(tokens[end]), end + 1
    longer = (*path, " ".join((*which, name)))
    return _kin(longer, tokens, end) if owned else (longer, end)


def _can_name(word: str) -> bool:
    """Whether a word can be a name, or a further part of one (``Tom Baker``)."""
    low = _without_s(word).lower()
    return word[:1].isupper() and not (
        low in _NO_NAME or low in DAYS or low in MONTHS or is_stop(low) or low in INTERJECTIONS or low in KIN
    )


def _is_name(tokens: list[str], place: int) -> bool:
    word, low = tokens[place], _without_s(tokens[place]).lower()
    if not _can_name(word):
        return False
    if place or _has_s(word):
        return bool(place) and _person_behind(tokens, place) or _has_s(word)
    common = low in BASE_VERBS or low in IRREGULAR_PAST or low in ADVERBS or low.endswith(("ed", "ing", "ly"))
    following = tokens[1] if len(tokens) > 1 else ""
    return not common and (_verbal(following) or _can_name(following) or following.lower() == "and")


def _person_behind(tokens: list[str], place: int) -> bool:
    """Whether a capital inside a statement is its subject: a verb or another capital stands behind it."""
    before = tokens[place - 1].lower()
    following = tokens[place + 1] if place + 1 < len(tokens) else ""
    led = before in (
        "in",
        "at",
        "to",
        "from",
        "for",
        "on",
        "called",
        "named",
        "is",
        "a",
        "an",
        "the",
        "of",
        "with",
        "by",
    )
    return not led and _verbal(following)


def _verbal(word: str) -> bool:
    low = word.lower()
    return (
        low in AUXILIARIES
        or low in IRREGULAR_PAST
        or low in ADVERBS
        or low.endswith(("n't", "ed"))
        or (low.endswith("s") and not low.endswith(("'s", "ss")) and not word[:1].isupper())
        or low in ("still", "never", "just", "no", "quit", "can't")
    )


def _has_s(word: str) -> bool:
    return word.lower().endswith(("'s", "s'"))


def _without_s(word: str) -> str:
    return re.sub(r"(?:'s|(?<=s)')$", "", word, flags=re.IGNORECASE)


def agree(old: tuple[Owner, ...], new: tuple[Owner, ...], old_words: frozenset[str]) -> bool:
    """Whether two statements may be about the same: one owner of the new leads to one of the old.

    Args:
        old_words: lower-case words of the old statement; what it mentions may be the subject of the new one.
    """
    return not old or not new or any(_meets(a, b, old_words) for a in old for b in new)


def _meets(old: Owner, new: Owner, old_words: frozenset[str]) -> bool:
    if new[0] != old[0] and not _same_name(old[0], new[0]):
        # "Rex died" after "we have a dog called Rex"; a person of the same first name is another person.
        return len(new) == 1 and new[0] in old_words and " " not in new[0]
    for a, b in zip(old[1:], new[1:], strict=False):
        if a != b and not _within(a, b):
            return False
    longer = new[len(old) :] if len(new) > len(old) else ()
    return all(_mentioned(step, old_words) for step in longer)


def _same_name(a: str, b: str) -> bool:
    """``Anna`` may be ``Anna Lee``; ``Anna Lee`` is never ``Anna Ray``."""
    return a.split()[0] == b.split()[0] and (" " not in a or " " not in b)


def _within(a: str, b: str) -> bool:
    """``daughter`` may be the ``older daughter``; the ``older`` one is never the ``younger``."""
    x, y = set(a.split()), set(b.split())
    return x <= y or y <= x


def _mentioned(step: str, words: frozenset[str]) -> bool:
    kind = step.split()[-1]
    which = [word for word in step.split()[:-1] if word not in ("older", "younger")]
    named = any(KIN.get(word, word) == kind for word in words)
    return named and (not which or all(word in words or word in WHICH for word in which))
