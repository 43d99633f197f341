"""An answerer that sees questions only: what their wording alone gives away.

It learns on some conversations which answer each question form gets most often and answers those of others with it. A
benchmark whose templates betray their answers would let it score; here it must stay below 10 %.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from eval.datasets.generated.records import GeneratedQuestion

_NAME = re.compile(r"\b[A-Z][\w'-]*|\d[\d:]*")


def skeleton(question: str) -> str:
    """The wording of a question without names, numbers and what else is written with a capital."""
    return " ".join(_NAME.sub("_", question).lower().split())


class QuestionOnly:
    """Most frequent answer by skeleton, else by the first words, else of all; in questions with options their order."""

    def __init__(self, questions: Iterable[GeneratedQuestion]) -> None:
        self._answers: dict[str, Counter[str]] = {}
        for question in questions:
            gold = question.golds[0] if question.golds else ""
            for key in self._keys(question):
                self._answers.setdefault(key, Counter())[gold] += 1

    @staticmethod
    def _keys(question: GeneratedQuestion) -> tuple[str, ...]:
        wording = skeleton(question.text)
        return wording, *(" ".join(wording.split()[:count]) + "…" for count in (4, 2, 0))

    def answer(self, question: GeneratedQuestion) -> str:
        """The guess; the empty answer says that the question cannot be answered."""
        if ": " in question.text and ";" in question.text:
            return ", ".join(part.strip() for part in question.text.split(": ", 1)[1].rstrip("?").split(";"))
        for key in self._keys(question):
            counts = self._answers.get(key)
            if counts:
                return min(counts, key=lambda gold: (-counts[gold], gold))
        return ""

    def correct(self, question: GeneratedQuestion) -> bool:
        """Whether the guess is an accepted form, or says that there is none where there is none."""
        guess = self.answer(question).lower()
        return guess in {gold.lower() for gold in question.golds} or (question.unanswerable and not guess)
