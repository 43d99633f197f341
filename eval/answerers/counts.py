"""Answers that are a number."""

from __future__ import annotations

from collections.abc import Sequence

from eval.answerers.question import QuestionView
from eval.answerers.ranking import Index, RankedLine
from memos.language.numerals import number_of


def how_many(question: QuestionView, index: Index, ranked: Sequence[RankedLine], margin: float = 3.0) -> str:
    """The number said next to what is counted; empty where no number is said."""
    best: tuple[float, str] | None = None
    for place, scored in enumerate(ranked[:4]):
        if ranked[0].score - scored.score > margin:
            break
        for sentence in index.sentences(scored.index):
            tokens = sentence.tokens
            for position, token in enumerate(tokens):
                if number_of(token.lower) is None and not token.text[0].isdigit():
                    continue
                near = [item.stem for item in tokens[position + 1 : position + 4]]
                score = len(sentence.stems & question.stems) - place + 2.0 * (question.head in near)
                score -= 1.5 * (token.lower == "one")
                if best is None or score > best[0]:
                    best = (score, token.text)
    return best[1] if best and best[0] > 0 else ""
