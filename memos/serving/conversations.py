"""Conversations that a server keeps: each in a memory system of its own, on disk once a session is acknowledged."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, unquote

from memos.errors import ConfigError, DataError, MemosError
from memos.llm.losses import Losses
from memos.serving.wire import session_message, stats_message
from memos.types import Conversation, Query, Retrieved, Session, Usage

_STATE = "conversation.json"
_LONGEST = 200
"""Bytes of a folder's name; file systems take 255."""
_FIELDS = {"speakers": list, "sessions": dict, "saves": int, "searched": dict}


class ServedSystem(Protocol):
    """What a served memory system does; every system of the benchmark does it."""

    def start(self, conversation: Conversation) -> None: ...
    def add(self, session: Session) -> None: ...
    def finish(self) -> None: ...
    def search(self, query: Query) -> Retrieved: ...
    def stats(self) -> Mapping[str, int | float]: ...
    def usage(self) -> Mapping[str, Usage]: ...
    def save(self, folder: Path) -> None: ...
    def load(self, folder: Path) -> None: ...
    def close(self) -> None: ...


class UnknownConversation(LookupError):
    """No conversation has this id."""


class Taken(ValueError):
    """An id is in use for something else."""


@dataclass
class _Kept:
    """One conversation."""

    system: ServedSystem
    speakers: tuple[str, ...]
    sessions: dict[str, str] = field(default_factory=dict)
    """Id to the digest of what was said."""
    saves: int = 0
    searched: Usage = field(default_factory=Usage)
    """What searches took so far."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    gone: bool = False


class Conversations:
    """All conversations of a server. Threads may share it; one conversation does one piece of work at a time.

    Args:
        make: makes an empty memory system.
        folder: where conversations are kept; those that lie there are taken up again. None: in memory alone.

    Raises:
        ConfigError: the folder can be none.
        DataError: a conversation in it is damaged.
    """

    def __init__(self, make: Callable[[], ServedSystem], folder: Path | None = None) -> None:
        self._make, self._folder = make, folder
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ConfigError(f"serve: folder {folder} cannot be made ({error.strerror}); give another") from error
            for state in sorted(folder.glob(f"*/{_STATE}")):
                self._take_up(state)

    def _take_up(self, path: Path) -> None:
        """Go on with a conversation that lies in the folder.

        Raises:
            DataError: it is damaged.
        """
        system, remedy = self._make(), f"move {path.parent} away to go on without it"
        try:
            state = json.loads(path.read_text(encoding="utf-8"))
            if not all(isinstance(state[name], kind) for name, kind in _FIELDS.items()):
                raise TypeError("a field is of another kind")
            name, speakers = state.get("name", unquote(path.parent.name)), tuple(map(str, state["speakers"]))
            kept = _Kept(system, speakers, state["sessions"], state["saves"], Usage(**state["searched"]))
            if state["saves"]:
                system.load(path.parent / f"store-{state['saves']}")
            else:
                system.start(Conversation(name, speakers, ()))
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise DataError(f"{path}: damaged ({type(error).__name__}: {error}); {remedy}") from error
        except MemosError as error:
            raise DataError(f"{error}; {remedy}") from error
        self._kept[name] = kept

    def _of(self, name: str) -> _Kept:
        with self._lock:
            kept = self._kept.get(name)
        if kept is None or kept.gone:
            raise UnknownConversation(name)
        return kept

    def create(self, name: str, speakers: tuple[str, ...]) -> None:
        """Begin an empty conversation.

        Raises:
            Taken: there is one of this name.
        """
        system = self._make()
        with self._lock:
            if name in self._kept:
                system.close()
                raise Taken(f"conversation {name!r} exists")
            kept = self._kept[name] = _Kept(system, speakers)
            kept.lock.acquire()
        try:
            system.start(Conversation(name, speakers, ()))
            self._note(name, kept)
        except BaseException:  # nobody has seen it yet, and its name is free again
            kept.gone = True
            system.close()
            with self._lock:
                del self._kept[name]
            raise
        finally:
            kept.lock.release()

    def add(self, name: str, session: Session) -> bool:
        """Remember a session; whether it is new. The same session again changes nothing.

        Raises:
            UnknownConversation: there is none of this name.
            Taken: another session has its id.
        """
        content = json.dumps(session_message(session), sort_keys=True).encode()
        digest, kept = hashlib.sha256(content).hexdigest()[:16], self._of(name)
        with kept.lock:
            known = kept.sessions.get(session.session_id)
            if known is not None:
                if known != digest:
                    raise Taken(f"session {session.session_id!r} is kept with other turns")
                return False
            kept.system.add(session)
            kept.sessions[session.session_id] = digest
            self._save(name, kept)
        return True

    def finish(self, name: str) -> int:
        """Have everything that waits done; gives what waits still.

        Raises:
            UnknownConversation: there is none of this name.
        """
        kept = self._of(name)
        with kept.lock:
            kept.system.finish()
            self._save(name, kept)
            return getattr(kept.system, "pending", int)()

    def search(self, name: str, query: Query) -> Retrieved:
        """What a conversation's memories say to a question.

        Raises:
            UnknownConversation: there is none of this name.
        """
        kept = self._of(name)
        with kept.lock:
            retrieved = kept.system.search(query)
            kept.searched += retrieved.usage
        hits = retrieved.hits[: query.depth]  # systems bring their own top-k at least
        return replace(retrieved, hits=hits, used=min(retrieved.used, len(hits)))

    def stats(self, name: str) -> dict[str, Any]:
        """The message of what is kept of a conversation.

        Raises:
            UnknownConversation: there is none of this name.
        """
        kept = self._of(name)
        with kept.lock:
            losses, usage = getattr(kept.system, "losses", None), dict(kept.system.usage())
            if kept.searched != Usage():
                usage["search"] = kept.searched
            lost = losses.state() if isinstance(losses, Losses) else None
            return stats_message(len(kept.sessions), dict(kept.system.stats()), usage, lost)

    def delete(self, name: str) -> None:
        """Forget a conversation.

        Raises:
            UnknownConversation: there is none of this name.
        """
        kept = self._of(name)
        with kept.lock:
            kept.gone = True
            kept.system.close()
            if self._folder is not None:
                shutil.rmtree(self._place(name), ignore_errors=True)
            with self._lock:
                del self._kept[name]

    def close(self) -> None:
        """Close all systems; what was acknowledged is on disk already."""
        with self._lock:
            everything, self._kept = list(self._kept.values()), {}
        for kept in everything:
            with kept.lock:
                kept.system.close()

    def _place(self, name: str) -> Path:
        assert self._folder is not None
        return self._folder / folder_name(name)

    def _save(self, name: str, kept: _Kept) -> None:
        """Put the system's state beside the one before, and then name it: a crash leaves one of them."""
        if self._folder is None:
            return
        place, before = self._place(name), kept.saves
        store = place / f"store-{before + 1}"
        shutil.rmtree(store, ignore_errors=True)
        store.mkdir()
        kept.system.save(store)
        kept.saves = before + 1
        self._note(name, kept)
        shutil.rmtree(place / f"store-{before}", ignore_errors=True)

    def _note(self, name: str, kept: _Kept) -> None:
        if self._folder is None:
            return
        place = self._place(name)
        place.mkdir(exist_ok=True)
        state = {
            "name": name,
            "speakers": kept.speakers,
            "sessions": kept.sessions,
            "saves": kept.saves,
            "searched": asdict(kept.searched),
        }
        new = place / f"{_STATE}.new"
        new.write_text(json.dumps(state), encoding="utf-8")
        os.replace(new, place / _STATE)


def folder_name(name: str) -> str:
    """The name of a conversation's folder, which is no path: no slash, not the folder itself or the one above it, and
    of a length that file systems take. Different conversations have different ones.
    """
    quoted = quote(name, safe="")
    if not quoted.strip("."):
        quoted = quoted.replace(".", "%2E")
    if len(quoted) <= _LONGEST:
        return quoted
    return f"+{hashlib.sha256(name.encode()).hexdigest()}"  # no quoted name holds a plus
