"""First person to third person, so that a memory says whose it is when it is read alone.

Code, quotations and reported speech (``memos.language.quoting``) stay as they are, and so does every I that is no
pronoun.
"""

from __future__ import annotations

import re

from memos.language.lexicon import ADVERBS, AUXILIARIES, CLITICS, IRREGULAR_PAST, MODALS
from memos.language.pronouns import is_pronoun
from memos.language.quoting import foreign, inside
from memos.language.words import WORD, words

_THIRD = {"am": "is", "'m": "is", "have": "has", "do": "does", "don't": "doesn't", "haven't": "hasn't", "go": "goes"}
_NOT_VERBS = frozenset(
    "gotta gonna wanna and or but too either neither with who whom which that to of in on as".split()
)
_VERB_AUX = AUXILIARIES | MODALS | frozenset((*CLITICS, "not", "never"))
_NEGATED = frozenset("can't cannot couldn't won't wouldn't shouldn't mustn't didn't hadn't wasn't".split())
_PRONOUNS = {
    "me": "{me}",
    "my": "{me}'s",
    "mine": "{me}'s",
    "myself": "{me}",
    "you": "{you}",
    "your": "{you}'s",
    "yours": "{you}'s",
    "yourself": "{you}",
    "i'm": "{me} is",
    "i've": "{me} has",
    "i'll": "{me} will",
    "i'd": "{me} would",
    "you're": "{you} is",
    "you've": "{you} has",
    "you'll": "{you} will",
    "you'd": "{you} would",
}
_PERSONS = frozenset(("i", "you", *_PRONOUNS))
_SELF = {key: value for key, value in _PRONOUNS.items() if "{me}" in value}
_GOODNESS = frozenset("god gosh goodness word lord oh".split())
_OWNED = frozenset(
    "of is was are were be been 's than like to with as and or for from not was on at by into yours".split()
)
"""In front of the pronoun mine; behind anything else it is a pit or a bomb."""
_RECEIVING = frozenset(
    "to for with of at about from on see hear tell thank love miss told wish show let help give asked ask".split()
)


def third_person_verb(verb: str) -> str:
    """Present tense of the third person; past forms, modals and adverbs stay ("love" -> "loves", "went" -> "went")."""
    low = verb.lower().replace("’", "'")
    if low in _THIRD:
        return _THIRD[low]
    if low in _VERB_AUX or low in _NEGATED or low in IRREGULAR_PAST or low in _NOT_VERBS or low.endswith("ed"):
        return verb
    if "'" in low or not low.isalpha():
        return verb
    if low.endswith(("s", "x", "z", "ch", "sh", "o")):
        return verb + "es"
    if low.endswith("y") and low[-2:-1] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"


def is_adverb(word: str) -> bool:
    """Whether a lower-case word can stand between a subject and its verb."""
    return word in ADVERBS or (word.endswith("ly") and len(word) > 4)


def third_person(sentence: str, me: str, you: str) -> str:
    """Rewrite a sentence that ``me`` said to ``you``; names stand for both."""
    out: list[str] = []
    spans = foreign(sentence)
    end, pending = 0, False
    for match in WORD.finditer(sentence):
        gap, word = sentence[end : match.start()], match.group()
        end = match.end()
        low = word.lower().replace("’", "'")
        out.append(gap)
        if (spans and inside(spans, match.start())) or (low in _PERSONS and _in_a_name(sentence, match)):
            out.append(word)
            pending = False
            continue
        if any(mark in gap for mark in ',.;:!?-"”'):
            pending = False
        if low in ("i", "you") and (low == "you" or is_pronoun(sentence, match.start(), match.end())):
            inverted = _last_word(out) in ("am", "are", "were")
            if inverted:
                _fix_inverted(out)
            out.append(me if low == "i" else you)
            pending = not inverted and (low == "i" or _last_word(out[:-1]) not in _RECEIVING)
        elif low in _PRONOUNS and low != "you" and not _other_word(sentence, match, low):
            out.append(_PRONOUNS[low].format(me=me, you=you))
            pending = False
        elif pending and low in ("are", "were"):
            out.append("is" if low == "are" else "was")
            pending = False
        elif pending and is_adverb(low):
            out.append(word)
        elif pending:
            out.append(third_person_verb(word))
            pending = False
        else:
            out.append(word)
    return _with_subject("".join(out) + sentence[end:], me, spans)


