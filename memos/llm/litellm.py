"""Providers that speak no dialect of OpenAI's, through the package ``litellm`` (an extra: pip install '.[litellm]')."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from memos.errors import ConfigError, require
from memos.llm.answered import Answered, StatusError
from memos.llm.openai import OpenAIChat
from memos.llm.openai_client import key_of
from memos.llm.openai_config import OpenAIConfig
from memos.llm.openai_stream import StreamParts
from memos.secret_values import hidden, hidden_in, remember_environment

NO_ADDRESS = "litellm://"
"""Stands for the provider's own address, which litellm knows by the model's prefix."""


@dataclass
class LiteLLMConfig(OpenAIConfig):
    """Fields of ``conf/llm/litellm.yaml``: those of ``llm=openai``; the provider is the prefix of the model."""

    model: str = field(
        default="anthropic/claude-3-5-haiku-latest", metadata={"help": "provider/model, as litellm says"}
    )
    api_key_env: str | None = field(
        default=None,
        metadata={"help": "NAME of the variable that holds the key; null: litellm looks in the provider's own"},
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.batch:
            raise ConfigError("llm.batch=true: litellm has no batch interface here; use llm=openai")


class LiteLLMTransport:
    """Sends a body through ``litellm.acompletion``, whose errors are those of the official SDK."""

    def __init__(self, config: OpenAIConfig, key: str) -> None:
        self._litellm = require("litellm", "litellm")
        self._litellm.suppress_debug_info = True
        self._given: dict[str, Any] = {"timeout": config.timeout_s, "num_retries": 0}
        if config.base_url:
            self._given["api_base"] = config.base_url
        remember_environment()  # the provider's own variables, which litellm reads
        if config.api_key_env:
            self._given["api_key"] = key

    async def post(self, body: Mapping[str, Any]) -> Answered:
        start = time.perf_counter()
        with _plain_errors():
            reply = await self._litellm.acompletion(**body, **self._given)
        spent = (time.perf_counter() - start) * 1000
        further = getattr(reply, "_hidden_params", None) or {}
        return Answered(hidden_in(reply.model_dump()), _headers(further.get("additional_headers")), spent)

    async def stream(self, body: Mapping[str, Any]) -> Answered:
        streamed, first, start = StreamParts(), None, time.perf_counter()
        with _plain_errors():
            async for chunk in await self._litellm.acompletion(**body, **self._given):
                if streamed.add(chunk.model_dump()) and first is None:
                    first = (time.perf_counter() - start) * 1000
        return Answered(streamed.body(), {}, (time.perf_counter() - start) * 1000, first)

    async def close(self) -> None:
        """litellm keeps its own connections."""


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn the errors of the official SDK, which are the package's too, into those of every transport."""
    import openai

    try:
        yield
    except openai.APIStatusError as error:
        said = hidden(error.message)
        raise StatusError(error.status_code, hidden_in(error.body), error.response.headers, said) from error
    except openai.APITimeoutError as error:
        raise TimeoutError(hidden(str(error))) from error
    except openai.APIError as error:
        raise ConnectionError(hidden(str(error))) from error


class LiteLLMChat(OpenAIChat):
    """A model that litellm reaches: Bedrock, Vertex, Cohere and others; paced, retried and negotiated with as
    ``llm=openai`` is.
    """

    Config = LiteLLMConfig
    part_id = "litellm"
    provider = "litellm"

    def _address(self) -> str:
        return self.config.base_url or NO_ADDRESS + self.name.partition("/")[0]

    def earlier_identity(self) -> None:
        """There were no earlier replies of this kind."""

    def _key(self) -> str:
        return key_of(self.config, self.base_url)

    async def _connected(self, key: str) -> Any:
        return LiteLLMTransport(self.config, key)


def _headers(given: Mapping[str, Any] | None) -> dict[str, str]:
    """A provider's headers without the prefix that litellm gives them."""
    return {name.removeprefix("llm_provider-"): str(value) for name, value in (given or {}).items()}
