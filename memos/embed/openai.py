"""Embeddings of OpenAI, or of any server that speaks its interface, through the official SDK."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from memos.embed.metered import LISTENER
from memos.embed.openai_wire import parsed, tokens_used, usage_in, vectors_of
from memos.embed.pacing import Patience, send
from memos.embed.windows import encode_windows
from memos.errors import ConfigError, LLMError, on_one_line, require
from memos.llm.limits import Limits, pace_host
from memos.llm.limits_headers import REQUESTS, TOKENS
from memos.llm.openai_config import OPENAI_URL
from memos.llm.openai_wire import BadReply
from memos.llm.prices import check_prices
from memos.llm.retry import Backoff
from memos.model_origin import ModelOrigin, served_origin, split_declared
from memos.secret_values import check_address, check_variable, hidden, key_from
from memos.servers import served_as
from memos.tokens import cl100k_decode_bytes, cl100k_encode, count_tokens
from memos.types import Usage

DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
_SHOWN = 500
_BACKOFF = Backoff()


class OpenAIEmbedder:
    """Unit vectors from an ``/embeddings`` endpoint: batched, concurrent, at the shared pace, tokens counted.

    The window is counted in cl100k tokens, exact for OpenAI's models; set it lower for others. Longer texts are pooled
    over windows, never cut.

    Raises:
        LLMError: where a request failed for good (retries included).
    """

    @dataclass
    class Config:
        model: str = field(default="text-embedding-3-small", metadata={"help": "model id as the server knows it"})
        base_url: str | None = field(default=None, metadata={"help": "server address; null is OpenAI's"})
        served_as: str | None = field(
            default=None,
            metadata={"help": "name of what the server serves, in place of its address; a new name is a new model"},
        )
        price_prompt: float | None = field(
            default=None, metadata={"help": "dollars a million tokens; null: conf/prices.yaml"}
        )
        declared: str | None = field(
            default=None,
            metadata={"help": "MAKER/MODEL that the server passes on, where its address does not say so"},
        )
        api_key_env: str = field(default="OPENAI_API_KEY", metadata={"help": "variable that holds the key"})
        dim: int = field(default=0, metadata={"help": "dimensions; 0 takes the known number of OpenAI's models"})
        max_tokens: int = field(default=8191, metadata={"help": "window in cl100k tokens; longer texts are pooled"})
        batch_size: int = field(default=512, metadata={"help": "texts a request"})
        batch_tokens: int = field(default=250_000, metadata={"help": "tokens a request"})
        workers: int = field(default=8, metadata={"help": "requests in flight"})
        timeout: float = field(default=60, metadata={"help": "seconds a request may take"})
        max_retries: int = field(
            default=6, metadata={"help": "tries after the first; waits that a server asks for spend none"}
        )
        requests_per_minute: int | None = field(
            default=None, metadata={"help": "most requests a minute; null: what the server's headers and refusals say"}
        )
        tokens_per_minute: int | None = field(
            default=None, metadata={"help": "most tokens a minute; null: what the server's headers and refusals say"}
        )
        patience_s: float = field(
            default=1800.0, metadata={"help": "longest time that a rate limit may let nothing through"}
        )

        def __post_init__(self) -> None:
            for name in ("max_tokens", "batch_size", "batch_tokens", "workers"):
                if getattr(self, name) < 1:
                    raise ConfigError(f"embedder.{name}: expected 1 or more, found {getattr(self, name)}")
            for name in ("requests_per_minute", "tokens_per_minute", "patience_s"):
                if getattr(self, name) is not None and getattr(self, name) <= 0:
                    raise ConfigError(f"embedder.{name}={getattr(self, name)} must be positive")
            check_variable(self.api_key_env, "embedder.api_key_env")
            check_address(self.base_url, "embedder.base_url")
            check_prices(self, "embedder")
            if self.declared:
                split_declared(self.declared, "embedder.declared")
            if self.dim == 0 and self.model not in DIMENSIONS:
                raise ConfigError(f"embedder.dim: must be given for the model {self.model!r}")

    part_id = "openai_embedder"
    remote = True

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()
        self.name = self.config.model
        known = DIMENSIONS.get(self.config.model)
        self.dim = self.config.dim or known
        self._shorten = known is not None and self.dim != known
        if self._shorten:
            self.name += f"@{self.dim}"
        self.max_tokens = self.config.max_tokens
        self.pooled = 0
        self.usage = Usage()
        """Calls and tokens so far."""
        self._limits = Limits(
            pace_host(self.config.base_url or OPENAI_URL),
            self.config.model,
            {REQUESTS: self.config.requests_per_minute, TOKENS: self.config.tokens_per_minute},
        )
        self._patience = Patience(self.config.max_retries, self.config.patience_s)
        self._client: Any = None
        self._worked = False
        """Whether a call has come through."""
        self._lock, self._random = threading.Lock(), random.Random()

    @property
    def model_origin(self) -> ModelOrigin:
        """Whose model it is, by the server's address or the user's word."""
        config = self.config
        return served_origin(config.model, config.base_url or OPENAI_URL, config.served_as, config.declared)

    def identity(self) -> dict[str, Any]:
        """Model, dimensions, window and the declared identity of the server."""
        server = served_as(self.config.base_url or OPENAI_URL, self.config.served_as)
        return {"model": self.config.model, "dim": self.dim, "max_tokens": self.max_tokens, "served_as": server}

    def earlier_name(self) -> str | None:
        """The name under which OpenAI's vectors were cached before keys held the server; None for any other server."""
        standard = self.config.base_url is None and not self.config.served_as and self.max_tokens == 8191
        return self.name if standard else None

    def _connect(self) -> Any:
        with self._lock:
            if self._client is None:
                openai = require("openai", "embedded")
                config = self.config
                key = key_from(config.api_key_env, "embedder.api_key_env")
                if not key and config.base_url is None:
                    raise ConfigError(f"embedder.api_key_env: the variable {config.api_key_env} is not set")
                self._client = openai.OpenAI(
                    api_key=key or "none",
                    base_url=config.base_url or OPENAI_URL,  # never the one of an environment variable
                    timeout=config.timeout,
                    max_retries=0,
                )
            return self._client

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32, shape (len(texts), dim)."""
        if not texts:
            return np.zeros((0, self.dim or 0), dtype=np.float32)
        pieces = [self._split(text) for text in texts]
        return encode_windows(
            [[text for text, _ in piece] for piece in pieces],
            [[size for _, size in piece] for piece in pieces],
            self._request_all,
        )

    def _split(self, text: str) -> list[tuple[str, int]]:
        text = text or " "  # the endpoint refuses empty texts
        tokens = count_tokens(text)
        if tokens <= self.max_tokens:
            return [(text, tokens)]
        self.pooled += 1
        ids = cl100k_encode(text)
        windows = [ids[start : start + self.max_tokens] for start in range(0, len(ids), self.max_tokens)]
        return [(cl100k_decode_bytes(part).decode("utf-8", "ignore") or " ", len(part)) for part in windows]

    def _request_all(self, texts: list[str]) -> np.ndarray:
        batches: list[list[str]] = []
        tokens = 0
        for text in texts:
            size = count_tokens(text)
            full = not batches or len(batches[-1]) >= self.config.batch_size
            if full or tokens + size > self.config.batch_tokens:
                batches.append([])
                tokens = 0
            batches[-1].append(text)
            tokens += size
        self._connect()
        listener = LISTENER.get()  # of this thread; those of the pool have none
        with ThreadPoolExecutor(self.config.workers) as pool:
            return np.concatenate(list(pool.map(lambda batch: self._request(batch, listener), batches)))

    def _remedy(self, openai: Any, error: Exception) -> str:
        """What mends an error that every request would meet; empty where this one may be alone."""
        if self._worked:
            return ""
        if isinstance(error, openai.AuthenticationError):
            return f"put a valid key into the variable {self.config.api_key_env} (embedder.api_key_env)"
        if isinstance(error, openai.NotFoundError):
            return f"correct embedder.model={self.config.model}, or embedder.base_url"
        if isinstance(error, openai.APIConnectionError) and not isinstance(error, openai.APITimeoutError):
            return "start the server, or correct embedder.base_url"
        return ""

    def _request(self, texts: list[str], listener: Callable[[Usage], None] | None = None) -> np.ndarray:
        openai = require("openai", "embedded")
        extra = {"dimensions": self.dim} if self._shorten else {}
        create = partial(self._connect().embeddings.with_raw_response.create, encoding_format="float", **extra)
        make = partial(create, model=self.config.model, input=texts)
        tokens, failures = sum(count_tokens(text) for text in texts), 0
        while True:
            try:
                reply = send(self._limits, self._patience, tokens, make, tokens_used)
            except openai.OpenAIError as error:
                said = hidden(on_one_line(f"embedder {self.name}: {type(error).__name__}: {error}"))[:_SHOWN]
                if remedy := self._remedy(openai, error):
                    raise ConfigError(f"{said}; {remedy}") from error
                raise LLMError(said) from error
            try:
                vectors = self._read(reply.http_response.content, len(texts), listener)
                self._worked = True
                return vectors
            except BadReply as error:
                failures += 1
                if failures > self.config.max_retries:
                    times = f"failed {failures} times" if failures > 1 else "failed"
                    said = f"embedder {self.name} {times}, last: broken reply: {error}"
                    if not self._worked:
                        raise ConfigError(f"{said}; is embedder.base_url the address of embeddings?") from error
                    raise LLMError(said) from error
            time.sleep(_BACKOFF.wait(failures, None, self._random))

    def _read(self, content: bytes, texts: int, listener: Callable[[Usage], None] | None) -> np.ndarray:
        """The vectors of a reply; what a useless one took is counted too, where it says so.

        Raises:
            BadReply: it is of no use.
        """
        reply: Any = None
        try:
            reply = parsed(content)
            return vectors_of(reply, texts, self.dim or 0)
        finally:
            spent = usage_in(reply)
            with self._lock:
                self.usage = self.usage + spent
            if listener is not None:
                listener(spent)
