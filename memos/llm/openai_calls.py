"""One request to its end: sent at the shared pace, negotiated, cut where it is too long, tried again where it helps."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import aiohttp

from memos.errors import LLMError, PromptTooLong, on_one_line
from memos.llm.answered import Answered, StatusError
from memos.llm.base import Completion, Request
from memos.llm.counting import prompt_counter
from memos.llm.health import Health
from memos.llm.limits import Limits
from memos.llm.limits_headers import stated_limits
from memos.llm.openai_client import never_connected
from memos.llm.openai_config import OpenAIConfig
from memos.llm.openai_dialect import Dialect, Trial
from memos.llm.openai_wire import BadReply, body_of, completion_of, reply_to, usage_of
from memos.llm.refusal import Refusal, refusal_of
from memos.llm.retry import Backoff, Rejected, Unreachable, is_transient, retry_after
from memos.llm.window import fit
from memos.llm.wire import describe
from memos.servers import address
from memos.types import Usage

STRUCTURED_REPLY = 4096
"""Reply tokens of a request for JSON or calls that sets no limit: a longer one is a loop."""
_ADAPTATIONS, _CUTS = 12, 6
"""How often a request is sent otherwise, and shortened, at most."""
_MARGIN = 0.02
"""Share of the room that each cut leaves free: the server's count of the cut prompt is not known."""
_BLIND_CUT = 0.7
"""What is left of a prompt by a cut where the server says neither its window nor its count."""
_SHORTEST_REPLY = 64
"""Below so much room for the reply the prompt is cut."""
_NO_SUCH_ROUTE = (404, 405)
_NO_CHAT = "is llm.base_url the address of a chat server?"
_REPLY_TOKENS = 100.0
"""Reply tokens that a call is counted with before its end, where its limit is not lower."""


class Transport(Protocol):
    """What sends a body and brings the answer."""

    async def post(self, body: Mapping[str, Any]) -> Answered: ...

    async def stream(self, body: Mapping[str, Any]) -> Answered: ...


@dataclass
class _Try:
    """Where one request stands."""

    request: Request
    """As it is sent: with a reply limit, and cut where the server says so."""
    own_limit: bool
    """Whether the request or the configuration set the reply limit; one of ours may shrink."""
    trial: Trial = field(default_factory=Trial)
    sent: int = 0
    failures: int = 0
    adaptations: int = 0
    cuts: int = 0
    cut_tokens: int = 0
    unconnected: int = 0
    """Attempts that found nobody listening."""
    waiting_since: float | None = None
    """When a rate limit first refused this request."""
    spent: Usage = field(default_factory=Usage)
    """What failed attempts took, where the server says so: they are paid for too."""


@dataclass(frozen=True, slots=True)
class _NoReply:
    """An attempt that brought no reply."""

    reason: str
    connected: bool = True
    pause_s: float | None = None


