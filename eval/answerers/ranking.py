"""Which lines of a context bear on a question: idf-weighted stem overlap, whose line it is, dates, neighbours.

A line's score is a weighted sum of the features below; ``weights.json`` holds the weights (scripts/train_reader.py).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.answerers.context import ParsedLine, Sentence
from eval.answerers.question import QuestionView
from eval.answerers.wording import mentions
from memos.language.dates import durations
from memos.language.numerals import number_of

SHORTLIST = 60
"""How many lines of a long context get the full set of features."""


@dataclass(frozen=True)
class RankedLine:
    """A line with its score and the share of the question it covers."""

    index: int
    score: float
    coverage: float


class Index:
    """Lines of one context with what every question on it needs; build once, ask many times."""

    def __init__(self, lines: Sequence[ParsedLine]) -> None:
        self.lines = tuple(lines)
        self.postings: dict[str, list[int]] = defaultdict(list)
        for number, line in enumerate(self.lines):
            for stem in line.stems:
                self.postings[stem].append(number)
        self.text_lower = [line.text.lower() for line in self.lines]
        self._sentences: dict[int, tuple[Sentence, ...]] = {}
        self._timed: dict[int, bool] = {}

    def sentences(self, line: int) -> tuple[Sentence, ...]:
        if line not in self._sentences:
            self._sentences[line] = tuple(Sentence(text, line) for text in self.lines[line].sentence_texts)
        return self._sentences[line]

    def concerns(self, number: int, people: Sequence[str]) -> bool:
        """Whether a line is said by, kept for or names one of these people."""
        line = self.lines[number]
        return any(line.speaker == name or name.split()[0].lower() in self.text_lower[number] for name in people)

    def idf(self, stem: str) -> float:
        return math.log(1 + (len(self.lines) + 20) / (len(self.postings.get(stem, ())) + 0.5))

    def rank(
        self, question: QuestionView, weights: Mapping[str, float], cosine: Sequence[float] | None = None
    ) -> list[RankedLine]:
        """All lines with any bearing on the question, best first."""
        covered = self.coverage(question)
        scored = []
        for number in self._shortlist(question, covered, cosine):
            features = self.features(question, number, covered, None if cosine is None else float(cosine[number]))
            score = sum(weights.get(name, 0.0) * value for name, value in features.items())
            scored.append(RankedLine(number, score, covered[number]))
        return sorted(scored, key=lambda item: (-item.score, item.index))

    def _shortlist(
        self, question: QuestionView, covered: Sequence[float], cosine: Sequence[float] | None
    ) -> Sequence[int]:
        """The lines worth the full set of features: all of a short context, the promising ones of a long one."""
        count = len(self.lines)
        if count <= SHORTLIST:
            return range(count)
        rough = np.array(covered)
        near = rough.copy()
        near[1:] += 0.3 * rough[:-1]
        near[:-1] += 0.2 * rough[1:]
        if cosine is not None:
            near += 0.7 * np.asarray(cosine, dtype=float)
        if question.focus:
            near += 0.15 * np.array([line.speaker in question.focus for line in self.lines])
        for when in question.dates:
            near += 0.3 * np.array([line.time is not None and line.time.date() == when.date() for line in self.lines])
        return sorted(np.argsort(-near, kind="stable")[:SHORTLIST].tolist())

    def coverage(self, question: QuestionView) -> list[float]:
        """For each line the share of the question's idf weight that its words hold."""
        total = sum(self.idf(stem) for stem in question.stems) or 1.0
        covered = [0.0] * len(self.lines)
        for stem in question.stems:
            gain = self.idf(stem) / total
            for number in self.postings.get(stem, ()):
                covered[number] += gain
        return covered

    def features(
        self, question: QuestionView, number: int, covered: Sequence[float], cosine: float | None
    ) -> dict[str, float]:
        """Named feature values of one line for one question."""
        line = self.lines[number]
        features = {"coverage": covered[number], "length": math.log(1 + len(line.stems)) / 4}
        features["coverage_squared"] = covered[number] ** 2
        features["before"] = covered[number - 1] if number else 0.0
        features["after"] = covered[number + 1] if number + 1 < len(self.lines) else 0.0
        if (
            number
            and self.lines[number - 1].text.rstrip().endswith("?")
            and self.lines[number - 1].speaker != line.speaker
        ):
            features["before_asks"] = covered[number - 1]
        if question.focus:
            if line.said:
                features["focus_says" if line.speaker in question.focus else "other_says"] = 1.0
            named = [name for name in question.focus if name.split()[0].lower() in self.text_lower[number]]
            if named:
                features["focus_named"] = 1.0
            elif not line.said and line.speaker in question.focus:
                features["focus_block"] = 1.0
        if line.text.rstrip().endswith("?"):
            features["asks"] = 1.0
        if line.time is not None and question.dates:
            gap = min(abs((line.time.date() - when.date()).days) for when in question.dates)
            features["date_same"] = float(gap == 0)
            features["date_near"] = float(0 < gap <= 7)
            features["date_far"] = float(gap > 31)
        if line.time is not None and question.months:
            same = any(line.time.month == month and year in (None, line.time.year) for month, year in question.months)
            features["month_same" if same else "month_other"] = 1.0
        features.update(self._type_fit(question, number))
        if cosine is not None:
            features["cosine"] = cosine
            features["cosine_squared"] = cosine * abs(cosine)
        return features

    def has_time(self, number: int) -> bool:
        """Whether a line holds a time expression."""
        if number not in self._timed:
            self._timed[number] = bool(mentions(self.lines[number].text, self.lines[number].time))
        return self._timed[number]

    def _type_fit(self, question: QuestionView, number: int) -> dict[str, float]:
        line = self.lines[number]
        if question.kind == "when" and self.has_time(number):
            return {"fits_when": 1.0}
        if question.kind == "how_long" and durations(line.text):
            return {"fits_how_long": 1.0}
        if question.kind == "how_many" and any(number_of(word.strip(".,!?")) is not None for word in line.text.split()):
            return {"fits_how_many": 1.0}
        return {}
