"""``system=http``: a memory system behind the memory protocol (docs/remote.md)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import quote

from baselines.memories import STATE_VERSION, read_json, write_json
from baselines.remote.client import InUse, NotThere, RestClient
from baselines.remote.settings import RemoteConfig, check_url, fresh_name
from memos.errors import ConfigError, DataError, LLMError
from memos.llm.losses import Losses
from memos.serving.wire import (
    VERSION,
    Greeting,
    OffProtocol,
    StoreReport,
    listed_reasons,
    query_message,
    read_greeting,
    read_retrieved,
    read_stats,
    same_protocol,
    session_message,
)
from memos.types import Conversation, Query, Retrieved, Session, Usage

_STATE = "remote.json"
_POLL_S = (0.05, 2.0)
"""First and longest wait between two questions whether background work has ended."""


class HttpMemory:
    """One conversation on a memory server, under a name that no other conversation has."""

    @dataclass
    class Config(RemoteConfig):
        url: str = field(
            default="http://127.0.0.1:8765", metadata={"help": "where the server's addresses of the protocol begin"}
        )

        def __post_init__(self) -> None:
            super().__post_init__()
            check_url(self.url)

    part_id = "http_memory"
    version = "1"
    sees_gold = False
    at_once = True
    remote = True
    prompt = "default"

    def __init__(self, config: Config, *, note: Callable[[str, Usage], None] | None = None) -> None:
        self.config = config
        self.losses = Losses()
        """What the server says that it lost."""
        self._client = RestClient(config.url, config)
        self._note = note
        self._server: Greeting | None = None
        self._name, self._sessions = "", list[str]()
        self._turns: set[str] = set()
        self._saved = False
        self._report, self._stale = StoreReport(0, {}, {}, {}), True
        """What the server said last of the conversation, and whether it was given something since."""

    @property
    def _path(self) -> str:
        return f"/conversations/{quote(self._name, safe='')}"

    def _greet(self) -> Greeting:
        """The server's greeting, asked for once.

        Raises:
            ConfigError: there is no server of this protocol, or it speaks another version of it.
        """
        if self._server is None:
            where = f"system.url={self.config.url}"
            try:
                server = read_greeting(self._client.ask("GET", "/protocol"))
            except (NotThere, OffProtocol) as error:
                raise ConfigError(f"{where}: no memory server answers there: {error}") from error
            if not same_protocol(server.protocol):
                raise ConfigError(
                    f"{where}: {server.name} speaks version {server.protocol} of the protocol, this is {VERSION}; "
                    "update the older one of the two"
                )
            self._server = server
        return self._server

    def start(self, conversation: Conversation) -> None:
        self._greet()
        self._name = fresh_name(conversation.sample_id)
        with suppress(InUse):  # an attempt before whose answer was lost; the name is nobody else's
            self._client.ask("POST", "/conversations", {"id": self._name, "speakers": list(conversation.speakers)})

    def add(self, session: Session) -> None:
        """Send one session; sent again, it changes nothing there, so a lost answer costs nothing."""
        self._client.ask("POST", f"{self._path}/sessions", session_message(session))
        self._sessions.append(session.session_id)
        self._turns.update(turn.turn_id for turn in session.turns)
        self._stale = True

    def finish(self) -> None:
        """Wait until the server has nothing left to do.

        Raises:
            DataError: it has not within ``patience_s``.
        """
        until, wait = time.monotonic() + self.config.patience_s, _POLL_S[0]
        while True:
            pending = self._client.ask("POST", f"{self._path}/finish", {}).get("pending") or 0
            if not isinstance(pending, int):
                raise OffProtocol(f"POST {self._path}/finish: pending: expected a number, found {pending!r:.60}")
            if pending <= 0:
                break
            if time.monotonic() > until:
                raise DataError(
                    f"{self.config.url}: {pending} tasks of {self._name} wait after {self.config.patience_s:g} s "
                    "(system.patience_s)"
                )
            time.sleep(wait)
            wait = min(2 * wait, _POLL_S[1])
        self._stale = True

    def search(self, query: Query) -> Retrieved:
        message = self._client.ask("POST", f"{self._path}/search", query_message(query))
        try:
            retrieved = read_retrieved(message, self.config.top_k, frozenset(self._turns))
        except OffProtocol as error:
            raise OffProtocol(f"POST {self._path}/search: {error}") from error
        if len(retrieved.hits) > query.depth:
            raise OffProtocol(f"POST {self._path}/search: {len(retrieved.hits)} hits, asked for {query.depth}")
        self._count(retrieved.usage)
        return retrieved

    def _count(self, usage: Usage) -> None:
        if self._note is not None and usage != Usage():
            self._note(self._greet().name, usage)

    def _look(self) -> StoreReport:
        """What the server says of the conversation now."""
        if self._stale:
            try:
                report = read_stats(self._client.ask("GET", f"{self._path}/stats"))
            except OffProtocol as error:
                raise OffProtocol(f"GET {self._path}/stats: {error}") from error
            for phase, total in _building(report).items():
                self._count(total - _building(self._report).get(phase, Usage()))
            self._report, self._stale = report, False
            self.losses.restore({**report.losses, "reasons": listed_reasons(report.losses)})
        return self._report

    def stats(self) -> Mapping[str, int | float]:
        return dict(self._look().numbers)

    def usage(self) -> Mapping[str, Usage]:
        """As the server counts; where it cannot be asked, as it said last."""
        with suppress(LLMError, DataError):
            self._look()
        return _building(self._report)

    def save(self, folder: Path) -> None:
        """Write down which conversation of which server this is. The memories stay there."""
        report, server = self._look(), self._greet()
        state = {
            "version": STATE_VERSION,
            "conversation": self._name,
            "server": {"name": server.name, "version": server.version},
            "sessions": self._sessions,
            "turns": sorted(self._turns),
            "usage": {phase: asdict(total) for phase, total in report.usage.items()},
            "losses": dict(report.losses),
        }
        write_json(folder / _STATE, state)
        self._saved = True

    def load(self, folder: Path) -> None:
        """Take up the conversation that ``save`` wrote down.

        Raises:
            ConfigError: another server answers, or another version of it.
            DataError: the server has lost the conversation, or sessions of it.
        """
        state = read_json(folder / _STATE)
        server, made = self._greet(), state["server"]
        if [server.name, server.version] != [made["name"], made["version"]]:
            raise ConfigError(
                f"system.url={self.config.url}: {server.name} {server.version} answers, but the store {folder.parent} "
                f"was made by {made['name']} {made['version']}; name this one by system.served_as to ingest anew"
            )
        self._name, self._sessions, self._saved = state["conversation"], list(state["sessions"]), True
        self._turns = set(state["turns"])
        now = self._held(folder)
        usage = {phase: Usage(**total) for phase, total in state["usage"].items()}
        self._report, self._stale = StoreReport(now.sessions, now.numbers, usage, state["losses"]), False
        self.losses.restore({**state["losses"], "reasons": listed_reasons(state["losses"])})

    def _held(self, folder: Path) -> StoreReport:
        """What the server has of a conversation that a store remembers, which is at least all that it remembers."""
        again = f"remove {folder.parent} to ingest the conversation again"
        try:
            held = read_stats(self._client.ask("GET", f"{self._path}/stats"))
        except NotThere:
            raise DataError(f"{self.config.url} has no conversation {self._name} any more; {again}") from None
        if held.sessions < len(self._sessions):
            lacks = f"has {held.sessions} of the {len(self._sessions)} sessions of {self._name}"
            raise DataError(f"{self.config.url} {lacks}; {again}")
        return held

    def close(self) -> None:
        """Close the connections; a conversation that no store remembers is deleted on the server."""
        if self._name and not self._saved:
            with suppress(LLMError, DataError, ConfigError):  # nothing rests on it
                self._client.ask("DELETE", self._path)
        self._client.close()


def _building(report: StoreReport) -> dict[str, Usage]:
    """What building the store took; searches tell their own usage."""
    return {phase: total for phase, total in report.usage.items() if phase != "search"}
