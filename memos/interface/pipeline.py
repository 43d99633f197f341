"""Memory Pipeline (paper section 5.3): a chain of operations on memories, all or nothing, in code or YAML.

A pipeline is a reusable template: its steps name values of a shared context by ``${name}``. A failing step undoes
the whole run; a step marked ``isolate`` undoes only itself and the chain goes on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from memos.cube.errors import CubeError
from memos.errors import ConfigError, MemosError
from memos.infrastructure.access import Caller
from memos.interface.api import MemoryAPI
from memos.operation.scheduler.order import in_order

Operation = Callable[..., Any]
"""``operation(api, caller, **arguments)``; what it gives is kept under the step's ``save`` name."""


@dataclass(frozen=True, slots=True)
class PipelineStep:
    """One operation of a pipeline."""

    op: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    save: str = ""
    """Name under which the result is kept for later steps."""
    isolate: bool = False
    """Whether a failure of this step leaves the rest of the run alone."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of a step."""

    op: str
    status: str
    """ok or error (of an isolated step)."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """A finished run: the context with all saved values, and a status a step."""

    context: Mapping[str, Any]
    steps: tuple[StepResult, ...]


class PipelineFailed(MemosError):
    """A step failed and the run was undone; the message names the step and its error."""


class Pipeline:
    """A named chain of steps."""

    def __init__(
        self, name: str, steps: Sequence[PipelineStep], operations: Mapping[str, Operation] | None = None
    ) -> None:
        """``operations`` adds to (or replaces) the built-in ones.

        A step runs after those that save what it names (``scheduler.order``); else steps run as they stand.

        Raises:
            ConfigError: for an unknown operation, or steps that wait for one another.
        """
        self.name, self.steps = name, tuple(steps)
        self.operations = {**OPERATIONS, **(operations or {})}
        if not self.steps:
            raise ConfigError(f"pipeline {name}: no steps")
        for number, step in enumerate(self.steps, 1):
            if step.op not in self.operations:
                known = ", ".join(sorted(self.operations))
                raise ConfigError(f"pipeline {name}, step {number}: operation {step.op!r} is none of {known}")
        needs = [set(_names(step.arguments)) for step in self.steps]
        self.order = in_order(needs, [step.save for step in self.steps], f"pipeline {name}")
        """Places of the steps in the order in which they run."""

    @classmethod
    def from_yaml(cls, source: str | Path, operations: Mapping[str, Operation] | None = None) -> Pipeline:
        """Read ``{name, steps: [{op, save, isolate, …arguments}]}`` from a file or a YAML text.

        Raises:
            ConfigError: naming the place.
        """
        import yaml

        text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ConfigError(f"pipeline: not YAML ({' '.join(str(error).split())})") from error
        if not isinstance(value, dict) or not isinstance(value.get("steps"), list) or set(value) - {"name", "steps"}:
            raise ConfigError("pipeline: expected the keys name and steps (a list)")
        steps = []
        for number, entry in enumerate(value["steps"], 1):
            if not isinstance(entry, dict) or not isinstance(entry.get("op"), str):
                raise ConfigError(f"pipeline {value.get('name')}, step {number}: expected an entry with op")
            rest = {key: item for key, item in entry.items() if key not in ("op", "save", "isolate")}
            steps.append(PipelineStep(entry["op"], rest, str(entry.get("save", "")), bool(entry.get("isolate", False))))
        return cls(str(value.get("name", "pipeline")), steps, operations)

    def run(self, api: MemoryAPI, caller: Caller, **variables: Any) -> PipelineRun:
        """Run all steps in one transaction.

        Raises:
            PipelineFailed: a step failed; the store is as it was, and the failure is in the audit log.
        """
        context, results = dict(variables), []
        try:
            with api.vault.transaction():
                for place in self.order:
                    results.append(self._run_step(place + 1, self.steps[place], api, caller, context))
        except PipelineFailed as error:
            api.governance.log(caller, "pipeline", cause=self.name, outcome="rolled_back", error=_kind(error))
            raise
        return PipelineRun(context, tuple(results))

    def _run_step(
        self, number: int, step: PipelineStep, api: MemoryAPI, caller: Caller, context: dict[str, Any]
    ) -> StepResult:
        try:
            with api.vault.transaction():
                arguments = {name: resolved(value, context) for name, value in step.arguments.items()}
                result = self.operations[step.op](api, caller, **arguments)
        except Exception as error:  # noqa: BLE001 - an operation may be anybody's: its failure is that of its step
            reason = str(error) or type(error).__name__
            if step.isolate:
                return StepResult(step.op, "error", reason)
            raise PipelineFailed(f"pipeline {self.name}, step {number} ({step.op}): {reason}") from error
        if step.save:
            context[step.save] = result
        return StepResult(step.op, "ok")


def resolved(value: Any, context: Mapping[str, Any]) -> Any:
    """The value with every ``${name}`` replaced from the context; a text that is one reference keeps its type.

    Raises:
        CubeError: for a name that nothing has saved.
    """
    if isinstance(value, str):
        whole = _REFERENCE.fullmatch(value)
        if whole:
            return _value(whole.group(1), context)
        return _REFERENCE.sub(lambda match: str(_value(match.group(1), context)), value)
    if isinstance(value, Mapping):
        return {key: resolved(item, context) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [resolved(item, context) for item in value]
    return value


def _names(value: Any) -> list[str]:
    """Names that a value refers to as ``${name}``, at any depth."""
    if isinstance(value, str):
        return _REFERENCE.findall(value)
    if isinstance(value, Mapping):
        return [name for item in value.values() for name in _names(item)]
    return [name for item in value for name in _names(item)] if isinstance(value, list | tuple) else []


_REFERENCE = re.compile(r"\$\{(\w+)\}")


def _value(name: str, context: Mapping[str, Any]) -> Any:
    if name not in context:
        raise CubeError(f"pipeline value {name!r} is not there (known: {', '.join(context) or 'none'})")
    return context[name]


def _kind(error: BaseException) -> str:
    return type(error.__cause__ or error).__name__


def _retrieve(api: MemoryAPI, caller: Caller, *, query: str, k: int = 10, namespaces: Sequence[str] = ("default",)):
    return [hit.cube.cube_id for hit in api.search(caller, query, k, namespaces=namespaces)]


def _augment(
    api: MemoryAPI, caller: Caller, *, cubes: Sequence[str], template: str = "{memories}", **fields: Any
) -> str:
    return template.format(memories=api.compose(caller, cubes).text, **fields)


def _create(api: MemoryAPI, caller: Caller, *, texts: Sequence[str] | str, namespace: str = "default") -> list[str]:
    given = [texts] if isinstance(texts, str) else list(texts)
    statuses = api.create(caller, given, namespace=namespace, trigger="pipeline")
    failed = next((status.error for status in statuses if status.status != "ok"), None)
    if failed is not None:
        raise CubeError(failed)
    return [status.cube_id for status in statuses]


def _update(api: MemoryAPI, caller: Caller, *, cube: str | Sequence[str], text: str, mode: str = "overwrite") -> str:
    return api.update(caller, _one(cube), text, mode=mode).cube_id


def _archive(api: MemoryAPI, caller: Caller, *, cubes: Sequence[str] | str, cause: str = "pipeline") -> list[str]:
    ids = [cubes] if isinstance(cubes, str) else list(cubes)
    for cube_id in ids:
        api.archive(caller, cube_id, cause=cause)
    return ids


def _restore(api: MemoryAPI, caller: Caller, *, cube: str, version: int | None = None, cause: str = "pipeline") -> str:
    api.governance.fetch(caller, _one(cube), "write")
    return api.lifecycle.restore(_one(cube), version, cause=cause, actor=caller.user).cube_id


def _freeze(api: MemoryAPI, caller: Caller, *, cube: str, cause: str = "pipeline") -> str:
    api.governance.fetch(caller, _one(cube), "write")
    api.lifecycle.freeze(_one(cube), actor=caller.user, cause=cause)
    return _one(cube)


def _one(cube: str | Sequence[str]) -> str:
    if isinstance(cube, str):
        return cube
    if not cube:
        raise CubeError("pipeline: no memory was found for the step")
    return cube[0]


OPERATIONS: dict[str, Operation] = {
    "retrieve": _retrieve,
    "augment": _augment,
    "create": _create,
    "update": _update,
    "archive": _archive,
    "restore": _restore,
    "freeze": _freeze,
}
"""Built-in operations."""
