"""``memos-bench conformance URL``: what a memory server does against the memory protocol, in one line each."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from baselines.remote.settings import check_url, fresh_name
from memos.errors import ConfigError, on_one_line
from memos.secret_values import check_variable, hidden, key_from
from memos.serving.wire import (
    VERSION,
    OffProtocol,
    read_greeting,
    read_message,
    read_retrieved,
    read_stats,
    same_protocol,
)
from memos.types import Retrieved

_MOST = 32 << 20
_TALK: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "session_1": (
        ("D1:1", "Ana", "My bicycle has a flat tyre, and the zeppelin museum is far."),
        ("D1:2", "Ben", "The tyre shop in Porto repairs it while you wait."),
    ),
    "session_2": (
        ("D2:1", "Ana", "I bought a purple kayak yesterday."),
        ("D2:2", "Ben", "Наташа живёт в Казани. 娜塔莎住在喀山。 Zoë's naïve 🚲"),
    ),
}
"""Two sessions with words that stand in one turn alone."""
_OTHER = ("E1:1", "Cleo", "The quokka sleeps under the veranda.")


class Fails(Exception):
    """A check fails; its text says what was expected and what came."""


@dataclass
class RawReply:
    """What a server replied."""

    status: int
    raw: bytes

    def message(self, *expected: int) -> dict[str, Any]:
        """Its JSON object, where the status is an expected one."""
        if self.status not in expected:
            wanted = " or ".join(map(str, expected))
            raise Fails(f"expected status {wanted}, found {self.status} {self.shown()}")
        try:
            return read_message(self.raw)
        except OffProtocol as error:
            raise Fails(f"the reply is {error}: {self.shown()}") from None

    def shown(self) -> str:
        return repr(on_one_line(self.raw[:300].decode("utf-8", "replace"))[:80])


class _Staying(HTTPRedirectHandler):
    """Goes to no other address: the token is for this one."""

    def redirect_request(self, *_: Any) -> None:
        """Take the reply as it is."""


@dataclass
class Probe:
    """A server under test, and the conversations that the checks made on it."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 30.0
    made: list[str] = field(default_factory=list)

    def send(self, method: str, path: str, body: Any = None) -> RawReply:
        """One request; a body that is bytes is sent as it stands.

        Raises:
            Fails: nothing came back.
        """
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **self.headers}
        request = Request(self.url + path, data=data, headers=headers, method=method)
        local = [ProxyHandler({})] if "://127." in self.url or "://localhost" in self.url else []
        opener = build_opener(_Staying, *local)
        try:
            with opener.open(request, timeout=self.timeout_s) as response:
                return RawReply(response.status, response.read(_MOST))
        except HTTPError as error:
            return RawReply(error.code, error.read(_MOST))
        except (OSError, HTTPException) as error:
            reason = on_one_line(str(getattr(error, "reason", error)) or type(error).__name__)
            raise Fails(f"{method} {path} brings no reply: {reason}") from error

    def begin(self, name: str = "") -> str:
        """A new conversation; the path of its addresses."""
        name = fresh_name(name or "conformance")
        self.send("POST", "/conversations", {"id": name, "speakers": ["Ana", "Ben"]}).message(200, 201)
        self.made.append(name)
        return path_of(name)

    def tell(self, path: str, session: str, turns: Sequence[tuple[str, str, str]]) -> None:
        """Add a session."""
        self.send("POST", f"{path}/sessions", session_of(session, turns)).message(200, 201)

    def finish(self, path: str) -> None:
        for _ in range(200):
            if not self.send("POST", f"{path}/finish", {}).message(200).get("pending"):
                return
        raise Fails("pending is not 0 after 200 calls of /finish")

    def filled(self) -> str:
        """A conversation with both sessions."""
        path = self.begin()
        for session, turns in _TALK.items():
            self.tell(path, session, turns)
        self.finish(path)
        return path

    def search(self, path: str, query: str, limit: int = 10) -> Retrieved:
        return read_retrieved(self.send("POST", f"{path}/search", {"query": query, "limit": limit}).message(200), limit)

    def held(self, path: str) -> tuple[int, float | None]:
        """Sessions and items, by the server's count."""
        report = read_stats(self.send("GET", f"{path}/stats").message(200))
        return report.sessions, report.numbers.get("items")


