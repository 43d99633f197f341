"""Digests of code: equal where a part computes the same, wherever its modules lie and however they are formatted.

A part's digest covers its class and every definition of this project (or of the part's own top-level package) that it
uses, followed through imports. Definitions are told by their syntax trees (``eval.core.definition``), not by their
names or places: moving one, splitting a module, renaming a module, a function or a local variable, formatting, comments
and docstrings change nothing; a constant, an operator or a prompt does. The name of a parameter counts where one of
these definitions, or the harness, may pass it by keyword. Third-party packages count by the names that are used of
them; their versions are in the manifest.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from eval.core.definition import CallForms, DefinitionReader, Parameter
from eval.core.scopes import Name
from eval.core.syntax import Module, digest_of, members, read_module, root_folder, source_file
from memos.weights import remembered

OWN = ("memos", "baselines", "eval")
"""Top-level packages of this project."""
MARK = "IDENTIFIES_ONLY"
"""A module that defines this only says what things are; its definitions count by name."""
FORM = 3
"""Raised when the way of digesting changes: digests in the user's cache are made again then, and those in manifests and
beside stores, which say the form they are of, tell nothing of the present code. Up to 2 they did not say it."""
ROUNDS = 16
"""How many steps away a definition still tells two users of it apart by their own digest; all count in the whole."""
INGESTING = ("__init__", "start", "add", "finish", "save", "load", "stats", "usage", "pending", "close")
"""Methods of a memory system that the ingestion calls; the store depends on them and on what they call of the class."""
SEARCHING = ("__init__", "load", "search")
RESOURCE = re.compile(r"[\w.\-]+(?:/[\w.\-]+)*\.(?:json|txt|md|yaml|yml|jinja|j2|prompt|csv|tsv)")
"""File names in a user's code that are read as resources where they lie beside it."""


@dataclass(frozen=True)
class Root:
    """A definition to begin with; of a class, only the named methods where ``keep`` is given."""

    name: Name
    keep: frozenset[str] | None = None


@dataclass(frozen=True)
class _Unit:
    text: str
    slots: tuple[Name, ...] = ()
    beside: frozenset[Name] = frozenset()
    parameters: tuple[Parameter, ...] = ()
    calls: CallForms = CallForms()

    def counted(self, calls: CallForms, *, root: bool) -> str:
        """The text, with the names of those parameters that some call of the whole may use.

        Args:
            calls: of all definitions of a digest.
            root: whether the harness itself calls it.
        """
        names = [p for p in self.parameters if (root and p.of_definition) or calls.show(p)]
        return "\n".join([self.text, *(f"{p.label}={p.name}" for p in names)])


def code_digest(roots: Iterable[Root], *, annotations: bool = True) -> str | None:
    """Digest (16 hex digits) of some definitions with everything of ours that they use; None where a source is not to
    be had.

    Args:
        annotations: whether classes that are only named as the type of an argument or result belong to it.
    """
    roots = list(roots)
    tops = frozenset((*OWN, *(root.name[0].partition(".")[0] for root in roots)))
    named = [[*root.name, sorted(root.keep) if root.keep is not None else None] for root in roots]
    key = ["code", FORM, sys.version_info[:2], annotations, named, sorted(tops), _sources(tops)]
    return remembered(key, lambda: _digest(roots, tops, annotations) or "") or None


_HELD: dict[str, str] = {}
_HOLDERS: list[object] = []


@contextmanager
def same_sources() -> Iterator[None]:
    """Look at the state of the source files once for all digests inside."""
    _HOLDERS.append(None)
    try:
        yield
    finally:
        _HOLDERS.pop()
        if not _HOLDERS:
            _HELD.clear()


def _sources(tops: Iterable[str]) -> str:
    """Digest of the state of all source files below some top-level packages: as long as it stays, so do all digests of
    code.
    """
    tops = sorted(tops)
    if not _HOLDERS:
        return _state_of(tops)
    key = "|".join(tops)
    if key not in _HELD:
        _HELD[key] = _state_of(tops)
    return _HELD[key]


def _state_of(tops: Iterable[str]) -> str:
    rows: list[str] = []
    for top in tops:
        root = root_folder(top)
        if root is None:
            continue
        places = [root / top] if (root / top).is_dir() else [root / f"{top}.py"]
        files = sorted(p for place in places for p in (place.rglob("*") if place.is_dir() else [place]) if p.is_file())
        rows += [
            f"{p}\0{s.st_size}\0{s.st_mtime_ns}\0{s.st_ctime_ns}"
            for p in files
            if p.suffix != ".pyc" and (s := p.stat())
        ]
    return digest_of("\n".join(rows))


