"""First person to third person, so that a memory says whose it is when read alone (protocol.md 8.1)."""

from __future__ import annotations

import re

from baselines.extract.lexicon import ADVERBS, AUXILIARIES, IRREGULAR_PAST, MODALS, WORD, words

_THIRD = {"am": "is", "'m": "is", "have": "has", "do": "does", "don't": "doesn't", "haven't": "hasn't", "go": "goes"}
_NOT_VERBS = frozenset("gotta gonna wanna and or but too either neither with who whom which that to of in on as".split())
_PRONOUNS = {
    "me": "{me}", "my": "{me}'s", "mine": "{me}'s", "myself": "{me}", "you": "{you}", "your": "{you}'s",
    "yours": "{you}'s", "yourself": "{you}", "i'm": "{me} is", "i've": "{me} has", "i'll": "{me} will",
    "i'd": "{me} would", "you're": "{you} is", "you've": "{you} has", "you'll": "{you} will", "you'd": "{you} would",
}  # fmt: skip


def third_person_verb(verb: str) -> str:
    """Present tense of the third person; past forms, modals and adverbs stay ("love" -> "loves", "went" -> "went")."""
    low = verb.lower()
    if low in _THIRD:
        return _THIRD[low]
    if low in MODALS or low in IRREGULAR_PAST or low in AUXILIARIES or low in _NOT_VERBS or low.endswith("ed"):
        return verb
    if "'" in low or not low.isalpha():
        return verb
    if low.endswith(("s", "x", "z", "ch", "sh", "o")):
        return verb + "es"
    if low.endswith("y") and low[-2:-1] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"


def _is_adverb(word: str) -> bool:
    return word in ADVERBS or (word.endswith("ly") and len(word) > 4)


def third_person(sentence: str, me: str, you: str) -> str:
    """Rewrite a sentence that ``me`` said to ``you``; names stand for both."""
    out: list[str] = []
    end, pending = 0, False
    for match in WORD.finditer(sentence):
        gap, word = sentence[end : match.start()], match.group()
        end = match.end()
        low = word.lower()
        if any(mark in gap for mark in ",.;:!?-"):
            pending = False
        out.append(gap)
        if low in ("i", "you") and (low != "i" or word == "I" or gap.strip() == ""):
            name = me if low == "i" else you
            inverted = bool(out[:-1]) and _last_word(out) in ("am", "are", "were")
            if inverted:
                _fix_inverted(out)
            out.append(name)
            pending = not inverted and (low == "i" or not _after_preposition(out[:-1]))
        elif low in _PRONOUNS:
            out.append(_PRONOUNS[low].format(me=me, you=you))
            pending = False
        elif pending and low == "are":
            out.append("is")
            pending = False
        elif pending and low == "were":
            out.append("was")
            pending = False
        elif pending:
            out.append(third_person_verb(word))
            pending = _is_adverb(low)
            if pending:
                out[-1] = word
        else:
            out.append(word)
    return _with_subject("".join(out) + sentence[end:], me)


def _last_word(parts: list[str]) -> str:
    found = words("".join(parts[-4:]))
    return found[-1].lower() if found else ""


def _after_preposition(parts: list[str]) -> bool:
    return _last_word(parts) in {"to", "for", "with", "of", "at", "about", "from", "on", "see", "hear", "tell", "thank",
                                 "love", "miss", "told", "wish", "show", "let", "help", "give", "asked", "ask"}  # fmt: skip


def _fix_inverted(parts: list[str]) -> None:
    for index in range(len(parts) - 1, -1, -1):
        low = parts[index].lower()
        if low in ("am", "are", "were"):
            parts[index] = "was" if low == "were" else "is"
            return


def _with_subject(sentence: str, me: str) -> str:
    """Give a sentence that starts with its verb ("Just finished a book.") its subject."""
    found = words(sentence)
    if not found:
        return sentence
    head = 0
    while head < len(found) - 1 and _is_adverb(found[head].lower()):
        head += 1
    verb = found[head].lower()
    past = verb in IRREGULAR_PAST or (verb.endswith("ed") and len(verb) > 4)
    gerund = verb.endswith("ing") and len(verb) > 5 and len(found) > head + 1 and found[head + 1].lower() not in ("is", "was", "has")
    lowered = re.sub(r"^\W*(\w)", lambda m: m.group(0).lower(), sentence, count=1)
    if past:
        return f"{me} {lowered}"
    if gerund and head == 0 and found[1].lower() in {"to", "forward", "for", "on", "at", "about"}:
        return f"{me} is {lowered}"
    return sentence
