"""Data sets by their configuration: Hydra's group ``dataset`` is the list of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, cast

import yaml

from eval.core.categories import Categories
from eval.core.config import PLAIN, locate, nearest, typed
from eval.core.places import conf
from eval.core.types import Dataset
from eval.datasets.selection import DatasetConfig
from memos.errors import ConfigError

OF_IMAGES = frozenset({"captions"})
"""Fields that ``track=controlled`` sets for whatever data set; one without images has none, and nothing to show."""


class Source(Protocol):
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


def source_class(spec: Mapping[str, Any]) -> type[Source]:
    """The class of a configured data set; one that a manifest of earlier times names only, by its name.

    Raises:
        ConfigError: there is no such data set, or what ``_target_`` names is none.
    """
    target = spec.get("_target_") or _target(str(spec.get("name")))
    cls = locate(target, "dataset")
    absent = [member for member in ("Config", "categories", "load") if not hasattr(cls, member)]
    if absent:
        raise ConfigError(f"dataset._target_: {target} is no data set: it has no {', '.join(absent)}")
    return cast("type[Source]", cls)


def checked(spec: Mapping[str, Any]) -> DatasetConfig:
    """The fields of a configured data set.

    Raises:
        ConfigError: one line with the field and its value.
    """
    cls = source_class(spec)
    without = {*PLAIN, *(OF_IMAGES - cls.Config.__dataclass_fields__.keys())}
    config = typed(cls.Config, {key: value for key, value in spec.items() if key not in without}, "dataset")
    cls.categories.chosen(config.categories)
    return config


def load(spec: Mapping[str, Any], config: DatasetConfig | None = None) -> Dataset:
    """The whole data set that is configured; ``config``: its fields, where they were checked already."""
    return source_class(spec)(checked(spec) if config is None else config).load()


def load_dataset(name: str, **fields: Any) -> Dataset:
    """A shipped data set by its name, with fields of its configuration."""
    return load({"name": name, **fields})


def _target(name: str) -> str:
    file = conf() / "dataset" / f"{name}.yaml"
    if not name.replace("_", "").isalnum() or not file.is_file():
        known = [path.stem for path in (conf() / "dataset").glob("*.yaml")]
        raise ConfigError(f"dataset.name: no data set {name!r}; {nearest(name, known)}")
    return str(yaml.safe_load(file.read_text(encoding="utf-8"))["_target_"])
