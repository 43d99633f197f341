"""Python source as definitions: what each top-level name of a module is made of, and which other names it uses.

Only what can change an outcome is kept: no comments, docstrings, imports, annotations of functions, help texts of
configuration fields, line numbers. Names of imports are resolved, so that a definition reads the same wherever it lives
and however it is imported.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

Name = tuple[str, str]
"""A definition: module and top-level name. An empty name stands for the whole module."""
IDENTITY_MEMBERS = frozenset({"part_id", "version", "identity", "earlier_identity", "earlier_name", "model_origin"})
"""Members of classes that only say who a part is; what they say is in fingerprints already."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SILENT = ("lineno", "col_offset", "end_lineno", "end_col_offset", "ctx", "kind", "type_comment", "returns")


@dataclass
class Module:
    """The definitions and imports of one source file."""

    name: str
    package: str
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, Name] = field(default_factory=dict)
    """Local name to (module, name in it); the name is empty where a module itself is imported."""


def root_folder(top: str) -> Path | None:
    """The folder that holds a loaded top-level package or module; None where it has no files."""
    loaded = sys.modules.get(top)
    file = getattr(loaded, "__file__", None)
    if file is None:
        places = list(getattr(loaded, "__path__", ()))
        return Path(places[0]).parent if places else None
    return Path(file).parent.parent if Path(file).name == "__init__.py" else Path(file).parent


def source_file(module: str) -> Path | None:
    """The source of a module below a loaded top-level package; nothing is imported."""
    root = root_folder(module.partition(".")[0])
    if root is None:
        return None
    stem = root.joinpath(*module.split("."))
    for file in (stem.with_suffix(".py"), stem / "__init__.py"):
        if file.is_file():
            return file
    return None


def read_module(name: str) -> Module | None:
    """A module's definitions; None where it has no source, or one that cannot be parsed."""
    file = source_file(name)
    return _parsed(name, file, file.stat().st_mtime_ns, file.stat().st_size) if file else None


@lru_cache(maxsize=2048)
def _parsed(name: str, file: Path, *state: int) -> Module | None:
    del state  # a file that was edited is read again
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return None
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    module = Module(name, package)
    for statement in tree.body:
        _enter(module, statement)
    return module


def _enter(module: Module, statement: ast.stmt) -> None:
    if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
        module.definitions.setdefault(statement.name, []).append(statement)
    elif isinstance(statement, (ast.Import, ast.ImportFrom)):
        module.imports.update(imported(statement, module.package))
    elif not _is_text(statement):
        for inner in ast.walk(statement):
            if isinstance(inner, (ast.Import, ast.ImportFrom)):
                module.imports.update(imported(inner, module.package))
        bound = set(_bound_by(statement))
        if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or not bound:  # it may change what is defined already
            bound |= {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)} & module.definitions.keys()
        for name in sorted(bound):
            module.definitions.setdefault(name, []).append(statement)


