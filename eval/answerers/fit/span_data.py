"""All candidate spans of the questions that are answered by spans, as sparse rows with the F1 that each reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from nltk.tokenize import NLTKWordTokenizer
from scipy import sparse
from tqdm import tqdm

from eval.answerers.fit.rows import Names, SparseRows, height
from eval.answerers.question import QuestionView, analyse
from eval.answerers.ranking import Index, RankedLine
from eval.answerers.spans import (
    allowed,
    answer_group,
    length_features,
    sentence_features,
    token_features,
)
from eval.core.types import Dataset, Question

WITHOUT_SPANS = ("when", "yes_no", "would")
_WORDS = NLTKWordTokenizer()


@dataclass
class SpanData:
    """All candidate spans of many questions, as indexes into token, length and sentence rows."""

    questions: list[Question]
    bounds: np.ndarray
    first: np.ndarray
    last: np.ndarray
    length: np.ndarray
    sentence: np.ndarray
    target: np.ndarray
    start_rows: sparse.csr_matrix
    end_rows: sparse.csr_matrix
    inside_rows: sparse.csr_matrix
    length_rows: sparse.csr_matrix
    sentence_rows: sparse.csr_matrix
    importance: np.ndarray

    def scores(self, weights: np.ndarray) -> np.ndarray:
        inside = np.concatenate([[0.0], np.cumsum(self.inside_rows @ weights)])
        return (
            (self.start_rows @ weights)[self.first]
            + (self.end_rows @ weights)[self.last]
            + inside[self.last + 1]
            - inside[self.first]
            + (self.length_rows @ weights)[self.length]
            + (self.sentence_rows @ weights)[self.sentence]
        )

    def gradient(self, by_candidate: np.ndarray) -> np.ndarray:
        """Gradient by weight from the gradient by candidate score."""
        tokens = height(self.start_rows)
        add = lambda index, size: np.bincount(index, by_candidate, size)  # noqa: E731
        inside = np.cumsum(add(self.first, tokens + 1) - add(self.last + 1, tokens + 1))[:-1]
        return (
            self.start_rows.T @ add(self.first, tokens)
            + self.end_rows.T @ add(self.last, tokens)
            + self.inside_rows.T @ inside
            + self.length_rows.T @ add(self.length, height(self.length_rows))
            + self.sentence_rows.T @ add(self.sentence, height(self.sentence_rows))
        )


def gold_sets(question: Question, view: QuestionView) -> list[tuple[frozenset[str], float]]:
    """Word sets to match and their worth: the whole gold, and its items where several are asked for."""
    words = lambda text: frozenset(_WORDS.tokenize(text.lower()))  # noqa: E731
    sets = [(words(question.gold), 1.0)]
    if view.is_list:
        items = [item.strip() for part in question.gold.split(",") for item in part.split(" and ")]
        sets += [(words(item), 0.9) for item in items if item]
    return sets


def span_data(
    dataset: Dataset,
    names: Names,
    contexts: Callable[[Question], list[tuple[Index, int, float]]],
    rank: dict[str, float],
) -> SpanData:
    """Candidates of every question that is answered by spans; ``contexts`` gives (index, lines to read, importance)."""
    rows = {kind: SparseRows(names) for kind in ("start", "end", "inside", "length", "sentence")}
    length_row: dict[tuple[str, int], int] = {}
    columns: dict[str, list] = {key: [] for key in ("first", "last", "length", "sentence", "target")}
    questions, bounds, importance = [], [0], []
    for question in tqdm(dataset.questions, disable=None, desc="spans"):
        speakers = dataset.conversation(question.sample_id).speakers
        view = analyse(question.text, speakers)
        if view.kind in WITHOUT_SPANS or question.unanswerable or not question.evidence:
            continue
        people = frozenset(part.lower() for name in speakers for part in name.split())
        group, golds = answer_group(view), gold_sets(question, view)
        for index, count, worth in contexts(question):
            for place, sentence, scored, gap in _sentences(index, view, rank, count):
                offset = len(rows["start"].ends) - 1
                for kind, features in zip(
                    ("start", "end", "inside"), token_features(view, sentence, people), strict=True
                ):
                    for item in features:
                        rows[kind].add(item)
                own = rows["sentence"].add(sentence_features(view, sentence, place, gap, scored.coverage))
                for first, last in allowed(sentence.tokens):
                    words = frozenset(token.lower for token in sentence.tokens[first : last + 1])
                    size = sum(token.is_word for token in sentence.tokens[first : last + 1])
                    if (group, size) not in length_row:
                        length_row[group, size] = rows["length"].add(length_features(size, group))
                    best = max(
                        worth_ * 2 * len(words & gold) / (len(words) + len(gold)) for gold, worth_ in golds if gold
                    )
                    for key, value in zip(
                        columns, (offset + first, offset + last, length_row[group, size], own, best), strict=True
                    ):
                        columns[key].append(value)
            if len(columns["first"]) > bounds[-1]:
                bounds.append(len(columns["first"]))
                questions.append(question)
                importance.append(worth)
    arrays = {key: np.array(value) for key, value in columns.items()}
    matrices = {kind: row.matrix() for kind, row in rows.items()}
    width = len(names.column)
    for matrix in matrices.values():
        matrix.resize(height(matrix), width)
    return SpanData(
        questions,
        np.array(bounds),
        **arrays,
        start_rows=matrices["start"],
        end_rows=matrices["end"],
        inside_rows=matrices["inside"],
        length_rows=matrices["length"],
        sentence_rows=matrices["sentence"],
        importance=np.array(importance),
    )


def _sentences(index: Index, view: QuestionView, rank: dict[str, float], count: int) -> Iterator[tuple]:
    ranked: list[RankedLine] = index.rank(view, rank)[:count]
    for place, scored in enumerate(ranked):
        for sentence in index.sentences(scored.index):
            if any(True for _ in allowed(sentence.tokens)):
                yield place, sentence, scored, min(8.0, ranked[0].score - scored.score)
