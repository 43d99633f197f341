"""A scripted server that adds up what it was asked, as a provider's bill would."""

from __future__ import annotations

from typing import Any

from scripted import ScriptedServer
from scripted_replies import Reply

from memos.types import Usage


class MeteredServer(ScriptedServer):
    """Usage of all chat replies and of all embeddings since the last ``reset``.

    ``longest`` is the most tokens of any one chat request with its reply.
    """

    def reset(self) -> None:
        self.chat, self.embedded, self.longest = Usage(), Usage(), 0

    def __enter__(self) -> MeteredServer:
        self.reset()
        super().__enter__()
        return self

    @property
    def spent(self) -> Usage:
        """Both together."""
        return self.chat + self.embedded

    def _completion(self, body: dict[str, Any], reply: Reply, prompt_tokens: int, cached: int) -> dict[str, Any]:
        made = super()._completion(body, reply, prompt_tokens, cached)
        taken = Usage(1, made["usage"]["prompt_tokens"], made["usage"]["completion_tokens"], cached)
        self.chat, self.longest = self.chat + taken, max(self.longest, taken.prompt_tokens + taken.completion_tokens)
        return made

    def _embeddings(self, body: dict[str, Any]) -> dict[str, Any]:
        made = super()._embeddings(body)
        self.embedded += Usage(1, made["usage"]["prompt_tokens"])
        return made
