"""A scripted server that speaks OpenAI's chat completions and embeddings over HTTP/1.1 on loopback.

In a test: ``with ScriptedServer(rules=[("kite", "red")]) as server: OpenAI(base_url=server.base_url, api_key="x")``.
As a process: ``python tests/server/scripted.py --latency 0.2`` prints its base URL on a line and serves until killed.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scripted_limits import RateLimit
from scripted_replies import Fault, FaultPlan, Reply, Script, Source, content_text, spoiled

_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}
_STATUS = {
    "429": (429, {"type": "requests", "code": "rate_limit_exceeded", "message": "slow down"}),
    "500": (500, {"type": "server_error", "code": None, "message": "the server had an error"}),
    "400": (400, {"type": "invalid_request_error", "code": None, "message": "bad request"}),
    "401": (401, {"type": "invalid_request_error", "code": "invalid_api_key", "message": "wrong key"}),
    "too_long": (
        400,
        {"type": "invalid_request_error", "code": "context_length_exceeded", "message": "maximum context length is 10"},
    ),
}


@dataclass(frozen=True)
class Logged:
    """One request the server saw."""

    path: str
    body: dict[str, Any]
    headers: dict[str, str]
    """Lower-case names; ``?`` holds the query of the address."""
    fault: str | None
    time: float


class ScriptedServer:
    """See the module's text.

    Args:
        rules, queue: the script (scripted_replies.Script).
        latency: seconds before a reply (before its first token when it streams).
        prefill: seconds for each prompt token that the prefix cache does not hold (added to ``latency``).
        token_delay: seconds between streamed tokens.
        prefix_cache: whether prompts seen before serve later ones that start the same (``cached_tokens``).
        faults: a FaultPlan, or a list for ``FaultPlan(sequence)``.
        refuse: response formats and options the server rejects with status 400: ``json_schema``, ``json_object``,
            ``seed``, ``stream_options``, ``max_completion_tokens``, …
        limit: a RateLimit that chats and embeddings are held to; tokens are those of the prompt and of the reply.
        timeout_s: how long a ``timeout`` fault keeps silent before the connection is closed.
        dim: length of embeddings.
        embedded: bodies that the first requests for embeddings get, whatever they are.

    Tokens are words separated by white space. ``requests`` is the log; ``peak`` the most requests in flight at once.
    """

    def __init__(
        self,
        rules: Sequence[tuple[str, Source]] = (),
        queue: Sequence[Source] = (),
        *,
        latency: float | Callable[[dict[str, Any]], float] = 0.0,
        prefill: float = 0.0,
        token_delay: float = 0.0,
        prefix_cache: bool = False,
        faults: FaultPlan | Sequence[Fault | str | None] = (),
        refuse: Sequence[str] = (),
        limit: RateLimit | None = None,
        timeout_s: float = 30.0,
        dim: int = 16,
        embedded: Sequence[str] = (),
        model: str = "scripted-1",
        port: int = 0,
    ) -> None:
        self.script = Script(rules, queue)
        self.latency, self.prefill, self.token_delay = latency, prefill, token_delay
        self.faults = faults if isinstance(faults, FaultPlan) else FaultPlan(faults)
        self.refuse, self.timeout_s, self.dim, self.model, self.port = set(refuse), timeout_s, dim, model, port
        self.limit, self.embeddings = limit, list(embedded)
        self.requests: list[Logged] = []
        self.peak = 0
        self._prompts: list[list[str]] | None = [] if prefix_cache else None
        self._in_flight = 0
        self._ids = 0
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def chats(self) -> list[dict[str, Any]]:
        """Bodies of the chat requests so far, faulty ones included."""
        return [logged.body for logged in self.requests if logged.path.endswith("/chat/completions")]

    def __enter__(self) -> ScriptedServer:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the scripted server did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._tasks: set[asyncio.Task] = set()
        server = await asyncio.start_server(self._connection, "127.0.0.1", self.port, backlog=512)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; False when the connection is to be closed."""
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        path, _, query = lines[0].split(" ")[1].partition("?")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:-2])}
        raw = await reader.readexactly(int(headers.get("content-length", 0)))
        body = json.loads(raw) if raw else {}
        self._in_flight += 1
        self.peak = max(self.peak, self._in_flight)
        try:
            return await self._serve(path, {"?": query, **headers}, raw, body, writer)
        finally:
            self._in_flight -= 1

    async def _serve(
        self, path: str, headers: dict[str, str], raw: bytes, body: dict[str, Any], writer: asyncio.StreamWriter
    ) -> bool:
        fault = self.faults.next(raw)
        self.requests.append(Logged(path, body, headers, fault.kind if fault else None, time.monotonic()))
        if fault is not None and fault.kind in ("drop", "timeout"):
            if fault.kind == "timeout":
                await asyncio.sleep(self.timeout_s)
            return False
        if fault is not None and fault.kind in _STATUS:
            status, error = _STATUS[fault.kind]
            extra = (
                {} if fault.retry_after is None or fault.kind != "429" else {"retry-after": f"{fault.retry_after:g}"}
            )
            return await _send(writer, status, {"error": error}, extra)
        if path.endswith("/models"):
            return await _send(writer, 200, {"object": "list", "data": [{"id": self.model, "object": "model"}]})
        if path.endswith("/embeddings") and self.embeddings:
            return await _write(writer, 200, self.embeddings.pop(0).encode("utf-8", "surrogatepass"), {})
        if path.endswith("/embeddings"):
            made, stated = self._embeddings(body), {}
            if self.limit is not None:
                wait, stated = self.limit.take(made["usage"]["total_tokens"])
                if wait > 0:
                    return await _send(writer, 429, _refused(self.limit, wait, made["usage"]["total_tokens"]), stated)
            return await _send(writer, 200, made, stated)
        if not path.endswith("/chat/completions"):
            return await _send(writer, 404, {"error": {"message": f"no route {path}", "code": None}})
        return await self._chat(body, fault, writer)

    async def _chat(self, body: dict[str, Any], fault: Fault | None, writer: asyncio.StreamWriter) -> bool:
        refused = self._refused(body)
        if refused:
            error = {"type": "invalid_request_error", "code": "unsupported_value", "param": refused}
            return await _send(writer, 400, {"error": {**error, "message": f"{refused} is not supported here"}})
        words = "\n".join(content_text(m.get("content")) for m in body.get("messages", ())).split()
        reply, stated = self.script.reply(body), {}
        if self.limit is not None:
            longest = body.get("max_completion_tokens") or body.get("max_tokens") or len(reply.text)
            tokens = len(words) + min(len(reply.text.split()), longest)
            wait, stated = self.limit.take(tokens)
            if wait > 0:
                return await _send(writer, 429, _refused(self.limit, wait, tokens), stated)
        cached = self._cached(words)
        if reply.status != 200:
            await asyncio.sleep(self._delay(body))
            return await _send(writer, reply.status, {"error": dict(reply.error or {})}, dict(reply.headers))
        if reply.raw is not None:
            return await _write(writer, 200, reply.raw.encode("utf-8", "surrogatepass"), {"content-type": "text/plain"})
        if fault is not None and fault.kind == "garbage":
            return await _write(writer, 200, b"<html>not json</html>", {"content-type": "text/html"})
        if fault is not None:
            reply = spoiled(reply, fault.kind)
        cached = cached if reply.cached_tokens is None else reply.cached_tokens
        await asyncio.sleep(self._delay(body) + self.prefill * (len(words) - cached))
        completion = self._completion(body, reply, len(words), cached)
        if body.get("stream"):
            return await self._stream(body, completion, writer)
        return await _send(writer, 200, completion, {**stated, **reply.headers})

    def _delay(self, body: dict[str, Any]) -> float:
        return self.latency(body) if callable(self.latency) else self.latency

    def _refused(self, body: dict[str, Any]) -> str | None:
        form = (body.get("response_format") or {}).get("type")
        if form in self.refuse:
            return "response_format"
        return next((name for name in sorted(self.refuse) if name in body), None)

    def _cached(self, words: list[str]) -> int:
        if self._prompts is None:
            return 0
        best = 0
        for earlier in self._prompts:
            shared = 0
            for a, b in zip(earlier, words, strict=False):
                if a != b:
                    break
                shared += 1
            best = max(best, shared)
        self._prompts.append(words)
        return min(best, max(len(words) - 1, 0))

    def _completion(self, body: dict[str, Any], reply: Reply, prompt_tokens: int, cached: int) -> dict[str, Any]:
        self._ids += 1
        calls = [
            {
                "id": f"call_{self._ids}_{i}",
                "type": "function",
                "function": {"name": name, "arguments": args if isinstance(args, str) else json.dumps(args)},
            }
            for i, (name, args) in enumerate(reply.tool_calls)
        ]
        text, finish = reply.text, "tool_calls" if calls else "stop"
        limit = body.get("max_completion_tokens") or body.get("max_tokens")
        if limit and len(text.split()) > limit:
            text, finish = " ".join(text.split()[:limit]), "length"
        message: dict[str, Any] = {"role": "assistant", "content": text if text or not calls else None}
        message["refusal"] = reply.refusal
        if calls:
            message["tool_calls"] = calls
        completion_tokens = len(text.split()) + sum(len(c["function"]["arguments"].split()) for c in calls)
        return {
            "id": f"chatcmpl-{self._ids}",
            "object": "chat.completion",
            "created": 1700000000,
            "model": body.get("model") or self.model,
            "choices": [
                {"index": 0, "message": message, "finish_reason": reply.finish_reason or finish, "logprobs": None}
            ],
            "usage": {
                "prompt_tokens": prompt_tokens,
                "completion_tokens": completion_tokens,
                "total_tokens": prompt_tokens + completion_tokens,
                "prompt_tokens_details": {"cached_tokens": cached},
            },
        }

    async def _stream(self, body: dict[str, Any], completion: dict[str, Any], writer: asyncio.StreamWriter) -> bool:
        """Server-sent events: the role, the words, the finish reason, and the usage where it is asked for."""
        base = {key: completion[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
        choice = completion["choices"][0]
        message = choice["message"]
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
        words = (message["content"] or "").split(" ")
        deltas += [{"content": word if i == 0 else f" {word}"} for i, word in enumerate(words) if message["content"]]
        if message["refusal"]:
            deltas.append({"refusal": message["refusal"]})
        if message.get("tool_calls"):
            deltas.append({"tool_calls": [{"index": i, **call} for i, call in enumerate(message["tool_calls"])]})
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for i, delta in enumerate(deltas):
            _event(writer, {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
            await writer.drain()
            if self.token_delay and i:
                await asyncio.sleep(self.token_delay)
        _event(writer, {**base, "choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]})
        if (body.get("stream_options") or {}).get("include_usage"):
            _event(writer, {**base, "choices": [], "usage": completion["usage"]})
        _event(writer, "[DONE]")
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    def _embeddings(self, body: dict[str, Any]) -> dict[str, Any]:
        given = body["input"]
        texts = [given] if isinstance(given, str) else list(given)
        rows = []
        for index, text in enumerate(texts):
            vector = embedding(str(text), body.get("dimensions") or self.dim)
            value: Any = vector
            if body.get("encoding_format") == "base64":
                import base64

                value = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
            rows.append({"object": "embedding", "index": index, "embedding": value})
        tokens = sum(len(str(text).split()) for text in texts)
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return {"object": "list", "model": body.get("model", self.model), "data": rows, "usage": usage}


def embedding(text: str, dim: int) -> list[float]:
    """A unit vector in which texts that share words are close: the sum of hashed word vectors."""
    vector = [0.0] * dim
    for word in text.lower().split() or [""]:
        digest = hashlib.sha256(word.encode()).digest()
        vector[digest[0] % dim] += 1.0 if digest[1] % 2 else -1.0
        vector[digest[2] % dim] += 0.5
    norm = sum(value * value for value in vector) ** 0.5 or 1.0
    return [value / norm for value in vector]


def _event(writer: asyncio.StreamWriter, value: Any) -> None:
    data = f"data: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}\n\n".encode()
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


def _refused(limit: RateLimit, wait: float, tokens: float) -> dict[str, Any]:
    error = {"type": "tokens", "code": "rate_limit_exceeded", "message": limit.message(wait, tokens)}
    return {"error": error}


async def _send(
    writer: asyncio.StreamWriter, status: int, body: dict[str, Any], headers: dict[str, str] | None = None
) -> bool:
    data = json.dumps(body, ensure_ascii=False).encode()
    return await _write(writer, status, data, {"content-type": "application/json", **(headers or {})})


async def _write(writer: asyncio.StreamWriter, status: int, data: bytes, headers: dict[str, str]) -> bool:
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}", f"content-length: {len(data)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + data)
    await writer.drain()
    return True


def main() -> None:
    """Serve in this process until it is ended; prints the base URL on the first line."""
    parser = argparse.ArgumentParser(description="scripted OpenAI-compatible server on loopback")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each reply")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--rule",
        nargs=2,
        action="append",
        default=[],
        metavar=("PATTERN", "REPLY"),
        help="reply to requests in whose messages the pattern is found (may be repeated)",
    )
    parser.add_argument("--tokens-per-minute", type=float, help="refuse with 429 what goes beyond")
    parser.add_argument("--requests-per-minute", type=float, help="refuse with 429 what goes beyond")
    parser.add_argument("--limit-kind", default="bucket", help="bucket, window or sliding")
    parser.add_argument("--limit-full", type=float, default=1.0, help="share of the limit that is there at the start")
    parser.add_argument("--limit-headers", default="openai", help="openai, anthropic, plain or none")
    options = parser.parse_args()
    given = options.tokens_per_minute, options.requests_per_minute
    limit = None
    if any(given):
        limit = RateLimit(*given, kind=options.limit_kind, full=options.limit_full, headers=options.limit_headers)
    with ScriptedServer(options.rule, latency=options.latency, port=options.port, limit=limit) as server:
        print(server.base_url, flush=True)
        parent = os.getppid()
        while os.getppid() == parent:
            time.sleep(0.5)


if __name__ == "__main__":
    main()
