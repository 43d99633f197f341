"""Datasets by name."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from eval.datasets import locomo
from eval.selection import DatasetConfig
from eval.types import Dataset
from memos.errors import ConfigError

TINY = Path(__file__).with_name("tiny.json")
"""A small synthetic dataset in LOCOMO's format, written for this project."""


def load_dataset(name: str, config: DatasetConfig) -> Dataset:
    """Find and read a dataset, with the configured answer key."""
    dataset = _read(_path(name, config), config.captions)
    if config.answer_key != "official":
        from eval.datasets.answer_key import apply, find_errors

        dataset = apply(dataset, config.answer_key, find_errors(config.answer_key_errors))
    elif name == "locomo":
        from eval.datasets.answer_key import noted

        dataset = noted(dataset, config.answer_key_errors)
    return dataset


def _path(name: str, config: DatasetConfig) -> Path:
    if name == "tiny":
        return Path(config.path) if config.path else TINY
    if name == "locomo":
        from eval.datasets.find import find_locomo

        return find_locomo(config.path)
    raise ConfigError(f"dataset.name: expected locomo or tiny, found {name!r}")


@lru_cache(maxsize=4)
def _read(path: Path, captions: bool) -> Dataset:
    return locomo.load(path, captions=captions)
