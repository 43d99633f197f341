"""Wordings of wrong answers, and of right ones in many frames, for probes of judges: two JSON files beside this one,
lists of templates by kind.

``tuned.json`` holds those that rules, features or settings of the offline judge were made while looking at.
``unseen.json`` holds those that
nothing has seen: not its training, not its rules, not the choice of features. They are written by somebody who has read
neither the judge nor
the other list. Whoever reads how a judge takes them and then changes the judge moves them to ``tuned.json`` and has new
ones written (empty lists
meanwhile: nothing is measured); the history of looks is in ``weights.json`` (``cross_validation.looks``).
"""

from __future__ import annotations

import json
import string
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path

from eval.judges.offline import synthetic
from memos.errors import DataError

SEED = 2026
"""Of the questions that unseen wordings are tried on; differs from the seed of the others."""
PER_KIND = 300
"""How many probes of a kind the unseen wordings give, so that the interval of a share of 3 % is about 2 points wide
each way.
"""
_NEEDS = {
    "restated": {"question", "statement"},
    "denied": {"gold"},
    "refusals": set(),
    "affirmed": {"gold", "statement"},
}
_OPTIONAL = ("affirmed",)


@dataclass(frozen=True, slots=True)
class Wordings:
    """How answers are worded; ``{question}``, ``{statement}`` (the question without its question word) and ``{gold}``
    are filled in.
    """

    restated: tuple[str, ...]
    denied: tuple[str, ...]
    refusals: tuple[str, ...]
    blank: tuple[str, ...] = ("",)
    turns: tuple[int, ...] = (20,)
    """How many random turns an answer is made of."""
    affirmed: tuple[str, ...] = ()
    """Right answers: the gold handed over, hedged, stressed, with harmless negations. A list may do without."""


def tuned() -> Wordings:
    """Absent from training; settings, features and rules were chosen while looking at how the offline judge
    takes them."""
    lists = read(Path(__file__).with_name("tuned.json"))
    if lists is None:
        raise DataError("eval/judges/wordings/tuned.json: holds no wordings")
    return lists


def unseen() -> Wordings | None:
    """Wordings that nothing was tuned on; None while all that were written are spent.

    Those that the training or ``tuned.json`` happens to hold too ("I don't know.") are left out: they are not unseen.
    """
    lists = read(Path(__file__).with_name("unseen.json"))
    if lists is None:
        return None
    known = tuned()
    seen = {
        text.lower()
        for text in (
            *synthetic.RESTATED,
            *synthetic.DENIED,
            *synthetic.REFUSALS,
            *known.restated,
            *known.denied,
            *known.refusals,
            *known.affirmed,
        )
    }
    fresh = {name: tuple(text for text in getattr(lists, name) if text.lower() not in seen) for name in _NEEDS}
    return replace(lists, **fresh)


@lru_cache(maxsize=8)
def read(file: Path) -> Wordings | None:
    """The wordings of a file; None where its lists are empty.

    Raises:
        DataError: a list is missing, only some are empty, or a template has a placeholder of another kind or lacks its
            own.
    """
    try:
        by_name = json.loads(file.read_text(encoding="utf-8"))
        lists = {
            field.name: tuple(by_name.get(field.name, ()) if field.name in _OPTIONAL else by_name[field.name])
            for field in fields(Wordings)
        }
    except (OSError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise DataError(f"{file}: not a file of wordings: {error}") from error
    if not any(lists.values()):
        return None
    for name, templates in lists.items():
        if not templates and name not in _OPTIONAL:
            raise DataError(f"{file}: {name}: empty, while other kinds have wordings")
        if name in _NEEDS:
            _check(file, name, templates)
    return Wordings(**lists)


def _check(file: Path, name: str, templates: tuple[str, ...]) -> None:
    """Raise for a template whose placeholders are not those of its kind;
    a restatement needs none ("Good question!")."""
    for text in templates:
        try:
            held = {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}
        except (ValueError, TypeError) as error:
            raise DataError(f"{file}: {name}: {text!r}: {error}") from error
        if held - _NEEDS[name] or (name in ("denied", "affirmed") and "gold" not in held):
            raise DataError(
                f"{file}: {name}: {text!r} needs "
                f"{' or '.join(f'{{{n}}}' for n in sorted(_NEEDS[name])) or 'no placeholder'}"
            )
