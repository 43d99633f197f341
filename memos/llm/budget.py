"""One cap on tokens and money for a whole command: its jobs, its processes and its later invocations."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from typing import Any, TypeVar

from memos.errors import BudgetExceeded, ConfigError, LLMError
from memos.layers import innermost, layers
from memos.llm.base import LLM, BatchedCompletion, Completion, Request
from memos.llm.batch import BatchedLLM
from memos.llm.layer import Layer
from memos.llm.prices import Price, listed, price_for, price_of
from memos.llm.spending import AccountTotal, Spending, Ticket
from memos.types import Usage

T = TypeVar("T", Completion, LLMError, Completion | LLMError)
_POLL_S = 0.05
"""Longest wait before a process looks again whether calls of other processes have been settled."""
_CLAIM_S = 2.0
"""How often a waiting process looks for calls of processes that died."""
_MESSAGE_BYTES, _TOKENS_A_BYTE = 24, 0.35
"""What a message's frame is counted as, and tokens a byte before a model has told its own (English has 0.25)."""
_REPLY_TOKENS = 1024
"""Length a reply without a limit is expected to stay below before any has come."""


class Budget:
    """A cap that any number of models, threads and processes share.

    A call is let through where, with all others under way at their estimates, it stays below the caps; else it waits
    until it is the only one. So the caps are passed by at most one call. Once they are reached, calls raise.

    Args:
        max_tokens: prompt plus completion tokens (``budget.tokens``); None: no cap.
        max_usd: US dollars (``budget.usd``); None: no cap.
        spending: the account that is charged; in memory where None.
        where: what messages call the account, such as ``locomo in results``.
        prices: a user's own rows, which come before the table that ships.
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        max_usd: float | None = None,
        *,
        spending: Spending | None = None,
        where: str = "",
        prices: Mapping[str, Price] | None = None,
    ) -> None:
        for name, cap in (("tokens", max_tokens), ("usd", max_usd)):
            if cap is not None and cap < 0:
                raise ConfigError(f"budget.{name}={cap} must not be negative")
        self.max_tokens, self.max_usd = max_tokens, max_usd
        self.spending = spending or Spending()
        self._where = f" by {where}" if where else ""
        self._prices = prices
        self._settled = threading.Condition()

    @property
    def capped(self) -> bool:
        return self.max_tokens is not None or self.max_usd is not None

    def price_for(self, client: Any) -> Price | None:
        """Price of a model's or an embedder's client, by the user's own rows first (``prices.price_for``)."""
        return price_for(client, self._prices)

    def price_named(self, model: str) -> Price | None:
        """The same by a model's name alone (``prices.price_of``)."""
        return price_of(model, self._prices)

    def spent(self) -> AccountTotal:
        """What the account has spent, by all processes and invocations."""
        return self.spending.spent()

    def shown(self) -> str:
        """Dollars and tokens so far, for a progress bar, such as ``$1.24, 3.1M tokens``; empty where there are none."""
        spent = self.spent()
        return f"${spent.usd:.2f}, {_short(spent.tokens)} tokens" if spent.tokens else ""

    def reserve(self, usage: Usage, usd: float) -> Ticket:
        """Wait until a call that is expected to take this much may be made.

        Raises:
            BudgetExceeded: a cap is reached, naming the cap, what was spent and how to go on.
        """
        looked = 0.0
        while True:
            outcome = self.spending.reserve(usage, usd, (self.max_tokens, self.max_usd))
            if isinstance(outcome, Ticket):
                return outcome
            self._refuse(outcome)
            if time.monotonic() - looked > _CLAIM_S:
                self.spending.claim_lost()
                looked = time.monotonic()
            with self._settled:
                self._settled.wait(_POLL_S)

    def room(self) -> tuple[float, float]:
        """Tokens and dollars that the caps leave beside what is spent and under way; infinite where there is no cap."""
        spent, caps = self.spent(), (self.max_tokens, self.max_usd)
        used = (spent.tokens + spent.tokens_under_way, spent.usd + spent.usd_under_way)
        tokens, usd = (math.inf if cap is None else cap - taken for cap, taken in zip(caps, used, strict=True))
        return tokens, usd

    def settle(self, ticket: Ticket, model: str, usage: Usage, usd: float) -> None:
        """Tell what a reserved call took."""
        self.spending.settle(ticket, model, usage, usd)
        with self._settled:
            self._settled.notify_all()

    def charge(self, model: str, usage: Usage, usd: float) -> None:
        """Add what a call took that was not reserved."""
        if usage != Usage() or usd:
            self.spending.charge(model, usage, usd)

    def check(self) -> None:
        """Raise BudgetExceeded where a cap is reached."""
        if self.capped:
            self._refuse(self.spent())

    def _refuse(self, spent: AccountTotal) -> None:
        reached = [
            (f"budget.tokens={self.max_tokens}", f"{spent.tokens} tokens", "budget.tokens")
            for _ in range(self.max_tokens is not None and spent.tokens >= self.max_tokens)
        ] + [
            (f"budget.usd={self.max_usd:g}", f"{spent.usd:.4f} USD", "budget.usd")
            for _ in range(self.max_usd is not None and spent.usd >= self.max_usd)
        ]
        if reached:
            cap, total, key = reached[0]
            raise BudgetExceeded(
                f"{cap} is used up ({total} spent{self._where}, earlier invocations included); finished records are "
                f"kept: a larger {key} goes on, budget.account=NAME begins a new count"
            )


