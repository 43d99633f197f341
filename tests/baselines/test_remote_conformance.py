"""``memos-bench conformance``: right servers pass, and each planted defect is named by its check."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from conftest_baselines import CONVERSATION as TALK
from conftest_baselines import WordEmbedder, ingest
from memory_servers import handler, reference, serving

from baselines.remote.system import HttpMemory
from eval.command import cli
from eval.command.conformance import CHECKS, Probe, failures, main
from memos.serving.rest import RestServer
from memos.system import MemOSSystem
from memos.types import Query

ROOT = Path(__file__).resolve().parents[2]
SEARCH, SESSIONS, STATS = (
    f"{verb} conversations/{end}" for verb, end in (("POST", "search"), ("POST", "sessions"), ("GET", "stats"))
)


def replies(change):
    """A handler that changes what the reference server does: ``change(own, verb, name, body)`` with ``own`` the right
    reply.
    """

    def reply(self, verb, name, body):
        return change(lambda given=body: reference().Handler.reply(self, verb, name, given), self, verb, name, body)

    return lambda: handler(reply=reply, early={})


def future(own, self, verb, name, body):
    status, message = own()
    return status, message | ({"version": "2.0"} if verb == "GET protocol" else {})


def twice(own, self, verb, name, body):
    if verb == SESSIONS and name in self.talks and body.get("id") in self.talks[name]:
        return own({**body, "id": f"{body['id']} again {len(self.talks[name])}"})
    return own()


def leaking(own, self, verb, name, body):
    if verb == SEARCH and name in self.talks:
        own_talks, everything = self.talks, {k: v for talk in self.talks.values() for k, v in talk.items()}
        self.talks = {name: {**everything, **own_talks[name]}}
        try:
            return own()
        finally:
            self.talks = own_talks
    return own()


def endless(own, self, verb, name, body):
    return own({**body, "limit": 200} if verb == SEARCH and "limit" in body else body)


def inventing(own, self, verb, name, body):
    status, message = own()
    return status, {
        **message,
        "hits": [{**hit, "turns": ["D9:9"]} for hit in message["hits"]],
    } if "hits" in message else message


def polite(own, self, verb, name, body):
    status, message = own()
    empty = {"hits": [], "sessions": 0}
    return (200, empty) if status == 404 else (status, message)


def remembering(own, self, verb, name, body):
    return (204, {}) if verb == "DELETE conversations" else own()


def hasty(own, self, verb, name, body):
    """Nothing is found before the third search: the index was still being built when it said that nothing waits."""
    status, message = own()
    if "hits" in message:
        self.early[name] = self.early.get(name, 0) + 1
        message = {"hits": message["hits"] if self.early[name] > 3 else []}
    return status, message


def learning(own, self, verb, name, body):
    """Each question is remembered too."""
    answered = own()
    if verb == SEARCH and name in self.talks:
        turn = {"id": "D1:1", "speaker": "", "text": "", "line": f"{body['query']}"}
        self.talks[name].setdefault("asked", []).append(turn)
    return answered


def crashing(own, self, verb, name, body):
    status, message = own() if body.get("id") or verb != "POST conversations" else (500, {"error": "Traceback"})
    return status, message


def latin(own, self, verb, name, body):
    if verb == SESSIONS:
        body = json.loads(json.dumps(body, ensure_ascii=False).encode("latin-1", "replace").decode("latin-1"))
    return own(body)


def worst_first(own, self, verb, name, body):
    status, message = own()
    return status, {**message, "hits": message["hits"][::-1]} if "hits" in message else message


def nameless(own, self, verb, name, body):
    if verb == SESSIONS and isinstance(body.get("turns"), list):
        body = {**body, "turns": [turn for turn in body["turns"] if turn.get("speaker")]}
    return own(body)


def miscounting(own, self, verb, name, body):
    status, message = own()
    return status, {**message, "sessions": message["items"]} if verb == STATS and status == 200 else message


DEFECTS = {
    "greeting": future,
    "repeats": twice,
    "isolation": leaking,
    "limit": endless,
    "turns": inventing,
    "errors": polite,
    "delete": remembering,
    "finds": hasty,
    "purity": learning,
    "order": worst_first,
    "odd input": nameless,
    "stats": miscounting,
}
"""Check to the defect that it has to find."""
FURTHER = {"finds": latin, "errors": crashing}


@pytest.mark.parametrize(("check", "defect"), [*DEFECTS.items(), *FURTHER.items()])
def test_a_planted_defect_is_named_in_one_line(check, defect):
    with serving(replies(defect)()) as url:
        wrong = failures(Probe(url))
    assert check in wrong and "\n" not in wrong[check], wrong
    assert len(wrong) <= 4, "most of it works, and the report says so"


def test_the_reference_server_and_ours_keep_the_protocol(capsys):
    answers = handler()
    with serving(answers) as url:
        assert main([url]) == 0 and not answers.talks, "what the checks made is deleted"
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(CHECKS) + 1 and lines[-1] == f"{len(CHECKS)} of {len(CHECKS)} checks hold"
    with RestServer(lambda: MemOSSystem(embedder=WordEmbedder())) as server:
        assert failures(Probe(server.url)) == {}


def test_the_command_tells_failures_and_dead_hosts(monkeypatch, capsys):
    def command(url: str) -> int:
        monkeypatch.setattr(sys, "argv", ["memos-bench", "conformance", url])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(str(ended.value.code))

    with serving(replies(endless)()) as url:
        assert command(url) == 1
    assert "FAIL  limit: limit 1 brings 4 hits\n" in capsys.readouterr().out
    assert command("http://127.0.0.1:9") == 1
    error = capsys.readouterr().err.splitlines()
    assert len(error) == 1 and error[0].startswith("error: http://127.0.0.1:9: GET /protocol brings no reply")


def test_messages_are_those_of_the_open_api():
    """What the driver and our server say to one another, held to the schemas of docs/memory_server.openapi.yaml."""
    described = yaml.safe_load((ROOT / "docs" / "memory_server.openapi.yaml").read_text(encoding="utf-8"))
    said = []

    class Listening(RestServer):
        def reply(self, method, path, body):
            status, message = super().reply(method, path, body)
            said.append((method, path, dict(body), status, message))
            return status, message

    with Listening(lambda: MemOSSystem(embedder=WordEmbedder())) as server:
        system = ingest(HttpMemory(HttpMemory.Config(url=server.url)), TALK)
        system.search(Query("Where does Ada live?"))
        system.stats()
        system.close()
    seen = set()
    for method, path, body, status, message in said:
        name = system._path
        address = path.replace(name, "/conversations/{conversation}")
        operation = described["paths"][address][method.lower()]
        seen.add((address, method.lower()))
        for content, value in ((operation.get("requestBody"), body), (operation["responses"][str(status)], message)):
            for schema in _schemas(content, described):
                jsonschema.Draft202012Validator({**schema, "components": described["components"]}).validate(value)
    assert seen == {
        (address, verb) for address, verbs in described["paths"].items() for verb in verbs if verb != "parameters"
    }


def _schemas(content, described) -> list[dict]:
    if content and "$ref" in content:
        content = described["components"]["responses"][content["$ref"].rpartition("/")[2]]
    return [one["schema"] for one in (content or {}).get("content", {}).values()]
