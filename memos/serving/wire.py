"""The memory protocol: what a driver and a memory server say to one another over HTTP (docs/remote.md).

Both sides read and write their messages here. A message is a JSON object; a reader names the field that is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from memos import strict_json
from memos.errors import DataError, on_one_line
from memos.types import Hit, Query, Retrieved, Session, Turn, Usage

PROTOCOL = "memory-server"
VERSION = "1.0"
"""Servers and drivers with the same first number understand one another."""


_BEYOND = 10**15
"""No score, count or size of a memory server comes near it."""


class OffProtocol(DataError):
    """A message is not what the protocol says."""


def read_message(raw: bytes) -> dict[str, Any]:
    """The JSON object of a body; empty where there is none.

    Raises:
        OffProtocol: it is none, or holds what can be kept nowhere (``memos.strict_json``).
    """
    try:
        message = strict_json.read(raw.decode("utf-8")) if raw else {}
    except UnicodeDecodeError as error:
        raise OffProtocol(f"no JSON (byte {error.start}: not UTF-8 text)") from error
    except ValueError as error:
        raise OffProtocol(f"no JSON ({on_one_line(str(error))})") from error
    if not isinstance(message, dict):
        raise OffProtocol("no JSON object")
    return message


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a server says of itself."""

    name: str
    version: str
    protocol: str
    """Version of the protocol, such as ``1.0``."""
    turn_ids: bool
    """Whether hits name the turns they come from."""


def field_of(message: Mapping[str, Any], name: str, kind: type | tuple[type, ...], default: Any = ...) -> Any:
    """A field of a message; null and absence are the default where there is one.

    Raises:
        OffProtocol: it is missing, of another kind, or a number beyond any limit.
    """
    value = message.get(name)
    if value is None and default is not ...:
        return default
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        names = {
            str: "a text",
            int: "a number",
            float: "a number",
            list: "a list",
            dict: "an object",
            bool: "a boolean",
        }
        shown = "nothing" if name not in message else f"{value!r:.60}"
        raise OffProtocol(f"{name}: expected {names[kinds[0]]}, found {shown}")
    if isinstance(value, (int, float)) and not -_BEYOND < value < _BEYOND:
        raise OffProtocol(f"{name}: {value!r:.20} is beyond any limit")
    return value


