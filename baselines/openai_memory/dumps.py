"""Recorded ChatGPT memory dumps: reading them, and finding the turns an entry came from."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from baselines.extract.facts import sentences
from memos.errors import DataError
from memos.language.words import terms

OFFICIAL_ORDER = (
    "conv-26",
    "conv-30",
    "conv-41",
    "conv-42",
    "conv-43",
    "conv-44",
    "conv-47",
    "conv-48",
    "conv-49",
    "conv-50",
)
"""Sample ids of the official LOCOMO file in order; recorded dumps are numbered by this position."""


@dataclass(frozen=True, slots=True)
class Said:
    """One turn, kept until the entries' sources are found."""

    turn_id: str
    speaker: str
    text: str


def dump_path(folder: Path, sample_id: str) -> Path:
    """The dump of a conversation: ``<sample id>.txt``, else ``<position in the official file>.txt``.

    Raises:
        DataError: where neither exists.
    """
    named = folder / f"{sample_id}.txt"
    if named.is_file():
        return named
    if sample_id in OFFICIAL_ORDER and (numbered := folder / f"{OFFICIAL_ORDER.index(sample_id)}.txt").is_file():
        return numbered
    raise DataError(f"{folder}: no recorded memories for {sample_id} (expected {named.name}, or its number in LOCOMO)")


def read_dump(folder: Path, sample_id: str, speakers: tuple[str, ...]) -> list[str]:
    """Entries of a recorded dump: paragraphs, a bullet list split into its bullets, in order.

    Raises:
        DataError: where the file is missing, not UTF-8, empty, or names none of the two speakers.
    """
    path = dump_path(folder, sample_id)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start}: not UTF-8 text") from error
    if not any(name.lower() in text.lower() for name in speakers):
        raise DataError(f"{path}: names neither {' nor '.join(speakers)}; the dump of another conversation?")
    entries = [line.strip() for line in re.split(r"\n+", text) if line.strip()]
    if not entries:
        raise DataError(f"{path}: holds no memories")
    return entries


def sources(entries: Sequence[str], said: Sequence[Said], least: float = 0.35) -> list[tuple[str, ...]]:
    """Turns each entry was made from, by the best match of each of its sentences.

    A sentence's match with a turn is the share of its idf-weighted content stems that the turn holds (the speaker's
    name counts as said). Below ``least``, or with fewer than two shared stems, a sentence has no source; an entry whose
    sentences have none has none.
    """
    documents = [set(terms(f"{turn.speaker} {turn.text}")) for turn in said]
    seen = Counter(stem for document in documents for stem in document)
    postings: dict[str, list[int]] = {}
    for index, document in enumerate(documents):
        for stem in document:
            postings.setdefault(stem, []).append(index)
    weight = {stem: math.log((len(said) + 1) / (count + 0.5)) for stem, count in seen.items()}
    unseen = math.log(2 * (len(said) + 1))
    out = []
    for entry in entries:
        turns: dict[str, None] = {}
        for sentence in sentences(entry):
            best = _best(set(terms(sentence)), postings, weight, unseen, least)
            if best is not None:
                turns[said[best].turn_id] = None
        out.append(tuple(turns))
    return out


def _best(
    stems: set[str], postings: dict[str, list[int]], weight: dict[str, float], unseen: float, least: float
) -> int | None:
    scores: dict[int, float] = defaultdict(float)
    shared: Counter[int] = Counter()
    for stem in sorted(stems):
        for index in postings.get(stem, ()):
            scores[index] += weight[stem]
            shared[index] += 1
    total = sum(weight.get(stem, unseen) for stem in stems)
    ranked = sorted(scores, key=lambda index: (-scores[index], index))
    best = next((index for index in ranked if shared[index] >= 2), None)
    return best if best is not None and total and scores[best] / total >= least else None
