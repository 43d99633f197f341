"""Exact sharing of common starts: a tree of token segments whose states are encoded once (paper section 6.3).

A path from the root is a prompt; prompts that start alike share the nodes of the common part, and only the rest is
encoded. Importing this module loads torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from memos.activation.errors import BudgetTooSmall
from memos.activation.memory import join, tail
from memos.activation.model import ActivationModel
from memos.activation.prompt import Ids
from memos.llm.kv import SharedPrefix
from memos.llm.prefix import common_length


@dataclass(eq=False)
class _Node:
    states: SharedPrefix
    """Of this segment alone; keys stand at its absolute positions."""
    parent: _Node | None
    children: list[_Node] = field(default_factory=list)
    used: int = 0


class PrefixTree:
    """States of prompts, each common start held once, within a byte budget (least recently used leaves go first)."""

    def __init__(self, model: ActivationModel, max_bytes: int = 1 << 30) -> None:
        self.model, self.max_bytes = model, max_bytes
        self._roots: list[_Node] = []
        self._clock = 0
        self.encoded = 0
        """Tokens encoded so far; tokens served from the tree are not in it."""

    @property
    def nbytes(self) -> int:
        """Bytes of all segments, a shared one counted once."""
        return sum(node.states.nbytes for node in self._nodes())

    def states(self, segments: Sequence[Ids]) -> SharedPrefix:
        """The states of the concatenated segments, equal to those of a plain prefill.

        Raises:
            BudgetTooSmall: the prompt alone exceeds the budget.
        """
        ids = tuple(token for segment in segments for token in segment)
        self._clock += 1
        path, done = self._walk(ids)
        for end in self._ends(segments, done):
            known = join([node.states for node in path]) if path else None
            made = self.model.states(ids[done:end], known)
            self.encoded += end - done
            node = _Node(made, path[-1] if path else None, used=self._clock)
            (path[-1].children if path else self._roots).append(node)
            path.append(node)
            done = end
        self._fit(path)
        return join([node.states for node in path])

    def _ends(self, segments: Sequence[Ids], done: int) -> list[int]:
        """Where the segments still to be encoded end."""
        ends, at = [], 0
        for segment in segments:
            at += len(segment)
            if at > done:
                ends.append(at)
        return ends

    def _walk(self, ids: Ids) -> tuple[list[_Node], int]:
        """The nodes that ``ids`` starts with, and how many tokens they hold; a node shared in part is split."""
        path: list[_Node] = []
        children, done = self._roots, 0
        while True:
            rest = ids[done:]
            best = max(children, key=lambda node: common_length(node.states.ids, rest), default=None)
            if best is None or not (shared := common_length(best.states.ids, rest)):
                return path, done
            if shared < len(best.states):
                best = self._split(best, shared, children)
            best.used = self._clock
            path.append(best)
            children, done = best.children, done + shared

    def _split(self, node: _Node, at: int, siblings: list[_Node]) -> _Node:
        """Put a node's first ``at`` tokens into a parent of its own;
        the tensors are copied so that bytes can be freed."""
        head, rest = _owned(node.states.head(at)), _owned(tail(node.states, at))
        parent = _Node(head, node.parent, [node], node.used)
        siblings[siblings.index(node)] = parent
        node.states, node.parent = rest, parent
        return parent

    def _fit(self, path: Sequence[_Node]) -> None:
        on_path = set(map(id, path))
        while self.nbytes > self.max_bytes:
            leaves = [node for node in self._nodes() if not node.children and id(node) not in on_path]
            if not leaves:
                needed = sum(node.states.nbytes for node in path)
                raise BudgetTooSmall(f"prefix tree: a prompt of {needed} bytes exceeds max_bytes={self.max_bytes}")
            oldest = min(leaves, key=lambda node: node.used)
            (oldest.parent.children if oldest.parent else self._roots).remove(oldest)

    def _nodes(self) -> list[_Node]:
        nodes, stack = [], list(self._roots)
        while stack:
            node = stack.pop()
            nodes.append(node)
            stack.extend(node.children)
        return nodes


def _owned(states: SharedPrefix) -> SharedPrefix:
    """The same states in tensors of their own (a view would keep the whole of the old ones alive)."""
    return SharedPrefix(states.ids, tuple(k.clone() for k in states.keys), tuple(v.clone() for v in states.values))
