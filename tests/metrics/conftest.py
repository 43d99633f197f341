"""Shared parts of the metric tests."""

from __future__ import annotations

import gzip
import json

import pytest

from memos.resources import has_punkt, has_wordnet


@pytest.fixture(scope="session")
def punkt():
    """Skips where NLTK's sentence splitter data are absent."""
    if not has_punkt():
        pytest.skip("Punkt is not here; run: python scripts/fetch_data.py punkt")


@pytest.fixture(scope="session")
def language_data(punkt):
    """Skips where Punkt or WordNet is absent."""
    if not has_wordnet():
        pytest.skip("WordNet is not here; run: python scripts/fetch_data.py wordnet")


@pytest.fixture(scope="session")
def published(published_dir):
    """A function from the name of a published set to its rows."""

    def rows(name: str) -> list[dict]:
        with gzip.open(published_dir / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    return rows
