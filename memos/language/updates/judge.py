"""The verdict on a new statement against an old one: a small model over the features of ``pairs``, behind hard rules.

What is not sure coexists. The weights (``weights.json``, with what they were fitted on) are read once.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from math import exp
from typing import Any, Literal

from memos.language.numerals import numbers
from memos.language.quoting import foreign, inside
from memos.language.updates.pairs import barred, same_features, unlike, update_features
from memos.language.updates.reading import Statement, read
from memos.language.words import stems, surface

Standing = Literal["supersedes", "duplicate", "coexists"]
MOST = 2
"""Sentences of a new memory at most that may outdate another."""
ALIKE = 0.8
"""Likeness from which a statement without a new word says what is known; in others the words may stand otherwise."""
LONGEST = 40
"""Words of a memory that is read as a whole too, beside its sentences."""
_END = re.compile(r"(?<=[.!?…])[\"')\]]*\s+(?=[\"'(\[]?[^\W\d_a-z])|\n+")


@dataclass(frozen=True, slots=True)
class UpdateWeights:
    """Weights of the two models by feature, with the least probability at which each speaks."""

    update: Mapping[str, float]
    same: Mapping[str, float]
    update_from: float
    same_from: float


@lru_cache(maxsize=1)
def _source() -> str:
    return files("memos.language.updates").joinpath("weights.json").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def weights() -> UpdateWeights:
    """The fitted weights."""
    stored: dict[str, Any] = json.loads(_source())
    return UpdateWeights(**{name: stored[name] for name in ("update", "same", "update_from", "same_from")})


@lru_cache(maxsize=1)
def digest() -> str:
    """Digest (16 hex digits) of the weights."""
    return hashlib.sha256(_source().encode()).hexdigest()[:16]


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a memory; quotations stay whole."""
    spans, pieces, start = foreign(text), list[str](), 0
    for match in _END.finditer(text):
        if not inside(spans, match.start()):
            pieces.append(text[start : match.start()])
            start = match.end()
    return tuple(piece.strip() for piece in (*pieces, text[start:]) if piece.strip())


@lru_cache(maxsize=65_536)
def stands(old: str, new: str, cosine: float) -> Standing:
    """How a later statement stands to an earlier one of the same memory.

    ``supersedes`` only where every sentence of the old statement is outdated, ``duplicate`` only where every sentence
    of the new one is known; all else ``coexists``.

    Args:
        cosine: likeness of the two by an embedder, -1 to 1.
    """
    if read(old).words == read(new).words and surface(old) == surface(new) and _plain(old) == _plain(new):
        return "duplicate"
    olds, news = sentences(old), sentences(new)
    if not olds or not news:
        return "coexists"
    tried = (*news, new) if len(news) == 2 and len(new.split()) <= LONGEST else news
    if len(news) > MOST:
        tried = ()  # a piece of talk, of which no sentence alone is an update of a note
    if all(any(update_chance(read(o), read(n), cosine) >= weights().update_from for n in tried) for o in olds):
        return "supersedes"
    if all(any(same_chance(read(o), read(n), cosine) >= weights().same_from for o in olds) for n in news):
        return "duplicate"
    return "duplicate" if adds_nothing(old, new, cosine) else "coexists"


def adds_nothing(old: str, new: str, cosine: float) -> bool:
    """Whether an alike new statement has no content word and no number that the old one lacks."""
    if cosine < ALIKE or unlike(read(old), read(new)):
        return False
    return bool(stems(new)) and stems(new) <= stems(old) and numbers(new) <= numbers(old)


def update_chance(old: Statement, new: Statement, cosine: float) -> float:
    """Probability that the new statement outdates the old one; 0 where a rule forbids it."""
    return 0.0 if barred(old, new) else _chance(weights().update, update_features(old, new, cosine))


def same_chance(old: Statement, new: Statement, cosine: float) -> float:
    """Probability that the new statement says what the old one says; 0 where a rule forbids it."""
    return 0.0 if unlike(old, new) else _chance(weights().same, same_features(old, new, cosine))


def _plain(text: str) -> tuple[object, ...]:
    statement = read(text)
    return (statement.denies, statement.asks, statement.quotes, statement.plans, statement.past, statement.owners)


def _chance(by_feature: Mapping[str, float], features: Mapping[str, float]) -> float:
    return 1 / (1 + exp(-sum(by_feature[name] * features[name] for name in by_feature)))
