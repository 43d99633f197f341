"""Data sets by their configuration: Hydra's group ``dataset`` is the list of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any, Protocol, cast

import yaml

from eval.core.categories import Categories
from eval.core.config import PLAIN, component_class, nearest, typed
from eval.core.places import conf
from eval.core.types import Dataset, Question
from eval.datasets.selection import DatasetConfig
from memos.errors import ConfigError
from memos.types import Conversation

OfficialRetrieval = Callable[[Conversation, Question, Sequence[Collection[str]]], Mapping[str, float]]
"""Measures of a data set's authors for one question, by name (such as ``recall_any_at_5``): given are the conversation,
the question, and of each hit, best first, the ids of its turns. Empty for a question that they leave out; where they
have two denominators, these are two names. A data set's class has it as a static method, ``official_retrieval``."""

OF_A_TRACK = frozenset({"captions"})
"""Fields that a track sets whatever the data set; one that has no such field (no pictures) goes without."""


class DataSource(Protocol):
    """What ``_target_`` of a ``conf/dataset/*.yaml`` names (docs/datasets.md shows how to add one)."""

    Config: type[DatasetConfig]
    categories: Categories

    def __init__(self, config: Any) -> None: ...

    def load(self) -> Dataset:
        """The whole data set, checked; ``eval.datasets.selection.select`` takes the part that was asked for.

        Raises:
            DataError: one line with the file, the place in it and the reason.
        """
        ...


def source_class(spec: Mapping[str, Any]) -> type[DataSource]:
    """The class of a configured data set; one that a manifest of earlier times names only, by its name.

    Raises:
        ConfigError: there is no such data set, or what ``_target_`` names is none.
    """
    target = spec.get("_target_") or _target(str(spec.get("name")))
    return cast("type[DataSource]", component_class({"_target_": target}, "dataset", "dataset"))


def checked(spec: Mapping[str, Any]) -> DatasetConfig:
    """The fields of a configured data set.

    Raises:
        ConfigError: one line with the field and its value.
    """
    cls = source_class(spec)
    own = {f.name for f in fields(cls.Config)}
    given = {key: value for key, value in spec.items() if key not in PLAIN and (key in own or key not in OF_A_TRACK)}
    config = typed(cls.Config, given, "dataset")
    cls.categories.chosen(config.categories)
    return config


def exact(spec: Mapping[str, Any], config: DatasetConfig) -> bool:
    """Whether the categories that are asked are decided by metrics of the data set's own, and no judge.

    Raises:
        ConfigError: some are and some are not.
    """
    return source_class(spec).categories.exact(config.categories)


def load(spec: Mapping[str, Any], config: DatasetConfig | None = None) -> Dataset:
    """The whole data set that is configured; ``config``: its fields, where they were checked already."""
    return source_class(spec)(checked(spec) if config is None else config).load()


def official_retrieval(spec: Mapping[str, Any]) -> OfficialRetrieval | None:
    """The data set's own measures of a retrieval, where its class has them (``official_retrieval``)."""
    return getattr(source_class(spec), "official_retrieval", None)


def load_dataset(name: str, **fields: Any) -> Dataset:
    """A shipped data set by its name, with fields of its configuration."""
    return load({"name": name, **fields})


def _target(name: str) -> str:
    file = conf() / "dataset" / f"{name}.yaml"
    if not name.replace("_", "").isalnum() or not file.is_file():
        known = [path.stem for path in (conf() / "dataset").glob("*.yaml")]
        raise ConfigError(f"dataset.name: no data set {name!r}; {nearest(name, known)}")
    return str(yaml.safe_load(file.read_text(encoding="utf-8"))["_target_"])
