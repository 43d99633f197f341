"""LangMem as mem0's harness ran it: an agent a speaker with memory tools and an ever-growing thread (
docs/systems.md#langmem).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from baselines.backbone import TEXT, Backbone, Call, tool
from baselines.memories import MemoryStore, StoredMemory
from memos.embed.base import Embedder
from memos.types import Message, Session, Turn

AGENT_PROMPT = """You are {name}'s assistant with a long-term memory. Keep what {name} tells you: call manage_memory \
to create an entry, to update one or to delete one; call search_memory to look something up. When a question comes, \
answer it from the memory, shortly and completely.

Memories that may bear on the last message:
{memories}"""

TOOLS = (
    tool(
        "manage_memory",
        "Create, update or delete a memory. Update and delete need the id of an entry; create and update need the "
        "content.",
        {
            "type": "object",
            "properties": {
                "action": {"type": "string", "enum": ["create", "update", "delete"]},
                "content": TEXT,
                "id": TEXT,
            },
            "required": ["action"],
        },
    ),
    tool(
        "search_memory",
        "Search the memory.",
        {"type": "object", "properties": {"query": TEXT, "limit": {"type": "integer"}}, "required": ["query"]},
    ),
)


@dataclass
class Agent:
    """One speaker's agent: its store and its thread.

    Args:
        name: the speaker.
        store: their memories.
        limit: memories shown before each step (10 in LangGraph's store search).
        max_steps: model calls for one message at most.
    """

    name: str
    store: MemoryStore
    limit: int
    max_steps: int
    thread: list[Message] = field(default_factory=list)

    def hear(self, session: Session, turn: Turn, backbone: Backbone, embedder: Embedder) -> None:
        """Take in one of the speaker's own turns; the thread grows by it and by what the agent did."""
        message = Message("user", session.line(turn))
        self.thread, _, _ = self._run(
            message, backbone, embedder, "ingest", session.time_text_of(turn), (turn.turn_id,)
        )

    def reply(self, question: str, backbone: Backbone, embedder: Embedder) -> tuple[str, list[StoredMemory]]:
        """Answer a question on top of the thread, and the memories seen on the way.

        The thread is left as ingestion left it, so that the order of questions changes no answer (the original keeps
        every question in it). Changes to the memory that the agent asks for while answering are refused.
        """
        _, text, seen = self._run(Message("user", question), backbone, embedder, "search", "", None)
        return text, seen

    def _run(
        self,
        message: Message,
        backbone: Backbone,
        embedder: Embedder,
        phase: str,
        time: str,
        turns: tuple[str, ...] | None,
    ) -> tuple[list[Message], str, list[StoredMemory]]:
        thread = [*self.thread, message]
        vector = embedder.encode([message.content])[0]
        seen = {memory.id: memory for memory, _ in self.store.search(vector, self.limit)}
        text = ""
        for _ in range(self.max_steps):
            shown = "\n".join(f"[{m.id}] {m.text}" for m, _ in self.store.search(vector, self.limit)) or "(none)"
            system = Message("system", AGENT_PROMPT.format(name=self.name, memories=shown))
            text, calls = backbone.calls(phase, [system, *thread], TOOLS)
            if not calls:
                thread.append(Message("assistant", text))
                break
            results = [self._call(call, embedder, time, turns, seen) for call in calls]
            thread.append(Message("assistant", "\n".join([text, *(_written(call) for call in calls)]).strip()))
            thread.append(
                Message("user", "\n".join(f"[result of {c.name}] {r}" for c, r in zip(calls, results, strict=True)))
            )
        return thread, text, list(seen.values())

    def _call(
        self, call: Call, embedder: Embedder, time: str, turns: tuple[str, ...] | None, seen: dict[str, StoredMemory]
    ) -> str:
        arguments = call.arguments
        if call.name == "search_memory":
            vector = embedder.encode([arguments["query"]])[0]
            memories = [memory for memory, _ in self.store.search(vector, arguments.get("limit", self.limit))]
            seen.update((memory.id, memory) for memory in memories)
            return "\n".join(f"[{memory.id}] {memory.text}" for memory in memories) or "nothing found"
        if turns is None:
            return "the memory cannot be changed while a question is answered"
        return self._manage(arguments, time, turns)

    def _manage(self, arguments: Mapping[str, Any], time: str, turns: Sequence[str]) -> str:
        action, content = arguments["action"], (arguments.get("content") or "").strip()
        memory_id = (arguments.get("id") or "").strip("[] ")
        if action == "create":
            return f"created {self.store.add(content, time, turns).id}" if content else "content is missing"
        if memory_id not in self.store.items:
            return f"no memory has the id {memory_id!r}"
        if action == "delete":
            self.store.remove(memory_id)
            return f"deleted {memory_id}"
        if not content:
            return "content is missing"
        return f"updated {self.store.update(memory_id, content, time, turns).id}"


def _written(call: Call) -> str:
    return f"[call {call.name}] {dict(call.arguments)}"
