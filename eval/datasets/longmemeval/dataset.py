"""LongMemEval as a data set of the harness: S, M and oracle, read item by item."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from eval.core.categories import Categories, Category
from eval.core.identity import digest
from eval.core.types import Dataset
from eval.datasets.longmemeval.files import FILES, SIZES, from_hub, recognise
from eval.datasets.longmemeval.instance import Instance, Texts, read
from eval.datasets.longmemeval.retrieval import official_retrieval
from eval.datasets.reading import JsonPlace
from eval.datasets.selection import DatasetConfig
from eval.datasets.streaming import JsonList
from memos.errors import ConfigError, DataError


@dataclass
class LongMemEvalConfig(DatasetConfig):
    """The fields of ``conf/dataset/longmemeval.yaml``."""

    variant: str = field(default="s", metadata={"help": "file that is fetched where path is null: s, m or oracle"})

    def __post_init__(self) -> None:
        DatasetConfig.__post_init__(self)
        if self.variant not in FILES:
            raise ConfigError(f"dataset.variant: expected s, m or oracle, found {self.variant!r}")


class LongMemEval:
    """A user's chats with an assistant; each question has a haystack of its own."""

    Config = LongMemEvalConfig
    categories = Categories(
        (
            Category("single-session-user", "single-session-user", like=4, rule="single"),
            Category("single-session-assistant", "single-session-assistant", like=4, rule="single"),
            Category("single-session-preference", "single-session-preference", like=3, rule="preference"),
            Category("multi-session", "multi-session", like=1, rule="single"),
            Category("temporal-reasoning", "temporal-reasoning", like=2, rule="temporal"),
            Category("knowledge-update", "knowledge-update", like=4, rule="knowledge"),
        )
    )
    """Questions that cannot be answered stay inside their types, as in the official report; their rule is their own."""

    official_retrieval = staticmethod(official_retrieval)

    def __init__(self, config: LongMemEvalConfig) -> None:
        self.config = config

    def load(self) -> Dataset:
        """The whole data set.

        Raises:
            DataError: one line with the file, the place in it and the reason.
        """
        path = self.config.path
        return load(Path(path).expanduser() if path else from_hub(self.config.variant))


@lru_cache(maxsize=2)
def load(path: Path) -> Dataset:
    """Read and check a file in LongMemEval's format; haystacks share equal texts in memory."""
    source, texts, content = JsonList(path), Texts(), hashlib.sha256()
    instances: list[Instance] = []
    seen: set[str] = set()
    for index, raw in enumerate(source):
        place = JsonPlace(path) / index
        one = read(place, raw, texts)
        if one.question.sample_id in seen:
            raise (place / "question_id").error(f"{raw['question_id']!r} occurs twice")
        seen.add(one.question.sample_id)
        content.update(digest(raw, 64).encode())
        instances.append(one)
    counts = _counts(instances)
    sessions = sum(len(one.conversation.sessions) for one in instances) / len(instances)
    known = recognise(path, source.sha256, counts, sessions)
    if known.official and counts != SIZES:
        raise DataError(f"{path}: types {counts} differ from those of LongMemEval {SIZES}")
    return Dataset(
        name=known.name,
        sha256=content.hexdigest()[:16],
        path=str(path),
        official=known.official,
        conversations=tuple(one.conversation for one in instances),
        questions=tuple(one.question for one in instances),
        notes=(*known.notes, *_notes(instances)),
        categories=LongMemEval.categories,
        judge="longmemeval",
    )


def _counts(instances: Sequence[Instance]) -> dict[str, tuple[int, int]]:
    size = Counter(one.question.category for one in instances)
    absent = Counter(one.question.category for one in instances if one.question.unanswerable)
    return {kind: (size[kind], absent[kind]) for kind in SIZES if size[kind]}


def _notes(instances: Sequence[Instance]) -> Iterator[str]:
    """What of the haystacks is not as one would think."""
    total = len(instances)
    unsorted = sum(one.unsorted for one in instances)
    if unsorted:
        yield f"{unsorted} of {total} haystacks were not in order of time; sessions are sorted by their dates"
    late = [one for one in instances if one.late]
    if late:
        yield f"{sum(one.late for one in late)} sessions of {len(late)} haystacks lie after the question's date"
    repeated = sum(bool(one.repeated) for one in instances)
    if repeated:
        yield f"{repeated} haystacks hold a session twice under two dates; both stay"
    empty = sum(one.empty for one in instances)
    if empty:
        yield f"{empty} turns or sessions without a word are left out"
    without = [one for one in instances if not one.question.evidence]
    if without:
        absent = sum(bool(one.question.unanswerable) for one in without)
        yield (
            f"{len(without)} questions have no turn marked as evidence ({absent} of them cannot be answered): they "
            "have no recall"
        )
