"""``system=http``: the memory protocol against the reference server, against MemOS served, and against bad servers."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from conftest_baselines import CONVERSATION as TALK
from conftest_baselines import WordEmbedder, ingest
from memory_servers import handler, reference, serving

from baselines.remote.system import HttpMemory
from memos.errors import ConfigError, DataError, MemosError
from memos.llm.health import Unusable
from memos.llm.retry import Rejected, Unreachable
from memos.serving.rest import RestServer
from memos.system import MemOSSystem
from memos.types import Query, Retrieved, Usage

ASKED = Query("What is the name of the dog?", depth=50)


OPEN: list[HttpMemory] = []


@pytest.fixture(autouse=True)
def closed():
    yield
    while OPEN:
        OPEN.pop().close()


def memory(url: str, note=None, **fields) -> HttpMemory:
    """A system with waits that a test can afford; closed with the test."""
    config = HttpMemory.Config(url=url, **{"backoff_s": 0.01, "max_attempts": 3, **fields})
    OPEN.append(HttpMemory(config, note=note))
    return OPEN[-1]


def filled(system):
    return ingest(system, TALK)


def unnamed(retrieved: Retrieved) -> Retrieved:
    """What a search brought, without the memories' ids: those of MemOS hold the conversation's name."""
    return replace(retrieved, hits=tuple(replace(hit, memory_id="") for hit in retrieved.hits))


def replying(change):
    """A handler of the reference server whose replies are changed: ``change(verb, status, message)``."""

    def reply(self, verb, name, body):
        return change(verb, *reference().Handler.reply(self, verb, name, body))

    return handler(reply=reply)


def test_memos_gives_the_same_over_http_as_in_process(tmp_path):
    embedder = WordEmbedder()

    def make():
        return MemOSSystem(embedder=embedder)

    own = filled(make())
    with RestServer(make, folder=tmp_path / "kept") as server:
        remote = filled(memory(server.url))
        for text in ("What is the name of the dog?", "Where does Ada live?", ""):
            assert unnamed(remote.search(Query(text))) == unnamed(own.search(Query(text)))
        assert remote.stats()["items"] == own.stats()["items"] > 0
        (tmp_path / "saved").mkdir()
        remote.save(tmp_path / "saved")
        remote.close()
    with RestServer(make, folder=tmp_path / "kept") as server:
        again = memory(server.url)  # another server takes the folder up; loopback ports are no part of a name
        again.load(tmp_path / "saved")
        assert unnamed(again.search(ASKED)) == unnamed(own.search(ASKED))


def test_a_killed_run_goes_on_without_loss_or_repetition(tmp_path):
    with serving() as url:
        whole = filled(memory(url))
        half = memory(url)
        half.start(TALK)
        half.add(TALK.sessions[0])
        half.save(tmp_path)
        half.add(TALK.sessions[1])  # reached the server, and no save knows of it
        resumed = memory(url)
        resumed.load(tmp_path)
        for session in TALK.sessions[1:]:
            resumed.add(session)
        resumed.finish()
        assert resumed.search(ASKED) == whole.search(ASKED)
        assert resumed.stats() == whole.stats()


def test_lost_answers_and_busy_servers_change_nothing():
    lost, seen = set(), []

    def reply(self, verb, name, body):
        answered = reference().Handler.reply(self, verb, name, body)
        if (verb, name, str(body.get("id"))) not in lost:
            lost.add((verb, name, str(body.get("id"))))
            seen.append(verb)
            busy = len(seen) % 2
            return (503 if busy else 500), {"error": "the answer is lost, the work is done"}
        return answered

    with serving() as right, serving(handler(reply=reply)) as url:
        spoilt, whole = filled(memory(url)), filled(memory(right))
        assert spoilt.search(ASKED).hits == whole.search(ASKED).hits
        assert spoilt.stats() == whole.stats() and len(seen) >= 6


def test_usage_losses_and_missing_turns_of_a_server_are_counted(tmp_path):
    spent, noted = {"calls": 2, "prompt_tokens": 30, "completion_tokens": 4}, []
    losses = {"asked": 5, "malformed": 1, "reasons": [{"reason": "no JSON", "count": 1, "example": "{"}]}

    def change(verb, status, message):
        for hit in message.get("hits", []):
            del hit["turns"]
        if verb == "POST conversations/search":
            message |= {"usage": spent, "used": 1, "context": "as I say it"}
        return status, message | (
            {"usage": {"ingest": spent}, "losses": losses} if verb == "GET conversations/stats" else {}
        )

    with serving(replying(change)) as url:
        system = memory(url, note=lambda model, usage: noted.append((model, usage)))
        retrieved = filled(system).search(ASKED)
        assert retrieved.usage == Usage(2, 30, 4) and retrieved.used == 1 and retrieved.rendered() == "as I say it"
        assert all(hit.turn_ids == () for hit in retrieved.hits) and retrieved.hits
        assert system.usage() == {"ingest": Usage(2, 30, 4)}
        assert noted == [("word-overlap", Usage(2, 30, 4))] * 2
        assert (system.losses.asked, system.losses.malformed) == (5, 1)
        system.save(tmp_path)
        again = memory(url)
        again.load(tmp_path)
        assert again.usage() == system.usage() and again.losses.reasons == system.losses.reasons


def test_a_conversation_that_no_store_remembers_is_deleted(tmp_path):
    answers = handler()
    with serving(answers) as url:
        first, second = filled(memory(url)), filled(memory(url))
        second.save(tmp_path)
        first.close(), second.close()
        assert len(answers.talks) == 1 and next(iter(answers.talks)).startswith(f"{TALK.sample_id}-")


def _line(error: MemosError, *wanted: str) -> None:
    text = str(error)
    assert "\n" not in text and all(word in text for word in wanted), text


def test_no_server_and_foreign_servers_are_one_line_each():
    with pytest.raises(Unusable) as error:
        memory("http://127.0.0.1:9", max_attempts=2).start(TALK)
    _line(error.value, "no connection to http://127.0.0.1:9", "system.url")
    with serving() as url, pytest.raises(ConfigError) as error:
        memory(f"{url}/wrong/place").start(TALK)
    _line(error.value, f"system.url={url}/wrong/place", "no memory server answers there", "404")
    version = replying(lambda verb, s, m: (s, {**m, "version": "2.1"}) if verb == "GET protocol" else (s, m))
    with serving(version) as url, pytest.raises(ConfigError) as error:
        memory(url).start(TALK)
    _line(error.value, "word-overlap speaks version 2.1", "this is 1.0")
    with RestServer(list, token="a-secret") as server, pytest.raises(Unusable) as error:  # type: ignore[arg-type]
        memory(server.url).start(TALK)
    _line(error.value, "401", "system.api_key_env")
    with pytest.raises(ConfigError, match="system.url='ftp://x' is no http"):
        HttpMemory.Config(url="ftp://x")


MALFORMED = {
    "hits: expected a list, found 'none'": {"hits": "none"},
    "hits[1].text: expected a text, found nothing": {"hits": [{"text": "a"}, {"score": 1}]},
    "hits[0].text: it is empty": {"hits": [{"text": " "}]},
    "hits[0].turns: 'D9:9' is no turn of this conversation": {"hits": [{"text": "a", "turns": ["D9:9"]}]},
    "hits[0].score: expected a number, found 'high'": {"hits": [{"text": "a", "score": "high"}]},
    "60 hits, asked for 50": {"hits": [{"text": "a"}] * 60},
    "usage.calls: expected a number, found 'many'": {"hits": [], "usage": {"calls": "many"}},
    "the reply is longer than 0.5 MB (system.max_reply_mb)": {"hits": [{"text": "a" * 600_000}]},
}


@pytest.mark.parametrize("line", MALFORMED)
def test_a_malformed_reply_is_one_line(line):
    change = replying(lambda verb, s, m: (s, MALFORMED[line]) if verb == "POST conversations/search" else (s, m))
    with serving(change) as url:
        system = filled(memory(url, max_reply_mb=0.5))
        with pytest.raises(DataError) as error:
            system.search(ASKED)
        _line(error.value, line, "/search")


def test_a_silent_server_and_one_that_refuses_are_one_line():
    hold = threading.Event()

    def reply(self, verb, name, body):
        if verb == "POST conversations/search":
            hold.wait(5)
        if verb == "POST conversations/sessions":
            return 422, {"error": {"message": "too many\nturns"}}
        return reference().Handler.reply(self, verb, name, body)

    with serving(handler(reply=reply)) as url:
        system = memory(url, timeout_s=0.2, max_attempts=2)
        system.start(TALK)
        with pytest.raises(Unreachable) as error:
            system.search(ASKED)
        _line(error.value, "failed 2 times", "no reply within 0.2 s (system.timeout_s)")
        with pytest.raises(Rejected) as error:
            system.add(TALK.sessions[0])
        _line(error.value, "/sessions: 422 too many turns")
        hold.set()


def test_a_store_is_searched_only_where_its_conversation_is(tmp_path):
    answers = handler()
    with serving(answers) as url:
        filled(memory(url)).save(tmp_path)
        name = json.loads((tmp_path / "remote.json").read_text(encoding="utf-8"))["conversation"]
        del answers.talks[name][TALK.sessions[-1].session_id]
        with pytest.raises(DataError) as error:
            memory(url).load(tmp_path)
        _line(error.value, f"{len(TALK.sessions) - 1} of the {len(TALK.sessions)} sessions", "to ingest")
        del answers.talks[name]
        with pytest.raises(DataError) as error:
            memory(url).load(tmp_path)
        _line(error.value, f"no conversation {name} any more", "to ingest the conversation again")
    newer = replying(
        lambda verb, s, m: (s, {**m, "server": {"name": "word-overlap", "version": "2"}} if "server" in m else m)
    )
    with serving(newer) as url, pytest.raises(ConfigError) as error:
        memory(url).load(tmp_path)
    _line(error.value, "word-overlap 2 answers", "made by word-overlap 1", "system.served_as")


def test_ids_of_a_server_are_its_own_once():
    with RestServer(lambda: MemOSSystem(embedder=WordEmbedder())) as server:
        one = memory(server.url)
        one.start(TALK)
        one.add(TALK.sessions[0])
        ask, path = one._client.ask, one._path
        with pytest.raises(Rejected) as error:
            ask("POST", "/conversations", {"id": one._name})
        _line(error.value, f"409 conversation {one._name!r} exists")
        other = {"id": TALK.sessions[0].session_id, "turns": [{"id": "x", "speaker": "a", "text": "b"}]}
        with pytest.raises(Rejected) as error:
            ask("POST", f"{path}/sessions", other)
        _line(error.value, f"409 session {TALK.sessions[0].session_id!r} is kept with other turns")
        twice = {"id": "s", "turns": [{"id": "x", "speaker": "a", "text": "b"}] * 2}
        with pytest.raises(Rejected) as error:
            ask("POST", f"{path}/sessions", twice)
        _line(error.value, "400 the body is wrong: turns: the id 'x' stands there twice")
        with pytest.raises(ConfigError, match="can be reached from other machines; a token is needed"):
            RestServer(list, host="0.0.0.0")  # type: ignore[arg-type]


def test_served_stores_outlive_a_killed_server(tmp_path: Path):
    embedder = WordEmbedder()
    with RestServer(lambda: MemOSSystem(embedder=embedder), folder=tmp_path) as server:
        system = memory(server.url)
        system.start(TALK)
        system.add(TALK.sessions[0])
        name = system._name
        crashed = RestServer(lambda: MemOSSystem(embedder=embedder), folder=tmp_path)  # the first never ended
        assert crashed.conversations.stats(name) == server.conversations.stats(name)
        assert not crashed.conversations.add(name, TALK.sessions[0]), "it is known over the restart"
        crashed.conversations.close()
