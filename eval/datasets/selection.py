"""Which conversations and questions of a dataset a run uses."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace

from eval.core.types import CATEGORIES, Dataset, Question
from memos.errors import ConfigError


@dataclass
class DatasetConfig:
    """The fields of ``conf/dataset/*.yaml``."""

    path: str | None = field(default=None, metadata={"help": "file in LOCOMO's format; null searches the usual places"})
    captions: bool = field(default=False, metadata={"help": "show captions of shared images (the paper drops them)"})
    categories: list[int] = field(default_factory=lambda: [1, 2, 3, 4], metadata={"help": "question categories"})
    conversations: list[str] | None = field(default=None, metadata={"help": "conversation ids; null takes all"})
    limit: int | None = field(
        default=None, metadata={"help": "take this many questions, a seeded sample stratified by category"}
    )
    answer_key: str = field(default="official", metadata={"help": "official, audited or clean (issue of wrong keys)"})
    answer_key_errors: str | None = field(default=None, metadata={"help": "file of audited errors; null searches it"})
    image_query: bool = field(
        default=False, metadata={"help": "refused: the image-search text is annotators' metadata and leaks answers"}
    )

    def __post_init__(self) -> None:
        unknown = sorted(set(self.categories) - set(CATEGORIES))
        if unknown or not self.categories:
            raise ConfigError(f"dataset.categories: expected numbers of 1 to 5, found {unknown or 'none'}")
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"dataset.limit: must be at least 1, found {self.limit}")
        if self.answer_key not in ("official", "audited", "clean"):
            raise ConfigError(f"dataset.answer_key: expected official, audited or clean, found {self.answer_key!r}")
        if self.image_query:
            raise ConfigError("dataset.image_query: refused, the image-search text was never seen by a participant")


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
    questions = [q for q in dataset.questions if q.sample_id in wanted and q.category in config.categories]
    if not questions:
        raise ConfigError(f"dataset: no question of categories {config.categories} in {', '.join(wanted)}")
    notes = list(dataset.notes)
    if config.limit is not None and config.limit < len(questions):
        total = len(questions)
        questions = stratified(questions, config.limit, seed)
        counts = Counter(q.category for q in questions)
        taken = ", ".join(f"{counts[c]} of category {c}" for c in sorted(counts))
        notes.append(f"limit: took {len(questions)} of {total} questions with seed {seed}: {taken}")
    used = {q.sample_id for q in questions}
    conversations = tuple(c for c in dataset.conversations if c.sample_id in used)
    return replace(dataset, conversations=conversations, questions=tuple(questions), notes=tuple(notes))


def stratified(questions: list[Question], count: int, seed: int) -> list[Question]:
    """A seeded sample in which each category keeps its share (largest remainders), in the original order."""
    groups: dict[int, list[Question]] = {}
    for question in questions:
        groups.setdefault(question.category, []).append(question)
    shares = {c: count * len(group) / len(questions) for c, group in groups.items()}
    sizes = {c: int(share) for c, share in shares.items()}
    for c in sorted(shares, key=lambda c: sizes[c] - shares[c])[: count - sum(sizes.values())]:
        sizes[c] += 1
    rng = random.Random(f"limit:{seed}")
    drawn = {q.key for c in sorted(groups) for q in rng.sample(groups[c], sizes[c])}
    return [q for q in questions if q.key in drawn]
