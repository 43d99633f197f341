"""The generated benchmark as a data set of the harness, made in memory."""

from __future__ import annotations

from pathlib import Path

from eval.core.types import Dataset
from eval.datasets import locomo
from eval.datasets.generated.build import VERSION, conversations
from eval.datasets.generated.locomo_format import sample
from eval.datasets.generated.records import Knobs


def dataset(knobs: Knobs) -> Dataset:
    """The conversations and questions of ``knobs``, as if read from a file that ``locomo_format.write`` made."""
    path = Path(f"generated-{VERSION}-seed{knobs.seed}")
    return locomo.parse([sample(conversation) for conversation in conversations(knobs)], path)