class Calls:
    """Sends the requests of one client.

    Args:
        config: the client's settings.
        server: name of the server, for records; the end of a run is told with its whole address.
        transport: what sends.
        limits: the pace that all clients of the model share.
        dialect, health: what is known of the server, shared by all calls of the client.
    """

    def __init__(
        self,
        config: OpenAIConfig,
        server: str,
        transport: Transport,
        limits: Limits,
        dialect: Dialect,
        health: Health,
    ) -> None:
        self.config, self.name, self.server = config, config.model, server
        self.address = address(config.base_url) if config.base_url else server
        self.transport, self.limits, self.dialect, self.health = transport, limits, dialect, health
        self._backoff = Backoff(config.backoff_s, config.backoff_max_s, config.retry_after_max_s)
        self._random, self._told = random.Random(), False

    async def complete(self, request: Request) -> Completion:
        """One reply; its usage is that of all attempts, as far as the server states it.

        Raises:
            PromptTooLong: the prompt exceeds the window and may not be cut.
            Rejected: the server refuses the request for good.
            Unreachable: every attempt failed.
            Unusable: no call to this server can succeed.
            Each carries the ``usage`` of the attempts.
        """
        state = self._begun(request)
        try:
            completion = await self._to_its_end(request, state)
        except LLMError as error:
            error.usage = state.spent
            raise
        return replace(completion, usage=completion.usage + state.spent) if state.spent.calls else completion

    async def _to_its_end(self, request: Request, state: _Try) -> Completion:
        while True:
            self.health.check()
            outcome = await self._attempt(state)
            if isinstance(outcome, Completion):
                self.health.succeeded()
                reply = reply_to(request, outcome)
                return replace(reply, cut_tokens=state.cut_tokens) if state.cut_tokens else reply
            if isinstance(outcome, Refusal):
                if self._tries_again(state, outcome):
                    continue
                outcome = _NoReply(f"{outcome.status} {outcome.message}", True, retry_after(outcome.headers))
            state.failures += 1
            state.unconnected += not outcome.connected
            if state.failures >= self.config.max_attempts:
                raise self._unreachable(state, outcome.reason)
            await asyncio.sleep(self._backoff.wait(state.failures, outcome.pause_s, self._random))

    def body(self, request: Request) -> dict[str, Any]:
        """What is sent for a request, unstreamed."""
        extra = self.config.extra_body or {}
        return body_of(self._begun(request).request, self.name, self.dialect, stream=False, extra=extra)

    def _begun(self, request: Request) -> _Try:
        limit, own = request.max_tokens or self.config.max_tokens, True
        if limit is None and (request.json_schema is not None or request.tools) and not self.dialect.reasons:
            limit, own = STRUCTURED_REPLY, False
        return _Try(request if limit == request.max_tokens else replace(request, max_tokens=limit), own)

    async def _attempt(self, state: _Try) -> Completion | Refusal | _NoReply:
        """One attempt, in its turn: the reply, what the server refuses, or why there was none."""
        stream, extra, answered = self.config.stream, self.config.extra_body or {}, None
        async with self.limits.permit(_estimate(state.request)) as permit:
            self.health.check()
            body = body_of(state.request, self.name, self.dialect, stream=stream, extra=extra, trial=state.trial)
            state.sent += 1
            try:
                async with asyncio.timeout(self.config.timeout_s):
                    answered = await (self.transport.stream(body) if stream else self.transport.post(body))
                completion = completion_of(answered.data, answered.latency_ms, state.sent)
            except StatusError as error:
                state.spent += _stated(error.body)
                refusal = refusal_of(error.status, error.body, error.message, error.headers)
                if refusal.slows_down():
                    permit.refused(refusal.pause(self.config.retry_after_max_s), stated_limits(refusal.headers))
                elif self._negotiates(state, refusal, body):
                    return replace(refusal, status=0)
                return refusal
            except TimeoutError as error:
                reason = f"no reply within {self.config.timeout_s:g} s (llm.timeout_s)"
                return _NoReply(reason, not never_connected(error))
            except BadReply as error:
                state.spent += _stated(answered.data) if answered else Usage()
                return _NoReply(f"broken reply: {error}")
            except (aiohttp.ClientError, OSError) as error:
                return _NoReply(f"connection failed: {innermost_reason(error)}", not never_connected(error))
            usage = completion.usage
            permit.came_through(usage.prompt_tokens + usage.completion_tokens, stated_limits(answered.headers))
        self.dialect.took(body, state.trial)
        if "temperature" in self.dialect.dropped and not self._told:
            self._told = True
            print(f"note: {self.name} takes no temperature; its own default holds", flush=True)
        return completion if answered.ttft_ms is None else replace(completion, ttft_ms=answered.ttft_ms)

    def _negotiates(self, state: _Try, refusal: Refusal, body: Mapping[str, Any]) -> bool:
        """Whether the request can do without what is refused."""
        if refusal.too_long() or refusal.cause() or state.adaptations >= _ADAPTATIONS:
            return False
        state.adaptations += 1
        return self.dialect.adapt(body, refusal.status, refusal.words, state.trial)

    def _tries_again(self, state: _Try, refusal: Refusal) -> bool:
        """What a refusal means for the request: another try that spends no attempt, or one that does (False).

        Raises:
            Rejected, PromptTooLong, Unusable: there is none.
        """
        if refusal.status == 0:
            return True
        if refusal.slows_down():
            self._keep_patience(state, refusal)
            return True
        if refusal.too_long():
            self._shorten(state, refusal)
            return True
        cause = refusal.cause()
        if cause is None and not refusal.never_fits() and is_transient(refusal.status, refusal.code):
            return False
        message = self._message(refusal, cause)
        self.health.failed(cause or f"{refusal.status} {refusal.code}", message)
        raise Rejected(f"{message}; request {describe(state.request)!r}")

    def _keep_patience(self, state: _Try, refusal: Refusal) -> None:
        """Let a rate limit be waited for, as long as calls come through now and then.

        Raises:
            Unusable: nothing came through for as long as the configuration allows, or the wait would take longer.
        """
        now, patience = time.monotonic(), self.config.patience_s
        state.waiting_since = state.waiting_since or now
        waited = min(now - state.waiting_since, self.limits.since_success())
        wish = retry_after(refusal.headers) or 0.0
        if waited < patience and wish <= patience:
            return
        waits = f"asks to wait {wish:.0f} s" if wish > patience else f"let no call through for {waited:.0f} s"
        self.health.end(
            f"{self.name} at {self.server} {waits} (llm.patience_s={patience:g}): {refusal.status} {refusal.message}; "
            "finished records are kept: run the same command later, or raise llm.patience_s"
        )

    def _shorten(self, state: _Try, refusal: Refusal) -> None:
        """Make a request fit the window that the server states: first a reply limit of ours, then the prompt.

        Raises:
            PromptTooLong: where it may not be cut, or cutting does not help.
        """
        window, prompt = refusal.stated()
        request, limit = state.request, state.request.max_tokens
        state.cuts += 1
        if not state.own_limit and limit is not None and state.cuts <= _CUTS:
            room = window - prompt if window and prompt else 0
            fits = _SHORTEST_REPLY <= room < limit
            state.request = replace(request, max_tokens=room if fits else None)
            return
        if self.config.long_prompt != "cut" or state.cuts > _CUTS:
            raise PromptTooLong(
                f"{self.name} refuses a prompt longer than its window ({refusal.message}); shorten the context, or set "
                f"llm.long_prompt=cut; request {describe(request)!r}"
            )
        count = prompt_counter(self.config.tokenizer)
        ours = count(request.messages)
        if window or prompt:
            window = window or prompt or ours
            room = int(min((window - (limit or 0)) * ours / (prompt or ours), ours) * (1 - _MARGIN * state.cuts))
        else:
            room = int(ours * _BLIND_CUT)
        fitted, cut = fit(request.messages, count, room, 0, "cut", self.name)
        state.request, state.cut_tokens = replace(request, messages=fitted), state.cut_tokens + cut

    def _unreachable(self, state: _Try, reason: str) -> Unreachable:
        """Every attempt failed.

        Raises:
            Unusable: nobody ever listened there, or no call has ever come through.
        """
        if state.unconnected == state.failures:
            self.health.failed(
                "host", f"no connection to {self.address} ({reason}); start the server, or correct llm.base_url"
            )
        times = f"failed {state.failures} times" if state.failures > 1 else "failed"
        said = f"{times}, last: {reason}"
        self.health.failed(
            "unreachable",
            f"{self.name} at {self.address} {said}; no call has come through yet: {_NO_CHAT}",
        )
        return Unreachable(f"{self.name} at {self.server} {said}; request {describe(state.request)!r}")

    def _message(self, refusal: Refusal, cause: str | None) -> str:
        """One line on a refusal, with the remedy."""
        said = f"{refusal.status} {refusal.code} {refusal.message}".replace("  ", " ")
        variable = self.config.api_key_env
        remedy = {
            "key": f"put a valid key into the variable {variable} (llm.api_key_env)"
            if variable
            else "name the variable that holds its key (llm.api_key_env)",
            "quota": "its quota is used up: add credit; the same command resumes",
            "model": f"correct llm.model={self.name}, or llm.base_url",
        }
        mend = remedy[cause] if cause else _NO_CHAT if refusal.status in _NO_SUCH_ROUTE else ""
        return f"{self.name} at {self.server} refuses: {said}" + (f"; {mend}" if mend else "")


def _estimate(request: Request) -> float:
    """Tokens that a call will use, roughly: a quarter of the prompt's bytes, and a short reply."""
    size = sum(len(message.content.encode("utf-8", "replace")) / 4 + 4 for message in request.messages)
    return size + min(request.max_tokens or _REPLY_TOKENS, _REPLY_TOKENS)


def _stated(reply: Any) -> Usage:
    """What a reply of no use took, where it says so."""
    usage = reply.get("usage") if isinstance(reply, Mapping) else None
    try:
        return usage_of(usage) if isinstance(usage, Mapping) else Usage()
    except BadReply:
        return Usage()


def innermost_reason(error: BaseException) -> str:
    """The innermost cause of a failed connection, on one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return on_one_line(str(error))[:200] or type(error).__name__
