"""Skills learned from tool trajectories: what was called, in which order, with which outcome (docs/memos.md C23).

A finished trajectory becomes a skill (its calls that worked are the steps, what went wrong first is experience), or the
next version of the skill that does the same task. Tools are cubes of their own; arguments are checked against their
schemas before anything is learned.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memos.errors import DataError
from memos.plaintext.skill import Skill


@dataclass(frozen=True, slots=True)
class ToolUse:
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
    calls: tuple[ToolUse, ...]
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
    return Skill(
        general_task(trajectory), steps, _lessons(trajectory), tuple(dict.fromkeys(call.tool for call in worked))
    )


def _arguments(call: ToolUse, task: str) -> str:
    shown = []
    for name, value in call.arguments.items():
        named = isinstance(value, str) and value and value.lower() in task.lower()
        shown.append(f"{name}=<{name}>" if named else f"{name}={json.dumps(value, ensure_ascii=False)}")
    return ", ".join(shown)


def general_task(trajectory: Trajectory) -> str:
    """The task with the values its calls were given replaced by their names."""
    task = trajectory.task
    for call in trajectory.calls:
        for name, value in call.arguments.items():
            at = task.lower().find(value.lower()) if isinstance(value, str) and value else -1
            if call.ok and at >= 0:
                task = f"{task[:at]}<{name}>{task[at + len(value) :]}"
    return task


def _lessons(trajectory: Trajectory) -> tuple[str, ...]:
    out = []
    for place, call in enumerate(trajectory.calls):
        later = any(after.tool == call.tool and after.ok for after in trajectory.calls[place + 1 :])
        if not call.ok:
            reason = " ".join(call.result.split())[:200] or "it failed"
            out.append(f"{call.tool} {'failed at first' if later else 'does not work here'}: {reason}")
    return tuple(dict.fromkeys(out))
