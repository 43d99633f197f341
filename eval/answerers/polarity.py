"""Answers to yes/no questions, to choices between alternatives and to questions about what somebody would do."""

from __future__ import annotations

from collections.abc import Sequence

from eval.answerers.question import QuestionView
from eval.answerers.ranking import Index, RankedLine
from eval.answerers.text import content_stems
from memos.language.polarity import negated


def choice(question: QuestionView, index: Index, ranked: Sequence[RankedLine]) -> str:
    """The alternative that the best lines speak of most; the first one where none is spoken of."""
    weights = []
    for option in question.options:
        stems = set(content_stems(option))
        total = 0.0
        for place, scored in enumerate(ranked[:8]):
            hit = len(stems & index.lines[scored.index].stems)
            total += hit / (max(1, len(stems)) * (1 + place))
        weights.append(total)
    return question.options[weights.index(max(weights))]


def yes_no(question: QuestionView, index: Index, ranked: Sequence[RankedLine]) -> str:
    """``Yes`` where the closest sentence affirms, ``No`` where it denies; ``Likely`` for what somebody would do."""
    closest, negative = 0.0, False
    for place, scored in enumerate(ranked[:3]):
        for sentence in index.sentences(scored.index):
            overlap = len(sentence.stems & question.stems) / (1 + 0.5 * place)
            if overlap > closest:
                closest = overlap
                negative = negated(sentence.text)
    asked_negative = negated(question.text)
    denied = negative != asked_negative
    if question.kind == "would":
        return "Likely no" if denied else "Likely yes"
    return "No" if denied else "Yes"
