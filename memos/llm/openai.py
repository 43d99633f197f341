"""Chat completions of OpenAI and of every server that speaks the same (docs/providers.md)."""

from __future__ import annotations

import asyncio
import atexit
import queue
import re
import threading
from collections.abc import Callable, Coroutine, Generator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from memos.errors import LLMError
from memos.llm.base import Completion, Request
from memos.llm.counting import most_tokens, prompt_counter
from memos.llm.health import Health, Unusable
from memos.llm.limits import Limits, pace_host
from memos.llm.limits_headers import REQUESTS, TOKENS
from memos.llm.openai_calls import Calls
from memos.llm.openai_client import OpenAITransport, key_of
from memos.llm.openai_config import OPENAI_URL, WINDOWS, OpenAIConfig
from memos.llm.openai_dialect import Dialect
from memos.llm.window import fit
from memos.model_origin import ModelOrigin, served_origin
from memos.servers import served_as
from memos.types import Message

if TYPE_CHECKING:
    from openai import AsyncOpenAI

T = TypeVar("T")
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


class OpenAIChat:
    """A chat model behind a server of chat completions, with a synchronous face.

    Requests run on one event loop in a thread of its own; at most ``concurrency`` are under way, whichever threads
    they come from, at the pace that all processes of the machine share (``memos.llm.limits``). Passing failures (408,
    409, 5xx, connection, timeout, a broken reply) are retried with full jitter; a rate limit is waited for as long as
    the server asks and spends no attempt; others raise at once. Where every call fails for one cause that nothing
    mends, the run ends (``memos.llm.health``). ``latency_ms`` is the time of the attempt that succeeded, without
    waiting in the queue or between attempts (docs/protocol.md#latency); ``attempts`` says how many it took. A request's
    ``seed`` is sent as ``seed + sample_index``, so repeated samples differ.

    Raises:
        ConfigError: at the first request, when OpenAI itself is asked and the named variable holds no key.
    """

    Config = OpenAIConfig
    part_id = "openai_llm"
    provider = "openai"
    remote = True

    def __init__(self, config: OpenAIConfig | None = None) -> None:
        self.config = config or self.Config()
        self.name = self.config.model
        self.base_url = self._address().rstrip("/")
        base = _DATED.sub("", self.name)
        self.context_window = self.config.context_window or WINDOWS.get(base)
        self._dialect = Dialect.of_model(self.name, self.config.structured)
        self._health = Health()
        self._limits = Limits(
            pace_host(self.base_url),
            self.name,
            {REQUESTS: self.config.requests_per_minute, TOKENS: self.config.tokens_per_minute},
            base_s=self.config.backoff_s,
            max_s=self.config.backoff_max_s,
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()

    def _address(self) -> str:
        return self.config.base_url or OPENAI_URL

    @property
    def model_origin(self) -> ModelOrigin:
        """Whose model it is, by the server's address or the user's word."""
        return served_origin(self.name, self.base_url, self.config.served_as, self.config.declared)

    def identity(self) -> dict[str, Any]:
        """What changes replies besides the request."""
        server = served_as(self.base_url, self.config.served_as)
        return {"provider": self.provider, "model": self.name, "served_as": server, **self._settings()}

    def _settings(self) -> dict[str, Any]:
        config = self.config
        cut = {"long_prompt": "cut", "window": self.context_window} if config.long_prompt == "cut" else {}
        if cut and config.tokenizer:
            cut["tokenizer"] = config.tokenizer
        further = {"extra_body": config.extra_body, "max_tokens": config.max_tokens, "query": config.query}
        form = {} if config.structured == "json_schema" else {"structured": config.structured}
        return {**cut, **{name: value for name, value in further.items() if value}, **form}

    def earlier_identity(self) -> dict[str, Any] | None:
        """The identity of before servers had names, under which replies may be cached;
        None where a name is declared."""
        if self.config.served_as:
            return None
        return {"provider": self.provider, "model": self.name, "base_url": self.base_url, **self._settings()}

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
            asyncio.run_coroutine_threadsafe(self._transport.close(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._limits.close()
            self._loop = self._thread = None
            atexit.unregister(self.close)

    def prepared(self, request: Request) -> tuple[dict[str, Any], int]:
        """The body that ``complete`` would send, unstreamed, and the prompt tokens that were cut for it.

        Raises:
            PromptTooLong: the prompt exceeds the window and may not be cut.
        """
        self._start()
        messages, cut = self._fit(request)
        return self._calls.body(replace(request, messages=messages)), cut

    def call(self, make: Callable[[AsyncOpenAI], Coroutine[Any, Any, T]]) -> T:
        """Run a call of the SDK's client, which has this model's address, key and headers."""
        loop = self._start()
        return asyncio.run_coroutine_threadsafe(make(self._transport.sdk), loop).result()

    def _start(self) -> asyncio.AbstractEventLoop:
        with self._start_lock:
            if self._loop is None:
                key = self._key()
                loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=loop.run_forever, name=f"llm-{self.name}", daemon=True)
                self._thread.start()
                try:
                    self._transport = asyncio.run_coroutine_threadsafe(self._connected(key), loop).result()
                except BaseException:
                    loop.call_soon_threadsafe(loop.stop)
                    raise
                server = served_as(self.base_url)
                self._calls = Calls(self.config, server, self._transport, self._limits, self._dialect, self._health)
                self._slots = asyncio.Semaphore(self.config.concurrency)
                self._loop = loop
                atexit.register(self.close)
            return self._loop

    def _key(self) -> str:
        return key_of(self.config, self.base_url)

    async def _connected(self, key: str) -> OpenAITransport:
        """What sends, made in the loop that it belongs to."""
        return OpenAITransport(self.config, self.base_url, key)

    async def _run_all(self, requests: Sequence[Request], results: queue.SimpleQueue) -> None:
        todo = iter(enumerate(requests))

        async def worker() -> None:
            for index, request in todo:
                try:
                    results.put((index, await self._limited(request)))
                except Unusable:
                    raise
                except LLMError as error:
                    results.put((index, error))

        workers = [asyncio.ensure_future(worker()) for _ in range(min(self.config.concurrency, len(requests)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for task in workers:
                task.cancel()

    async def _limited(self, request: Request) -> Completion:
        messages, cut = self._fit(request)
        async with self._slots:
            sent = request if messages is request.messages else replace(request, messages=messages)
            completion = await self._calls.complete(sent)
        return replace(completion, cut_tokens=completion.cut_tokens + cut) if cut else completion

    def _fit(self, request: Request) -> tuple[tuple[Message, ...], int]:
        window, reserve = self.context_window, request.max_tokens or self.config.max_tokens or 0
        if window is None or most_tokens(request.messages) <= window - reserve:
            return request.messages, 0
        count = prompt_counter(self.config.tokenizer)
        return fit(request.messages, count, window, reserve, self.config.long_prompt, self.name)


def _ended(job: Future[None], name: str) -> BaseException:
    """Why a job that has no more replies to give ended."""
    if job.cancelled():
        return asyncio.CancelledError()
    return job.exception() or LLMError(f"{name}: the client was closed while requests were under way")
