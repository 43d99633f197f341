"""Answers of several items, collected from several lines."""

from __future__ import annotations

from collections.abc import Sequence

from eval.answerers.spans import Span
from eval.answerers.text import content_stems


def join_items(spans: Sequence[Span], asked: frozenset[str], margin: float, limit: int) -> str:
    """The best span of each line that comes near enough to the best one, without repeats, joined by commas.

    Args:
        spans: the best span of each line, best first.
        asked: stems of the question, which make no item new.
        margin: how far below the best span's score an item may be.
        limit: most items.
    """
    items: list[str] = []
    seen: set[str] = set()
    for span in spans:
        if len(items) == limit or (items and spans[0].score - span.score > margin):
            break
        stems = set(content_stems(span.text)) - asked
        if items and (not stems or len(stems & seen) > len(stems) / 2):
            continue
        items.append(span.text.strip(" ,"))
        seen |= stems
    return ", ".join(items)
