"""Many requests through a server's batch interface: half the price, within a day, resumed after an interruption.

``llm.batch=true`` sends the answers and the verdicts of a run this way (docs/experiments.md#batches).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Protocol

from memos.errors import LLMError
from memos.llm.base import BatchedCompletion, Completion, Request
from memos.llm.batch_files import BatchLine, FileLimits, halved, read_lines, uploads
from memos.llm.batch_server import BatchModel, BatchServer, Gone, NoBatches, Status
from memos.llm.batch_state import BatchState, Open
from memos.llm.openai_wire import reply_to
from memos.llm.retry import Rejected
from memos.llm.wire import request_key

ROUNDS = 3
"""How often a request is put into a batch before it is asked directly."""
QUEUE_FULL = "token_limit_exceeded"
"""Code of a batch that was refused because too much of ours waits at the server."""


class Bar(Protocol):
    """A progress bar, such as tqdm's."""

    total: Any
    n: Any

    def refresh(self) -> Any: ...
    def close(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Batching:
    """How batches are made and looked after."""

    state: Path
    """SQLite file that remembers the batches under way."""
    bar: Callable[[str, int], Bar] | None = None
    """Makes a progress bar from its title and total."""
    limits: FileLimits = field(default_factory=FileLimits)
    poll_s: tuple[float, float] = (0.5, 60.0)
    """First and longest pause between two looks at a batch; each pause is half as long again as the one before."""


@dataclass(slots=True)
class _Asked:
    """A request on its way."""

    request: Request
    indexes: list[int]
    tries: int = 0
    """Batches it was in and came back from without a reply."""


class BatchedLLM:
    """Wraps a model: ``complete_many`` goes through batches, ``complete`` does not.

    Replies are those of the direct way as ``BatchedCompletion``; their ``latency_ms`` is the time of the batch, no
    latency of a model. A request that a batch did not answer (expired, cancelled, rate limit, server error) goes
    into another one, and is asked directly after ROUNDS of them; one that was refused is asked directly at once, so
    that it meets the client's own adaptations and messages. The first new request of a call is asked directly before
    anything is uploaded: it proves key, model and options. A server without a batch interface is asked directly, with
    a note.

    The batches under way are kept in ``batching.state``. A request that lies in one of them waits for that one, whoever
    made it.
    """

    def __init__(self, inner: BatchModel, batching: Batching) -> None:
        self.inner, self.batching = inner, batching
        self.name = inner.name
        self._identity = dict(inner.identity())
        self._server = BatchServer(inner)
        self._state: BatchState | None = None
        self._most = batching.limits.requests
        self._one_by_one = False
        """Whether the server's queue has been too short for several files at once."""
        self._absent = False

    @property
    def context_window(self) -> int | None:
        return self.inner.context_window

    def identity(self) -> dict[str, Any]:
        return dict(self._identity)

    def complete(self, request: Request) -> Completion:
        return self.inner.complete(request)

    def complete_many(self, requests: Sequence[Request]) -> Generator[tuple[int, Completion | LLMError], None, None]:
        """Replies as batches end. Closing the iterator leaves batches under way for the next call to pick up."""
        waiting: dict[str, _Asked] = {}
        for index, request in enumerate(requests):
            waiting.setdefault(request_key(self._identity, request), _Asked(request, [])).indexes.append(index)
        proof = [] if self._absent or not waiting or self._kept().holding(list(waiting)) else [next(iter(waiting))]
        while waiting:
            direct = proof or [key for key, asked in waiting.items() if self._absent or asked.tries >= ROUNDS]
            for key, outcome in self._ask_directly({key: waiting[key] for key in direct}):
                yield from _each(waiting.pop(key), outcome)
            proof = []
            if waiting and not self._absent:
                for key, outcome in self._round(waiting):
                    yield from _each(waiting.pop(key), outcome)

    def close(self) -> None:
        if self._state is not None:
            self._state.close()
            self._state = None
        self.inner.close()

    def _ask_directly(self, asked: dict[str, _Asked]) -> Generator[tuple[str, Completion | LLMError], None, None]:
        keys = list(asked)
        if keys:
            for position, outcome in self.inner.complete_many([asked[key].request for key in keys]):
                yield keys[position], outcome

    def _round(self, waiting: dict[str, _Asked]) -> Generator[tuple[str, Completion | LLMError], None, None]:
        """See that the requests are in batches, and take over what comes of each batch."""
        bodies: list[tuple[str, dict[str, Any]]] = []
        for key, asked in list(waiting.items()):
            try:
                bodies.append((key, self.inner.prepared(asked.request)[0]))
            except LLMError as error:
                yield key, error
        try:
            batches = self._submit(bodies)
        except NoBatches as error:
            self._absent = True
            print(f"note: llm.batch=true: {error}; the server has no batch interface, it is asked directly", flush=True)
            return
        except LLMError as error:
            for key, _ in bodies:
                yield key, error
            return
        for batch, keys in batches.items():
            yield from self._taken(batch, keys, waiting)

    def _kept(self) -> BatchState:
        if self._state is None:
            self._state = BatchState(self.batching.state)
        return self._state

    def _submit(self, bodies: Sequence[tuple[str, dict[str, Any]]]) -> dict[Open, list[str]]:
        """Bring requests into batches, where they are in none; each batch with those of them that it holds."""
        state, keys = self._kept(), [key for key, _ in bodies]
        with state.submitting():
            for batch in set(state.holding(keys).values()):
                self._mend(batch)
            inside = state.holding(keys)
            fresh = [(key, body) for key, body in bodies if key not in inside]
            files = uploads(fresh, replace(self.batching.limits, requests=self._most))
            for upload in files[: (0 if inside else 1) if self._one_by_one else None]:
                self._make(upload.keys, upload.content)
            inside = state.holding(keys)
        batches: dict[Open, list[str]] = {}
        for key, batch in inside.items():
            batches.setdefault(batch, []).append(key)
        return batches

    def _make(self, keys: Sequence[str], content: bytes) -> None:
        """A new batch, noted before it is made."""
        state, mark = self._kept(), uuid.uuid4().hex
        state.begin(mark, keys)
        try:
            file_id = self._server.upload(content)
            state.uploaded(mark, file_id)
            batch_id = self._server.create(file_id, mark)
        except (NoBatches, Rejected):
            state.forget(mark)
            raise
        state.created(mark, batch_id)
        print(
            f"note: batch {batch_id} of {len(keys)} requests is under way at {self.inner.base_url}; "
            f"an interrupted command picks it up again",
            flush=True,
        )

    def _mend(self, batch: Open) -> None:
        """Find out what became of a batch whose making was cut short by the end of its process."""
        if batch.batch_id is not None:
            return
        state = self._kept()
        batch_id = self._server.find(batch.mark) if batch.file_id else None
        if batch_id is None:
            state.forget(batch.mark)  # nothing was made, or nothing that could be found; its requests are asked anew
        else:
            state.created(batch.mark, batch_id)

    def _taken(
        self, batch: Open, keys: Sequence[str], waiting: dict[str, _Asked]
    ) -> Generator[tuple[str, Completion | LLMError], None, None]:
        """What came of one batch for these requests; those that are to be asked again stay out."""
        state, wanted = self._kept(), set(keys)
        try:
            status = self._watched(str(batch.batch_id))
            lines = list(self._lines(status, waiting))
        except Gone as error:
            print(f"note: {error}; its requests are asked again", flush=True)
            lines, status = [], Status("gone")
        except LLMError as error:  # the batch stays open: the next command looks after it again
            for key in keys:
                yield key, error
            return
        if any(code == QUEUE_FULL for code, _ in status.errors):
            state.forget(batch.mark)
            self._make_smaller(len(keys))
            return
        if status.errors and not lines:
            state.forget(batch.mark)
            said = "; ".join(": ".join(filter(None, pair)) for pair in status.errors)
            for key in keys:
                yield key, Rejected(f"{self.name} at {self.inner.base_url} refuses batch {batch.batch_id}: {said}")
            return
        for line in lines:
            if line.key not in wanted:
                continue
            wanted.discard(line.key)
            outcome = self._outcome(line, waiting[line.key])
            if outcome is not None:
                yield line.key, outcome
            state.forget(batch.mark, [line.key])  # after the reply was taken, which a cache above has then kept
        for key in wanted:
            waiting[key].tries += 1
        state.forget(batch.mark, list(wanted))

    def _watched(self, batch_id: str) -> Status:
        """Wait for a batch to end."""
        pause, longest = self.batching.poll_s
        status, bar = self._server.status(batch_id), None
        try:
            while not status.ended:
                if bar is None and self.batching.bar is not None:
                    bar = self.batching.bar(f"batch {batch_id[-12:]}", status.total)
                if bar is not None:
                    bar.total, bar.n = status.total, status.done
                    bar.refresh()
                time.sleep(pause)
                pause = min(pause * 1.5, longest)
                status = self._server.status(batch_id)
        finally:
            if bar is not None:
                bar.close()
        return status

    def _lines(self, status: Status, waiting: dict[str, _Asked]) -> Iterator[BatchLine]:
        attempt = 1 + max((asked.tries for asked in waiting.values()), default=0)
        for name in status.files:
            yield from read_lines(self._server.content(name), status.seconds * 1000, attempt)

    def _make_smaller(self, size: int) -> None:
        """The server's queue was too short for a batch: from now on one at a time, and smaller ones where that was so.

        Others may fill the queue too, so a batch that was alone is followed after a pause.
        """
        if self._one_by_one:
            self._most = halved(size)
            time.sleep(self.batching.poll_s[1])
        self._one_by_one = True

    def _outcome(self, line: BatchLine, asked: _Asked) -> Completion | None:
        """A batch's reply; None for what is to be asked again, in a batch or, where it was refused, directly."""
        if line.completion is None:
            asked.tries = asked.tries + 1 if line.passing else ROUNDS
            return None
        cut = self.inner.prepared(asked.request)[1]
        completion = reply_to(asked.request, line.completion)
        reply = {f.name: getattr(completion, f.name) for f in fields(completion)}
        return BatchedCompletion(**{**reply, "cut_tokens": cut})


def _each(asked: _Asked, outcome: Completion | LLMError) -> Generator[tuple[int, Completion | LLMError], None, None]:
    for index in asked.indexes:
        yield index, outcome
