"""Stocks of values: each is given out once to the people who are asked about, so that a value names one fact."""

from __future__ import annotations

from eval.datasets.generated.calendar import number_words, ordinal
from eval.datasets.generated.draw import Draw
from eval.datasets.generated.grammar import article
from eval.datasets.generated.kinds import traits
from eval.datasets.generated.words import people, places, things

POOLS: dict[str, tuple[str, ...]] = {
    "homes": places.HOMES,
    "childhoods": places.CHILDHOODS,
    "trips": places.TRIPS,
    "shops": places.SHOPS,
    "spots": places.SPOTS,
    "origins": places.ORIGINS,
    "venues": places.VENUES,
    "species": things.SPECIES,
    "pets": things.PETS,
    "roles": things.ROLES,
    "employers": things.EMPLOYERS,
    "vehicles": things.VEHICLES,
    "books": things.BOOKS,
    "series": things.SERIES,
    "instruments": things.INSTRUMENTS,
    "purchases": things.PURCHASES,
    "races": things.RACES,
    "dishes": things.DISHES,
    "subjects": things.SUBJECTS,
    "degrees": things.DEGREES,
    "injuries": things.INJURIES,
    "causes": things.CAUSES,
    "bands": things.BANDS,
    "gifts": things.GIFTS,
    "lost": things.LOST,
    "plants": things.PLANTS,
    "repairs": things.REPAIRS,
    "faults": things.FAULTS,
    "allergies": things.ALLERGIES,
    "souvenirs": things.SOUVENIRS,
    "occasions": things.OCCASIONS,
    "fears": traits.FEARS,
    "collections": traits.COLLECTIONS,
}
"""Every word list of the key by the name that kinds use."""
_RANGES = {"#price": (35, 980), "#rent": (410, 1490), "#place": (4, 240), "#score": (41, 99)}
_UNITS = {"#price": " euros", "#rent": " euros", "#score": " points"}


class Stock:
    """Values of one conversation; ``take`` never gives the same one twice, ``spare`` never gives one that was taken."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._left: dict[str, list[str]] = {}
        self._numbers: set[str] = set()
        women, men = draw.shuffled(people.WOMEN), draw.shuffled(people.MEN)
        self._left["companions"] = draw.shuffled(women[30:] + men[30:])
        self._first = {"f": women[:30], "m": men[:30]}
        self._nicknames = {gender: draw.shuffled(pairs) for gender, pairs in people.NICKNAMES.items()}

    def person(self, gender: str) -> str:
        """A first name that nobody else in the conversation has."""
        return self._first[gender].pop()

    def nickname(self, gender: str) -> tuple[str, str]:
        """A full first name and what the person is called."""
        return self._nicknames[gender].pop()

    def left(self, pool: str) -> int:
        """How many values of a pool can still be taken."""
        return 10**6 if pool.startswith("#") else len(self._of(pool))

    def take(self, pool: str) -> str:
        """A value for somebody who is asked about."""
        return self._number(pool) if pool.startswith("#") else self._of(pool).pop()

    def below(self, pool: str, last: str | None) -> str:
        """The next value of a state: any one, but of records one that beats the last."""
        value = self.take(pool)
        while pool == "#record" and last is not None and value >= last:
            value = _print_number(pool, self._draw, most=max(30, int(last[:2]) - 1))
        return value

    def spare(self, pool: str, draw: Draw) -> str:
        """A value for somebody nobody asks about; values that were taken never come up."""
        if pool.startswith("#"):
            return _print_number(pool, draw)
        return draw.pick(self._of(pool))

    def _of(self, pool: str) -> list[str]:
        if pool not in self._left:
            self._left[pool] = self._draw.shuffled(POOLS[pool])
        return self._left[pool]

    def _number(self, pool: str) -> str:
        value = _print_number(pool, self._draw)
        for _ in range(1000):
            if value not in self._numbers:
                break
            value = _print_number(pool, self._draw)
        self._numbers.add(value)
        return value


def _print_number(pool: str, draw: Draw, most: int = 68) -> str:
    if pool == "#record":
        return f"{draw.between(max(29, min(41, most - 9)), most)}:{draw.between(0, 59):02d}"
    number = draw.between(*_RANGES[pool])
    return ordinal(number) if pool == "#place" else f"{number}{_UNITS[pool]}"


def with_article(value: str) -> str:
    """The value with "a" or "an", for slots such as ``{a_o}``; plurals get "a pair of", where they need one."""
    if value.endswith(("keys", "glasses", "earbuds", "goggles", "drums", "bagpipes")) or value.startswith(
        ("a ", "the ")
    ):
        return value
    return article(value)


def forms_of(pool: str, value: str) -> tuple[str, ...]:
    """Accepted forms of a value as an answer, the printed one first."""
    if pool in ("#price", "#rent", "#score"):
        number, unit = value.split()
        words = number_words(int(number))
        forms = (value, number, f"{words} {unit}", words)
        return forms if pool == "#score" else (*forms, f"€{number}", f"{number} EUR")
    if pool == "#place":
        return (value, f"{value} place", value[:-2], f"place {value[:-2]}")
    if pool == "#record":
        minutes, seconds = value.split(":")
        return (value, f"{minutes} minutes {int(seconds)} seconds", f"{minutes} minutes and {int(seconds)} seconds")
    for start in ("a ", "an ", "the "):
        if value.startswith(start):
            return (value, value[len(start) :])
    return (value, f"the {value}") if value[:1].islower() else (value,)
