"""Skills learned from tool trajectories: what was called, in which order, with which outcome (memos.md A.6, C23).

A finished trajectory becomes a skill (its calls that worked are the steps, what went wrong first is experience), or the next
version of the skill that does the same task. Tools are cubes of their own; arguments are checked against their schemas before
anything is learned.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memos.cube import MemCube
from memos.cube.clock import Clock, Ids
from memos.errors import DataError
from memos.infrastructure.vault import Is
from memos.language.words import terms
from memos.operation.operator import MemOperator
from memos.plaintext.skill import Skill, Tool, learned, skill_cube, skill_of, tool_cube, tool_of

SAME_TASK = 0.6
"""Least share of common words (stems) of two descriptions of one task."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool and what came of it."""

    tool: str
    arguments: Mapping[str, Any]
    result: str = ""
    """What the tool returned, or its error."""
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Trajectory:
    """An attempt at a task."""

    task: str
    calls: tuple[ToolCall, ...]
    done: bool = True
    """Whether the task was achieved."""


def distil(trajectory: Trajectory) -> Skill:
    """The skill an attempt shows.

    Steps are the calls that worked, with argument values that the task itself names replaced by the argument's name, so
    that the skill is of use for other values. A call that failed before the same tool worked is experience.

    Raises:
        DataError: the task was not achieved, or no call worked.
    """
    worked = [call for call in trajectory.calls if call.ok]
    if not trajectory.done or not worked:
        raise DataError(f"trajectory {trajectory.task!r}: not achieved; there is no skill in it")
    steps = tuple(f"{call.tool}({_arguments(call, trajectory.task)})" for call in worked)
    return Skill(_general(trajectory), steps, _lessons(trajectory), tuple(dict.fromkeys(call.tool for call in worked)))


def _arguments(call: ToolCall, task: str) -> str:
    shown = []
    for name, value in call.arguments.items():
        named = isinstance(value, str) and value and value.lower() in task.lower()
        shown.append(f"{name}=<{name}>" if named else f"{name}={json.dumps(value, ensure_ascii=False)}")
    return ", ".join(shown)


def _general(trajectory: Trajectory) -> str:
    """The task with the values its calls were given replaced by their names."""
    task = trajectory.task
    for call in trajectory.calls:
        for name, value in call.arguments.items():
            at = task.lower().find(value.lower()) if isinstance(value, str) and value else -1
            if call.ok and at >= 0:
                task = f"{task[:at]}<{name}>{task[at + len(value):]}"
    return task


def _lessons(trajectory: Trajectory) -> tuple[str, ...]:
    out = []
    for place, call in enumerate(trajectory.calls):
        later = any(after.tool == call.tool and after.ok for after in trajectory.calls[place + 1 :])
        if not call.ok:
            reason = " ".join(call.result.split())[:200] or "it failed"
            out.append(f"{call.tool} {'failed at first' if later else 'does not work here'}: {reason}")
    return tuple(dict.fromkeys(out))


class SkillBook:
    """The skills and tools of one owner, in an operator's namespace."""

    def __init__(self, *, operator: MemOperator, owner: str, ids: Ids, clock: Clock) -> None:
        self.operator, self.owner, self.ids, self.clock = operator, owner, ids, clock
        self.vault = operator.vault

    def add_tool(self, tool: Tool) -> MemCube:
        """Keep a tool; one of the same name gets a new version where it differs."""
        known = self._tool(tool.name)
        cube = tool_cube(tool, owner=self.owner, ids=self.ids, clock=self.clock, namespace=self.operator.namespace)
        if known is None:
            self.operator.insert([cube], actor=self.owner, cause="tool")
            return cube
        if known.payload == cube.payload:
            return known
        changed = known.revise(self.clock(), payload=cube.payload)
        self.operator.update(changed, actor=self.owner, cause="tool")
        return changed

    def record(self, trajectory: Trajectory) -> MemCube | None:
        """Learn from an attempt; None where it was not achieved (then the skill it follows counts as unhelpful).

        Raises:
            DataError: a call that worked names an unknown tool or arguments that break the tool's schema; nothing changes.
        """
        self._check(trajectory)
        known = self._same(trajectory)
        if not trajectory.done or not any(call.ok for call in trajectory.calls):
            if known is not None:
                self.vault.touch([known.cube_id], self.clock(), "unhelpful", self.owner)
            return None
        skill = distil(trajectory)
        if known is None:
            cube = skill_cube(skill, owner=self.owner, ids=self.ids, clock=self.clock, namespace=self.operator.namespace)
            self.operator.insert([cube], actor=self.owner, cause="trajectory")
            return cube
        old = skill_of(known)
        steps = skill.steps if len(skill.steps) < len(old.steps) else old.steps
        changed = learned(known, self.clock(), steps=steps, experience=skill.experience)
        if changed.payload != known.payload:
            self.operator.update(changed, actor=self.owner, cause="trajectory")
        self.vault.touch([known.cube_id], self.clock(), "helpful", self.owner)
        return self.vault.get(known.cube_id)

    def find(self, task: str, k: int = 3) -> list[MemCube]:
        """The skills for a task, best first."""
        return self._search(task, k, "skill")

    def tools(self, task: str, k: int = 3) -> list[Tool]:
        """The tools for a task, best first."""
        return [tool_of(cube) for cube in self._search(task, k, "tool")]

    def _search(self, task: str, k: int, kind: str) -> list[MemCube]:
        found = self.operator.search(task, k, where=Is("semantic_type", kind))
        return self.vault.get_many(list(dict.fromkeys(unit.unit_id for hit in found for unit in hit.units))[:k])

    def _tool(self, name: str) -> MemCube | None:
        ids = self.vault.find(Is("semantic_type", "tool"), namespaces=[self.operator.namespace])
        return next((cube for cube in self.vault.get_many(ids) if tool_of(cube).name == name), None)

    def _check(self, trajectory: Trajectory) -> None:
        for place, call in enumerate(trajectory.calls, 1):
            cube = self._tool(call.tool)
            broken = [f"{call.tool!r} is no known tool"] if cube is None else tool_of(cube).check(call.arguments)
            if call.ok and broken:
                raise DataError(f"trajectory {trajectory.task!r}, call {place} ({call.tool}): {'; '.join(broken[:3])}")

    def _same(self, trajectory: Trajectory) -> MemCube | None:
        """The skill for the same task: nearly the same words, once values are replaced by their names."""
        ids = self.vault.find(Is("semantic_type", "skill"), namespaces=[self.operator.namespace])
        words = set(terms(_general(trajectory)))
        scored = [(_overlap(words, set(terms(skill_of(cube).task))), cube) for cube in self.vault.get_many(ids)]
        best, cube = max(scored, key=lambda pair: (pair[0], pair[1].cube_id), default=(0.0, None))
        return cube if best >= SAME_TASK else None


def _overlap(a: set[str], b: set[str]) -> float:
    return len(a & b) / max(len(a | b), 1)
