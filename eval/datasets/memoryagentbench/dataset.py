"""MemoryAgentBench as a data set of the harness: one row, one conversation; one chunk, one session of one turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from eval.core.categories import JUDGE, Categories
from eval.core.types import Dataset, Question
from eval.datasets.dates import longmemeval_time
from eval.datasets.memoryagentbench.chunks import chunks
from eval.datasets.memoryagentbench.rows import files, rows
from eval.datasets.memoryagentbench.sources import NOT_OFFERED, ORIGINS, ROWS, RULES, RowSource, categories
from eval.datasets.reading import JsonPlace, content_digest
from eval.datasets.selection import DatasetConfig
from memos.errors import ConfigError, DataError
from memos.types import Conversation, Session, Turn

SPEAKERS = ("User", "Assistant")
WORLD = "many questions of ruler and eventqa can be answered without any memory: read them beside system='null'"


@dataclass
class MemoryAgentBenchConfig(DatasetConfig):
    """The fields of ``conf/dataset/memoryagentbench.yaml``."""

    splits: list[str] = field(
        default_factory=lambda: ["Conflict_Resolution"], metadata={"help": f"files to read: some of {', '.join(ROWS)}"}
    )
    chunk_tokens: int = field(default=4096, metadata={"help": "most tokens (cl100k) of a chunk, which is one turn"})

    def __post_init__(self) -> None:
        DatasetConfig.__post_init__(self)
        if unknown := [split for split in self.splits if split not in ROWS] or not self.splits:
            raise ConfigError(f"dataset.splits: expected some of {', '.join(ROWS)}, found {unknown or 'none'}")
        if self.chunk_tokens < 1:
            raise ConfigError(f"dataset.chunk_tokens: must be at least 1, found {self.chunk_tokens}")


class MemoryAgentBench:
    """The sources that a metric decides."""

    Config = MemoryAgentBenchConfig
    categories = categories(judged=False)

    def __init__(self, config: MemoryAgentBenchConfig) -> None:
        self.config = config

    def load(self) -> Dataset:
        """The rows of the configured files that are of this class's sources.

        Raises:
            DataError: one line with the file, the place in it and the reason.
        """
        config = self.config
        path = Path(config.path).expanduser() if config.path else None
        return load(path, tuple(config.splits), config.chunk_tokens, type(self).categories)


@dataclass
class MemoryAgentBenchChatsConfig(MemoryAgentBenchConfig):
    """The fields of ``conf/dataset/memoryagentbench_chats.yaml``."""

    splits: list[str] = field(default_factory=lambda: ["Accurate_Retrieval"], metadata={"help": "files to read"})


class MemoryAgentBenchChats(MemoryAgentBench):
    """LongMemEval's chats as the benchmark feeds them: the sources that a judge decides."""

    Config = MemoryAgentBenchChatsConfig
    categories = categories(judged=True)


@lru_cache(maxsize=2)
def load(path: Path | None, splits: tuple[str, ...], size: int, known: Categories) -> Dataset:
    """Read and check files; ``known``: the categories whose rows are taken."""
    talks: list[Conversation] = []
    questions: list[Question] = []
    left_out: Counter[str] = Counter()
    sizes: dict[str, int] = {}
    read_files = files(path, splits)
    for split, file in read_files:
        for index, (place, row) in enumerate(rows(file)):
            sizes[split] = index + 1
            origin = _origin(place, row)
            if origin.name not in known:
                left_out[origin.name] += 1
                continue
            sample_id = f"{split}-{index + 1}"
            talks.append(_conversation(place, row, sample_id, size))
            questions += _questions(place, row, sample_id, origin)
    if not questions:
        held = ", ".join(left_out) or "nothing"
        raise DataError(f"{read_files[0][1]}: no row of {', '.join(one.name for one in known)}; it holds {held}")
    whole = all(sizes.get(split) == ROWS.get(split) for split, _ in read_files)
    judged = any(one.official == JUDGE for one in known)
    return Dataset(
        name="memoryagentbench" + (" chats" if judged else "") + ("" if whole else " (a part)"),
        sha256=content_digest(talks, questions),
        path=str(path or read_files[0][1].parent),
        official=whole,
        conversations=tuple(talks),
        questions=tuple(questions),
        notes=tuple(_notes(sizes, left_out, size, judged)),
        categories=known,
        judge="longmemeval" if judged else "",
        scorers=() if judged else ("eval.metrics.exact.Exact",),
    )


