"""One definition as text, with everything in it that can change an outcome and nothing else.

There are no comments, docstrings, imports, annotations of functions, help texts of configuration fields, line numbers.
Names of imports are resolved, so that a definition reads the same wherever it lives and however it is imported.

Local variables are numbered in the order in which they are met: renaming one changes nothing, swapping two does. They
keep their names only where code may ask for them by name (``locals()``, ``eval``). Names of class members stay: they
are attributes. Parameters are numbered too; the names of those that some caller may pass by keyword count besides
(``Parameter``, ``CallForms``).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from eval.core.scopes import (
    COMPREHENSIONS,
    FUNCTIONS,
    Comprehension,
    Local,
    Name,
    Scope,
    bound_names,
    capture,
    parameters,
)
from eval.core.syntax import Module, is_text

IDENTITY_MEMBERS = frozenset(
    {"part_id", "version", "identity", "earlier_identity", "earlier_name", "keeps_prefixes", "model_origin"}
)
"""Members of classes that only say who a part is; what they say is in fingerprints already."""
_SILENT = ("lineno", "col_offset", "end_lineno", "end_col_offset", "ctx", "kind", "type_comment", "returns")
_PLAIN_DECORATORS = frozenset(
    {
        "staticmethod",
        "classmethod",
        "property",
        "cached_property",
        "contextmanager",
        "cache",
        "lru_cache",
        "wraps",
        "abstractmethod",
        "override",
        "overload",
    }
)
"""Decorators that do not look at the names of parameters."""


@dataclass(frozen=True)
class Parameter:
    """A parameter that can be passed by keyword: whether its name counts depends on who calls its function.

    Attributes:
        label: what is written for it.
        name: its name.
        owner: what its function is called by: a definition, or a method by its name alone; None for an inner function.
        shown: whether the name always counts: a public method's, a decorated function's, one of a function that is
            handed on.
        of_definition: whether it is one of a top-level function itself.
    """

    label: str
    name: str
    owner: Name | str | None = None
    shown: bool = False
    of_definition: bool = False


@dataclass(frozen=True)
class CallForms:
    """What a definition shows of the way in which it calls others.

    Attributes:
        spoken: keywords of calls, each with what is called: a definition, a method by its name alone, None where it is
            something unknown.
        handed_on: functions that are used as values or called with ``**``, whose calls cannot all be read here.
        anything: whether something unknown is called with ``**``.
    """

    spoken: frozenset[tuple[Name | str | None, str]] = frozenset()
    handed_on: frozenset[Name | str] = frozenset()
    anything: bool = False

    @classmethod
    def of_all(cls, calls: Iterable[CallForms]) -> CallForms:
        """What several definitions show together."""
        every = list(calls)
        return cls(
            frozenset().union(*(one.spoken for one in every)),
            frozenset().union(*(one.handed_on for one in every)),
            any(one.anything for one in every),
        )

    def show(self, parameter: Parameter) -> bool:
        """Whether the name of a parameter counts, with these calls."""
        if parameter.shown or self.anything or (None, parameter.name) in self.spoken:
            return True
        if parameter.owner is None:
            return any(keyword == parameter.name for _, keyword in self.spoken)
        return parameter.owner in self.handed_on or (parameter.owner, parameter.name) in self.spoken


class DefinitionReader:
    """Turns one definition into text, with each name of another definition as a numbered slot."""

    def __init__(
        self, module: Module, resolve: Callable[[Name], Name | str], keep: frozenset[str] | None = None
    ) -> None:
        self._module, self._resolve, self._keep = module, resolve, keep
        self._locals = 0
        self._parameters: list[tuple[Parameter, Local | None]] = []
        self.slots: dict[Name, int] = {}
        """Definitions used, in the order they are met."""
        self.beside: set[Name] = set()
        """Definitions named in annotations of functions only."""
        self._spoken: set[tuple[Name | str | None, str]] = set()
        self._handed_on: set[Name | str] = set()
        self._anything = False

    def text(self, statement: ast.stmt) -> str:
        """The definition without its own name."""
        return self._node(statement, Scope(), top=True)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Parameters that can be passed by keyword, of all functions read so far."""
        return tuple(
            replace(parameter, shown=True) if function is not None and function.escapes else parameter
            for parameter, function in self._parameters
        )

    @property
    def calls(self) -> CallForms:
        """How the definitions read so far call others."""
        return CallForms(frozenset(self._spoken), frozenset(self._handed_on), self._anything)

    def _node(self, node: ast.AST, scope: Scope, *, top: bool = False, called: bool = False) -> str:
        if isinstance(node, ast.Name):
            return self._name(node.id, scope, called=called or not isinstance(node.ctx, ast.Load))
        if isinstance(node, ast.Attribute):
            return self._attribute(node, scope, called=called or not isinstance(node.ctx, ast.Load))
        if isinstance(node, ast.Constant):
            return f"{type(node.value).__name__}:{node.value!r}"
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):
            return self._function(node, scope, top)
        if isinstance(node, ast.ClassDef):
            return self._class(node, scope, top)
        if isinstance(node, COMPREHENSIONS):
            return self._comprehension(node, scope)
        if isinstance(node, ast.Call):
            return self._call(node, scope)
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            return f"{type(node).__name__}({[self._name(name, scope, called=True) for name in node.names]})"
        if isinstance(node, ast.AnnAssign) and scope.in_function:
            self._annotation(node.annotation, scope)
            node = ast.Assign([node.target], node.value) if node.value else ast.Pass()
        return self._fields(node, scope)

    def _fields(self, node: ast.AST, scope: Scope, skip_keywords: tuple[str, ...] = ()) -> str:
        out = []
        for name in sorted(node._fields):
            value = getattr(node, name, None)
            if name in _SILENT or value is None or value == []:
                continue
            if isinstance(value, list):
                counted = [item for item in value if not _silent(item, skip_keywords)]
                out.append(f"{name}=[{','.join(self._field(item, scope) for item in counted)}]")
            elif isinstance(value, str) and value == capture(node):
                out.append(f"{name}={self._name(value, scope, called=True)}")
            else:
                out.append(f"{name}={self._field(value, scope)}")
        return f"{type(node).__name__}({';'.join(out)})"

    def _field(self, value: object, scope: Scope) -> str:
        return self._node(value, scope) if isinstance(value, ast.AST) else repr(value)

    def _comprehension(self, node: Comprehension, scope: Scope) -> str:
        """Only the first iterable is evaluated outside."""
        inside = scope.of_comprehension(node)
        loops = [
            f"{self._node(g.iter, inside if number else scope)};{self._node(g.target, inside)};"
            f"{[self._node(condition, inside) for condition in g.ifs]};{g.is_async}"
            for number, g in enumerate(node.generators)
        ]
        made = [self._node(value, inside) for name in ("elt", "key", "value") if (value := getattr(node, name, None))]
        return f"{type(node).__name__}({loops};{made})"

    def _call(self, node: ast.Call, scope: Scope) -> str:
        keywords = {keyword.arg for keyword in node.keywords}
        ours, function = self._callee(node.func, scope)
        if ours:
            self._spoken |= {(function, keyword) for keyword in keywords if keyword is not None}
            self._anything = self._anything or (function is None and None in keywords)
        written = self._node(node.func, scope, called=None not in keywords)
        skip = ("metadata",) if _called(node) == "field" else ()
        arguments = self._fields(ast.Call(ast.Constant(None), node.args, node.keywords), scope, skip)
        return f"{written}({arguments})"

    def _callee(self, node: ast.expr, scope: Scope) -> tuple[bool, Name | str | None]:
        """Whether something of these packages may be called, and what: a definition, a method by its name alone; None
        where that is unknown.
        """
        if isinstance(node, ast.Name):
            target = self._target(node.id, scope)
            if isinstance(target, str):
                return False, None
            return True, node.id if target is None else None if isinstance(target, Local) else target
        if not isinstance(node, ast.Attribute):
            return True, None
        target, rest = self._along(node, scope)
        if target is None or (isinstance(target, tuple) and rest):
            return True, node.attr
        return isinstance(target, tuple), target

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: Scope, top: bool) -> str:
        name = self._function_name(node, scope, top)
        inside = scope.of_function(node, self._module.package)
        outer = scope.inside()
        for annotation in [*(a.annotation for a in parameters(node.args)), getattr(node, "returns", None)]:
            if annotation is not None:
                self._annotation(annotation, outer)
        signature = self._signature(node, scope, inside, top)
        defaults = [
            self._field(d, scope) if d is not None else "" for d in (*node.args.defaults, *node.args.kw_defaults)
        ]
        decorators = [self._node(d, scope, called=True) for d in getattr(node, "decorator_list", ())]
        body = node.body if isinstance(node.body, list) else [node.body]
        lines = [self._node(s, inside) for s in body if not _silent(s, ())]
        return f"{type(node).__name__}({name};{signature};{defaults};{decorators};{lines})"

    def _function_name(self, node: ast.AST, scope: Scope, top: bool) -> str:
        """Nothing for a definition and a lambda; a decorator may look at the name of an inner function."""
        if top or isinstance(node, ast.Lambda):
            return ""
        name = getattr(node, "name", "")
        decorated = isinstance(node, ast.ClassDef) or not _decorated_plainly(node)
        return f"{self._name(name, scope, called=True)}:{name if decorated else ''}"

    def _signature(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: Scope, inside: Scope, top: bool
    ) -> str:
        """The parameters by kind; names that a caller may use are noted for the whole to decide."""
        by_keyword = [*node.args.args, *node.args.kwonlyargs]
        kinds = {
            "pos": node.args.posonlyargs,
            "arg": node.args.args,
            "kw": node.args.kwonlyargs,
            "var": [node.args.vararg] if node.args.vararg else [],
            "kwargs": [node.args.kwarg] if node.args.kwarg else [],
        }
        labels = {a.arg: self._name(a.arg, inside, called=True) for listed in kinds.values() for a in listed}
        owner, function, shown = self._called_as(node, scope, top)
        self._parameters += [
            (Parameter(labels[a.arg], a.arg, owner, shown, of_definition=top), function) for a in by_keyword
        ]
        return ",".join(f"{kind}:{'|'.join(labels[a.arg] for a in listed)}" for kind, listed in kinds.items())

    def _called_as(self, node: ast.AST, scope: Scope, top: bool) -> tuple[Name | str | None, Local | None, bool]:
        """What a function is called by elsewhere: a definition or method, or a local; whether names always count."""
        name = getattr(node, "name", None)
        if name is None:
            return None, None, False
        decorated = not _decorated_plainly(node)
        if top:
            return (self._module.name, name), None, decorated
        known = scope.names.get(name)
        if name not in scope.members and isinstance(known, Local):
            return None, known, decorated
        private = name.startswith("_") and not name.startswith("__")
        return name, None, decorated or not private

    def _class(self, node: ast.ClassDef, scope: Scope, top: bool) -> str:
        name = self._function_name(node, scope, top)
        head = [self._node(base, scope) for base in node.bases]
        head += [f"{k.arg}={self._node(k.value, scope)}" for k in node.keywords]
        head += [self._node(decorator, scope, called=True) for decorator in node.decorator_list]
        inside = scope.of_class(node, self._module.package)
        lines = [self._node(s, inside) for s in node.body if not _silent(s, ()) and not self._left_out(s, top)]
        return f"ClassDef({name};{head};{lines})"

    def _left_out(self, statement: ast.stmt, top: bool) -> bool:
        named = {statement.name} if isinstance(statement, FUNCTIONS) else set()
        if isinstance(statement, (ast.Assign, ast.AnnAssign)):
            named = set(bound_names([statement]))
        if named and named <= IDENTITY_MEMBERS:
            return True
        return top and self._keep is not None and isinstance(statement, FUNCTIONS) and statement.name not in self._keep

    def _annotation(self, node: ast.AST, scope: Scope) -> None:
        """Note the definitions that an annotation names, without writing it."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name):
                target = self._target(inner.id, scope)
                if isinstance(target, tuple):
                    self.beside.add(target)

    def _target(self, name: str, scope: Scope) -> Name | str | Local | None:
        """What a name stands for: a definition, something from outside, a local; None for a member of a class body."""
        if name in scope.members:
            member = scope.members[name]
            return None if member is None else self._resolve(member)
        meaning = scope.names.get(name) or self._module.imports.get(name)
        if isinstance(meaning, Local):
            return meaning
        if meaning is not None:
            return self._resolve(meaning)
        return (self._module.name, name) if name in self._module.definitions else name

    def _name(self, name: str, scope: Scope, *, called: bool = False) -> str:
        target = self._target(name, scope)
        if target is None:
            return f"member:{name}"
        if isinstance(target, Local):
            return self._label(target, called)
        return self._outside(target, called)

    def _label(self, local: Local, called: bool) -> str:
        if not local.label:
            local.label = f"local:{self._locals}"
            self._locals += 1
        local.escapes = local.escapes or not called
        return local.label

    def _outside(self, target: Name | str, called: bool) -> str:
        if isinstance(target, str):
            return f"name:{target}"
        if not called:
            self._handed_on.add(target)
        return f"§{self.slots.setdefault(target, len(self.slots))}"

    def _attribute(self, node: ast.Attribute, scope: Scope, *, called: bool) -> str:
        """``module.name`` is the name itself, wherever the module lies; other attributes stay as they are."""
        target, rest = self._along(node, scope)
        if not called and (target is None or rest):
            self._handed_on.add(node.attr)
        if target is None:
            return f"{self._node(node.value, scope)}.{node.attr}"
        return ".".join([self._outside(target, called and not rest), *rest])

    def _along(self, node: ast.Attribute, scope: Scope) -> tuple[Name | str | None, list[str]]:
        """What ``module.name`` stands for, with the attributes that are left; None where it begins with no import."""
        chain, base = [node.attr], node.value
        while isinstance(base, ast.Attribute):
            chain.append(base.attr)
            base = base.value
        target = self._imported(base.id, scope) if isinstance(base, ast.Name) else None
        rest = list(reversed(chain))
        if target is None:
            return None, rest
        reached = self._resolve(target)
        while rest and isinstance(reached, tuple) and not reached[1]:
            reached = self._resolve((reached[0], rest.pop(0)))
        return reached, rest

    def _imported(self, name: str, scope: Scope) -> Name | None:
        """What an import binds to a name, not resolved; None where the name is something else."""
        if name in scope.members:
            return scope.members[name]
        meaning = scope.names.get(name) or self._module.imports.get(name)
        return meaning if isinstance(meaning, tuple) else None


def _silent(item: object, keywords: tuple[str, ...]) -> bool:
    if isinstance(item, (ast.Import, ast.ImportFrom)):
        return True
    return (isinstance(item, ast.AST) and is_text(item)) or (isinstance(item, ast.keyword) and item.arg in keywords)


def _decorated_plainly(node: ast.AST) -> bool:
    """Whether no decorator of a function can look at its name or its parameters'."""
    listed = [d.func if isinstance(d, ast.Call) else d for d in getattr(node, "decorator_list", ())]
    return {getattr(d, "attr", None) or getattr(d, "id", "") for d in listed} <= _PLAIN_DECORATORS


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", None) or getattr(node.func, "id", "")
