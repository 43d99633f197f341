"""Turns to facts: which sentences say something, whose they are and when it was.

A fact is a run of neighbouring informative sentences of one turn (up to ``max_words``), in the third person with
absolute dates: the paragraph style that the evaluation of mem0 asks of its extractor (docs/systems.md#mem0).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from baselines.extract.people import listener_of
from memos.language.dates_text import resolve
from memos.language.lexicon import INTERJECTIONS
from memos.language.quoting import foreign, inside
from memos.language.rewrite import third_person
from memos.language.scripts import unspaced
from memos.language.words import is_stop, terms, words
from memos.types import Session, Turn

_END = re.compile(r"(?<=[.!?…])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])|\n+")
_FIRST = frozenset("i i'm i've i'll i'd my me mine myself we we're we've we'll our us ours".split())
_SECOND = frozenset("you you're you've you'll you'd your yours yourself".split())
_FEWEST_UNPARTED = 6
"""Letters of a script without blanks from which a sentence says something: about four words. No more is known of it."""
_VAGUE = frozenset(
    """amazing awesome great good nice cool fun fantastic wonderful incredible beautiful lovely glad happy excited proud
    inspiring super love hope keep thanks thank wow look sound feel really mean know think wait hear see congrats
    appreciate support luck care take rock best""".split()
)
"""Words of praise and politeness: a sentence made of nothing else holds no fact."""


@cache
def _vague_stems() -> frozenset[str]:
    return frozenset(stem for word in _VAGUE for stem in terms(word))


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing a speaker said about themselves or the world."""

    text: str
    """Third person, absolute dates."""
    speaker: str
    turn_ids: tuple[str, ...]
    time: datetime | None
    """Start of the period the fact names, else the time of the session; None where neither is known."""
    dated: bool = False
    """Whether the fact itself names its time."""


def sentences(text: str) -> list[str]:
    """Split a turn into sentences, code and quotations whole; curly quotes become straight."""
    text = text.replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"')
    spans, pieces, start = foreign(text), [], 0
    for match in _END.finditer(text):
        if not inside(spans, match.start()):
            pieces.append(text[start : match.start()])
            start = match.end()
    return [piece.strip() for piece in (*pieces, text[start:]) if piece.strip()]


def strip_opening(sentence: str, names: Iterable[str]) -> str:
    """Cut leading interjections and the listener's name ("Wow, Ann, …" -> "…")."""
    opening = {part.lower() for name in names for part in name.split()}
    while match := re.match(r"\W*([A-Za-z']+)\s*([,!.\-–—:]+)\s+(?=\S)", sentence):
        if match.group(1).lower() not in INTERJECTIONS and match.group(1).lower() not in opening:
            break
        sentence = sentence[match.end() :]
    return sentence


def informative(sentence: str) -> bool:
    """Whether a sentence states something about its speaker or the world rather than praises, greets or asks."""
    if sentence.rstrip("\"') ").endswith(("?", "？")):
        return False
    unparted = sum(map(unspaced, sentence))
    if 2 * unparted > sum(map(str.isalpha, sentence)):
        return unparted >= _FEWEST_UNPARTED
    low = [word.lower() for word in words(sentence)]
    if len(low) < 4:
        return False
    stems = [stem for stem in terms(sentence) if stem not in _vague_stems()]
    if len(stems) < 2 or low[0] in _SECOND:
        return False
    own = any(word in _FIRST for word in low)
    named = any(word[0].isupper() and not is_stop(word.lower()) for word in words(sentence)[1:])
    directed = any(word in _SECOND for word in low)
    if directed and not own:
        return False
    return own or named or any(word[0].isdigit() for word in low) or len(stems) >= 3


def turn_facts(session: Session, turn: Turn, listener: str, max_words: int = 40) -> list[Fact]:
    """Facts of one turn, in order.

    Args:
        session: gives the time that relative dates refer to, where the turn has none of its own.
        turn: what was said; a caption becomes a fact of its own.
        listener: name behind "you".
        max_words: longest run of sentences that makes one fact; a longer single sentence stays whole.
    """
    groups: list[list[tuple[str, datetime | None]]] = []
    size, last, said_at = 0, -2, session.time_of(turn)
    for index, sentence in enumerate(sentences(turn.text)):
        sentence = strip_opening(sentence, (turn.speaker, listener))
        if not informative(sentence):
            continue
        text, time = resolve(third_person(sentence, turn.speaker, listener), said_at)
        count = len(words(text))
        if groups and size + count <= max_words and index - last <= 2:
            groups[-1].append((text, time))
            size += count
        else:
            groups.append([(text, time)])
            size = count
        last = index
    facts = [_fact(group, session, turn) for group in groups]
    if turn.caption:
        facts.append(Fact(f"{turn.speaker} shared an image: {turn.caption}.", turn.speaker, (turn.turn_id,), said_at))
    return facts


def _fact(group: list[tuple[str, datetime | None]], session: Session, turn: Turn) -> Fact:
    text = " ".join(sentence for sentence, _ in group)
    text = text[0].upper() + text[1:]
    if turn.speaker.lower() not in text.lower():
        text = f"{turn.speaker} said: {text}"
    time = next((time for _, time in group if time is not None), None)
    return Fact(text, turn.speaker, (turn.turn_id,), time or session.time_of(turn), dated=time is not None)


def session_facts(session: Session, speakers: tuple[str, ...], max_words: int = 40) -> list[Fact]:
    """Facts of every turn of a session, in order."""
    out = []
    for turn in session.turns:
        out += turn_facts(session, turn, listener_of(turn.speaker, speakers), max_words)
    return out
