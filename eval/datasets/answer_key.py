"""The answer key: as published, with audited corrections, or without the questions whose key is wrong.

The list of defects (156 audited, 99 of which change scores) is dial481/locomo-audit's; it is never shipped, the user
gives the file. Its ids are ``locomo_<conversation index>_qa<question index>``. Defects of the cited evidence alone
(``WRONG_CITATION``) leave the answer right.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from eval.core.identity import digest
from eval.core.places import ROOT
from eval.core.types import Dataset, Question
from eval.datasets.reading import read_json
from memos.errors import ConfigError, DataError

MODES = ("official", "audited", "clean")
FILE = "locomo_answer_key_errors.json"
HARMLESS = ("WRONG_CITATION",)
"""Kinds of defect that change no score."""
_ID = re.compile(r"locomo_(\d+)_qa(\d+)")


@dataclass(frozen=True, slots=True)
class Defect:
    """One audited question whose gold answer is wrong."""

    kind: str
    golden: str
    correct: str


def find_errors(path: str | Path | None = None) -> Path:
    """The list of defects: the file given, else the one in ``../shared/data``.

    Raises:
        DataError: with the way out.
    """
    if path:
        file = Path(path)
        if not file.is_file():
            raise DataError(f"dataset.answer_key_errors: no such file: {file}")
        return file
    beside = ROOT.parent / "shared" / "data" / FILE
    if beside.is_file():
        return beside
    raise DataError(
        f"dataset.answer_key_errors: {FILE} not found; get it from github.com/dial481/locomo-audit (errors.json) and "
        "give its path"
    )


def read(path: Path) -> dict[tuple[int, int], Defect]:
    """The defects that change scores, by (conversation index, question index).

    Raises:
        DataError: with file and entry.
    """
    entries = read_json(path)
    if not isinstance(entries, list):
        raise DataError(f"{path}: top level: expected a list, found {type(entries).__name__}")
    out = {}
    for index, entry in enumerate(entries):
        match = _ID.fullmatch(str(entry.get("question_id", ""))) if isinstance(entry, dict) else None
        if match is None:
            raise DataError(f"{path}: [{index}].question_id: expected locomo_<conversation>_qa<question>")
        if entry.get("error_type") not in HARMLESS:
            key = (int(match.group(1)), int(match.group(2)))
            out[key] = Defect(
                str(entry.get("error_type")),
                str(entry.get("golden_answer", "")),
                str(entry.get("correct_answer") or ""),
            )
    return out


def keys(dataset: Dataset, errors_file: Path) -> dict[tuple[str, int], Defect]:
    """The same by (sample id, question index) of a dataset; entries of absent questions are left out.

    Raises:
        DataError: the list is about another dataset (its golds are not this one's).
    """
    names = [conversation.sample_id for conversation in dataset.conversations]
    known = {question.key: question for question in dataset.questions}
    out = {}
    for (conversation, index), defect in read(errors_file).items():
        if conversation >= len(names):
            continue
        key = (names[conversation], index)
        if key in known and not known[key].unanswerable:
            out[key] = defect
    strangers = sum(known[key].gold.strip() != defect.golden.strip() for key, defect in out.items())
    if out and strangers > len(out) / 2:
        raise DataError(
            f"{errors_file}: {strangers} of {len(out)} golds differ from {dataset.path}; the list is about another "
            "dataset"
        )
    return out


def apply(dataset: Dataset, mode: str, errors_file: Path) -> Dataset:
    """The dataset under another answer key.

    Args:
        dataset: as loaded.
        mode: ``official``; ``audited`` puts the corrected answers in; ``clean`` leaves the questions out.
        errors_file: the list of defects.

    Raises:
        ConfigError: unknown mode.
        DataError: the list is damaged or foreign.
    """
    if mode not in MODES:
        raise ConfigError(f"dataset.answer_key: known are {', '.join(MODES)}, found {mode!r}")
    if mode == "official":
        return dataset
    defects = keys(dataset, errors_file)
    questions: list[Question] = []
    changed = 0
    for question in dataset.questions:
        defect = defects.get(question.key)
        if defect is None:
            questions.append(question)
        elif mode == "audited":
            changed += bool(defect.correct)
            questions.append(replace(question, gold=defect.correct or question.gold))
    by_category = Counter(
        dataset_question.category for dataset_question in dataset.questions if dataset_question.key in defects
    )
    what = f"{changed} golds corrected" if mode == "audited" else f"{len(defects)} questions left out"
    counts = dict(sorted(by_category.items()))
    note = f"answer key {mode}: {what} (by category {counts}); {ceiling_note(dataset, errors_file)}"
    content = digest([dataset.sha256, mode, [[*q.key, q.gold] for q in questions]])
    return replace(dataset, sha256=content, questions=tuple(questions), notes=(*dataset.notes, note))


def noted(dataset: Dataset, errors_file: str | Path | None = None) -> Dataset:
    """The dataset with its official key and a note of the key's ceilings; without the note where no list of defects is
    at hand.

    Raises:
        DataError: a list was named and is missing, damaged or about another dataset.
    """
    try:
        note = ceiling_note(dataset, find_errors(errors_file))
    except DataError:
        if errors_file:
            raise
        return dataset
    return replace(dataset, notes=(*dataset.notes, f"answer key official; {note}"))


def ceilings(dataset: Dataset, errors_file: Path) -> dict[str, float]:
    """The best score an answerer who always tells the truth can have under the official key: percent, overall and per
    category.
    """
    defects = keys(dataset, errors_file)
    asked = Counter(question.category for question in dataset.questions if not question.unanswerable)
    wrong = Counter(question.category for question in dataset.questions if question.key in defects)
    out = {"overall": 100 * (1 - sum(wrong.values()) / max(sum(asked.values()), 1))}
    out.update({str(category): 100 * (1 - wrong[category] / n) for category, n in sorted(asked.items())})
    return out


def ceiling_note(dataset: Dataset, errors_file: Path) -> str:
    """The ceilings in one line."""
    best: Mapping[str, float] = ceilings(dataset, errors_file)
    return "ceilings of the official key in %: " + ", ".join(f"{name} {value:.1f}" for name, value in best.items())
