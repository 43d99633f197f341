"""What a vendor's package asks its model: counted on the wire, whatever way the package calls its client.

Packages ask through raw responses, parsers and clients of their own, so the replies are read where all of them pass:
at the HTTP client below the OpenAI SDK.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from memos.llm.losses import Losses
from memos.llm.repair import loads
from memos.types import Usage

Note = Callable[[str, Usage], None]
"""Told the model and the usage of every reply."""


class CallLedger:
    """Counts the replies that pass an OpenAI client, their tokens, and those that are of no use.

    Args:
        note: told of every reply besides; None: nobody.
    """

    def __init__(self, note: Note | None = None) -> None:
        self.usage = Usage()
        self.losses = Losses()
        """Structured replies and function calls asked for, and those that are none; a package may ask again."""
        self._note = note

    def watch(self, client: Any) -> None:
        """Count what passes a client of the OpenAI SDK."""

        def read(response: Any) -> None:
            response.read()
            self.count(response)

        self._listen(client, read)

    def watch_async(self, client: Any) -> None:
        """The same for an asynchronous client."""

        async def read(response: Any) -> None:
            await response.aread()
            self.count(response)

        self._listen(client, read)

    def _listen(self, client: Any, read: Callable[[Any], Any]) -> None:
        http = client._client  # the SDK's own HTTP client, which it offers under no public name
        http.event_hooks = {**http.event_hooks, "response": [*http.event_hooks.get("response", []), read]}

    def count(self, response: Any) -> None:
        """Take in one HTTP response; those that are no replies of a model count nothing."""
        if response.status_code != 200 or not response.request.url.path.endswith("/chat/completions"):
            return
        try:
            reply, asked = response.json(), json.loads(response.request.content)
        except ValueError:
            return
        usage = _usage(reply.get("usage") or {})
        self.usage += usage
        if self._note is not None:
            self._note(str(reply.get("model") or asked.get("model") or ""), usage)
        if asked.get("tools") or (asked.get("response_format") or {}).get("type", "text") != "text":
            self.losses.ask()
            if (reason := _malformed(asked, reply)) is not None:
                self.losses.lose(*reason)

    def state(self) -> dict[str, Any]:
        usage = self.usage
        numbers = [usage.calls, usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens]
        return {"usage": numbers, "losses": self.losses.state()}

    def restore(self, state: Mapping[str, Any] | list[int]) -> None:
        """Take over a saved state; an earlier version saved the numbers of usage alone."""
        if isinstance(state, list):
            self.usage = Usage(*state)
            return
        self.usage = Usage(*state["usage"])
        self.losses.restore(state["losses"])


def _usage(given: Mapping[str, Any]) -> Usage:
    """One call with the tokens the server states; absent ones are 0."""
    cached = (given.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    return Usage(1, given.get("prompt_tokens") or 0, given.get("completion_tokens") or 0, cached)


def _malformed(asked: Mapping[str, Any], reply: Mapping[str, Any]) -> tuple[str, str] | None:
    """What is wrong with a structured reply, and its text; None where nothing is."""
    choice = (reply.get("choices") or [{}])[0]
    message = choice.get("message") or {}
    text = message.get("content") or message.get("refusal") or ""
    if choice.get("finish_reason") in ("length", "content_filter") or message.get("refusal"):
        return f"the reply ended by {choice.get('finish_reason') or 'refusal'}", text
    calls = [call.get("function", {}).get("arguments", "") for call in message.get("tool_calls") or ()]
    if not calls and asked.get("tools"):
        return None  # a reply in words may be what the package wants
    for value in calls or [text]:
        try:
            loads(value or "{}") if calls else loads(value)
        except ValueError as error:
            return str(error), value
    return None
