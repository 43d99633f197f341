"""The calls of a batch interface: upload a file, make a batch, look after it, fetch what came back."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from memos.errors import LLMError, on_one_line
from memos.llm.base import LLM, Request
from memos.llm.batch_files import ENDPOINT
from memos.llm.openai_wire import BadReply
from memos.llm.retry import Backoff, Rejected, Unreachable, is_transient, retry_after
from memos.secret_values import hidden

T = TypeVar("T")
ENDED = frozenset({"completed", "expired", "cancelled", "failed"})
"""States in which a batch stays."""
_ABSENT = frozenset({404, 405, 501})
_LISTED = 500
"""How many of the newest batches are looked through for one of ours."""
_CONTROL_TIMEOUT_S = 600.0
"""Longest wait for an upload or download of up to 200 MB."""


class BatchModel(LLM, Protocol):
    """A model whose server may have a batch interface."""

    base_url: str

    def prepared(self, request: Request) -> tuple[dict[str, Any], int]:
        """The body that would be sent, unstreamed, and the prompt tokens that were cut for it."""
        ...

    def call(self, make: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
        """Run a call of the SDK's asynchronous client."""
        ...


class NoBatches(LLMError):
    """The server has no batch interface."""


class Gone(LLMError):
    """The server knows no such batch or file, or no longer."""


@dataclass(frozen=True, slots=True)
class Status:
    """How far a batch is."""

    state: str
    total: int = 0
    done: int = 0
    """Requests answered, failed ones included."""
    files: tuple[str, ...] = ()
    """Ids of the files with outputs and errors that are there."""
    errors: tuple[tuple[str, str], ...] = ()
    """Code and message of each reason why the batch as a whole was refused."""
    seconds: float = 0.0
    """From its making to its end; 0 while it runs."""

    @property
    def ended(self) -> bool:
        return self.state in ENDED


class BatchServer:
    """One server's batch interface behind a model's own client: the same address, key, headers.

    Every call retries passing failures; what stays is Rejected, Unreachable, NoBatches or Gone.
    """

    def __init__(self, model: BatchModel, attempts: int = 6, backoff: Backoff | None = None) -> None:
        self.model, self.attempts, self.backoff = model, attempts, backoff or Backoff()
        self._random = random.Random()

    def upload(self, content: bytes) -> str:
        """Id of a new file of requests.

        Raises:
            NoBatches: there is no such interface.
        """

        async def send(client: Any) -> str:
            return _id(await client.files.create(file=("requests.jsonl", content), purpose="batch"))

        return self._call("an upload", send, NoBatches)

    def create(self, file_id: str, mark: str) -> str:
        """Id of the batch of a file; where an answer was lost, the one that the server did make.

        Raises:
            NoBatches: there is no such interface.
        """

        async def make(client: Any) -> str:
            return _id(
                await client.batches.create(
                    input_file_id=file_id, endpoint=ENDPOINT, completion_window="24h", metadata={"memos": mark}
                )
            )

        failures = 0
        while True:
            try:
                return self._call("a batch", make, NoBatches, attempts=1)
            except Unreachable:
                failures += 1
                made = self.find(mark)
                if made is not None:
                    return made
                if failures >= self.attempts:
                    raise

    def find(self, mark: str) -> str | None:
        """Id of the batch with our mark among the newest; None where there is none."""

        async def look(client: Any) -> str | None:
            seen = 0
            async for batch in client.batches.list(limit=100):
                if (batch.metadata or {}).get("memos") == mark:
                    return _id(batch)
                seen += 1
                if seen >= _LISTED:
                    return None
            return None

        try:
            return self._call("the list of batches", look, NoBatches)
        except NoBatches:  # some servers make batches and list none
            return None

    def status(self, batch_id: str) -> Status:
        """How far a batch is.

        Raises:
            Gone: the server does not know it.
        """

        async def look(client: Any) -> Status:
            return _status(await client.batches.retrieve(batch_id))

        return self._call(f"batch {batch_id}", look, Gone)

    def content(self, file_id: str) -> str:
        """Text of a file.

        Raises:
            Gone: the server does not have it.
        """

        async def fetch(client: Any) -> str:
            return (await client.files.content(file_id)).text

        return self._call(f"file {file_id}", fetch, Gone)

    def _call(
        self,
        what: str,
        make: Callable[[Any], Coroutine[Any, Any, T]],
        absent: type[LLMError],
        attempts: int | None = None,
    ) -> T:
        """One call with retries. ``absent``: what a server that does not know the address means here."""
        import openai

        failures = 0
        while True:
            wish: float | None = None
            try:
                return self.model.call(lambda c: make(c.with_options(timeout=_CONTROL_TIMEOUT_S)))
            except openai.APIStatusError as error:
                code = error.code if isinstance(error.code, str) else None
                reason = f"{error.status_code} {_message(error)}"
                if error.status_code in _ABSENT:
                    raise absent(f"{self.model.base_url}: {what}: {reason}") from error
                if not is_transient(error.status_code, code):
                    raise Rejected(f"{self.model.name} at {self.model.base_url} refuses {what}: {reason}") from error
                wish = retry_after(error.response.headers)
            except (AttributeError, TypeError, ValueError) as error:  # of the SDK too, which checks no reply
                reason = f"broken reply: {hidden(on_one_line(str(error)))[:200]}"
            except (openai.APIError, TimeoutError) as error:
                reason = f"connection failed ({error.__cause__ or error})"
            failures += 1
            if failures >= (attempts or self.attempts):
                raise Unreachable(
                    f"{self.model.name} at {self.model.base_url}: {what} failed {failures} times, last: {reason}"
                )
            time.sleep(self.backoff.wait(failures, wish, self._random))


def _id(made: Any) -> str:
    """The name that a server gave to a file or batch.

    Raises:
        BadReply: it gave none.
    """
    name = getattr(made, "id", None)
    if not isinstance(name, str) or not name:
        raise BadReply(f"no id: {made!r:.80}")
    return name


def _status(batch: Any) -> Status:
    """How far a batch is, by a server's word.

    Raises:
        BadReply, AttributeError, TypeError, ValueError: the reply describes no batch.
    """
    if not isinstance(batch.status, str):
        raise BadReply(f"no state: {batch!r:.80}")
    counts, errors = batch.request_counts, (batch.errors.data if batch.errors else None) or ()
    end = batch.completed_at or batch.expired_at or batch.cancelled_at or batch.failed_at
    return Status(
        batch.status,
        int(counts.total) if counts else 0,
        int(counts.completed) + int(counts.failed) if counts else 0,
        tuple(str(name) for name in (batch.output_file_id, batch.error_file_id) if name),
        tuple((str(error.code or ""), hidden(on_one_line(str(error.message or "")))) for error in errors),
        float(max(end - batch.created_at, 0)) if end else 0.0,
    )


def _message(error: Any) -> str:
    body = error.body if isinstance(error.body, dict) else {}
    return hidden(on_one_line(str(body.get("message") or error.message)))[:300]
