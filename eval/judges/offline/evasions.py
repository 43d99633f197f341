"""Answers that give no answer: nothing said, the gold denied and nothing put in its place, the question handed back,
chatter.

A logistic model over recall and overlap is drawn to these, since they hold the right words. What is left of an answer
once the question's, the gold's and the words of talk are taken away tells them apart from answers, whatever their
wording; it holds at both operating points. A gate caps the probability.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from eval.judges.offline import readings
from eval.judges.offline.frames import Encode, deny
from eval.judges.offline.pair import Pair
from eval.judges.offline.restatements import hands_back
from eval.judges.offline.text import content, found, idf, tokens

VERSION = 5
"""Raised by hand when an outcome changes."""
CEILING = 0.2
"""Probability left to an answer that gives none."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_SPOKEN = re.compile(
    r"\b(?:i|you|we|your|my|our|me|us)\b|[!?]$|\bthanks?\b|^(?:hey|wow|oh|yeah|yep|hi)\b", re.IGNORECASE
)
WINDOW = 3
"""Sentences in which the gold and the question must meet."""


def evades(pairs: Sequence[Pair], encode: Encode) -> list[str]:
    """Why each answer is none; empty where it may be one.

    Args:
        pairs: the answers.
        encode: MiniLM, which reads what stands around a quoted gold.
    """
    out = [_plainly(pair) for pair in pairs]
    rest = [number for number, reason in enumerate(out) if not reason]
    for number, denied in zip(rest, deny([pairs[number] for number in rest], encode), strict=True):
        if denied:
            out[number] = "guard: the gold is denied and nothing is put in its place"
    return out


def _plainly(pair: Pair) -> str:
    """The reasons that no model is needed for."""
    if not tokens(pair.answer):
        return "guard: nothing is said"
    if hands_back(pair):
        return "guard: the question is handed back"
    if _chatters(pair):
        return "guard: chatter that has nothing to do with the question"
    return ""


def _chatters(pair: Pair) -> bool:
    """Whether an answer is direct speech ("I", "you", "thanks!") in no stretch of which the gold and the question's
    topic meet.
    """
    sentences = [sentence for sentence in _SENTENCE.split(pair.answer) if sentence.strip()]
    if len(sentences) < 2 or sum(bool(_SPOKEN.search(sentence)) for sentence in sentences) <= len(sentences) / 2:
        return False
    for start in range(max(len(sentences) - WINDOW + 1, 1)):
        stretch = " ".join(sentences[start : start + WINDOW])
        said = frozenset(content(stretch)) | frozenset(tokens(stretch))
        holds = _share(pair.wanted, said) >= 0.5 or bool(
            readings.polarity(pair.gold) and readings.polarity(stretch) == readings.polarity(pair.gold)
        )
        if holds and (len(sentences) <= WINDOW or _share(tuple(pair.asked), said) >= 0.34):
            return False
    return True


def _share(wanted: tuple[str, ...], said: frozenset[str]) -> float:
    """Share of some stems that were said, weighed by rarity."""
    total = sum(idf(word) for word in wanted)
    return sum(idf(word) * found(word, said) for word in wanted) / total if total else 0.0
