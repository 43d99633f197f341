"""Chat completions of OpenAI and of every server that speaks the same (vLLM, SGLang, Ollama, llama.cpp)."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import queue
import random
import re
import threading
import time
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from memos.errors import ConfigError, LLMError, MissingDependency, PromptTooLong
from memos.llm.base import Completion, Request
from memos.llm.openai_config import OPENAI_URL, WINDOWS, OpenAIConfig
from memos.llm.openai_wire import BadReply, Dialect, StreamParts, body_of, completion_of
from memos.llm.retry import Backoff, Rejected, Unreachable, is_transient, retry_after
from memos.llm.window import fit
from memos.llm.wire import describe
from memos.servers import is_loopback, served_as
from memos.types import Message

if TYPE_CHECKING:
    from openai import AsyncOpenAI

T = TypeVar("T")
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_MESSAGE_TOKENS, _REPLY_TOKENS = 4, 3
"""Tokens the chat template adds for each message and for the start of the reply (OpenAI's figures)."""


class OpenAIChat:
    """A chat model behind the official SDK's AsyncOpenAI, with a synchronous face.

    Requests run on one event loop in a thread of its own; at most ``concurrency`` are under way, whichever threads
    they come from. Passing failures (408, 409, 429, 5xx, connection, timeout, a broken reply) are retried with full
    jitter or after the server's Retry-After; others raise at once. ``latency_ms`` is the time of the attempt that
    succeeded, without waiting in the queue or between attempts (docs/protocol.md#latency); ``attempts`` says how many
    it took. A request's ``seed`` is sent as ``seed + sample_index``, so repeated samples differ.

    Raises:
        ConfigError: at the first request, when OpenAI itself is asked and the named variable holds no key.
    """

    Config = OpenAIConfig
    part_id = "openai_llm"
    remote = True

    def __init__(self, config: OpenAIConfig | None = None) -> None:
        self.config = config or OpenAIConfig()
        self.name = self.config.model
        self.base_url = (self.config.base_url or OPENAI_URL).rstrip("/")
        base = _DATED.sub("", self.name)
        self.context_window = self.config.context_window or WINDOWS.get(base)
        self.comparable = base.rsplit("/", 1)[-1] == "gpt-4o-mini" and not is_loopback(self.base_url)
        self._backoff = Backoff(self.config.backoff_s, self.config.backoff_max_s, self.config.retry_after_max_s)
        self._dialect = Dialect(form=self.config.structured)
        self._random = random.Random()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()

    def identity(self) -> dict[str, Any]:
        """What changes replies besides the request."""
        server = served_as(self.base_url, self.config.served_as)
        return {"provider": "openai", "model": self.name, "served_as": server, **self._settings()}

    def _settings(self) -> dict[str, Any]:
        cut = {"long_prompt": "cut", "window": self.context_window} if self.config.long_prompt == "cut" else {}
        extra = {"extra_body": dict(self.config.extra_body)} if self.config.extra_body else {}
        form = {} if self.config.structured == "json_schema" else {"structured": self.config.structured}
        return {**cut, **extra, **form}

    def earlier_identity(self) -> dict[str, Any] | None:
        """The identity of before servers had names, under which replies may be cached;
        None where a name is declared."""
        if self.config.served_as:
            return None
        return {"provider": "openai", "model": self.name, "base_url": self.base_url, **self._settings()}

    def complete(self, request: Request) -> Completion:
        """One reply.

        Raises:
            PromptTooLong: the prompt exceeds the window and may not be cut.
            Rejected: the server refuses the request for good.
            Unreachable: every attempt failed.
        """
        loop = self._start()
        return asyncio.run_coroutine_threadsafe(self._limited(request), loop).result()

    def complete_many(self, requests: Sequence[Request]) -> Generator[tuple[int, Completion | LLMError], None, None]:
        """Replies as they come. Closing the iterator cancels what is under way."""
        if not requests:
            return
        loop = self._start()
        results: queue.SimpleQueue[tuple[int, Completion | LLMError] | BaseException] = queue.SimpleQueue()
        job = asyncio.run_coroutine_threadsafe(self._run_all(requests, results), loop)
        job.add_done_callback(lambda done: results.put(_ended(done, self.name)))
        try:
            for _ in requests:
                outcome = results.get()
                if not isinstance(outcome, tuple):
                    raise outcome
                yield outcome
        finally:
            job.cancel()

    def close(self) -> None:
        """Close connections and end the thread; a later request starts them again."""
        with self._start_lock:
            if self._loop is None or self._thread is None:
                return
            asyncio.run_coroutine_threadsafe(self._client.close(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._loop = self._thread = None
            atexit.unregister(self.close)

    def prepared(self, request: Request) -> tuple[dict[str, Any], int]:
        """The body that ``complete`` would send, unstreamed, and the prompt tokens that were cut for it.

        Raises:
            PromptTooLong: the prompt exceeds the window and may not be cut.
        """
        messages, cut = self._fit(request)
        fitted = replace(request, messages=messages)
        return body_of(fitted, self.name, self._dialect, stream=False, extra=self.config.extra_body), cut

    def call(self, make: Callable[[AsyncOpenAI], Coroutine[Any, Any, T]]) -> T:
        """Run a call of the SDK's client, which has this model's address, key and headers."""
        loop = self._start()
        return asyncio.run_coroutine_threadsafe(make(self._client), loop).result()

    def _start(self) -> asyncio.AbstractEventLoop:
        with self._start_lock:
            if self._loop is None:
                key = self._key()
                loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=loop.run_forever, name=f"llm-{self.name}", daemon=True)
                self._thread.start()
                make = asyncio.run_coroutine_threadsafe(_make_client(self.base_url, key, self.config.timeout_s), loop)
                self._client, self._slots = make.result(), asyncio.Semaphore(self.config.concurrency)
                self._loop = loop
                atexit.register(self.close)
            return self._loop

    def _key(self) -> str:
        name = self.config.api_key_env
        key = os.environ.get(name, "") if name else ""
        if not key and self.base_url == OPENAI_URL:
            raise ConfigError(
                f"llm.api_key_env={name!r} names no variable with a key; export {name or 'OPENAI_API_KEY'}=…, or set "
                f"llm.base_url to a server that needs none"
            )
        return key or "no-key"

    async def _run_all(self, requests: Sequence[Request], results: queue.SimpleQueue) -> None:
        todo = iter(enumerate(requests))

        async def worker() -> None:
            for index, request in todo:
                try:
                    results.put((index, await self._limited(request)))
                except LLMError as error:
                    results.put((index, error))

        await asyncio.gather(*(worker() for _ in range(min(self.config.concurrency, len(requests)))))

    async def _limited(self, request: Request) -> Completion:
        messages, cut = self._fit(request)
        async with self._slots:
            completion = await self._with_retries(replace(request, messages=messages))
        return replace(completion, cut_tokens=cut) if cut else completion

    def _fit(self, request: Request) -> tuple[tuple[Message, ...], int]:
        window, reserve = self.context_window, request.max_tokens or 0
        if window is not None:  # A token has at least one byte, so most prompts need no counting.
            size = sum(
                len(message.content.encode("utf-8", "replace")) + _MESSAGE_TOKENS for message in request.messages
            )
            if size + _REPLY_TOKENS <= window - reserve:
                return request.messages, 0
        return fit(request.messages, _count, window, reserve, self.config.long_prompt, self.name)

    async def _with_retries(self, request: Request) -> Completion:
        import openai

        failures = adaptations = 0
        while True:
            wish: float | None = None
            body = body_of(request, self.name, self._dialect, stream=self.config.stream, extra=self.config.extra_body)
            try:
                async with asyncio.timeout(self.config.timeout_s):
                    return await self._attempt(body, failures + 1)
            except openai.APIStatusError as error:
                code, param = (value if isinstance(value, str) else None for value in (error.code, error.param))
                if error.status_code == 400 and adaptations < 8 and self._dialect.adapt(body, param, _said(error)):
                    adaptations += 1
                    continue
                if not is_transient(error.status_code, code):
                    raise self._permanent(request, error, code) from error
                wish, reason = retry_after(error.response.headers), f"{error.status_code} {_said(error)}"
            except (openai.APITimeoutError, TimeoutError):
                reason = f"no reply within {self.config.timeout_s:g} s"
            except (openai.APIError, _http_error()) as error:
                reason = f"connection failed ({error.__cause__ or error})"
            except (BadReply, json.JSONDecodeError) as error:
                reason = f"broken reply ({error})"
            failures += 1
            if failures >= self.config.max_attempts:
                raise Unreachable(
                    f"{self.name} at {self.base_url} failed {failures} times, last: {reason}; request "
                    f"{describe(request)!r}"
                )
            await asyncio.sleep(self._backoff.wait(failures, wish, self._random))

    def _permanent(self, request: Request, error: Any, code: str | None) -> LLMError:
        said = _said(error)
        if code == "context_length_exceeded" or "context length" in said.lower():
            return PromptTooLong(
                f"{self.name} refuses a prompt longer than its window ({said}); shorten the context, or set "
                f"llm.context_window and llm.long_prompt=cut; request {describe(request)!r}"
            )
        return Rejected(
            f"{self.name} at {self.base_url} refuses: {error.status_code} {code or ''} {said}; request "
            f"{describe(request)!r}"
        )

    async def _attempt(self, body: dict[str, Any], attempt: int) -> Completion:
        start = time.perf_counter()
        if self.config.stream:
            return await self._streamed(body, start, attempt)
        text = await self._client.post("/chat/completions", body=body, cast_to=str)
        return completion_of(json.loads(text), (time.perf_counter() - start) * 1000, attempt)

    async def _streamed(self, body: dict[str, Any], start: float, attempt: int) -> Completion:
        parts, first = StreamParts(), None
        stream = await self._client.chat.completions.create(**body)
        async for chunk in stream:
            if parts.add(chunk.model_dump()) and first is None:
                first = (time.perf_counter() - start) * 1000
        completion = completion_of(parts.body(), (time.perf_counter() - start) * 1000, attempt)
        return replace(completion, ttft_ms=first)


def _count(messages: Sequence[Message]) -> int:
    """Tokens of a prompt with its template; an estimate by cl100k, which is near every current model's count."""
    from memos.tokens import count_tokens

    return sum(count_tokens(message.content) + _MESSAGE_TOKENS for message in messages) + _REPLY_TOKENS


def _ended(job: Future[None], name: str) -> BaseException:
    """Why a job that has no more replies to give ended."""
    if job.cancelled():
        return asyncio.CancelledError()
    return job.exception() or LLMError(f"{name}: the client was closed while requests were under way")


def _http_error() -> type[Exception]:
    """Base of the transport's own errors, which the SDK lets through in the middle of a stream."""
    try:
        import httpx2 as httpx
    except ModuleNotFoundError:
        import httpx  # pyright: ignore[reportMissingImports]  # one of the two is there
    return httpx.HTTPError


def _said(error: Any) -> str:
    """The server's own message, without the SDK's wrapping."""
    body = error.body if isinstance(error.body, Mapping) else {}
    return str(body.get("message") or error.message)[:500]


async def _make_client(base_url: str, key: str, timeout_s: float) -> AsyncOpenAI:
    """The SDK's client with its own retries off, on aiohttp: half the CPU time a request of its default transport."""
    import openai

    try:
        http_client = openai.DefaultAioHttpClient(timeout=timeout_s)
    except RuntimeError as error:
        raise MissingDependency("aiohttp is not installed; run: pip install 'openai[aiohttp]'") from error
    return openai.AsyncOpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=timeout_s, http_client=http_client)