def no_price(model: str, group: str) -> ConfigError:
    """What to say where money is capped and a model has no price.

    Args:
        group: ``llm``, ``embedder`` or where else the model's configuration is.
    """
    return ConfigError(
        f"budget.usd is set but no price is known for {group}.model={model!r} (known: {', '.join(sorted(listed()))}); "
        f"set {group}.price_prompt, give a table with prices=FILE, or use budget.tokens"
    )


class BudgetedLLM(Layer):
    """Charges every call to a budget and refuses further ones once it is used up.

    It belongs below a cache: cached replies are free. A server's model is asked one call a thread while there is a cap,
    each reserved before it is made; calls under way when a cap is reached are paid for and therefore waited for and
    given. Batches are reserved whole and cost half. A model that runs here is charged reply by reply.

    Args:
        price: dollars a million tokens; else what its configuration or the table of prices says (``price_for``).

    Raises:
        ConfigError: at construction, when money is capped and the model has no price.
    """

    def __init__(self, inner: LLM, budget: Budget, price: Price | None = None) -> None:
        super().__init__(inner)
        self.budget = budget
        client = innermost(inner)
        self.price = price or budget.price_for(client)
        self._remote = bool(getattr(client, "remote", False))
        self._kept = self._remote or budget.capped
        self._batches = any(isinstance(layer, BatchedLLM) for layer in layers(inner))
        self._workers = int(getattr(getattr(client, "config", None), "concurrency", 1))
        self._rate, self._longest = 0.0, 0
        if budget.max_usd is not None and self.price is None:
            raise no_price(inner.name, "llm")

    def complete(self, request: Request) -> Completion:
        if self._remote and self.budget.capped:
            return self._reserved(request, self._reserve(request))
        self.budget.check()
        try:
            return self._charged(self.inner.complete(request), request)
        except LLMError as error:
            self._charged(error, request)
            raise

    def _reserve(self, request: Request) -> Ticket:
        expected = self._expected(request)
        return self.budget.reserve(expected, self._usd(expected))

    def _reserved(self, request: Request, ticket: Ticket) -> Completion:
        """The call of a reservation, which is settled whatever comes."""
        usage = ticket.usage  # a call that was cut off here may have been charged all the same
        try:
            completion = self.inner.complete(request)
            usage = _usage(completion, request)
        except Exception as error:
            usage = getattr(error, "usage", None) or Usage()
            raise
        finally:
            self.budget.settle(ticket, self.name, usage, self._usd(usage))
        self._learn(request, completion)
        return completion

    def complete_many(self, requests: Sequence[Request]) -> Generator[tuple[int, Completion | LLMError], None, None]:
        """Yields as the inner model does.

        Raises:
            BudgetExceeded: when a cap is reached and requests are left that were not made.
        """
        if not requests:
            return
        if self._remote and self.budget.capped:
            yield from self._in_waves(requests) if self._batches else self._one_by_one(requests)
            return
        self.budget.check()
        outstanding = len(requests)
        replies = self.inner.complete_many(requests)
        try:
            for index, outcome in replies:
                outstanding -= 1
                yield index, self._charged(outcome, requests[index])
                if outstanding:
                    self.budget.check()
        finally:
            replies.close()

    def _in_waves(self, requests: Sequence[Request]) -> Generator[tuple[int, Completion | LLMError], None, None]:
        """As many requests in one go as the caps leave room for; what they really took makes room for more."""
        start = 0
        while start < len(requests):
            wave, expected = self._fitting(requests[start:])
            ticket = self.budget.reserve(expected, self._usd(expected, batched=True))
            taken, usd = Usage(), 0.0
            replies = self.inner.complete_many(wave)
            try:
                for index, outcome in replies:
                    usage = _usage(outcome, wave[index])
                    taken, usd = taken + usage, usd + self._cost(outcome, usage)
                    yield start + index, outcome
            finally:
                replies.close()
                self.budget.settle(ticket, self.name, taken, usd)
            start += len(wave)

    def _fitting(self, requests: Sequence[Request]) -> tuple[Sequence[Request], Usage]:
        """The longest start of the requests that stays below the caps, one at least, and what it is likely to take."""
        total, room = self._expected(requests[0]), self.budget.room()
        for count, request in enumerate(requests[1:], 1):
            grown = total + self._expected(request)
            if grown.prompt_tokens + grown.completion_tokens > room[0] or self._usd(grown, batched=True) > room[1]:
                return requests[:count], total
            total = grown
        return requests, total

    def _one_by_one(self, requests: Sequence[Request]) -> Generator[tuple[int, Completion | LLMError], None, None]:
        """Each request in a thread of a pool, in order; after an error that ends the run no further one is begun."""
        results: queue.SimpleQueue[tuple[int, Completion | LLMError] | BaseException | None] = queue.SimpleQueue()
        ended, turn, waiting = threading.Event(), threading.Lock(), iter(enumerate(requests))

        def work() -> None:
            while not ended.is_set():
                with turn:
                    index, request = next(waiting, (-1, None))
                if request is None:
                    break
                try:
                    ticket = self._reserve(request)
                    if ended.is_set():  # while it waited
                        self.budget.settle(ticket, self.name, Usage(), 0.0)
                        break
                    results.put((index, self._reserved(request, ticket)))
                except LLMError as error:
                    results.put((index, error))
                except BaseException as error:  # noqa: BLE001 - handed to the thread that asked
                    ended.set()
                    results.put(error)
            results.put(None)

        running = min(self._workers, len(requests))
        for number in range(running):
            threading.Thread(target=work, name=f"budget-{self.name}-{number}", daemon=True).start()
        failure: BaseException | None = None
        try:
            while running:
                outcome = results.get()
                if isinstance(outcome, tuple):
                    yield outcome
                elif outcome is None:
                    running -= 1
                else:
                    failure = failure or outcome
        finally:
            ended.set()
        if failure is not None:
            raise failure

    def _charged(self, outcome: T, request: Request) -> T:
        """An outcome, after the budget was charged with what it took."""
        if self._kept and not getattr(outcome, "from_cache", False):
            usage = _usage(outcome, request)
            self.budget.charge(self.name, usage, self._cost(outcome, usage))
        return outcome

    def _cost(self, outcome: Completion | LLMError, usage: Usage) -> float:
        return self._usd(usage, batched=isinstance(outcome, BatchedCompletion))

    def _usd(self, usage: Usage, *, batched: bool = False) -> float:
        return self.price.cost(usage, batched=batched) if self.price else 0.0

    def _expected(self, request: Request) -> Usage:
        """About the most that a call takes, by what calls before it took."""
        longest = max(self._longest * 5 // 4, 64) if self._longest else _REPLY_TOKENS
        reply = longest if request.max_tokens is None else min(longest, request.max_tokens)
        return Usage(1, int(_bytes(request) * (self._rate or _TOKENS_A_BYTE)) + 1, reply)

    def _learn(self, request: Request, completion: Completion) -> None:
        self._rate = max(self._rate, completion.usage.prompt_tokens / _bytes(request))
        self._longest = max(self._longest, completion.usage.completion_tokens)


def _usage(outcome: Completion | LLMError, request: Request) -> Usage:
    """What a call took; a reply whose server states no tokens is counted by its length and that of its prompt."""
    if isinstance(outcome, LLMError):
        return outcome.usage or Usage()
    usage = outcome.usage
    if outcome.from_cache or usage.prompt_tokens or usage.completion_tokens:
        return Usage() if outcome.from_cache else usage
    said = outcome.text + "".join(call.arguments for call in outcome.tool_calls)
    tokens = (_bytes(request) * _TOKENS_A_BYTE, len(said.encode("utf-8", "replace")) * _TOKENS_A_BYTE)
    return Usage(max(usage.calls, 1), *(int(count) + 1 for count in tokens))


def _bytes(request: Request) -> int:
    """Length of a prompt with its schema and tools."""
    size = sum(len(message.content.encode("utf-8", "replace")) + _MESSAGE_BYTES for message in request.messages)
    return size + (len(str(request.json_schema)) if request.json_schema else 0) + len(str(request.tools or ""))


def _short(count: int) -> str:
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if count >= size:
            return f"{count / size:.1f}{unit}"
    return str(count)
