"""Fit the extractive reader's weights (eval/answerers/weights.json) and report what they reach on conversations left
out.

    python scripts/train_reader.py            # cross-validation over the tuning conversations
    python scripts/train_reader.py --write    # fit on all of them, write the weights

Lines: a softmax over a conversation's lines, trained to put its mass on the gold evidence. Spans: a softmax over all
spans
of the lines read, trained to the highest expected F1 against the gold answer. Only conversations named in TUNING are
ever
used. The weights derive from LOCOMO (CC BY-NC 4.0).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from nltk.tokenize import NLTKWordTokenizer
from scipy import sparse
from scipy.optimize import minimize
from tqdm import tqdm

from baselines.transcript import line as transcript_line
from eval.answerers import reader
from eval.answerers.context import parse
from eval.answerers.question import QuestionView, analyse
from eval.answerers.ranking import Index, Scored
from eval.answerers.reader import load_weights
from eval.answerers.spans import (
    allowed,
    answer_group,
    length_features,
    sentence_features,
    token_features,
)
from eval.command.script import add_cache, add_data, add_write, embeddings, locomo, told
from eval.core.types import Dataset, Question
from eval.datasets.locomo import load
from memos.embed.base import Embedder
from memos.embed.cache import CachedEmbedder
from memos.embed.minilm import MiniLM
from memos.types import Conversation

TUNING = ("conv-26", "conv-30", "conv-41", "conv-42", "conv-43", "conv-44")
FOLDS = (("conv-26", "conv-30"), ("conv-41", "conv-44"), ("conv-42", "conv-43"))
WEIGHTS = Path(reader.__file__).with_name("weights.json")
WITHOUT_SPANS = ("when", "yes_no", "would")
_WORDS = NLTKWordTokenizer()
Matrix = Any
"""``scipy.sparse.csr_matrix``, whose operators scipy does not type."""


class Names:
    """Feature names to columns; frozen once ``grow`` is off."""

    def __init__(self) -> None:
        self.column: dict[str, int] = {}

    def row(self, features: dict[str, float] | Sequence[str]) -> tuple[list[int], list[float]]:
        items = features.items() if isinstance(features, dict) else ((name, 1.0) for name in features)
        pairs = [(self.column.setdefault(name, len(self.column)), value) for name, value in items]
        return [column for column, _ in pairs], [value for _, value in pairs]


class Rows:
    """Collects sparse rows and makes them a matrix."""

    def __init__(self, names: Names) -> None:
        self.names, self.columns, self.values, self.ends = names, [], [], [0]

    def add(self, features: dict[str, float] | Sequence[str]) -> int:
        columns, values = self.names.row(features)
        self.columns += columns
        self.values += values
        self.ends.append(len(self.columns))
        return len(self.ends) - 2

    def matrix(self) -> sparse.csr_matrix:
        shape = (len(self.ends) - 1, len(self.names.column))
        return sparse.csr_matrix((np.array(self.values), np.array(self.columns, np.int32), np.array(self.ends)), shape)


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
    start_rows: Matrix
    end_rows: Matrix
    inside_rows: Matrix
    length_rows: Matrix
    sentence_rows: Matrix
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
        tokens = self.start_rows.shape[0]
        add = lambda index, size: np.bincount(index, by_candidate, size)  # noqa: E731
        inside = np.cumsum(add(self.first, tokens + 1) - add(self.last + 1, tokens + 1))[:-1]
        return (
            self.start_rows.T @ add(self.first, tokens)
            + self.end_rows.T @ add(self.last, tokens)
            + self.inside_rows.T @ inside
            + self.length_rows.T @ add(self.length, self.length_rows.shape[0])
            + self.sentence_rows.T @ add(self.sentence, self.sentence_rows.shape[0])
        )


def rendered(conversation: Conversation, wanted: Sequence[str] | None = None) -> str:
    """The conversation's transcript, or only the turns wanted."""
    keep = None if wanted is None else set(wanted)
    return "\n".join(
        transcript_line(session, turn).text
        for session, turn in conversation.turns()
        if keep is None or turn.turn_id in keep
    )


def gold_sets(question: Question, view: QuestionView) -> list[tuple[frozenset[str], float]]:
    """Word sets to match and their worth: the whole gold, and its items where several are asked for."""
    words = lambda text: frozenset(_WORDS.tokenize(text.lower()))  # noqa: E731
    found = [(words(question.gold), 1.0)]
    if view.is_list:
        items = [item.strip() for part in question.gold.split(",") for item in part.split(" and ")]
        found += [(words(item), 0.9) for item in items if item]
    return found


