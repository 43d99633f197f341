"""Published answers: JSON lines, gzipped or not, with the verdicts and metric values their origin recorded.

One object a line: ``sample_id, qa_index, category, question, gold, answer, labels`` (one 0/1 verdict a judge run) and,
where the origin gave them, ``f1_published, bleu1_published``. The README beside the data tells the origins and
licences.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

from eval.core.categories import CategoryId
from eval.core.judging import CORRECT, WRONG, accepts, value
from eval.core.types import Question
from memos.errors import DataError

WRONG_SETS = ("ap_v1", "ap_v2")
"""Sets of deliberately wrong answers, specific and vague; never counted as systems."""
PROJECTS = {"fc": "locomo-audit", "ap": "locomo-audit wrong"}
"""Origin of a set by the first part of its name, where it differs from that part."""


@dataclass(frozen=True, slots=True)
class PublishedAnswer:
    """One published answer."""

    set_name: str
    sample_id: str
    qa_index: int
    category: CategoryId
    question: str
    gold: str
    answer: str
    labels: tuple[int, ...]
    f1: float | None
    bleu1: float | None
    of: Question | None = None
    """The data set's question, where it is at hand; without one LOCOMO's form is meant."""

    @property
    def asked(self) -> Question:
        """The question that was answered."""
        return self.of or Question(*self.key, self.category, self.question, self.gold)

    @property
    def key(self) -> tuple[str, int]:
        return (self.sample_id, self.qa_index)

    @property
    def share(self) -> float:
        """Share of judge runs that said correct; a row without any counts 0."""
        return value(CORRECT, [CORRECT if label else WRONG for label in self.labels]) if self.labels else 0.0

    @property
    def accepted(self) -> bool:
        """Whether the majority of the judge's runs said correct; a tie is wrong."""
        return accepts(self.share)


def set_name(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".jsonl").removesuffix(".json")


def project(name: str) -> str:
    """The project a set comes from; answers of one project share style and answering model."""
    first = name.split("_")[0]
    return PROJECTS.get(first, first)


def read(path: Path) -> list[PublishedAnswer]:
    """The rows of one file.

    Raises:
        DataError: with file, line and field.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    out = []
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    out.append(_row(path, number, line))
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if not out:
        raise DataError(f"{path}: no rows")
    return out


def _row(path: Path, number: int, line: str) -> PublishedAnswer:
    try:
        fields = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(f"{path}: line {number}: not JSON: {error.msg}") from error
    if not isinstance(fields, dict):
        raise DataError(f"{path}: line {number}: expected an object, found {type(fields).__name__}")
    for name, kind in (("sample_id", str), ("qa_index", int), ("category", int), ("question", str)):
        if not isinstance(fields.get(name), kind):
            raise DataError(f"{path}: line {number}: {name}: expected {kind.__name__}, found {fields.get(name)!r:.40}")
    labels = fields.get("labels") or []
    if not isinstance(labels, list) or any(label not in (0, 1) for label in labels):
        raise DataError(f"{path}: line {number}: labels: expected a list of 0 and 1, found {labels!r:.40}")
    answer = fields.get("answer")
    return PublishedAnswer(
        set_name(path),
        fields["sample_id"],
        fields["qa_index"],
        fields["category"],
        fields["question"],
        str(fields.get("gold", "")),
        "" if answer is None else str(answer),
        tuple(int(label) for label in labels),
        fields.get("f1_published"),
        fields.get("bleu1_published"),
    )


def read_folder(folder: Path) -> dict[str, list[PublishedAnswer]]:
    """Every set of a folder by name, in the order of names."""
    files = sorted(path for path in Path(folder).glob("*.jsonl*") if path.is_file())
    if not files:
        raise DataError(f"{folder}: no .jsonl or .jsonl.gz files")
    return {set_name(path): read(path) for path in files}


def honest(sets: dict[str, list[PublishedAnswer]]) -> dict[str, list[PublishedAnswer]]:
    """The sets that are systems' own answers, judged at least once."""
    return {name: rows for name, rows in sets.items() if name not in WRONG_SETS and all(row.labels for row in rows)}
