"""The training set of the offline judge: features of published answers with their recorded verdicts, and its folds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.core.categories import locomo_number
from eval.core.judging import accepts
from eval.core.types import Dataset, JudgeTask
from eval.judges import published
from eval.judges.offline import gates
from eval.judges.offline.feature_store import SemanticStore
from eval.judges.offline.judge import CHUNK, features
from eval.judges.offline.pair import Pair
from eval.judges.offline.reader import TokenReader, sentence_model
from eval.judges.offline.synthetic import Guard
from memos.embed.base import Embedder


@dataclass(frozen=True)
class Corpus:
    """Answers as rows of a matrix; arrays of one length."""

    names: tuple[str, ...]
    matrix: np.ndarray
    """Features, shape (rows, features)."""
    system: np.ndarray
    project: np.ndarray
    sample_id: np.ndarray
    qa_index: np.ndarray
    category: np.ndarray
    recorded: np.ndarray
    """Share of the recorded runs that said correct."""

    @property
    def label(self) -> np.ndarray:
        return accepts(self.recorded).astype(int)

    @property
    def honest(self) -> np.ndarray:
        """Rows of systems that tried to answer rightly."""
        return ~np.isin(self.system, published.WRONG_SETS)


class Featuriser:
    """Texts to matrices, kept on disk by the digest of the texts and of the code that makes the features.

    Args:
        embedder: MiniLM, best behind the cache of embeddings.
        cache: folder for matrices; None keeps nothing.
    """

    def __init__(self, embedder: Embedder | None, cache: Path | None) -> None:
        self.embedder = sentence_model(embedder)
        self.reader, self.cache = TokenReader(), cache
        self.store = SemanticStore(cache) if cache else None
        here = Path(__file__).parent
        code = [
            (here / name).read_bytes()
            for name in (
                "text.py",
                "calendar.py",
                "date_phrases.py",
                "readings.py",
                "features.py",
                "semantic.py",
                "reader.py",
                "gates.py",
                "idf.json",
            )
        ]
        self._code = hashlib.sha256(b"\0".join(code)).hexdigest()

    def matrix(self, pairs: Sequence[Pair], what: str) -> tuple[tuple[str, ...], np.ndarray]:
        """Names of the fitted features and their values, shape (pairs, features)."""
        texts = json.dumps([[p.question, p.gold, p.answer, p.category] for p in pairs])
        key = hashlib.sha256((self._code + texts).encode("utf-8", "surrogatepass")).hexdigest()[:20]
        file = self.cache / f"{key}.npz" if self.cache else None
        if file is not None and file.is_file():
            with np.load(file) as arrays:
                return tuple(map(str, arrays["names"])), arrays["matrix"]
        rows = self.rows(pairs, what)
        names = tuple(name for name in rows[0] if name not in gates.UNFITTED)
        matrix = np.array([[row[name] for name in names] for row in rows])
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(file, names=np.array(names), matrix=matrix)
        return names, matrix

    def rows(self, pairs: Sequence[Pair], what: str) -> list[dict[str, float]]:
        """All features of some pairs, those of the gates as well."""
        from tqdm import tqdm

        rows = []
        for start in tqdm(range(0, len(pairs), CHUNK), desc=f"features of {what}", disable=None):
            rows += features(pairs[start : start + CHUNK], self.reader, self.embedder, self.store)
        return rows


def pair_of(row: published.PublishedAnswer | JudgeTask) -> Pair:
    """A published answer or a judge's task as the features take it."""
    return Pair.of(row.question, row.gold, row.answer, locomo_number(row.category))


def collect(sets: dict[str, list[published.PublishedAnswer]], make: Featuriser) -> Corpus:
    """Features and verdicts of every judged row of the sets."""
    names: tuple[str, ...] = ()
    matrices, rows = [], []
    for name, answers in sets.items():
        judged = [row for row in answers if row.labels]
        names, matrix = make.matrix([pair_of(row) for row in judged], name)
        matrices.append(matrix)
        rows += judged
    return Corpus(
        names,
        np.vstack(matrices),
        system=np.array([row.set_name for row in rows]),
        project=np.array([published.project(row.set_name) for row in rows]),
        sample_id=np.array([row.sample_id for row in rows]),
        qa_index=np.array([row.qa_index for row in rows]),
        category=np.array([row.category for row in rows]),
        recorded=np.array([row.share for row in rows]),
    )


def guard_matrix(guards: Sequence[Guard], make: Featuriser) -> np.ndarray:
    """Features of the synthetic answers."""
    return make.matrix([guard.pair for guard in guards], "guards")[1]


def folds(sample_ids: Sequence[str] | np.ndarray, order: Sequence[str]) -> np.ndarray:
    """The fold of each row: conversations in the dataset's order, two a fold."""
    place = {name: index // 2 for index, name in enumerate(order)}
    return np.array([place[name] for name in sample_ids])


def said(dataset: Dataset) -> list[str]:
    """What was said, for random answers."""
    return [turn.text for conversation in dataset.conversations for _, turn in conversation.turns()]
