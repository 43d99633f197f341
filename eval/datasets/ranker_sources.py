"""What the ranker of MemOS is fitted on: LOCOMO, the first chats of BEAM, generated lives of a seed of their own."""

from __future__ import annotations

from pathlib import Path

from eval.datasets import beam, locomo
from eval.datasets.generated.dataset import made
from eval.datasets.generated.records import Knobs
from memos.operation.retrieval.fit import TrainSource

FITTED_CHATS = 5
"""BEAM 100K: chats 1 to 5 are fitted on, the others are for looking."""
SEED, LIVES = 2101, 4
"""Of the generated lives; the seeds 0 and 101 are measured on."""


def locomo_source(file: Path) -> TrainSource:
    """LOCOMO without captions, every conversation left out of one fold."""
    return TrainSource("LOCOMO", locomo.load(file), folds=10)


def beam_source(folder: Path, chats: int = FITTED_CHATS) -> TrainSource:
    """The first chats of BEAM 100K, each left out of one fold; fitted on are ``FITTED_CHATS``."""
    return TrainSource("BEAM", beam.read(folder, "100K"), folds=chats, only=_chats(folder, range(1, chats + 1)))


def beam_unseen(folder: Path) -> TrainSource:
    """The other chats of a folder, which nothing is fitted on."""
    return TrainSource("BEAM unseen", beam.read(folder, "100K"), only=_chats(folder, range(FITTED_CHATS + 1, 11)))


def generated_source() -> TrainSource:
    """Generated lives; no fold leaves them out."""
    return TrainSource("generated", made(Knobs(seed=SEED, conversations=LIVES)), weight=0.5)


def _chats(folder: Path, numbers: range) -> tuple[str, ...]:
    names = [one.sample_id for one in beam.read(folder, "100K").conversations]
    return tuple(name for name in names if int(name.rpartition("-")[2]) in numbers)