def span_data(
    dataset: Dataset,
    names: Names,
    contexts: Callable[[Question], list[tuple[Index, int, float]]],
    rank: dict[str, float],
) -> SpanData:
    """Candidates of every question that is answered by spans; ``contexts`` gives (index, lines to read, importance)."""
    rows = {kind: Rows(names) for kind in ("start", "end", "inside", "length", "sentence")}
    length_row: dict[tuple[str, int], int] = {}
    columns: dict[str, list] = {key: [] for key in ("first", "last", "length", "sentence", "target")}
    questions, bounds, importance = [], [0], []
    for question in tqdm(dataset.questions, disable=None, desc="spans"):
        speakers = dataset.conversation(question.sample_id).speakers
        view = analyse(question.text, speakers)
        if view.kind in WITHOUT_SPANS or question.category == 5 or not question.evidence:
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
    matrices: dict[str, Matrix] = {f"{kind}_rows": row.matrix() for kind, row in rows.items()}
    width = len(names.column)
    for matrix in matrices.values():
        matrix.resize(matrix.shape[0], width)
    return SpanData(questions, np.array(bounds), **arrays, **matrices, importance=np.array(importance))


def _sentences(index: Index, view: QuestionView, rank: dict[str, float], count: int) -> Iterator[tuple]:
    ranked: list[Scored] = index.rank(view, rank)[:count]
    for place, scored in enumerate(ranked):
        for sentence in index.sentences(scored.index):
            if any(True for _ in allowed(sentence.tokens)):
                yield place, sentence, scored, min(8.0, ranked[0].score - scored.score)


def fit_spans(
    data: SpanData, use: np.ndarray, names: Names, l2: float, typed: float, likelihood: float, steps: int
) -> np.ndarray:
    """Weights of the highest expected F1 (plus a share of likelihood of the good spans) over the questions in ``use``.

    Args:
        typed: scale of the weights kept for one question type; below 1 they are shrunk harder.
    """
    scale = np.array([typed if "|" in name else 1.0 for name in names.column])
    starts, sizes = data.bounds[:-1], np.diff(data.bounds)
    spread = lambda values: np.repeat(values, sizes)  # noqa: E731
    add = lambda values: np.add.reduceat(values, starts)  # noqa: E731
    good = np.exp(8 * data.target) * np.where(data.target < 0.2, 0.05, 1.0)
    good /= spread(add(good))
    worth = data.importance * use * (np.maximum.reduceat(data.target, starts) >= 0.1)

    def objective(raw: np.ndarray) -> tuple[float, np.ndarray]:
        scores = data.scores(raw * scale)
        scores -= spread(np.maximum.reduceat(scores, starts))
        chance = np.exp(scores)
        total = add(chance)
        chance /= spread(total)
        expected = add(chance * data.target)
        log_chance = scores - spread(np.log(total))
        loss = -(worth * (expected + likelihood * add(good * log_chance))).sum()
        slope = -chance * (data.target - spread(expected)) + likelihood * (chance - good)
        return loss + l2 * (raw**2).sum(), data.gradient(slope * spread(worth)) * scale + 2 * l2 * raw

    found = minimize(objective, np.zeros(len(scale)), jac=True, method="L-BFGS-B", options={"maxiter": steps})
    return found.x * scale


def line_data(
    dataset: Dataset, indexes: dict[str, Index], names: Names, embedder: Embedder | None
) -> list[tuple[sparse.csr_matrix, np.ndarray]]:
    """For each question the feature rows of its conversation's lines, and which lines are gold evidence."""
    gold_text = {
        c.sample_id: {turn.turn_id: (turn.speaker, turn.text) for _, turn in c.turns()} for c in dataset.conversations
    }
    vectors = (
        {}
        if embedder is None
        else {
            key: embedder.encode([f"{line.speaker}: {line.text}" for line in index.lines])
            for key, index in indexes.items()
        }
    )
    out = []
    for question in tqdm(dataset.questions, disable=None, desc="lines"):
        wanted = {gold_text[question.sample_id][turn] for turn in question.evidence}
        index = indexes[question.sample_id]
        gold = np.array(
            [any(line.speaker == who and line.text in text for who, text in wanted) for line in index.lines]
        )
        if question.category == 5 or not gold.any():
            continue
        view = analyse(question.text, dataset.conversation(question.sample_id).speakers)
        cosine = vectors[question.sample_id] @ embedder.encode([question.text])[0] if embedder else None
        covered, rows = index.coverage(view), Rows(names)
        for number in range(len(index.lines)):
            rows.add(index.features(view, number, covered, None if cosine is None else float(cosine[number])))
        out.append((rows.matrix(), gold))
    for matrix, _ in out:
        matrix.resize(matrix.shape[0], len(names.column))
    return out


