"""A memory server in the standard library alone: turns by the words they share with the question (docs/remote.md).

python scripts/examples/memory_server.py [PORT]
"""

import argparse
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

GREETING = {"protocol": "memory-server", "version": "1.0", "turn_ids": True}
SERVER = {"name": "word-overlap", "version": "1"}


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open
    disable_nagle_algorithm = True  # head and body of a reply leave at once
    talks: dict[str, dict[str, list[dict]]] = {}  # conversation to session to turns

    def reply(self, verb: str, name: str, body: dict) -> tuple[int, dict]:
        if verb == "GET protocol":
            return 200, {**GREETING, "server": SERVER}
        if verb == "POST conversations":
            if body["id"] in self.talks:
                return 409, {"error": f"conversation {body['id']!r} exists"}
            self.talks[body["id"]] = {}
            return 201, {}
        if name not in self.talks:
            return 404, {"error": f"there is no conversation {name!r}"}
        sessions = self.talks[name]
        if verb == "POST conversations/sessions":  # the same session again changes nothing
            lines = [{**turn, "line": f"{turn['speaker']}: {turn['text']}"} for turn in body["turns"]]
            return 200, {"new": sessions.setdefault(body["id"], lines) is lines}
        if verb == "POST conversations/finish":
            return 200, {"pending": 0}
        turns = [turn for lines in sessions.values() for turn in lines]
        if verb == "POST conversations/search":
            asked = words(body["query"])
            scored = sorted(((len(asked & words(t["line"])), t) for t in turns), key=lambda pair: -pair[0])
            hits = [{"text": t["line"], "score": score, "turns": [t["id"]]} for score, t in scored[: body["limit"]]]
            return 200, {"hits": hits}
        if verb == "GET conversations/stats":
            return 200, {"sessions": len(sessions), "items": len(turns)}
        if verb == "DELETE conversations":
            return 200, {"sessions": len(self.talks.pop(name))}
        return 404, {"error": f"{self.command} {self.path}: no such address"}

    def answer(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        _, root, name, end, *_ = f"{self.path}///".split("/")
        try:
            verb = f"{self.command} {root}/{end}".rstrip("/")
            status, message = self.reply(verb, unquote(name), json.loads(raw or b"{}"))
        except (ValueError, KeyError, TypeError) as error:
            status, message = 400, {"error": f"the body is wrong: {error!r}"}
        out = json.dumps(message).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(out)))
        self.end_headers()
        self.wfile.write(out)

    do_GET = do_POST = do_DELETE = answer


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", nargs="?", type=int, default=8765)
    server = ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Handler)
    print(f"memory server on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
