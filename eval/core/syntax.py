"""Source files as modules: the statements that make up each top-level name, and what each import stands for."""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from eval.core.scopes import FUNCTIONS, Name, bound_names, imported


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
    if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
        module.definitions.setdefault(statement.name, []).append(statement)
    elif isinstance(statement, (ast.Import, ast.ImportFrom)):
        module.imports.update(imported(statement, module.package))
    elif not is_text(statement):
        for inner in ast.walk(statement):
            if isinstance(inner, (ast.Import, ast.ImportFrom)):
                module.imports.update(imported(inner, module.package))
        bound = set(bound_names([statement]))
        if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or not bound:  # it may change what is defined already
            bound |= {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)} & module.definitions.keys()
        for name in sorted(bound):
            module.definitions.setdefault(name, []).append(statement)


def is_text(statement: ast.AST) -> bool:
    """Whether a statement does nothing: a docstring, the text under a field, ``pass``."""
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return constant or isinstance(statement, ast.Pass)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def members(node: ast.ClassDef) -> Mapping[str, ast.AST]:
    """Functions of a class by name."""
    return {s.name: s for s in node.body if isinstance(s, FUNCTIONS)}
