"""Sentences from a small grammar: ``[this|that|]`` is a choice (it nests), ``{o}`` a slot, ``<I>`` a mark of person.

A template is written once in the first person and read in the third where somebody else's life is told:
``<I> moved and <my> cat hates it`` gives "I moved and my cat hates it" or "Etta moved and her cat hates it".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Union

from eval.datasets.generated.draw import Draw

Node = Union[str, "tuple[tuple[Node, ...], ...]"]
"""A literal, or the alternatives of a choice, each a sequence of nodes."""

_MARK = re.compile(r"<([^>]+)>")
_FIRST = {"s": "", "es": "", "am": "am", "have": "have", "do": "do", "don't": "don't"}
_THIRD = {"s": "s", "es": "es", "am": "is", "have": "has", "do": "does", "don't": "doesn't"}
_SECOND = {"are you": ("are you", "is {}"), "have you": ("have you", "has {}"), "do you": ("do you", "does {}")}
_STARTS = re.compile(r"(^|[.!?] )([a-z])")
_ASKING = re.compile(
    r"((?:^|[.!?] )(?:Did|Do (?:you|they)|Were you|Was it|Was there|Has any|Have you|Is it|Are they|Will they|Can you|"
    r"How long|How many|Am I|What did you|What was it|Who (?:has|looks))\b[^.!?]*)\."
)


@cache
def parse(template: str) -> tuple[tuple[Node, ...], ...]:
    """The alternatives of a template; a bar outside brackets divides the template as a whole.

    Raises:
        ValueError: a bracket without its partner.
    """
    choice, end = _choice(template + "]", 0)
    if end != len(template) + 1:
        raise ValueError(f"unbalanced brackets in {template!r}")
    return choice


def _choice(template: str, at: int) -> tuple[tuple[tuple[Node, ...], ...], int]:
    alternatives = []
    while True:
        sequence, at = _sequence(template, at)
        alternatives.append(sequence)
        if at >= len(template):
            raise ValueError(f"unbalanced brackets in {template[:-1]!r}")
        at += 1
        if template[at - 1] == "]":
            return tuple(alternatives), at


def _sequence(template: str, at: int) -> tuple[tuple[Node, ...], int]:
    nodes: list[Node] = []
    literal = at
    while at < len(template) and template[at] not in "|]":
        if template[at] == "[":
            nodes.append(template[literal:at])
            choice, at = _choice(template, at + 1)
            nodes.append(choice)
            literal = at
        else:
            at += 1
    nodes.append(template[literal:at])
    return tuple(node for node in nodes if node != ""), at


def expand(template: str, draw: Draw) -> str:
    """One realisation of a template; slots and marks stay."""
    return _expand(parse(template), draw)


def _expand(choice: tuple[tuple[Node, ...], ...], draw: Draw) -> str:
    nodes = choice[0] if len(choice) == 1 else draw.pick(choice)
    return "".join([node if isinstance(node, str) else _expand(node, draw) for node in nodes])


def realisations(template: str) -> int:
    """How many different paths a template has."""
    return _count(parse(template))


def _count(choice: tuple[tuple[Node, ...], ...]) -> int:
    total = 0
    for nodes in choice:
        product = 1
        for node in nodes:
            product *= 1 if isinstance(node, str) else _count(node)
        total += product
    return total


def fill(template: str, slots: Mapping[str, str], draw: Draw) -> str:
    """A realisation with its slots filled; marks stay."""
    return expand(template, draw).format_map(slots)


def in_person(text: str, name: str | None = None, gender: str = "f", named: bool = False) -> str:
    """Resolve the marks: first person without ``name``; else the name once (unless ``named``), then pronouns."""
    if "<" not in text:
        return text
    if name is None:
        return _MARK.sub(lambda mark: _own(mark.group(1)), text)
    subject = "she" if gender == "f" else "he"

    def resolve(mark: re.Match[str]) -> str:
        nonlocal named
        key = mark.group(1)
        if key in _THIRD:
            return _THIRD[key]
        if key in _SECOND:
            return _SECOND[key][1].format(subject)
        who = subject if named else name
        if key in ("you", "with you", "your", "yourself"):
            return {
                "you": subject,
                "with you": f"with {_object(gender)}",
                "your": _possessive(gender),
                "yourself": _object(gender) + "self",
            }[key]
        named = True
        if key.startswith("I"):
            return who + {"I": "", "I'm": "'s", "I've": "'s", "I'd": "'d"}[key]
        if key == "my":
            return f"{name}'s" if who == name else _possessive(gender)
        return name if who == name else {"me": _object(gender), "myself": _object(gender) + "self"}[key]

    return _MARK.sub(resolve, text)


def _own(key: str) -> str:
    return _FIRST[key] if key in _FIRST else _SECOND[key][0] if key in _SECOND else key


def _possessive(gender: str) -> str:
    return "her" if gender == "f" else "his"


def _object(gender: str) -> str:
    return "her" if gender == "f" else "him"


def sentence(text: str, end: str = ".") -> str:
    """The text with capitals where sentences start, question marks after questions, ``end`` where no stop is."""
    text = _STARTS.sub(lambda start: start.group(1) + start.group(2).upper(), text.strip())
    text = text if text.endswith((".", "!", "?")) else text + end
    return _ASKING.sub(r"\1?", text)


def article(noun: str) -> str:
    """The noun with "a" or "an"."""
    return ("an " if noun[:1].lower() in "aeiou" and not noun.startswith(("uni", "use", "eu", "uku")) else "a ") + noun
