"""Datasets by name."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from eval.core.types import Dataset
from eval.datasets import locomo
from eval.datasets.selection import DatasetConfig
from memos.errors import ConfigError

TINY = Path(__file__).with_name("tiny.json")
"""A small synthetic dataset in LOCOMO's format, written for this project."""


def load_dataset(name: str, config: DatasetConfig) -> Dataset:
    """Find and read a dataset, with the configured answer key."""
    if name == "generated" and config.answer_key != "official":
        raise ConfigError(f"dataset.answer_key: the generated key is right as it is, found {config.answer_key!r}")
    if name == "generated" and not config.path:
        return _generated()
    path = _path(name, config)
    if config.answer_key != "official":
        from eval.datasets.answer_key import apply, find_errors

        return apply(_read(path, config.captions), config.answer_key, find_errors(config.answer_key_errors))
    return (
        _official(path, config.captions, config.answer_key_errors) if name == "locomo" else _read(path, config.captions)
    )


def _path(name: str, config: DatasetConfig) -> Path:
    if name == "tiny":
        return Path(config.path) if config.path else TINY
    if name == "generated" and config.path:
        return Path(config.path)
    if name == "locomo":
        from eval.datasets.find import find_locomo

        return find_locomo(config.path)
    raise ConfigError(f"dataset.name: expected locomo, generated or tiny, found {name!r}")


@lru_cache(maxsize=1)
def _generated() -> Dataset:
    from eval.datasets.generated.dataset import dataset
    from eval.datasets.generated.records import Knobs

    return dataset(Knobs())


@lru_cache(maxsize=4)
def _read(path: Path, captions: bool) -> Dataset:
    return locomo.load(path, captions=captions)


@lru_cache(maxsize=4)
def _official(path: Path, captions: bool, errors: str | None) -> Dataset:
    from eval.datasets.answer_key import noted

    return noted(_read(path, captions), errors)
