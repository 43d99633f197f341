"""Settings of the OpenAI-compatible client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from memos.errors import ConfigError
from memos.llm.openai_dialect import FORMS
from memos.llm.prices import check_prices
from memos.model_origin import split_declared
from memos.secret_values import check_address, check_fields, check_variable

OPENAI_URL = "https://api.openai.com/v1"
WINDOWS: Mapping[str, int] = {
    "gpt-4o-mini": 128_000,
    "gpt-4o": 128_000,
    "gpt-4.1": 1_047_576,
    "gpt-4.1-mini": 1_047_576,
    "gpt-4.1-nano": 1_047_576,
}
"""Published context windows; models that are not here need ``context_window`` to be checked before sending."""


@dataclass
class OpenAIConfig:
    """Fields of ``conf/llm/openai.yaml``."""

    model: str = field(default="gpt-4o-mini", metadata={"help": "model id as the server knows it"})
    base_url: str | None = field(default=None, metadata={"help": "server's URL up to /v1; null: OpenAI"})
    served_as: str | None = field(
        default=None,
        metadata={"help": "name of what the server serves, in place of its address; a new name is a new model"},
    )
    price_prompt: float | None = field(
        default=None, metadata={"help": "dollars a million prompt tokens; null: conf/prices.yaml"}
    )
    price_completion: float | None = field(default=None, metadata={"help": "dollars a million reply tokens"})
    price_cached: float | None = field(
        default=None, metadata={"help": "dollars a million prompt tokens of a prefix cache; null: as price_prompt"}
    )
    declared: str | None = field(
        default=None,
        metadata={
            "help": "MAKER/MODEL that the server passes on, as openai/gpt-4o-mini, where its address does not say so"
        },
    )
    api_key_env: str | None = field(
        default="OPENAI_API_KEY", metadata={"help": "NAME of the environment variable that holds the key; null: no key"}
    )
    headers: dict[str, str] | None = field(
        default=None, metadata={"help": "further headers of a request; env:NAME takes a variable's value"}
    )
    query: dict[str, str] | None = field(
        default=None,
        metadata={"help": "query parameters of the address, such as Azure's api-version", "added": True},
    )
    concurrency: int = field(default=64, metadata={"help": "most requests under way at once"})
    requests_per_minute: int | None = field(
        default=None, metadata={"help": "most requests a minute; null: what the server's headers and refusals say"}
    )
    tokens_per_minute: int | None = field(
        default=None, metadata={"help": "most tokens a minute; null: what the server's headers and refusals say"}
    )
    timeout_s: float = field(default=120.0, metadata={"help": "longest wait for one attempt's reply"})
    max_attempts: int = field(
        default=6, metadata={"help": "attempts a request, the first included; waits that a server asks for spend none"}
    )
    backoff_s: float = field(default=0.5, metadata={"help": "bound of the first random wait; doubles each time"})
    backoff_max_s: float = field(default=30.0, metadata={"help": "largest bound of a random wait"})
    retry_after_max_s: float = field(default=120.0, metadata={"help": "longest Retry-After that is obeyed at once"})
    patience_s: float = field(
        default=1800.0, metadata={"help": "longest time that a rate limit may let nothing through before the run ends"}
    )
    context_window: int | None = field(
        default=None, metadata={"help": "tokens of prompt plus reply; null: known models only, others unchecked"}
    )
    long_prompt: str = field(default="refuse", metadata={"help": "refuse or cut a prompt longer than the window"})
    tokenizer: str | None = field(
        default=None,
        metadata={"help": "what counts a prompt: a tiktoken name, a folder or hub id; null: cl100k", "added": True},
    )
    max_tokens: int | None = field(
        default=None,
        metadata={"help": "reply tokens where a request sets no limit; null: none, extraction 4096", "added": True},
    )
    structured: str = field(
        default="json_schema", metadata={"help": "strongest form asked for: json_schema, grammar, json_object or plain"}
    )
    stream: bool = field(default=False, metadata={"help": "stream replies and record the time to the first token"})
    batch: bool = field(
        default=False, metadata={"help": "answers and verdicts through the server's batch interface, at half the price"}
    )
    extra_body: dict[str, Any] | None = field(default=None, metadata={"help": "further fields of the request body"})

    def __post_init__(self) -> None:
        self.extra_body = dict(self.extra_body or {})
        self._check_secrets()
        if not self.model:
            raise ConfigError("llm.model is empty; give the model id the server knows")
        if self.long_prompt not in ("refuse", "cut"):
            raise ConfigError(f"llm.long_prompt={self.long_prompt!r} is unknown; use refuse or cut")
        if self.structured not in FORMS:
            raise ConfigError(f"llm.structured={self.structured!r} is unknown; use one of {', '.join(FORMS)}")
        if self.declared:
            split_declared(self.declared, "llm.declared")
        for name in ("concurrency", "max_attempts", "timeout_s", "patience_s"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"llm.{name}={getattr(self, name)} must be positive")
        check_prices(self, "llm")
        for name in ("requests_per_minute", "tokens_per_minute", "max_tokens", "context_window"):
            if getattr(self, name) is not None and getattr(self, name) <= 0:
                raise ConfigError(f"llm.{name}={getattr(self, name)} must be positive, or null")
        if self.base_url is not None and not self.base_url.startswith(("http://", "https://")):
            raise ConfigError(f"llm.base_url={self.base_url!r} is no http(s) URL")

    def _check_secrets(self) -> None:
        """Configurations are written into every run folder: a key may stand there by the name of its variable only."""
        check_variable(self.api_key_env, "llm.api_key_env")
        check_address(self.base_url, "llm.base_url")
        for where in ("headers", "query", "extra_body"):
            check_fields(getattr(self, where), f"llm.{where}")