def path_of(name: str) -> str:
    return f"/conversations/{quote(name, safe='')}"


def session_of(session: str, turns: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
    said = [{"id": one, "speaker": who, "text": text} for one, who, text in turns]
    return {"id": session, "time": "2023-05-08T13:56:00", "time_text": "1:56 pm on 8 May, 2023", "turns": said}


def expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Fails(otherwise)


def greets(probe: Probe) -> None:
    greeting = read_greeting(probe.send("GET", "/protocol").message(200))
    expect(same_protocol(greeting.protocol), f"version: expected {VERSION}, found {greeting.protocol}")
    expect(bool(greeting.name and greeting.version), "server: name or version is empty")


def begins(probe: Probe) -> None:
    path = probe.begin()
    expect(probe.held(path)[0] == 0, "a new conversation has sessions already")
    probe.send("POST", "/conversations", {"id": probe.made[-1], "speakers": []}).message(409)


def finds(probe: Probe) -> None:
    path = probe.filled()
    for word, turn in (("kayak", "purple kayak"), ("zeppelin", "zeppelin museum"), ("Казани", "Казани")):
        texts = [hit.text for hit in probe.search(path, f"What about {word}?").hits]
        expect(
            any(turn in text for text in texts), f"no hit for {word!r} holds {turn!r}, which a turn says: {texts!r:.80}"
        )


def ranks(probe: Probe) -> None:
    scores = [hit.score for hit in probe.search(probe.filled(), "Who has a purple kayak?").hits]
    expect(scores == sorted(scores, reverse=True), f"scores rise, but the best hit comes first: {scores!r:.80}")


def keeps_limit(probe: Probe) -> None:
    hits = probe.search(probe.filled(), "tyre kayak museum shop", 1).hits
    expect(len(hits) <= 1, f"limit 1 brings {len(hits)} hits")


def names_turns(probe: Probe) -> None:
    path, known = probe.filled(), frozenset(one for turns in _TALK.values() for one, _, _ in turns)
    body = {"query": "Who has a purple kayak?", "limit": 10}
    hits = read_retrieved(probe.send("POST", f"{path}/search", body).message(200), 10, known).hits
    if read_greeting(probe.send("GET", "/protocol").message(200)).turn_ids:
        expect(any(hit.turn_ids for hit in hits), "turn_ids is true, but no hit names a turn")
        named = [hit.turn_ids for hit in hits if "purple kayak" in hit.text]
        expect(all("D2:1" in turns for turns in named), f"'purple kayak' is of turn D2:1, its hit names {named!r:.80}")


def separates(probe: Probe) -> None:
    path, other = probe.filled(), probe.begin()
    probe.tell(other, "session_1", [_OTHER])
    probe.finish(other)
    for here, word, theirs in ((path, "quokka", "veranda"), (other, "kayak", "purple")):
        texts = [hit.text for hit in probe.search(here, f"{word}?").hits]
        expect(not any(theirs in text for text in texts), f"a search finds {word!r}, said in another conversation")


def takes_once(probe: Probe) -> None:
    path = probe.filled()
    before = probe.held(path)
    probe.tell(path, "session_2", _TALK["session_2"])
    probe.finish(path)
    expect(
        probe.held(path) == before, f"a session sent again changes (sessions, items): {before} to {probe.held(path)}"
    )


def stays(probe: Probe) -> None:
    path, asked = probe.filled(), "What does Ana say of the tyre?"
    before, first = probe.held(path), probe.search(path, asked).hits
    expect(probe.search(path, asked).hits == first, "the same search brings other hits the second time")
    expect(probe.held(path) == before, "a search changes the numbers of /stats")


def counts(probe: Probe) -> None:
    path = probe.filled()
    sessions, items = probe.held(path)
    expect(sessions == len(_TALK), f"sessions: expected {len(_TALK)}, found {sessions}")
    expect(items is None or items > 0, "items is 0 after two sessions")


def odd(probe: Probe) -> None:
    path = probe.begin("ä/b c?%#")
    bare = {"id": "s 1/2", "time": None, "time_text": "", "turns": []}
    probe.send("POST", f"{path}/sessions", bare).message(200, 201)
    turn = {
        "id": "x",
        "speaker": "",
        "text": "A wombat.",
        "caption": "a wombat in a hat",
        "time": "2023-05-08T13:57:00",
    }
    probe.send("POST", f"{path}/sessions", {**bare, "id": "s2", "turns": [turn]}).message(200, 201)
    probe.finish(path)
    expect(any("wombat" in hit.text for hit in probe.search(path, "wombat").hits), "a turn of no speaker is lost")


def together(probe: Probe) -> None:
    paths, asked = [probe.filled(), probe.begin()], "tyre kayak"
    probe.finish(paths[1])
    alone = [probe.search(path, asked).hits for path in paths]
    with ThreadPoolExecutor(8) as pool:
        hits = list(pool.map(lambda n: probe.search(paths[n % 2], asked).hits, range(16)))
    expect(all(one == alone[n % 2] for n, one in enumerate(hits)), "searches at once bring other hits than one by one")


def refuses(probe: Probe) -> None:
    nobody = path_of(fresh_name("nobody"))
    for method, end, body in (("POST", "search", {"query": "x", "limit": 1}), ("GET", "stats", None)):
        said = probe.send(method, f"{nobody}/{end}", body).message(404)
        expect(isinstance(said.get("error"), (str, dict)), f"/{end}: status 404 without an error in words")
    for wrong in (b"{no JSON", {}):
        probe.send("POST", "/conversations", wrong).message(400, 422)


def deletes(probe: Probe) -> None:
    path = probe.filled()
    probe.send("DELETE", path).message(200, 204)
    probe.send("POST", f"{path}/search", {"query": "kayak", "limit": 1}).message(404)


CHECKS: Mapping[str, tuple[str, Callable[[Probe], None]]] = {
    "greeting": ("GET /protocol names protocol, version and server", greets),
    "conversations": ("POST /conversations begins an empty one, and says 409 to a name in use", begins),
    "finds": ("what was said is found once /finish says that nothing is pending", finds),
    "order": ("the best hit comes first", ranks),
    "limit": ("a search brings at most limit hits", keeps_limit),
    "turns": ("hits name turns of their conversation, and the right ones", names_turns),
    "isolation": ("a conversation finds nothing of another", separates),
    "repeats": ("a session that is sent again changes nothing", takes_once),
    "purity": ("a search changes nothing", stays),
    "stats": ("GET …/stats counts sessions", counts),
    "odd input": ("odd ids, empty sessions, no time, captions, no speaker", odd),
    "at once": ("searches at once bring what they bring one by one", together),
    "errors": ("404 with an error for unknown names, 400 for a broken body", refuses),
    "delete": ("DELETE forgets the conversation", deletes),
}
"""Name of a check to what it holds, and the check."""


def failures(probe: Probe) -> dict[str, str]:
    """Check to what is wrong, of those that fail; conversations that the checks made are deleted."""
    out = {}
    for name, (_, check) in CHECKS.items():
        try:
            check(probe)
        except (Fails, OffProtocol) as error:
            out[name] = str(error)
    for name in probe.made:
        try:
            probe.send("DELETE", path_of(name))
        except Fails:
            break  # the server is gone, and so are they
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a server and say what fails; 0 where nothing does, else 1.

    Raises:
        ConfigError: nobody answers at the address.
    """
    parser = argparse.ArgumentParser(prog="memos-bench conformance", description=__doc__)
    parser.add_argument("url", help="where the server's addresses of the protocol begin")
    parser.add_argument("--token-env", metavar="NAME", help="variable that holds the bearer token")
    parser.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="longest wait for one reply")
    args = parser.parse_args(arguments)
    check_url(args.url)
    check_variable(args.token_env, "--token-env")
    if not args.timeout > 0:
        raise ConfigError(f"--timeout {args.timeout:g}: must be positive")
    token = key_from(args.token_env, "--token-env")
    probe = Probe(args.url.rstrip("/"), {"Authorization": f"Bearer {token}"} if token else {}, args.timeout)
    try:
        probe.send("GET", "/protocol")
    except Fails as error:
        raise ConfigError(f"{args.url}: {error}; start the server, or correct the address") from error
    wrong = failures(probe)
    for name, (holds, _) in CHECKS.items():
        print(hidden(f"FAIL  {name}: {wrong[name]}") if name in wrong else f"ok    {name}: {holds}")
    print(f"{len(CHECKS) - len(wrong)} of {len(CHECKS)} checks hold")
    return 1 if wrong else 0