def _digest(roots: Sequence[Root], tops: frozenset[str], annotations: bool) -> str | None:
    methods_of = {root.name: root.keep for root in roots}
    units: dict[Name, _Unit] = {}
    todo = [root.name for root in roots]
    while todo:
        name = todo.pop()
        if name in units:
            continue
        unit = _unit(name, methods_of.get(name), tops, _state(name[0]))
        if unit is None:
            if name in methods_of:
                return None
            unit = _Unit("absent")
        units[name] = unit
        todo += [*unit.slots, *(unit.beside if annotations else ())]
    calls = CallForms.of_all(unit.calls for unit in units.values())
    marks = {name: digest_of(unit.counted(calls, root=name in methods_of)) for name, unit in units.items()}
    own = dict(marks)
    for _ in range(ROUNDS):
        marks = {
            name: digest_of("|".join([own[name], *(marks[slot] for slot in unit.slots)]))
            for name, unit in units.items()
        }
    return digest_of("\n".join([*(marks[root.name] for root in roots), "", *sorted(set(marks.values()))]))[:16]


def of_class(cls: type, methods: Iterable[str] | None = None) -> list[Root]:
    """A class as roots: whole, or what the named methods of it (its own base classes included) reach."""
    keep = None if methods is None else _reached(cls, frozenset(methods))
    bases = [c for c in cls.__mro__ if c.__module__.partition(".")[0] in (*OWN, cls.__module__.partition(".")[0])]
    return [Root((c.__module__, c.__qualname__.partition(".")[0]), keep) for c in (bases if methods else bases[:1])]


def of_function(function: Callable[..., object]) -> Root:
    """A function as a root."""
    return Root((function.__module__, function.__qualname__.partition(".")[0]))


def _reached(cls: type, methods: frozenset[str]) -> frozenset[str]:
    """The named methods and those that they call on the instance."""
    known: dict[str, list[ast.AST]] = {}
    for base in cls.__mro__:
        node = _class_node(base)
        for name, function in members(node).items() if node is not None else ():
            known.setdefault(name, []).append(function)
    reached, todo = set(), [m for m in methods if m in known]
    todo += [m for m in known if m.startswith("__") and m.endswith("__")]
    while todo:
        name = todo.pop()
        if name in reached:
            continue
        reached.add(name)
        used = {n.attr for f in known[name] for n in ast.walk(f) if isinstance(n, ast.Attribute)}
        todo += [m for m in used if m in known]
    return frozenset(reached)


def _class_node(cls: type) -> ast.ClassDef | None:
    module = read_module(cls.__module__) if cls.__module__ != "builtins" else None
    for statement in module.definitions.get(cls.__qualname__, ()) if module else ():
        if isinstance(statement, ast.ClassDef):
            return statement
    return None


def _state(module: str) -> tuple[int, int] | None:
    """What tells that a module's file was edited."""
    file = source_file(module)
    return (file.stat().st_mtime_ns, file.stat().st_size) if file else None


@lru_cache(maxsize=16384)
def _unit(name: Name, keep: frozenset[str] | None, tops: frozenset[str], state: tuple[int, int] | None) -> _Unit | None:
    del state
    module = read_module(name[0])
    if module is None:
        return None
    if not name[1]:
        names = tuple((module.name, defined) for defined in sorted(module.definitions))
        return _Unit(f"module:{[n for _, n in names]}", names)
    statements = module.definitions.get(name[1])
    if statements is None:
        return None
    if any(isinstance(s, ast.ClassDef) and _is_protocol(s) for s in statements):
        return _Unit("protocol")
    reader = DefinitionReader(module, lambda target: resolve(target, tops), keep)
    text = "\n".join([*(reader.text(s) for s in statements), *_resources(module, statements)])
    beside = frozenset(reader.beside - reader.slots.keys())
    return _Unit(text, tuple(reader.slots), beside, reader.parameters, reader.calls)


def _is_protocol(node: ast.ClassDef) -> bool:
    return any((getattr(base, "attr", None) or getattr(base, "id", "")) == "Protocol" for base in node.bases)


def resolve(target: Name, tops: frozenset[str], depth: int = 0) -> Name | str:
    """Where an imported name is defined among our packages, re-exports followed; else its dotted name."""
    base, name = target
    if base.partition(".")[0] not in tops:
        return f"{base}.{name}" if name else base
    module = read_module(base)
    if not name:
        return (base, "") if module else base
    if module and MARK in module.definitions and name:
        return f"identity.{name}"
    if module and name in module.definitions:
        return (base, name)
    if module and name in module.imports and depth < 20:
        return resolve(module.imports[name], tops, depth + 1)
    if source_file(f"{base}.{name}"):
        return (f"{base}.{name}", "")
    return f"?.{name}"


def _resources(module: Module, statements: Iterable[ast.stmt]) -> list[str]:
    """Digests of files that a user's code names and that lie beside it; those of this project are in its identities."""
    if module.name.partition(".")[0] in OWN:
        return []
    root = root_folder(module.name.partition(".")[0])
    if root is None:
        return []
    folder = root.joinpath(*module.package.split("."))
    named = {
        n.value for s in statements for n in ast.walk(s) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }
    files = [folder / text for text in sorted(named) if len(text) < 200 and RESOURCE.fullmatch(text)]
    return [f"file:{digest_of(f.read_bytes().hex())}" for f in files if f.is_file()]


def stage_digest(digests: Mapping[str, str | None]) -> str | None:
    """One digest of the parts of a stage; None where one of them has no source."""
    if any(value is None for value in digests.values()):
        return None
    return digest_of("|".join(f"{name}={digests[name]}" for name in sorted(digests)))[:16]