def imported(statement: ast.Import | ast.ImportFrom, package: str) -> Iterator[tuple[str, Name]]:
    """Local names that an import binds, with what they stand for."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            yield (
                (alias.asname, (alias.name, ""))
                if alias.asname
                else (alias.name.split(".")[0], (alias.name.split(".")[0], ""))
            )
        return
    base = statement.module or ""
    if statement.level:
        above = package.split(".")[: len(package.split(".")) - statement.level + 1]
        base = ".".join([*above, base] if base else above)
    for alias in statement.names:
        yield alias.asname or alias.name, (base, alias.name)


def _is_text(statement: ast.AST) -> bool:
    """Whether a statement does nothing: a docstring, the text under a field, ``pass``."""
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return constant or isinstance(statement, ast.Pass)


def _bound_by(node: ast.AST) -> Iterator[str]:
    """Names that a node binds, those of inner functions left out."""
    for child in ast.iter_child_nodes(node) if not isinstance(node, ast.Name) else ():
        if isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
            yield child.name
        elif isinstance(child, ast.ExceptHandler) and child.name:
            yield child.name
            yield from _bound_by(child)
        elif isinstance(child, ast.Name) and isinstance(child.ctx, (ast.Store, ast.Del)):
            yield child.id
        elif isinstance(child, (ast.MatchAs, ast.MatchStar)) and child.name:
            yield child.name
            yield from _bound_by(child)
        elif not isinstance(child, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            yield from _bound_by(child)


class Reader:
    """Turns one definition into text, with each name of another definition as a numbered slot."""

    def __init__(
        self, module: Module, resolve: Callable[[Name], Name | str], keep: frozenset[str] | None = None
    ) -> None:
        self._module, self._resolve, self._keep = module, resolve, keep
        self._imports = dict(module.imports)
        self.slots: dict[Name, int] = {}
        """Definitions used, in the order they are met."""
        self.beside: set[Name] = set()
        """Definitions named in annotations of functions only."""

    def text(self, statement: ast.stmt) -> str:
        """The definition without its own name."""
        bound = (
            frozenset() if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)) else frozenset(_comprehended(statement))
        )
        return self._node(statement, bound, top=True)

    def _node(self, node: ast.AST, bound: frozenset[str], *, top: bool = False) -> str:
        if isinstance(node, ast.Name):
            return self._name(node.id, bound)
        if isinstance(node, ast.Attribute):
            return self._attribute(node, bound)
        if isinstance(node, ast.Constant):
            return f"{type(node.value).__name__}:{node.value!r}"
        if isinstance(node, (*_FUNCTIONS, ast.Lambda)):
            return self._function(node, bound, top)
        if isinstance(node, ast.ClassDef):
            return self._class(node, bound, top)
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            bound = bound | frozenset(_comprehended(node))
        if isinstance(node, ast.AnnAssign) and not bound.isdisjoint({"\0function"}):
            self._annotation(node.annotation, bound)
            node = ast.Assign([node.target], node.value) if node.value else ast.Pass()
        skip = ("metadata",) if isinstance(node, ast.Call) and _called(node) == "field" else ()
        return self._fields(node, bound, skip)

    def _fields(
        self, node: ast.AST, bound: frozenset[str], skip_keywords: tuple[str, ...] = (), without: tuple[str, ...] = ()
    ) -> str:
        out = []
        for name in sorted(node._fields):
            value = getattr(node, name, None)
            if name in _SILENT or name in without or value is None or value == []:
                continue
            if isinstance(value, list):
                kept = [item for item in value if not self._silent(item, skip_keywords)]
                out.append(
                    f"{name}=[{','.join(self._node(i, bound) if isinstance(i, ast.AST) else repr(i) for i in kept)}]"
                )
            else:
                out.append(f"{name}={self._node(value, bound) if isinstance(value, ast.AST) else repr(value)}")
        return f"{type(node).__name__}({';'.join(out)})"

    def _silent(self, item: object, keywords: tuple[str, ...]) -> bool:
        if isinstance(item, (ast.Import, ast.ImportFrom)):
            self._imports.update(imported(item, self._module.package))
            return True
        return (isinstance(item, ast.AST) and _is_text(item)) or (
            isinstance(item, ast.keyword) and item.arg in keywords
        )

    def _function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, bound: frozenset[str], top: bool
    ) -> str:
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        arguments += [a for a in (node.args.vararg, node.args.kwarg) if a]
        for inner in ast.walk(node):
            if isinstance(inner, (ast.Import, ast.ImportFrom)):
                self._imports.update(imported(inner, self._module.package))
        outer = bound - {"\0class"}
        declared = {n for s in ast.walk(node) if isinstance(s, (ast.Global,)) for n in s.names}
        own = {a.arg for a in arguments} | (set(_bound_by(node)) - declared)
        inside = frozenset(outer | own | {"\0function"}) - self._imported_inside(node)
        for part in [*(a.annotation for a in arguments), getattr(node, "returns", None)]:
            if part is not None:
                self._annotation(part, outer)
        named = {
            "pos": node.args.posonlyargs,
            "arg": node.args.args,
            "kw": node.args.kwonlyargs,
            "var": [node.args.vararg] if node.args.vararg else [],
            "kwargs": [node.args.kwarg] if node.args.kwarg else [],
        }
        names = ",".join(f"{kind}:{'|'.join(a.arg for a in listed)}" for kind, listed in named.items())
        defaults = [
            self._node(d, outer) if d is not None else "" for d in (*node.args.defaults, *node.args.kw_defaults)
        ]
        decorators = [self._node(d, outer) for d in getattr(node, "decorator_list", ())]
        body = node.body if isinstance(node.body, list) else [node.body]
        lines = [self._node(s, inside) for s in body if not self._silent(s, ())]
        name = "" if top or isinstance(node, ast.Lambda) else node.name
        return f"{type(node).__name__}({name};{names};{defaults};{decorators};{lines})"

    @staticmethod
    def _imported_inside(node: ast.AST) -> frozenset[str]:
        found = [a for s in ast.walk(node) if isinstance(s, (ast.Import, ast.ImportFrom)) for a in s.names]
        return frozenset((alias.asname or alias.name.split(".")[0]) for alias in found)

    def _class(self, node: ast.ClassDef, bound: frozenset[str], top: bool) -> str:
        outer = bound - {"\0class", "\0function"}
        head = [self._node(b, outer) for b in node.bases]
        head += [f"{k.arg}={self._node(k.value, outer)}" for k in node.keywords]
        head += [self._node(d, outer) for d in node.decorator_list]
        body = [s for s in node.body if not self._silent(s, ()) and not self._left_out(s, top)]
        inside = frozenset(outer | set(_bound_by(node)) | {"\0class"})
        names = frozenset(_bound_by(node))
        lines = []
        for statement in body:
            scope = inside - names if isinstance(statement, _FUNCTIONS) else inside
            lines.append(self._node(statement, scope))
        return f"ClassDef({'' if top else node.name};{head};{lines})"

    def _left_out(self, statement: ast.stmt, top: bool) -> bool:
        named = {statement.name} if isinstance(statement, _FUNCTIONS) else set()
        if isinstance(statement, (ast.Assign, ast.AnnAssign)):
            named = set(_bound_by(statement))
        if named and named <= IDENTITY_MEMBERS:
            return True
        return top and self._keep is not None and isinstance(statement, _FUNCTIONS) and statement.name not in self._keep

    def _annotation(self, node: ast.AST, bound: frozenset[str]) -> None:
        """Note the definitions that an annotation names, without writing it."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and inner.id not in bound:
                found = self._target(inner.id)
                if isinstance(found, tuple):
                    self.beside.add(found)

    def _target(self, name: str) -> Name | str:
        if name in self._imports:
            return self._resolve(self._imports[name])
        if name in self._module.definitions:
            return (self._module.name, name)
        return name

    def _slot(self, found: Name) -> str:
        return f"§{self.slots.setdefault(found, len(self.slots))}"

    def _name(self, name: str, bound: frozenset[str]) -> str:
        if name in bound:
            return f"local:{name}"
        found = self._target(name)
        return self._slot(found) if isinstance(found, tuple) else f"name:{found}"

    def _attribute(self, node: ast.Attribute, bound: frozenset[str]) -> str:
        """``module.name`` is the name itself, wherever the module lies; other attributes stay as they are."""
        chain, base = [node.attr], node.value
        while isinstance(base, ast.Attribute):
            chain.append(base.attr)
            base = base.value
        if isinstance(base, ast.Name) and base.id not in bound and base.id in self._imports:
            found, rest = self._imports[base.id], list(reversed(chain))
            while rest:
                reached = self._resolve(found)
                if isinstance(reached, tuple) and not reached[1]:
                    found = (reached[0], rest.pop(0))
                    continue
                break
            reached = self._resolve(found)
            head = self._slot(reached) if isinstance(reached, tuple) else f"name:{reached}"
            return ".".join([head, *rest])
        return f"{self._node(node.value, bound)}.{node.attr}"


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", None) or getattr(node.func, "id", "")


def _comprehended(node: ast.AST) -> Iterator[str]:
    """Names that comprehensions inside a node bind."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.comprehension):
            yield from (n.id for n in ast.walk(inner.target) if isinstance(n, ast.Name))


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def members(node: ast.ClassDef) -> Mapping[str, ast.AST]:
    """Functions of a class by name."""
    return {s.name: s for s in node.body if isinstance(s, _FUNCTIONS)}