def resolve_self(text: str, speaker: str) -> str:
    """First-person words as the speaker's name, verbs left alone: "my dog" said by Ana is "Ana's dog"."""
    spans, out, end = foreign(text), [], 0
    for match in WORD.finditer(text):
        low = match.group().lower().replace("’", "'")
        named = _SELF.get(low)
        if low == "i" and is_pronoun(text, match.start(), match.end()):
            named = "{me}"
            follows = re.match(r"\s+(am|have)\b", text[match.end() :])
        else:
            follows = None
        if (
            named is None
            or (spans and inside(spans, match.start()))
            or _in_a_name(text, match)
            or _other_word(text, match, low)
            or match.start() < end
        ):
            continue
        said = named.format(me=speaker)
        until = match.end()
        if follows:
            said, until = f"{said} {'is' if follows[1] == 'am' else 'has'}", until + follows.end()
        out += [text[end : match.start()], said]
        end = until
    return "".join(out) + text[end:]


def _in_a_name(text: str, match: re.Match[str]) -> bool:
    """Whether a word is part of an identifier, a path or an address: ``my_var``, ``/home/me``, ``my.cnf``; not
    ``_my_``."""
    left, right = text[max(match.start() - 2, 0) : match.start()], text[match.end() : match.end() + 2]
    before = left[-1:] in ("_", "/", "\\", "@", "#", "$") or (
        left[-1:] == "." and left[:1].isalnum() and len(left) == 2
    )
    after = right[:1] in ("_", "/", "\\", "@", ".", "=", "(", "[") and right[1:2].isalnum() and right[1:2].islower()
    emphasis = left[-1:] == "_" and right[:1] == "_" and not left[:-1].isalnum() and not right[1:].isalnum()
    return (before or after) and not emphasis and not (left[-1:] == "/" and left[:1] == " ")


def _other_word(text: str, match: re.Match[str], low: str) -> bool:
    """Whether a word that looks like my, mine or me is another: a gold mine, oh my God, Portland, ME."""
    before = text[: match.start()].rstrip()
    if low == "mine":
        last = _last_word([before])
        return bool(last) and before[-1:] not in ",.;:!?" and last not in _OWNED
    if low == "my":
        following = WORD.match(text[match.end() :].lstrip())
        return following is not None and following.group().lower() in _GOODNESS
    if match.group() == "ME":
        return before.endswith(",") or text[match.end() : match.end() + 1] == "/"
    return False


def _last_word(pieces: list[str]) -> str:
    last = words("".join(pieces[-4:]))
    return last[-1].lower() if last else ""


def _fix_inverted(pieces: list[str]) -> None:
    for index in range(len(pieces) - 1, -1, -1):
        low = pieces[index].lower()
        if low in ("am", "are", "were"):
            pieces[index] = "was" if low == "were" else "is"
            return


def _with_subject(sentence: str, me: str, spans: tuple[tuple[int, int], ...]) -> str:
    """Give a sentence that starts with its verb ("Just finished a book.") its subject."""
    spoken = words(sentence)
    opening = WORD.search(sentence)
    if not spoken or (spans and opening and inside(spans, opening.start())):
        return sentence
    head = 0
    while head < len(spoken) - 1 and is_adverb(spoken[head].lower()):
        head += 1
    verb = spoken[head].lower()
    past = verb in IRREGULAR_PAST or (verb.endswith("ed") and len(verb) > 4)
    following = spoken[head + 1].lower() if len(spoken) > head + 1 else ""
    gerund = verb.endswith("ing") and len(verb) > 5 and following not in ("", "is", "was", "has")
    lowered = re.sub(r"^\W*(\w)", lambda m: m.group(0).lower(), sentence, count=1)
    if past:
        return f"{me} {lowered}"
    if gerund and head == 0 and following in {"to", "forward", "for", "on", "at", "about"}:
        return f"{me} is {lowered}"
    return sentence
