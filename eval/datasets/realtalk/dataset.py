"""RealTalk as a data set of the harness: the ten official files, or some of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from eval.core.categories import Categories, Category
from eval.core.types import Dataset
from eval.datasets.reading import JsonPlace, content_digest, read_json
from eval.datasets.realtalk.chat import RealTalkChat, read
from eval.datasets.selection import DatasetConfig
from memos.errors import DataError

COUNTS = (
    (18, 476, 70),
    (22, 453, 73),
    (21, 422, 71),
    (20, 410, 70),
    (23, 1548, 76),
    (25, 1511, 70),
    (25, 1162, 72),
    (23, 1044, 71),
    (22, 1256, 70),
    (20, 662, 85),
)
"""Sessions, turns and questions of the ten chats."""
BY_CATEGORY = {1: 301, 2: 319, 3: 108}
LICENCE = "RealTalk states no licence: nothing of it may be passed on, reports with its texts neither"


@dataclass
class RealTalkConfig(DatasetConfig):
    """The fields of ``conf/dataset/realtalk.yaml``."""

    captions: bool = field(default=False, metadata={"help": "show captions of shared images, as of LOCOMO"})
    split_days: bool = field(
        default=False, metadata={"help": "cut sessions at midnight, so that every turn has its session's date"}
    )


class RealTalk:
    """Ten chats of real people over 21 days each."""

    Config = RealTalkConfig
    categories = Categories(
        (
            Category(1, "multi-hop", like=1, rule="single"),
            Category(2, "temporal", like=2, rule="temporal"),
            Category(3, "commonsense", like=3, rule="preference"),
        )
    )
    """LOCOMO's numbers, whose forms of the F1 its own evaluation takes too."""

    def __init__(self, config: RealTalkConfig) -> None:
        self.config = config

    def load(self) -> Dataset:
        """The chats of the folder or file.

        Raises:
            DataError: none is given, or one line with the file, the place in it and the reason.
        """
        if not self.config.path:
            raise DataError(
                "dataset.path: RealTalk states no licence, so nothing is fetched; give the folder data/ of a copy of "
                "danny911kr/REALTALK"
            )
        return load(Path(self.config.path).expanduser(), self.config.captions, self.config.split_days)


@lru_cache(maxsize=2)
def load(path: Path, captions: bool = False, split_days: bool = False) -> Dataset:
    """Read and check a folder of ``Chat_*.json``, one such file, or one file with a list of chats."""
    chats: list[RealTalkChat] = []
    for place, sample_id, raw in _files(path):
        if sample_id in (chat.conversation.sample_id for chat in chats):
            raise place.error(f"a second chat called {sample_id!r}")
        chats.append(read(place, raw, sample_id, captions=captions, split_days=split_days))
    talks = [chat.conversation for chat in chats]
    questions = [question for chat in chats for question in chat.questions]
    whole = _is_whole(chats)
    name = "realtalk" if whole else f"realtalk ({len(chats)} chats)"
    return Dataset(
        name=f"{name}, days split" if split_days else name,
        sha256=content_digest(talks, questions),
        path=str(path),
        official=whole,
        conversations=tuple(talks),
        questions=tuple(questions),
        notes=tuple(_notes(path, chats, whole)),
        categories=RealTalk.categories,
    )


def _files(path: Path) -> Iterator[tuple[JsonPlace, str, Any]]:
    """JsonPlace, name and content of each chat."""
    if path.is_dir():
        files = sorted(path.glob("Chat_*.json"), key=_order)
        if not files:
            raise DataError(f"{path}: no Chat_*.json; expected the folder data/ of danny911kr/REALTALK")
        for file in files:
            yield JsonPlace(file), file.stem, read_json(file)
        return
    content = read_json(path)
    if not isinstance(content, list):
        yield JsonPlace(path), path.stem, content
        return
    if not content:
        raise JsonPlace(path).error("expected a list of chats with something in it")
    for index, raw in enumerate(content):
        place = JsonPlace(path) / index
        named = place.get(raw, "sample_id", str, "a text") if isinstance(raw, dict) and "sample_id" in raw else None
        yield place, named or f"Chat_{index + 1}", raw


def _order(file: Path) -> list[Any]:
    """Numbers in names count as numbers: Chat_10 comes after Chat_9."""
    return [int(piece) if piece.isdigit() else piece for piece in re.split(r"(\d+)", file.name)]


def _is_whole(chats: Sequence[RealTalkChat]) -> bool:
    counts = Counter(question.category for chat in chats for question in chat.questions)
    return tuple(chat.counts for chat in chats) == COUNTS and counts == BY_CATEGORY


def _notes(path: Path, chats: Sequence[RealTalkChat], whole: bool) -> Iterator[str]:
    questions = [question for chat in chats for question in chat.questions]
    counts = Counter(question.category for question in questions)
    shares = ", ".join(f"category {c}: {counts[c]}" for c in sorted(counts))
    size = "the ten official chats" if whole else f"{len(chats)} chats, not the ten official ones as they are known"
    yield f"{path}: RealTalk, {size} ({shares}): not LOCOMO, numbers are not comparable with it"
    yield LICENCE
    links = sum(len(question.evidence) for question in questions)
    elsewhere = sum(chat.elsewhere for chat in chats)
    yield f"{elsewhere} of {links} evidence links lie on another day than their session's date (dataset.split_days)"
    strings = [text for question in questions for text in question.unresolved]
    if strings:
        lost = sum(chat.lost for chat in chats)
        yield (
            f"{len(strings)} evidence strings name no turn, or not only turns ({lost} ids of messages that were only "
            "a picture: the official workbooks alone say who carries it now)"
        )
    without = sum(not question.evidence for question in questions)
    if without:
        yield f"{without} questions have no evidence, and so no recall"
