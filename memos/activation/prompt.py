"""Cutting a chat prompt into a memory part that is encoded once and a query part (docs/kv.md#boundaries).

The model's full template is rendered with memory and query in their places and cut at a special token between them, so
that the boundary is tokenised once and the two parts' tokens are exactly those of the whole. Where a template has no
special token there, the part that all queries share in tokens is cached instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from memos.llm.chat_template import rendered
from memos.llm.control_tokens import marked, special_tokens, token_ids, unmarked
from memos.llm.prefix import common_length
from memos.types import Message

PROBES = ("7 probe alpha", "beta 9 probe")
"""Two texts that no tokenizer starts alike; they stand where a query will be."""

Ids = tuple[int, ...]


def render(tokenizer: Any, system: str, query: str) -> str | None:
    """The chat as text, up to the start of the reply; None without a chat template."""
    return rendered(tokenizer, (Message("system", system), Message("user", query)))


def encode(tokenizer: Any, system: str, query: str) -> Ids:
    """Token ids of the whole prompt: what a model without activation memory is given."""
    text = render(tokenizer, system, query)
    if text is None:
        system, query = (marked(tokenizer, part) for part in (system, query))
        return token_ids(tokenizer, f"system: {system}\nuser: {query}\nassistant:", bare=False)
    return token_ids(tokenizer, text)


class MemoryPrompt:
    """A memory in its place in the template, ready for any query.

    Attributes:
        head: the memory part as text; None where the cut is by tokens.
        head_ids: its tokens, the ones to cache.
    """

    def __init__(self, tokenizer: Any, system: str) -> None:
        self.tokenizer, self.system = tokenizer, system
        self.head = self._cut()
        if self.head is None:
            first, second = (encode(tokenizer, system, probe) for probe in PROBES)
            self.head_ids: Ids = first[: common_length(first, second)]
        else:
            self.head_ids = token_ids(tokenizer, self.head)

    def rest(self, query: str) -> tuple[int, Ids]:
        """How many of ``head_ids`` this query's prompt starts with, and the tokens after them.

        ``head_ids[:n] + rest`` are the tokens of the whole prompt. The memory is not tokenised again.
        """
        if self.head is not None:
            text = render(self.tokenizer, self.system, query)
            if text is not None and text.startswith(self.head):
                return len(self.head_ids), token_ids(self.tokenizer, text[len(self.head) :])
        ids = encode(self.tokenizer, self.system, query)
        shared = min(common_length(self.head_ids, ids), len(ids) - 1)
        return shared, ids[shared:]

    def _cut(self) -> str | None:
        """The text before the last special token ahead of the query, if cutting there changes no token."""
        text = render(self.tokenizer, self.system, PROBES[0])
        if text is None or (place := text.rfind(PROBES[0])) < 0:
            return None
        cut = max((text.rfind(mark, 0, place) for mark in special_tokens(self.tokenizer)), default=-1)
        body = marked(self.tokenizer, self.system.strip())
        if cut <= 0 or cut < text.find(body) + len(body):
            return None
        apart = token_ids(self.tokenizer, text[:cut]) + token_ids(self.tokenizer, text[cut:])
        return text[:cut] if apart == token_ids(self.tokenizer, text) else None


def segments(tokenizer: Any, text: str, starts: Sequence[int]) -> list[Ids]:
    """The tokens of ``text``, cut where each of ``starts`` (characters, rising) begins.

    A token that reaches over a start belongs to the segment before it. Returns ``len(starts) + 1`` segments, whose
    concatenation is the tokenisation of the whole (of a text with marked control tokens, each segment's own).
    """
    bounds = [0, *starts, len(text)]
    spans = [text[a:b] for a, b in zip(bounds, bounds[1:], strict=False)]
    if unmarked(text) != text:  # offsets count in the text as the tokenizer sees it
        return [token_ids(tokenizer, span) for span in spans]
    made = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ids, offsets = made["input_ids"], made["offset_mapping"]
    cuts = [next((i for i, (begin, _) in enumerate(offsets) if begin >= start), len(ids)) for start in starts]
    bounds = [0, *cuts, len(ids)]
    return [tuple(ids[a:b]) for a, b in zip(bounds, bounds[1:], strict=False)]
