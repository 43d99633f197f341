"""Which conversations and questions of a dataset a run uses."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from eval.core.categories import CategoryId, in_order
from eval.core.types import Dataset, Question
from memos.errors import ConfigError


@dataclass
class DatasetConfig:
    """The fields that every data set's ``conf/dataset/*.yaml`` has; a data set may add its own."""

    path: str | None = field(default=None, metadata={"help": "file to read; null searches the usual places"})
    categories: list[Any] | None = field(
        default=None, metadata={"help": "categories of questions; null takes those that are asked by default"}
    )
    conversations: list[str] | None = field(default=None, metadata={"help": "conversation ids; null takes all"})
    limit: int | None = field(
        default=None, metadata={"help": "take this many questions, a seeded sample stratified by category"}
    )

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"dataset.limit: must be at least 1, found {self.limit}")


def select(dataset: Dataset, config: DatasetConfig, seed: int) -> Dataset:
    """Keep the configured conversations, categories and sample; notes say what was taken.

    Raises:
        ConfigError: for an unknown conversation, or when nothing is left.
    """
    known = [c.sample_id for c in dataset.conversations]
    wanted = config.conversations if config.conversations is not None else known
    for name in wanted:
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, 3) or known
            raise ConfigError(
                f"dataset.conversations: no conversation {name!r} in {dataset.path}; did you mean: {', '.join(near)}"
            )
    categories = dataset.categories.chosen(config.categories)
    questions = [q for q in dataset.questions if q.sample_id in wanted and q.category in categories]
    if not questions:
        raise ConfigError(f"dataset: no question of categories {categories} in {', '.join(wanted)}")
    notes = list(dataset.notes)
    if config.limit is not None and config.limit < len(questions):
        total = len(questions)
        questions = stratified(questions, config.limit, seed)
        counts = Counter(q.category for q in questions)
        taken = ", ".join(f"{counts[c]} of category {c}" for c in in_order(counts))
        notes.append(f"limit: took {len(questions)} of {total} questions with seed {seed}: {taken}")
    used = {q.sample_id for q in questions}
    conversations = tuple(c for c in dataset.conversations if c.sample_id in used)
    return replace(dataset, conversations=conversations, questions=tuple(questions), notes=tuple(notes))


def stratified(questions: list[Question], count: int, seed: int) -> list[Question]:
    """A seeded sample in which each category keeps its share (largest remainders), in the original order."""
    groups: dict[CategoryId, list[Question]] = {}
    for question in questions:
        groups.setdefault(question.category, []).append(question)
    shares = {c: count * len(group) / len(questions) for c, group in groups.items()}
    sizes = {c: int(share) for c, share in shares.items()}
    for c in sorted(shares, key=lambda c: sizes[c] - shares[c])[: count - sum(sizes.values())]:
        sizes[c] += 1
    rng = random.Random(f"limit:{seed}")
    drawn = {q.key for c in in_order(groups) for q in rng.sample(groups[c], sizes[c])}
    return [q for q in questions if q.key in drawn]
