"""Relation triples (subject, relation, object) by patterns over third-person facts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from baselines.extract.entities import normal, noun_phrase, noun_phrases, tokens
from baselines.extract.facts import sentences
from memos.language.lexicon import ADVERBS, MODALS, NOUN_OPENERS, RELATIONAL
from memos.language.names import names
from memos.language.words import STOP, is_stop, words

_SKIPPED = frozenset("has had have is was been being just would will can could should might may did does to".split())
_STOPS = frozenset('.,;:!?()"…–—')


@dataclass(frozen=True, slots=True)
class Triple:
    """``source`` and ``target`` keep their case; ``relation`` is lower-case words joined by underscores."""

    source: str
    relation: str
    target: str
    sentence: str = ""


def _predicate(after: list[str]) -> tuple[str, str]:
    """Relation and object behind a subject."""
    index, negated = 0, False
    while index < len(after):
        low = after[index].lower()
        negated |= low in ("not", "never") or low.endswith("n't")
        skippable = low in _SKIPPED or low in ADVERBS or low in MODALS or low.endswith(("n't", "ly")) or low == "not"
        copula = (
            low in ("is", "was")
            and index + 1 < len(after)
            and (after[index + 1].lower() in NOUN_OPENERS or not after[index + 1].lower().endswith(("ing", "ed")))
        )
        if not skippable or copula:
            break
        index += 1
    if index >= len(after) or after[index] in _STOPS:
        return "", ""
    relation = [after[index].lower()]
    index += 1
    target = noun_phrase(after[index:])
    for _ in range(3):
        if target or index >= len(after) or after[index] in _STOPS:
            break
        low = after[index].lower()
        if low in RELATIONAL or low == "to" or low not in NOUN_OPENERS | STOP:
            relation.append(low)
        index += 1
        target = noun_phrase(after[index:])
    following = index + len(target.split())
    if target and relation[-1] not in RELATIONAL and following + 1 < len(after):
        adjective = relation[0] in ("is", "was", "feels", "felt", "got") and after[following].lower() in RELATIONAL
        further = noun_phrase(after[following + 1 :]) if adjective else ""
        if further:
            relation += [target.lower().replace(" ", "_"), after[following].lower()]
            target = further
    if negated:
        relation.insert(0, "not")
    return "_".join(relation[:4]), target


def triples(text: str, subject: str) -> list[Triple]:
    """Triples of a fact about ``subject``: at most one a sentence, subject and object distinct.

    A sentence whose predicate has no object is linked to its first name or noun phrase with ``mentioned``.
    """
    out: dict[tuple[str, str, str], Triple] = {}
    for sentence in sentences(text):
        listed = tokens(sentence)
        relation, target = "", ""
        for index, token in enumerate(listed):
            if token.lower() == subject.lower():
                relation, target = _predicate(listed[index + 1 :])
                break
        if not target or normal(target) == normal(subject):
            relation, target = "mentioned", _fallback(sentence, subject)
        if target and relation:
            triple = Triple(subject, re.sub(r"[^a-z0-9_]+", "_", relation), target, sentence)
            out.setdefault((normal(triple.source), triple.relation, normal(triple.target)), triple)
    return list(out.values())


def _fallback(sentence: str, subject: str) -> str:
    for name in [*names(sentence), *noun_phrases(sentence)]:
        if normal(name) != normal(subject) and len(normal(name)) > 2:
            return name
    plain = [word for word in words(sentence) if not is_stop(word.lower()) and normal(word) != normal(subject)]
    return max(plain, key=len, default="")
