"""A model that is asked afresh where its cached reply was malformed: what ``retry_ingest`` puts around the cache."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

from memos.errors import LLMError
from memos.llm.base import Completion, Request
from memos.llm.layer import Layer
from memos.llm.structured import parse

STEP = 1000
"""What is added to ``Request.sample_index`` for each further sample: another entry of the response cache."""
ROUNDS = 20
"""How many samples of earlier rounds, all malformed, are passed over."""


class FreshWhereMalformed(Layer):
    """Wraps a cached model. Good cached replies are served as they are; a malformed one is no reply: another sample is
    asked for, which the cache then holds under a key of its own. So nothing that is good is paid for twice, and the
    cache still replays every run that was made with it.
    """

    def complete(self, request: Request) -> Completion:
        return self._fresh(request, self.inner.complete(request))

    def again(self, request: Request, completion: Completion) -> Completion:
        """Another sample in the place of a cached reply that its reader found malformed; any other stays."""
        for number in range(1, ROUNDS + 1):
            if not completion.from_cache:
                return completion
            completion = self.inner.complete(replace(request, sample_index=request.sample_index + number * STEP))
            if not _malformed(request, completion):
                return completion
        return completion

    def complete_many(self, requests: Sequence[Request]) -> Generator[tuple[int, Completion | LLMError], None, None]:
        for index, outcome in self.inner.complete_many(requests):
            if not isinstance(outcome, Completion):
                yield index, outcome
                continue
            try:
                fresh: Completion | LLMError = self._fresh(requests[index], outcome)
            except LLMError as error:
                fresh = error
            yield index, fresh

    def _fresh(self, request: Request, completion: Completion) -> Completion:
        return self.again(request, completion) if _malformed(request, completion) else completion


def _malformed(request: Request, completion: Completion) -> bool:
    """Whether a reply was refused or cut, or misses the schema that was asked for."""
    if completion.finish_reason in ("refusal", "content_filter"):
        return True
    return request.json_schema is not None and parse(completion, request.json_schema)[1] is not None