def fit_lines(data: list[tuple[sparse.csr_matrix, np.ndarray]], names: Names, l2: float = 0.5) -> dict[str, float]:
    """Weights that put the most of a softmax over all lines on the gold ones."""

    def objective(weights: np.ndarray) -> tuple[float, np.ndarray]:
        loss, slope = l2 * (weights**2).sum(), 2 * l2 * weights
        for rows, gold in data:
            scores = rows @ weights
            chance = np.exp(scores - scores.max())
            chance /= chance.sum()
            share = chance[gold].sum() + 1e-12
            loss -= np.log(share)
            slope = slope + rows.T @ (chance - np.where(gold, chance / share, 0.0))
        return loss, slope

    found = minimize(objective, np.zeros(len(names.column)), jac=True, method="L-BFGS-B", options={"maxiter": 150})
    return {name: round(float(found.x[column]), 3) for name, column in names.column.items()}


def reached(data: SpanData, weights: np.ndarray, use: np.ndarray) -> float:
    """Mean F1 of the best-scored span over the questions in ``use``."""
    scores = data.scores(weights)
    picks = [
        start + int(np.argmax(scores[start:end])) for start, end in zip(data.bounds, data.bounds[1:], strict=False)
    ]
    return float(data.target[picks][use].mean()) if use.any() else float("nan")


def save(weights: dict[str, dict[str, float]]) -> None:
    note = "Fitted by scripts/train_reader.py on LOCOMO's conversations conv-26 to conv-44 (CC BY-NC 4.0)."
    WEIGHTS.write_text(json.dumps({"note": note, **weights}, indent=0, sort_keys=True) + "\n", encoding="utf-8")


def write_line_weights(dataset: Dataset, cache: Path | None) -> None:
    """Fit the ranking without, and where a cache of embeddings is given with, cosine;
    fit the spans again afterwards."""
    indexes = {c.sample_id: Index(parse(rendered(c), c.speakers)) for c in dataset.conversations}
    current = {key: value for key, value in load_weights().items() if isinstance(value, dict)}
    names = Names()
    current["rank"] = fit_lines(line_data(dataset, indexes, names, None), names)
    if cache is not None:
        names = Names()
        current["rank_cosine"] = fit_lines(line_data(dataset, indexes, names, CachedEmbedder(MiniLM(), cache)), names)
    save(current)
    print(json.dumps(current["rank"], indent=1))


@told
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(parser)
    add_write(parser, "the weights, fitted on all tuning conversations")
    parser.add_argument(
        "--lines", action="store_true", help="fit and write the weights of the line ranking instead of the spans'"
    )
    parser.add_argument("--cosine", action="store_true", help="with --lines: also fit the ranking with cosine")
    add_cache(parser)
    parser.add_argument("--l2", type=float, default=0.5, help="penalty of the squared weights")
    parser.add_argument("--typed", type=float, default=0.5, help="scale of weights kept for one question type")
    parser.add_argument("--likelihood", type=float, default=0.15, help="share of likelihood in the objective")
    parser.add_argument("--steps", type=int, default=100, help="L-BFGS steps")
    args = parser.parse_args()
    whole = load(locomo(args.data))
    dataset = Dataset(
        whole.name,
        whole.sha256,
        whole.path,
        whole.official,
        tuple(c for c in whole.conversations if c.sample_id in TUNING),
        tuple(q for q in whole.questions if q.sample_id in TUNING),
    )
    if args.lines:
        write_line_weights(dataset, embeddings(args.cache) if args.cosine else None)
        return
    current = {key: value for key, value in load_weights().items() if isinstance(value, dict)}
    indexes = {c.sample_id: Index(parse(rendered(c), c.speakers)) for c in dataset.conversations}

    def contexts(question: Question) -> list[tuple[Index, int, float]]:
        conversation = dataset.conversation(question.sample_id)
        gold = Index(parse(rendered(conversation, question.evidence), conversation.speakers))
        return [(gold, 5, 1.0), (indexes[question.sample_id], 3, 0.5)]

    names = Names()
    data = span_data(dataset, names, contexts, current["rank"])
    settings = (names, args.l2, args.typed, args.likelihood, args.steps)
    is_oracle = data.importance == 1.0
    home = np.array([question.sample_id for question in data.questions])
    print(f"{len(data.questions)} contexts, {len(data.first)} spans, {len(names.column)} features", file=sys.stderr)
    if not args.write:
        outcomes = []
        for fold in FOLDS:
            out = np.isin(home, fold)
            weights = fit_spans(data, ~out, *settings)
            outcomes.append((reached(data, weights, out & is_oracle), reached(data, weights, out & ~is_oracle)))
        print("left out: gold turns {:.4f}, whole conversation {:.4f}".format(*np.mean(outcomes, axis=0)), outcomes)
        return
    weights = fit_spans(data, np.ones(len(home), bool), *settings)
    current["span"] = {
        name: round(float(weights[column]), 3) for name, column in names.column.items() if abs(weights[column]) >= 0.01
    }
    save(current)
    print(f"{WEIGHTS}: {len(current['span'])} span weights")


if __name__ == "__main__":
    sys.exit(main())
