"""Skills and tools of one owner, kept and found by the operator; learned from trajectories (paper section 4.1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from memos.cube import MemCube
from memos.cube.clock import Clock, Ids
from memos.errors import DataError
from memos.infrastructure.access import Caller
from memos.infrastructure.governance import MemGovernance
from memos.infrastructure.vault import Is
from memos.language.words import terms
from memos.operation.operator import MemOperator
from memos.plaintext.skill import Tool, learned, skill_cube, skill_of, tool_cube, tool_of
from memos.plaintext.trajectory import Trajectory, distil, general_task

SAME_TASK = 0.6
"""Least share of common words (stems) of two descriptions of one task."""


class SkillBook:
    """The skills and tools of one owner, in an operator's namespace.

    Args:
        caller: whose rights are asked: what they may read is found, what they own is learned on. None: no rights.
    """

    def __init__(
        self, *, operator: MemOperator, owner: str, ids: Ids, clock: Clock, caller: Caller | None = None
    ) -> None:
        self.operator, self.owner, self.ids, self.clock, self.caller = operator, owner, ids, clock, caller
        self.vault = operator.vault

    def add_tool(self, tool: Tool) -> MemCube:
        """Keep a tool; one of the same name gets a new version where it differs."""
        cube = tool_cube(tool, owner=self.owner, ids=self.ids, clock=self.clock, namespace=self.operator.namespace)
        with self._alone():
            known = self._tool(tool.name)
            if known is None:
                self.operator.insert([cube], actor=self.owner, cause="tool")
                return cube
            if known.payload == cube.payload:
                return known
            changed = known.revise(self.clock(), payload=cube.payload)
            self.operator.update(changed, actor=self.owner, cause="tool")
            return changed

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """A transaction, in which nobody else learns the same; the index follows where it is undone."""
        try:
            with self.vault.transaction():
                yield
        except BaseException:
            self.operator.refresh()
            raise

    def record(self, trajectory: Trajectory) -> MemCube | None:
        """Learn from an attempt; None where it was not achieved (then the skill it follows counts as unhelpful).

        Raises:
            DataError: a call that worked names an unknown tool or arguments that break the tool's schema; nothing
                changes.
        """
        with self._alone():
            return self._recorded(trajectory)

    def _recorded(self, trajectory: Trajectory) -> MemCube | None:
        self._check(trajectory)
        known = self._same(trajectory)
        if not trajectory.done or not any(call.ok for call in trajectory.calls):
            if known is not None:
                self.vault.touch([known.cube_id], self.clock(), "unhelpful", self.owner)
            return None
        skill = distil(trajectory)
        if known is None:
            cube = skill_cube(
                skill, owner=self.owner, ids=self.ids, clock=self.clock, namespace=self.operator.namespace
            )
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
        hits = self.operator.search(task, k, caller=self.caller, where=Is("semantic_type", kind))
        ids = list(dict.fromkeys(unit.unit_id for hit in hits for unit in hit.units))[:k]
        if self.caller is None:
            return self.vault.get_many(ids)
        return MemGovernance(vault=self.vault, clock=self.clock).read(self.caller, ids)

    def _own(self, kind: str) -> list[MemCube]:
        """What may be learned on: the owner's, where rights are asked."""
        where = Is("semantic_type", kind)
        where = where if self.caller is None else where & Is("owner", self.caller.user)
        return self.vault.get_many(self.vault.find(where, namespaces=[self.operator.namespace]))

    def _tool(self, name: str) -> MemCube | None:
        return next((cube for cube in self._own("tool") if tool_of(cube).name == name), None)

    def _check(self, trajectory: Trajectory) -> None:
        for place, call in enumerate(trajectory.calls, 1):
            cube = self._tool(call.tool)
            broken = [f"{call.tool!r} is no known tool"] if cube is None else tool_of(cube).check(call.arguments)
            if call.ok and broken:
                raise DataError(f"trajectory {trajectory.task!r}, call {place} ({call.tool}): {'; '.join(broken[:3])}")

    def _same(self, trajectory: Trajectory) -> MemCube | None:
        """The skill for the same task: nearly the same words, once values are replaced by their names."""
        words = set(terms(general_task(trajectory)))
        scored = [(_overlap(words, set(terms(skill_of(cube).task))), cube) for cube in self._own("skill")]
        best, cube = max(scored, key=lambda pair: (pair[0], pair[1].cube_id), default=(0.0, None))
        return cube if best >= SAME_TASK else None


def _overlap(a: set[str], b: set[str]) -> float:
    return len(a & b) / max(len(a | b), 1)