def _notes(sizes: Mapping[str, int], left_out: Mapping[str, int], size: int, judged: bool) -> Iterator[str]:
    for split, count in sizes.items():
        official = ROWS.get(split)
        yield f"{split}: {count} rows" + ("" if count == official else f", the official file has {official}")
    yield f"chunks of whole sentences up to {size} tokens are ours: cl100k's tokens, the benchmark counts gpt-4o-mini's"
    yield "no evidence is named, so there is no recall"
    if not judged:
        yield WORLD
    for name, count in left_out.items():
        reason = NOT_OFFERED.get(name) or f"the data set memoryagentbench{'' if judged else '_chats'} has them"
        yield f"{name}: {count} rows are left out, {reason}"


def _origin(place: JsonPlace, row: Any) -> RowSource:
    if not isinstance(row, dict):
        raise place.error(f"expected a row, found {row!r:.60}")
    name = (place / "metadata").get(_metadata(place, row), "source", str, "the name of a source")
    if name not in ORIGINS:
        raise (place / "metadata" / "source").error(f"expected one of {', '.join(ORIGINS)}, found {name!r}")
    return ORIGINS[name]


def _metadata(place: JsonPlace, row: Mapping[str, Any]) -> Mapping[str, Any]:
    return place.get(row, "metadata", dict, "an object with a source")


def _conversation(place: JsonPlace, row: Mapping[str, Any], sample_id: str, size: int) -> Conversation:
    text = place.get(row, "context", str, "a text")
    pieces = chunks(text, size)
    if not pieces:
        raise (place / "context").error("expected a text with words, found none")
    sessions = tuple(
        Session(f"session_{number}", None, "", (Turn(f"D{number}:1", SPEAKERS[0], piece),))
        for number, piece in enumerate(pieces, 1)
    )
    return Conversation(sample_id, SPEAKERS, sessions)


def _questions(place: JsonPlace, row: Mapping[str, Any], sample_id: str, origin: RowSource) -> Iterator[Question]:
    texts = place.get(row, "questions", list, "a list of texts")
    answers = place.get(row, "answers", list, "a list of lists of texts")
    if len(texts) != len(answers):
        raise (place / "answers").error(f"{len(answers)} lists of answers for {len(texts)} questions")
    for index, text in enumerate(texts):
        if not isinstance(text, str) or not text.strip():
            raise (place / "questions" / index).error(f"expected a text, found {text!r:.60}")
        golds = _golds(place / "answers" / index, answers[index])
        yield Question(
            sample_id=sample_id,
            qa_index=index,
            category=origin.name,
            text=text,
            gold=golds[0],
            golds=golds if len(golds) > 1 else None,
            instruction=origin.instruction,
            **(_of_chat(place, row, index) if origin.official == JUDGE else {}),
        )


def _golds(place: JsonPlace, answers: Any) -> tuple[str, ...]:
    if not isinstance(answers, list) or not answers or not all(isinstance(one, str) for one in answers):
        raise place.error(f"expected a list of texts with something in it, found {answers!r:.60}")
    return tuple(dict.fromkeys(answers))


def _of_chat(place: JsonPlace, row: Mapping[str, Any], index: int) -> dict[str, Any]:
    """What LongMemEval says of a question: its rule, its date, and whether it can be answered."""
    metadata = _metadata(place, row)

    def listed(name: str) -> str | None:
        column: Sequence[Any] = metadata.get(name) or ()
        value = column[index] if index < len(column) else None
        return value if isinstance(value, str) else None

    unanswerable = "_abs" in (listed("question_ids") or listed("qa_pair_ids") or "")
    rule = "abstention" if unanswerable else RULES.get(listed("question_types") or "", "single")
    date = listed("question_dates")
    asked = longmemeval_time(place / "metadata" / "question_dates", date) if date else None
    return {"rule": rule, "unanswerable": unanswerable or None, "asked": asked}
