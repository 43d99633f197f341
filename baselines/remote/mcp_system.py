"""``system=mcp``: any MCP memory server, its tools and their arguments mapped by configuration (docs/remote.md)."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from baselines.memories import STATE_VERSION, read_json, write_json
from baselines.remote.mapping import check_holes, filled, holes, listed, names_of, text_of
from baselines.remote.mcp_client import Launch, McpConnection, ToolReply
from baselines.remote.settings import RemoteConfig, check_url, fresh_name
from memos.errors import ConfigError, DataError, LLMError
from memos.language.words import surface
from memos.llm.retry import Backoff, Unreachable
from memos.secret_values import check_fields
from memos.serving.wire import read_session, session_message
from memos.types import Conversation, Hit, Query, Retrieved, Session, Usage

_STATE = "mcp.json"
_SERVER = "server"
"""Folder of the files that a started server keeps."""
_OF_TURN = ("conversation", "session", "time", "speaker", "text", "line", "turn_id")
_OF_SESSION = ("conversation", "session", "time", "lines", "turn_ids")
_OF_QUERY = ("conversation", "query", "limit")
_OF_COMMAND = ("folder",)
UNITS = {"turn": _OF_TURN, "session": _OF_SESSION}
QUERIES = ("question", "words")


class McpMemory:
    """One conversation in an MCP server: in a process with a folder of its own, or under a name of its own."""

    @dataclass
    class Config(RemoteConfig):
        command: list[str] | None = field(
            default=None, metadata={"help": "command that starts a server; {folder}: where it keeps its memories"}
        )
        env: dict[str, str] | None = field(
            default=None,
            metadata={"help": "variables for the command, {folder} as in it; env:NAME takes one's value"},
        )
        url: str | None = field(default=None, metadata={"help": "a server that runs already, in place of command"})
        unit: str = field(default="turn", metadata={"help": "what one call of add_tool remembers: a turn or a session"})
        add_tool: str = field(default="add_memory", metadata={"help": "tool that remembers"})
        add_arguments: dict[str, Any] | None = field(
            default=None,
            metadata={
                "help": "its arguments; of a turn {line} {text} {speaker} {turn_id}, of a session {lines} {turn_ids}, "
                "of both {time} {session} {conversation}"
            },
        )
        search_tool: str = field(default="search_memories", metadata={"help": "tool that searches"})
        search_arguments: dict[str, Any] | None = field(
            default=None,
            metadata={"help": "its arguments, of {query} {limit} {conversation}"},
        )
        query_by: str = field(
            default="question",
            metadata={
                "help": "question: one search with it; words: one with each of its content words, hits of most first"
            },
        )
        hits: str = field(
            default="", metadata={"help": "path of the list of memories in a reply of search_tool; empty: the reply"}
        )
        hit_text: str = field(default="", metadata={"help": "path of a memory's text; empty: the memory is the text"})
        hit_turns: str | None = field(
            default=None, metadata={"help": "path of the ids of its turns; null: it has none, and recall is missing"}
        )
        finish_tool: str | None = field(default=None, metadata={"help": "tool that ends background work; null: none"})
        forget_tool: str | None = field(default=None, metadata={"help": "tool that deletes a conversation; null: none"})
        forget_arguments: dict[str, Any] | None = field(
            default=None, metadata={"help": "its arguments, of {conversation}"}
        )

        def __post_init__(self) -> None:
            super().__post_init__()
            check_fields(self.env, "system.env")
            if self.url is not None:
                check_url(self.url)
            if self.url is not None and self.command:
                raise ConfigError("system.url, system.command: give one of them")
            if self.unit not in UNITS:
                raise ConfigError(f"system.unit: {self.unit!r} is none of {', '.join(UNITS)}")
            if self.query_by not in QUERIES:
                raise ConfigError(f"system.query_by: {self.query_by!r} is none of {', '.join(QUERIES)}")
            for name in ("add_arguments", "search_arguments", "forget_arguments"):
                setattr(self, name, dict(getattr(self, name) or {}))
            check_holes(self.add_arguments, UNITS[self.unit], "system.add_arguments")
            check_holes(self.search_arguments, _OF_QUERY, "system.search_arguments")
            check_holes(self.forget_arguments, ("conversation",), "system.forget_arguments")
            check_holes([self.command or [], self.env or {}], _OF_COMMAND, "system.command")

    part_id = "mcp_memory"
    version = "1"
    sees_gold = False
    at_once = True
    remote = True
    prompt = "default"

    def __init__(self, config: Config) -> None:
        self.config = config
        if not config.url and not config.command:
            raise ConfigError("system.command, system.url: give the command of an MCP server, or its address")
        named = "conversation" in holes(config.add_arguments) and "conversation" in holes(config.search_arguments)
        if not named and "folder" not in holes([config.command or [], config.env or {}]):
            raise ConfigError(
                "system: all conversations would share one store; put {folder} into the command or env, or "
                "{conversation} into add_arguments and search_arguments"
            )
        self._folder = tempfile.TemporaryDirectory(prefix="mcp-")
        self._files.mkdir()
        self._name, self._sessions = "", list[Session]()
        self._turns: frozenset[str] = frozenset()
        self._memories, self._finished, self._saved = 0, False, False
        self._backoff, self._random = Backoff(config.backoff_s, config.backoff_max_s), random.Random()
        self._connection = McpConnection(config.url or self._launch(), config)

    @property
    def _files(self) -> Path:
        return Path(self._folder.name) / _SERVER

    def _launch(self) -> Launch:
        given = {"folder": str(self._files)}
        command, env = filled(self.config.command, given), filled(self.config.env or {}, given)
        return Launch(command, env, self._folder.name)

    def _open(self) -> None:
        """Connect, and hold the configuration against the server's tools.

        Raises:
            ConfigError: there is no server, no such tool, or an argument that it does not know or lacks.
        """
        self._connection.open()
        config = self.config
        chosen = [
            ("add", config.add_tool, config.add_arguments),
            ("search", config.search_tool, config.search_arguments),
        ]
        chosen += [("finish", config.finish_tool, {})] if config.finish_tool else []
        chosen += [("forget", config.forget_tool, config.forget_arguments)] if config.forget_tool else []
        for field_name, tool, arguments in chosen:
            _check_tool(field_name, tool, arguments or {}, self._connection)

    def start(self, conversation: Conversation) -> None:
        self._open()
        self._name = fresh_name(conversation.sample_id)

    def add(self, session: Session) -> None:
        """Remember one session.

        Raises:
            Unreachable: a reply is lost. It is not asked for again: what was remembered twice would count twice.
        """
        self._send(session)
        self._sessions.append(session)

    def _send(self, session: Session) -> None:
        shared = {"conversation": self._name, "session": session.session_id}
        turns = [turn.turn_id for turn in session.turns]
        if self.config.unit == "session":
            lines = "\n".join(session.line(turn) for turn in session.turns)
            calls = [{**shared, "time": session.time_text, "lines": lines, "turn_ids": turns}] if turns else []
        else:
            calls = [
                {
                    **shared,
                    "time": session.time_text_of(turn),
                    "speaker": turn.speaker,
                    "text": turn.said,
                    "line": session.line(turn),
                    "turn_id": turn.turn_id,
                }
                for turn in session.turns
            ]
        for given in calls:
            self._connection.call(self.config.add_tool, filled(self.config.add_arguments, given))
        self._memories += len(calls)
        self._turns |= set(turns)

    def finish(self) -> None:
        if self.config.finish_tool:
            self._connection.call(self.config.finish_tool, {})
        self._finished = True

    def search(self, query: Query) -> Retrieved:
        """Search with the question, or with each of its content words; a memory that more of them bring comes first."""
        asked = [query.text] if self.config.query_by == "question" else list(dict.fromkeys(surface(query.text)))
        brought: dict[Hit, int] = {}
        for text in asked:
            given = {"conversation": self._name, "query": text, "limit": query.depth}
            reply = self._again(self.config.search_tool, filled(self.config.search_arguments, given))
            for hit in dict.fromkeys(self._hits(reply)):
                brought[hit] = brought.get(hit, 0) + 1
        ranked = sorted(brought, key=lambda hit: -brought[hit])  # equal ones stay in the server's order
        hits = tuple(ranked[: query.depth])
        return Retrieved(hits, min(self.config.top_k, len(hits)))

    def _again(self, tool: str, arguments: Mapping[str, Any]) -> ToolReply:
        """The reply of a tool that changes nothing, asked for until it comes."""
        for attempt in range(1, self.config.max_attempts + 1):
            try:
                return self._connection.call(tool, arguments)
            except Unreachable:
                if attempt == self.config.max_attempts:
                    raise
                time.sleep(self._backoff.wait(attempt, None, self._random))
        raise AssertionError("max_attempts is at least 1")

    def _hits(self, reply: ToolReply) -> list[Hit]:
        config, hits = self.config, []
        for place, entry in enumerate(listed(reply.structured, reply.texts, config.hits, config.search_tool)):
            text = text_of(entry, config.hit_text).strip()
            if not text:
                raise DataError(
                    f"{config.search_tool}: memory {place} of the reply has no text at system.hit_text="
                    f"{config.hit_text!r}: {entry!r:.80}"
                )
            hits.append(Hit(text, names_of(entry, config.hit_turns, self._turns)))
        return hits

    def stats(self) -> Mapping[str, int | float]:
        return {"items": self._memories}

    def usage(self) -> Mapping[str, Usage]:
        """Nothing: MCP servers do not say what they use."""
        return {}

    def save(self, folder: Path) -> None:
        """Write down the conversation's name, and the files of a server that was started for it.

        A server that runs by itself keeps its memories. One conversation cannot be set back there, so the sessions of
        an unfinished one are written down too, and sent again under another name where the run goes on.
        """
        state = {
            "version": STATE_VERSION,
            "conversation": self._name,
            "server": {"name": self._connection.name, "version": self._connection.version},
            "memories": self._memories,
            "turns": sorted(self._turns),
            "finished": self._finished,
            "sessions": [] if self._finished or not self.config.url else [*map(session_message, self._sessions)],
        }
        write_json(folder / _STATE, state)
        if self.config.command:
            shutil.copytree(self._files, folder / _SERVER)
        self._saved = True

    def load(self, folder: Path) -> None:
        """Take up what ``save`` wrote down.

        Raises:
            ConfigError: another server answers, or another version of it.
        """
        state = read_json(folder / _STATE)
        if self.config.command:
            shutil.copytree(folder / _SERVER, self._files, dirs_exist_ok=True)
        self._open()
        made, server = state["server"], self._connection
        if [server.name, server.version] != [made["name"], made["version"]]:
            raise ConfigError(
                f"{server.where}: {server.name} {server.version} answers, but the store {folder.parent} was made by "
                f"{made['name']} {made['version']}; name this one by system.served_as to ingest anew"
            )
        self._name, self._finished, self._saved = state["conversation"], state["finished"], True
        if state["sessions"]:
            self._name, self._saved = fresh_name(self._name.rpartition("-")[0]), False
            for message in state["sessions"]:
                self.add(read_session(message))
        self._memories, self._turns = state["memories"], frozenset(state["turns"])

    def close(self) -> None:
        """End the connection; a conversation that no store remembers is deleted where the server has a tool for it."""
        if self._name and not self._saved and self.config.forget_tool:
            with suppress(LLMError, DataError, ConfigError):  # nothing rests on it
                given = {"conversation": self._name}
                self._connection.call(self.config.forget_tool, filled(self.config.forget_arguments, given))
        self._connection.close()
        self._folder.cleanup()


def _check_tool(field_name: str, tool: str, arguments: Mapping[str, Any], server: McpConnection) -> None:
    """Refuse a tool that the server has not, and arguments that it does not know or misses.

    Raises:
        ConfigError: naming the field, and what there is.
    """
    if tool not in server.tools:
        raise ConfigError(
            f"system.{field_name}_tool={tool}: the server has {', '.join(sorted(server.tools)) or 'none'}"
        )
    schema = server.tools[tool]
    known: Sequence[str] = list(schema.get("properties", {}))
    for name in arguments:
        if name not in known and not schema.get("additionalProperties"):
            raise ConfigError(f"system.{field_name}_arguments.{name}: {tool} takes {', '.join(known) or 'none'}")
    for name in schema.get("required", ()):
        if name not in arguments:
            raise ConfigError(f"system.{field_name}_arguments: {tool} also needs {name}")
