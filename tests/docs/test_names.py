"""Names say what a thing is: none of the words that fit anything, and one public class to a name."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping

import pytest
from readme_text import ROOT

ROOMS = ("memos", "baselines", "eval")
VAGUE = frozenset({"found", "told", "more", "outputs", "stuff", "thing", "things", "info", "tmp", "res"})
SHARED = frozenset({"Config"})
"""The one name that every part gives a class of its own."""
Place = tuple[str, int, str]
"""File below the project's folder, line, name."""


def _sources() -> dict[str, str]:
    files = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in files}


def _bound(node: ast.AST) -> str | None:
    """The name that a node stores a value under, takes one by, or imports something as."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
            return name
        case ast.ExceptHandler(name=name) | ast.MatchAs(name=name) | ast.MatchStar(name=name):
            return name
        case ast.MatchMapping(rest=name) | ast.alias(asname=name):
            return name
    return None


def vague(sources: Mapping[str, str]) -> set[Place]:
    """Where a function, a comprehension or a lambda in it stores or takes a vague name."""
    return {
        (file, getattr(node, "lineno", function.lineno), name)
        for file, text in sources.items()
        for function in ast.walk(ast.parse(text))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
        if (name := _bound(node)) in VAGUE and name is not None
    }


def twice(sources: Mapping[str, str]) -> set[Place]:
    """Public classes at the top of a module, where another module has one of the same name."""
    places: defaultdict[str, list[Place]] = defaultdict(list)
    for file, text in sources.items():
        for node in _classes(ast.parse(text)):
            places[node.name].append((file, node.lineno, node.name))
    return {
        place
        for name, same in places.items()
        if len({file for file, *_ in same}) > 1 and name not in SHARED
        for place in same
    }


def _classes(module: ast.Module) -> Iterator[ast.ClassDef]:
    """Those of the module's own level, also below an ``if`` or ``try``."""
    waiting: list[ast.AST] = [*module.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ClassDef):
            if not node.name.startswith("_"):
                yield node
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += ast.iter_child_nodes(node)


def _listed(places: set[Place]) -> str:
    return "\n".join(f"{file}:{line}: {name}" for file, line, name in sorted(places))


def test_no_function_uses_a_vague_name():
    places = vague(_sources())
    assert not places, f"these names fit anything; say what they hold:\n{_listed(places)}"


def test_each_public_class_has_a_name_of_its_own():
    places = twice(_sources())
    assert not places, f"these classes share a name; give the more special one a more precise name:\n{_listed(places)}"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("found = 1", "found"),
        ("more, rest = 1, 2", "more"),
        ("info: int = 1", "info"),
        ("told += 1", "told"),
        ("for thing in (): pass", "thing"),
        ("[res for res in ()]", "res"),
        ("if (tmp := 1): pass", "tmp"),
        ("with open('a') as outputs: pass", "outputs"),
        ("lambda things: 1", "things"),
        ("def inner(*stuff): pass", "stuff"),
        ("def inner(*, found): pass", "found"),
        ("try: pass\n    except OSError as told: pass", "told"),
        ("import os as info", "info"),
    ],
)
def test_every_way_to_store_a_vague_name_is_seen(line: str, name: str):
    text = f"def outer():\n    {line}\n"
    assert {place[2] for place in vague({"a.py": text})} == {name}
    assert not vague({"a.py": text.replace(name, "answer")})


def test_a_class_is_compared_with_those_of_other_modules():
    sources = {
        "a.py": "class Line: pass\nclass Config: pass\nclass _Own: pass",
        "b.py": "try:\n    class Line: pass\nexcept ImportError: pass\nclass Config: pass\nclass _Own: pass",
        "c.py": "class Job:\n    class Line: pass\ndef make():\n    class Line: pass",
    }
    assert twice(sources) == {("a.py", 1, "Line"), ("b.py", 2, "Line")}
