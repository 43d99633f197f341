"""What the adapters share: the connection's settings and provenance by identifier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from memos.errors import ConfigError
from memos.llm.openai_config import OPENAI_URL
from memos.secret_values import check_address, check_variable, key_from, remember_environment


@dataclass
class Connection:
    """Fields every adapter's configuration has."""

    base_url: str | None = field(default=None, metadata={"help": "OpenAI-compatible server up to /v1; null: OpenAI"})
    served_as: str | None = field(
        default=None,
        metadata={"help": "name of what the server serves, in place of its address; a new name is a new model"},
    )
    model: str = field(default="gpt-4o-mini", metadata={"help": "model id as the server knows it"})
    api_key_env: str | None = field(
        default="OPENAI_API_KEY", metadata={"help": "NAME of the environment variable that holds the key; null: no key"}
    )
    top_k: int = field(
        default=20, metadata={"help": "memories in the context (of each speaker's store, where there are two)"}
    )

    def __post_init__(self) -> None:
        if self.top_k < 1:
            raise ConfigError(f"top_k={self.top_k} must be at least 1")
        if self.base_url is not None and not self.base_url.startswith(("http://", "https://")):
            raise ConfigError(f"base_url={self.base_url!r} is no http(s) URL")
        check_variable(self.api_key_env, "system.api_key_env")
        check_address(self.base_url, "system.base_url")

    @property
    def address(self) -> str:
        """The server that is asked; never one that an environment variable names: no fingerprint would know it."""
        return self.base_url or OPENAI_URL

    def key(self) -> str:
        """The key, read when it is needed. The package may read further variables by itself.

        Raises:
            ConfigError: where the variable is not set, or what is there can be no key.
        """
        remember_environment()
        if self.api_key_env is None:
            return "none"
        value = key_from(self.api_key_env, "system.api_key_env")
        if not value:
            raise ConfigError(f"api_key_env={self.api_key_env} is not set in the environment")
        return value


def union(old: Iterable[str], new: Iterable[str]) -> list[str]:
    """Turn ids of both, in order, once."""
    return list(dict.fromkeys([*old, *new]))
