"""Fixtures every area shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
if (ROOT / "tests" / "server" / "scripted_fixtures.py").exists():
    pytest_plugins = ["scripted_fixtures"]


FIRST = ("slurm", "cli", "docs", "baselines", "harness")
"""Folders whose files take longest: they start processes. Begun last, one of them would leave the other worker idle."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(ROOT / "tests").parts[0] if item.path.is_relative_to(ROOT / "tests") else ""
        return FIRST.index(folder) if folder in FIRST else len(FIRST)

    items.sort(key=place)


def _data_file(name: str) -> Path | None:
    """A file of the real data where it lies on this machine; nothing is ever downloaded by a test."""
    given = os.environ.get("LOCOMO_PATH")
    folders = [Path(given).parent] if given else []
    folders.append(ROOT.parent / "shared" / "data")
    return next((folder / name for folder in folders if (folder / name).exists()), None)


@pytest.fixture(scope="session")
def locomo_path() -> Path:
    """The real locomo10.json; skips where it is not on this machine."""
    path = _data_file("locomo10.json")
    if path is None:
        pytest.skip("locomo10.json is not here; set LOCOMO_PATH or put it in ../shared/data")
    return path


@pytest.fixture(scope="session")
def published_dir() -> Path:
    """The folder of published answers; skips where it is not on this machine."""
    path = _data_file("published")
    if path is None:
        pytest.skip("the published answers are not here; put them in ../shared/data/published")
    return path


@pytest.fixture(scope="session")
def tiny_dataset():
    """The synthetic dataset that the project ships."""
    from eval.datasets.locomo import TINY, load

    return load(TINY)