def texts_of(message: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A field that is a list of texts; empty where it is absent."""
    texts = field_of(message, name, list, [])
    if not all(isinstance(text, str) for text in texts):
        raise OffProtocol(f"{name}: expected a list of texts, found {texts!r:.60}")
    return tuple(texts)


def _moment(message: Mapping[str, Any], name: str) -> datetime | None:
    text = field_of(message, name, str, "")
    try:
        moment = datetime.fromisoformat(text) if text else None
        if moment is not None and moment.tzinfo is not None:
            moment.astimezone(UTC)  # in the first and the last year it may have none
        return moment
    except (ValueError, OverflowError):
        raise OffProtocol(f"{name}: {text!r:.40} is no ISO date such as 2023-05-08T13:56:00") from None


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def read_greeting(message: Mapping[str, Any]) -> Greeting:
    """The greeting of a server, whatever its version.

    Raises:
        OffProtocol: it greets by another protocol.
    """
    if message.get("protocol") != PROTOCOL:
        raise OffProtocol(f"protocol: expected {PROTOCOL!r}, found {message.get('protocol')!r:.60}")
    server = field_of(message, "server", dict)
    name, own_version = field_of(server, "name", str), field_of(server, "version", str)
    return Greeting(name, own_version, field_of(message, "version", str), field_of(message, "turn_ids", bool, False))


def same_protocol(version: str) -> bool:
    """Whether a version of the protocol is one that this one understands."""
    return version.partition(".")[0] == VERSION.partition(".")[0]


def greeting_message(name: str, version: str, *, turn_ids: bool = True) -> dict[str, Any]:
    """The message of a ``Greeting`` in this version of the protocol."""
    server = {"name": name, "version": version}
    return {"protocol": PROTOCOL, "version": VERSION, "server": server, "turn_ids": turn_ids}


def session_message(session: Session) -> dict[str, Any]:
    """The message of a session; what is not known is left out."""
    turns = []
    for turn in session.turns:
        entry = {"id": turn.turn_id, "speaker": turn.speaker, "text": turn.text}
        if turn.caption:
            entry["caption"] = turn.caption
        if turn.time is not None:
            entry["time"] = turn.time.isoformat()
        turns.append(entry)
    return {"id": session.session_id, "time": _iso(session.time), "time_text": session.time_text, "turns": turns}


def read_session(message: Mapping[str, Any]) -> Session:
    """The session of a message.

    Raises:
        OffProtocol: naming the field; also where two turns have one id.
    """
    turns: list[Turn] = []
    for place, entry in enumerate(field_of(message, "turns", list)):
        if not isinstance(entry, dict):
            raise OffProtocol(f"turns[{place}]: expected an object, found {entry!r:.60}")
        try:
            turn_id, speaker, text = (field_of(entry, name, str) for name in ("id", "speaker", "text"))
            turns.append(Turn(turn_id, speaker, text, field_of(entry, "caption", str, None), _moment(entry, "time")))
        except OffProtocol as error:
            raise OffProtocol(f"turns[{place}].{error}") from None
    names = [turn.turn_id for turn in turns]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise OffProtocol(f"turns: the id {twice!r} stands there twice")
    named = field_of(message, "id", str)
    return Session(named, _moment(message, "time"), field_of(message, "time_text", str, ""), tuple(turns))


def query_message(query: Query) -> dict[str, Any]:
    """The message of a question. Gold turns are never sent."""
    asked = {} if query.asked is None else {"asked": query.asked.isoformat()}
    return {"query": query.text, "limit": query.depth, **asked}


def read_query(message: Mapping[str, Any]) -> Query:
    """The question of a message.

    Raises:
        OffProtocol: naming the field.
    """
    limit = field_of(message, "limit", int, Query("").depth)
    if limit < 1:
        raise OffProtocol(f"limit: must be at least 1, found {limit}")
    return Query(field_of(message, "query", str), limit, asked=_moment(message, "asked"))


def retrieved_message(retrieved: Retrieved) -> dict[str, Any]:
    """The message of what a search brought."""
    hits = [
        {"id": hit.memory_id, "text": hit.text, "score": float(hit.score), "turns": list(hit.turn_ids)}
        for hit in retrieved.hits
    ]
    out: dict[str, Any] = {"hits": hits, "used": retrieved.used}
    if retrieved.context is not None:
        out["context"] = retrieved.context
    if retrieved.usage != Usage():
        out["usage"] = asdict(retrieved.usage)
    return out


def read_retrieved(message: Mapping[str, Any], top_k: int, turns: frozenset[str] = frozenset()) -> Retrieved:
    """What a search brought.

    Args:
        top_k: hits in the context where the server does not say.
        turns: the turns that the server was given; a hit may name no other. Empty: not checked.

    Raises:
        OffProtocol: naming the hit and the field.
    """
    hits = []
    for place, entry in enumerate(field_of(message, "hits", list)):
        if not isinstance(entry, dict):
            raise OffProtocol(f"hits[{place}]: expected an object, found {entry!r:.60}")
        try:
            named, score = texts_of(entry, "turns"), field_of(entry, "score", (float, int), 0.0)
            hit = Hit(field_of(entry, "text", str), named, float(score), field_of(entry, "id", str, ""))
        except OffProtocol as error:
            raise OffProtocol(f"hits[{place}].{error}") from None
        if turns and not turns.issuperset(named):
            unknown = next(name for name in named if name not in turns)
            raise OffProtocol(f"hits[{place}].turns: {unknown!r} is no turn of this conversation")
        if not hit.text.strip():
            raise OffProtocol(f"hits[{place}].text: it is empty")
        hits.append(hit)
    usage = read_usage(field_of(message, "usage", dict, {}), "usage")
    used = min(field_of(message, "used", int, top_k), len(hits))
    if used < 0:
        raise OffProtocol(f"used: must not be negative, found {used}")
    return Retrieved(tuple(hits), used, field_of(message, "context", str, None), usage)


def read_usage(message: Mapping[str, Any], where: str) -> Usage:
    """Calls and tokens of a message; absent ones are 0.

    Raises:
        OffProtocol: a number is none, or negative.
    """
    try:
        usage = Usage(**{one.name: field_of(message, one.name, int, 0) for one in fields(Usage)})
    except OffProtocol as error:
        raise OffProtocol(f"{where}.{error}") from None
    if min(asdict(usage).values()) < 0:
        raise OffProtocol(f"{where}: a number is negative: {dict(message)!r:.80}")
    return usage


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What a server says of one conversation."""

    sessions: int
    """Sessions that it holds."""
    numbers: Mapping[str, int | float]
    """Numbers about the store, ``items`` among them where the server counts its memories."""
    usage: Mapping[str, Usage]
    """Tokens and calls so far, by phase."""
    losses: Mapping[str, Any]
    """Extractions asked of a model, and lost (``memos.llm.losses.Losses.state``)."""


def stats_message(
    sessions: int, numbers: Mapping[str, int | float], usage: Mapping[str, Usage], losses: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The message of a ``StoreReport``."""
    spent = {phase: asdict(total) for phase, total in usage.items()}
    return {**numbers, "sessions": sessions, "usage": spent, **({"losses": dict(losses)} if losses else {})}


def read_stats(message: Mapping[str, Any]) -> StoreReport:
    """What a server says of a conversation.

    Raises:
        OffProtocol: naming the field.
    """
    numbers = {
        name: field_of(message, name, (int, float))
        for name, value in message.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }
    spent = field_of(message, "usage", dict, {})
    usage = {phase: read_usage(field_of(spent, phase, dict), f"usage.{phase}") for phase in spent}
    losses = field_of(message, "losses", dict, {})
    for name in ("asked", "malformed"):
        if field_of(losses, name, int, 0) < 0:
            raise OffProtocol(f"losses.{name}: must not be negative")
    listed_reasons(losses)
    return StoreReport(field_of(message, "sessions", int), numbers, usage, losses)


def listed_reasons(losses: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The reasons of a server's losses that have all their fields.

    Raises:
        OffProtocol: there is no list of objects.
    """
    kinds = {"reason": str, "count": int, "example": str}
    reasons = field_of(losses, "reasons", list, [])
    if not all(isinstance(one, dict) for one in reasons):
        raise OffProtocol(f"losses.reasons: expected a list of objects, found {reasons!r:.60}")
    return [one for one in reasons if all(isinstance(one.get(name), kind) for name, kind in kinds.items())]
