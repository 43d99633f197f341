"""Scopes of Python source: what a function, class or comprehension binds itself, and what a name stands for inside."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

Name = tuple[str, str]
"""A definition: module and top-level name. An empty name stands for the whole module."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_BY_NAME = frozenset({"locals", "eval", "exec"})
_BY_NAME_WITHOUT_ARGUMENTS = frozenset({"vars", "dir"})
_FRAMES = frozenset({"_getframe", "currentframe", "f_locals"})


@dataclass(eq=False)
class Local:
    """A variable of one function or comprehension; ``label`` is what is written for it, empty until it is met."""

    label: str = ""
    escapes: bool = False
    """Whether it is used other than by calling it, so that its calls cannot all be seen."""


@dataclass(frozen=True)
class Scope:
    """What names stand for at one place.

    Attributes:
        names: locals and imports of the functions around.
        members: names of the class body itself; functions inside it do not see them. None stands for a member.
        in_function: whether the place lies in the body of a function.
        by_name: whether code inside may reach locals by their names.
    """

    names: Mapping[str, Local | Name] = field(default_factory=dict)
    members: Mapping[str, Name | None] = field(default_factory=dict)
    in_function: bool = False
    by_name: bool = False

    def inside(self) -> Scope:
        """The scope as functions and comprehensions below see it."""
        return Scope(self.names, {}, self.in_function, self.by_name)

    def of_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, package: str) -> Scope:
        """The scope of a function's body."""
        body = node.body if isinstance(node.body, list) else [node.body]
        by_name = self.by_name or (not self.in_function and reaches_locals(node))
        declared = {name for inner in _here(body) if isinstance(inner, ast.Global) for name in inner.names}
        outside = {name for inner in _here(body) if isinstance(inner, ast.Nonlocal) for name in inner.names}
        own = {argument.arg for argument in parameters(node.args)} | set(bound_names(body))
        names = {name: meaning for name, meaning in self.names.items() if name not in declared}
        names |= {name: _local(name, by_name) for name in sorted(own - declared - outside)}
        names |= {name: target for name, target in imports(body, package).items() if name not in declared}
        return Scope(names, {}, True, by_name)

    def of_class(self, node: ast.ClassDef, package: str) -> Scope:
        """The scope of a class body."""
        members: dict[str, Name | None] = dict.fromkeys(bound_names(node.body))
        return Scope(self.names, members | imports(node.body, package), False, self.by_name)

    def of_comprehension(self, node: Comprehension) -> Scope:
        """The scope of a comprehension, but for its first iterable."""
        targets = [generator.target for generator in node.generators]
        own = {name: _local(name, self.by_name) for name in sorted(bound_names(targets))}
        return Scope({**self.names, **own}, {}, self.in_function, self.by_name)


def _local(name: str, by_name: bool) -> Local:
    return Local(f"local:{name}" if by_name else "")


def reaches_locals(node: ast.AST) -> bool:
    """Whether code may reach local variables by their names: ``locals()``, ``eval``, ``exec``, frames."""
    return any(
        (isinstance(inner, ast.Name) and inner.id in _BY_NAME)
        or (isinstance(inner, ast.Attribute) and inner.attr in _FRAMES)
        or (
            isinstance(inner, ast.Call)
            and isinstance(inner.func, ast.Name)
            and inner.func.id in _BY_NAME_WITHOUT_ARGUMENTS
            and not inner.args
        )
        for inner in ast.walk(node)
    )


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """All parameters of a function, in the order in which they are written."""
    listed = [*arguments.posonlyargs, *arguments.args]
    listed += [arguments.vararg] if arguments.vararg else []
    listed += arguments.kwonlyargs
    return [*listed, *([arguments.kwarg] if arguments.kwarg else [])]


def imports(body: Iterable[ast.AST], package: str) -> dict[str, Name]:
    """Names that the statements of one scope import."""
    statements = (node for node in _here(body) if isinstance(node, (ast.Import, ast.ImportFrom)))
    return {name: target for statement in statements for name, target in imported(statement, package)}


def imported(statement: ast.Import | ast.ImportFrom, package: str) -> Iterator[tuple[str, Name]]:
    """Local names that an import binds, with what they stand for."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            top = alias.name.split(".")[0]
            yield (alias.asname, (alias.name, "")) if alias.asname else (top, (top, ""))
        return
    base = statement.module or ""
    if statement.level:
        above = package.split(".")[: len(package.split(".")) - statement.level + 1]
        base = ".".join([*above, base] if base else above)
    for alias in statement.names:
        yield alias.asname or alias.name, (base, alias.name)


def bound_names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Names that nodes bind in the scope they stand in; imports and names of inner scopes left out."""
    for node in _here(nodes):
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            yield node.id
        elif captured := capture(node):
            yield captured


def capture(node: ast.AST) -> str | None:
    """The name that an exception handler or a pattern binds, which the tree holds as text."""
    if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        return node.name
    return node.rest if isinstance(node, ast.MatchMapping) else None


def _here(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes that are evaluated in a scope itself, those of inner scopes left out."""
    for node in nodes:
        yield node
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):
            defaults = [default for default in node.args.kw_defaults if default is not None]
            yield from _here([*getattr(node, "decorator_list", ()), *node.args.defaults, *defaults])
        elif isinstance(node, ast.ClassDef):
            yield from _here([*node.decorator_list, *node.bases, *node.keywords])
        elif isinstance(node, COMPREHENSIONS):
            yield from _here([node.generators[0].iter])
            yield from _assigned_outside(node)
        else:
            yield from _here(ast.iter_child_nodes(node))


def _assigned_outside(node: ast.AST) -> Iterator[ast.AST]:
    """Targets of ``:=`` in a comprehension: they belong to the function around it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.NamedExpr):
            yield child.target
        if not isinstance(child, ast.Lambda):
            yield from _assigned_outside(child)
