"""Categories of questions: each data set owns its own, with their names, their order and what follows from them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memos.errors import ConfigError, DataError

JUDGE = "judge"
"""The official score that is a judge's verdicts."""
OFFICIAL = "official"
"""The metric that is, of each question, the official one of its category."""
CategoryId = int | str
"""What the records of a question carry: LOCOMO's integers are its own, every other data set has names."""


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of question of one data set."""

    id: CategoryId
    name: str
    like: int
    """The category of LOCOMO whose questions are most alike, for parts that were fitted on LOCOMO's."""
    asked: bool = True
    """Whether it is asked where nothing is said, and so part of the overall."""
    rule: str = ""
    """The rule of the data set's own rubric that its answers are judged by."""
    official: str = ""
    """The data set's official score of it: a metric of ours, or ``judge`` for verdicts of the data set's own judge.
    Empty: verdicts of the run's main judge."""

    @property
    def exact(self) -> bool:
        """Whether a metric decides it, so that no judge is asked."""
        return self.official not in ("", JUDGE)

    @property
    def title(self) -> str:
        """For people: ``4 single-hop``, ``knowledge-update``."""
        return self.name if self.id == self.name else f"{self.id} {self.name}"


@dataclass(frozen=True, slots=True)
class Categories:
    """The categories of a data set, in printing order."""

    all: tuple[Category, ...]

    def __iter__(self) -> Iterator[Category]:
        return iter(self.all)

    def __getitem__(self, category: CategoryId) -> Category:
        """The category of that id.

        Raises:
            KeyError: the data set has none of that id.
        """
        for one in self.all:
            if one.id == category:
                return one
        raise KeyError(category)

    def __contains__(self, category: object) -> bool:
        return any(one.id == category for one in self.all)

    def title(self, category: CategoryId) -> str:
        """For people; an id that is not one of the data set's stands as it is."""
        return self[category].title if category in self else str(category)

    @property
    def asked(self) -> list[CategoryId]:
        """Those that are asked where nothing is said, in printing order."""
        return [one.id for one in self.all if one.asked]

    def chosen(self, wanted: Sequence[Any] | None) -> list[CategoryId]:
        """The ids a configuration means; None means those that are asked by default.

        Raises:
            ConfigError: none is chosen, or one that the data set does not have.
        """
        if wanted is None:
            return self.asked
        unknown = [one for one in wanted if one not in self]
        if unknown or not wanted:
            raise ConfigError(f"dataset.categories: expected {self._known(unknown)}, found {unknown or 'none'}")
        return list(wanted)

    def _known(self, unknown: Iterable[Any]) -> str:
        ids = [one.id for one in self.all]
        if all(isinstance(one, int) for one in ids):
            return f"numbers of {min(ids)} to {max(ids)}"  # type: ignore[type-var]
        near = [name for one in unknown for name in difflib.get_close_matches(str(one), map(str, ids), 2)]
        return f"some of {', '.join(map(str, ids))}" + (f" (did you mean {', '.join(near)}?)" if near else "")

    def exact(self, wanted: Sequence[Any] | None) -> bool:
        """Whether metrics decide the categories a configuration means (``chosen``), and no judge.

        Raises:
            ConfigError: some are decided by a metric and some by a judge, which no column of a table can hold.
        """
        chosen = self.chosen(wanted)
        exact = [one for one in chosen if self[one].exact]
        if exact and len(exact) < len(chosen):
            judged = [one for one in chosen if one not in exact]
            raise ConfigError(
                f"dataset.categories: {exact[0]} is scored by {self[exact[0]].official} and {judged[0]} by a judge; "
                "choose categories of one kind"
            )
        return bool(exact)

    @property
    def official(self) -> list[list[Any]]:
        """``[id, metric]`` of those that a metric decides."""
        return [[one.id, one.official] for one in self.all if one.exact]

    def record(self) -> list[list[Any]]:
        """``[id, name, asked]`` in printing order, as a summary keeps them; the official score follows where one is
        named.
        """
        return [[one.id, one.name, one.asked, *filter(None, [one.official])] for one in self.all]


LOCOMO = Categories(
    (
        Category(4, "single-hop", like=4, rule="single"),
        Category(1, "multi-hop", like=1, rule="single"),
        Category(3, "open-domain", like=3, rule="preference"),
        Category(2, "temporal", like=2, rule="temporal"),
        Category(5, "adversarial", like=5, asked=False, rule="abstention"),
    )
)
"""LOCOMO's integers (docs/protocol.md#categories), in the printing order of the paper's Table 3. Always print integer,
name and n."""


def locomo_number(category: CategoryId) -> int:
    """The integer of a category of LOCOMO, for parts that know LOCOMO alone.

    Raises:
        DataError: it is a category of another data set.
    """
    if not isinstance(category, int):
        raise DataError(f"category {category!r}: expected one of LOCOMO's numbers 1 to 5")
    return category


def in_order(categories: Iterable[CategoryId]) -> list[CategoryId]:
    """Ids in one order whatever data set they are of: numbers, then names."""
    return sorted(categories, key=lambda one: (isinstance(one, str), one))


def of_summary(dataset: Mapping[str, Any] | None) -> Categories:
    """The categories of a summary's ``dataset``; those of LOCOMO where it is from before data sets had their own."""
    rows = (dataset or {}).get("categories")
    return Categories(tuple(_of_row(*row) for row in rows)) if rows else LOCOMO


def _of_row(one: CategoryId, name: str, asked: bool, official: str = "") -> Category:
    return Category(one, name, 0, asked, official=official)
