"""The context window: a prompt that does not fit is refused by name, or cut where the user allows it, and counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from memos.errors import PromptTooLong
from memos.types import Message

CUT_MARK = "\n[…]\n"
"""Stands where text was taken out."""
_PROBES, _SLACK = 8, 0.005
"""Most prompts counted while cutting, and the share of the window that may stay unused to save counting."""


def whitespace_tokens(text: str) -> int:
    """Words separated by white space."""
    return len(text.split())


def fit(
    messages: Sequence[Message],
    count: Callable[[Sequence[Message]], int],
    window: int | None,
    reserve: int,
    policy: str,
    model: str,
) -> tuple[tuple[Message, ...], int]:
    """Make a prompt fit a model's window.

    Args:
        count: tokens of a whole prompt, template included.
        window: tokens of prompt plus reply; None: nothing is checked.
        reserve: tokens kept free for the reply.
        policy: ``refuse`` or ``cut``. ``cut`` takes text out of the middle of the longest message, at white space,
            so that instructions at its start and the question at its end stay.

    Returns:
        The messages and the number of prompt tokens that were removed.

    Raises:
        PromptTooLong: under ``refuse``, or when even the shortest cut does not fit.
    """
    if window is None:
        return tuple(messages), 0
    before = count(messages)
    room = window - reserve
    if before <= room:
        return tuple(messages), 0
    if policy != "cut":
        raise PromptTooLong(
            f"prompt of {before} tokens and {reserve} for the reply exceed the window of {model} ({window} tokens); "
            f"shorten the context, take a model with a longer window, or set llm.long_prompt=cut"
        )
    longest = max(range(len(messages)), key=lambda index: len(messages[index].content))
    shortened = _shorten(messages, longest, count, room)
    if shortened is None:
        raise PromptTooLong(
            f"prompt of {before} tokens cannot be cut to {room}, which is what the window of {model} ({window} tokens) "
            f"leaves beside {reserve} for the reply"
        )
    return shortened, before - count(shortened)


def _shorten(
    messages: Sequence[Message], index: int, count: Callable[[Sequence[Message]], int], room: int
) -> tuple[Message, ...] | None:
    """The prompt with the largest middle-cut message found that fits, by interpolation over characters kept."""
    text = messages[index].content

    def with_kept(chars: int) -> tuple[Message, ...]:
        return tuple(
            replace(message, content=cut_middle(text, chars)) if i == index else message
            for i, message in enumerate(messages)
        )

    low, high = 0, len(text)
    least, most = count(with_kept(low)), count(messages)
    if least > room:
        return None
    for _ in range(_PROBES):
        share = (room - least) / max(most - least, 1)
        middle = low + int((high - low) * min(max(share, 0.02), 0.98))
        tokens = count(with_kept(middle))
        if tokens <= room:
            low, least = middle, tokens
        else:
            high, most = middle, tokens
        if high - low <= 1 or room - least <= room * _SLACK:
            break
    return with_kept(low)


def cut_middle(text: str, chars: int) -> str:
    """Keep about ``chars`` characters, half from each end, cutting at white space, with CUT_MARK between.

    An end without white space (no words to cut between) is cut at the character.
    """
    if chars >= len(text):
        return text
    half = chars // 2
    head, tail = text[:half], text[len(text) - half :] if half else ""
    if not text[half : half + 1].isspace() and any(c.isspace() for c in head):
        head = head[: len(head) - len(head.split()[-1])] if head and not head[-1].isspace() else head
    if half and not text[len(text) - half - 1].isspace() and any(c.isspace() for c in tail):
        tail = tail[len(tail.split()[0]) :] if tail and not tail[0].isspace() else tail
    return head.rstrip() + CUT_MARK + tail.lstrip()
