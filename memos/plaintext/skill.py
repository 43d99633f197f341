"""Skill and tool memory: how a task is done, and what a tool takes (docs/memos.md C23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from memos.cube import MemCube, PlaintextPayload, new_cube
from memos.cube.clock import Clock, Ids
from memos.errors import ConfigError, DataError
from memos.llm.schema import check_schema, problems

_LINES = {"type": "array", "items": {"type": "string", "minLength": 1}}
SKILL_SCHEMA = {
    "type": "object",
    "properties": {
        "task": {"type": "string", "minLength": 1},
        "steps": {**_LINES, "minItems": 1},
        "experience": _LINES,
        "tools": _LINES,
    },
    "required": ["task", "steps", "experience", "tools"],
    "additionalProperties": False,
}
TOOL_SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "description": {"type": "string"},
        "parameters": {"type": "object"},
    },
    "required": ["name", "description", "parameters"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Skill:
    """A task and the steps that do it."""

    task: str
    steps: tuple[str, ...]
    experience: tuple[str, ...] = ()
    """What was learned while doing it."""
    tools: tuple[str, ...] = ()

    def text(self) -> str:
        """What is searched and read."""
        lines = [f"How to {self.task}:"] + [f"{n}. {step}" for n, step in enumerate(self.steps, 1)]
        return "\n".join(lines + [f"Note: {note}" for note in self.experience])

    def record(self) -> dict[str, Any]:
        return {
            "task": self.task,
            "steps": list(self.steps),
            "experience": list(self.experience),
            "tools": list(self.tools),
        }


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool with the JSON schema of its arguments."""

    name: str
    description: str
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})

    def __post_init__(self) -> None:
        check_schema(self.parameters, f"tool {self.name}: parameters")

    def check(self, arguments: Mapping[str, Any]) -> list[str]:
        """Where the arguments break the schema; empty when they fit."""
        return problems(dict(arguments), self.parameters)


def skill_cube(skill: Skill, *, owner: str, ids: Ids, clock: Clock, namespace: str = "default") -> MemCube:
    """A skill as a cube of semantic type ``skill``.

    Raises:
        ConfigError: for a skill without task or steps.
    """
    if not skill.task.strip() or not skill.steps:
        raise ConfigError(f"skill {skill.task!r}: needs a task and at least one step")
    return new_cube(
        PlaintextPayload(skill.text(), form="record", record=skill.record()),
        owner=owner,
        ids=ids,
        clock=clock,
        governance={"namespace": namespace},
        state="activated",
        semantic_type="skill",
        key=skill.task,
        tags=("skill", *skill.tools),
        trigger="skill",
    )


def tool_cube(tool: Tool, *, owner: str, ids: Ids, clock: Clock, namespace: str = "default") -> MemCube:
    """A tool as a cube of semantic type ``tool``."""
    record = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return new_cube(
        PlaintextPayload(f"Tool {tool.name}: {tool.description}", form="record", record=record),
        owner=owner,
        ids=ids,
        clock=clock,
        governance={"namespace": namespace},
        state="activated",
        semantic_type="tool",
        key=tool.name,
        tags=("tool",),
        trigger="tool",
    )


def learned(
    cube: MemCube, at: datetime, *, steps: Sequence[str] | None = None, experience: Sequence[str] = ()
) -> MemCube:
    """The next version of a skill: other steps, or more experience."""
    record = _record(cube, "skill", SKILL_SCHEMA)
    skill = Skill(
        record["task"],
        tuple(steps if steps is not None else record["steps"]),
        tuple(dict.fromkeys((*record["experience"], *experience))),
        tuple(record["tools"]),
    )
    return cube.revise(at, payload=PlaintextPayload(skill.text(), form="record", record=skill.record()))


def skill_of(cube: MemCube) -> Skill:
    """The skill a cube holds.

    Raises:
        DataError: the cube holds no skill, or one whose record breaks the schema.
    """
    record = _record(cube, "skill", SKILL_SCHEMA)
    return Skill(record["task"], tuple(record["steps"]), tuple(record["experience"]), tuple(record["tools"]))


def tool_of(cube: MemCube) -> Tool:
    """The tool a cube holds.

    Raises:
        DataError: the cube holds no tool, or one whose record breaks the schema.
    """
    record = _record(cube, "tool", TOOL_SCHEMA)
    return Tool(record["name"], record["description"], record["parameters"])


def _record(cube: MemCube, kind: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    record: Mapping[str, Any] = getattr(cube.payload, "record", None) or {}
    broken = problems(dict(record), schema)
    if cube.descriptive.semantic_type != kind or broken:
        raise DataError(
            f"cube {cube.cube_id}: holds no {kind}: {'; '.join(broken[:3]) or cube.descriptive.semantic_type}"
        )
    return record
