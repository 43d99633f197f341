"""Memories and queries of given lengths in tokens, from LOCOMO's dialogues and questions."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from eval.core.types import Dataset

_FILLER = (" a", ".", " I", "!")


def lengths(mean: float, count: int) -> list[int]:
    """``count`` whole lengths whose mean is as near ``mean`` as can be; a whole ``mean`` is given to all."""
    if float(mean).is_integer():
        return [int(mean)] * count
    spread = [mean * (1 + 0.2 * (2 * i / (count - 1) - 1)) if count > 1 else mean for i in range(count)]
    made = [round(one) for one in spread]
    made[count // 2] += round(mean * count) - sum(made)
    return made


def lines(dataset: Dataset, seed: int) -> tuple[list[str], list[str]]:
    """Memory lines (dated utterances of one conversation after another) and questions, in a seeded order."""
    draw = random.Random(seed)
    conversations = list(dataset.conversations)
    draw.shuffle(conversations)
    said = [
        f"[{session.time_text_of(turn)}] {turn.speaker}: {' '.join(turn.said.split())}"
        for conversation in conversations
        for session, turn in conversation.turns()
    ]
    questions = [question.text for question in dataset.questions]
    draw.shuffle(questions)
    return said, questions


def fit(count: Callable[[str], int], words: Sequence[str], target: int, end: str = "") -> str:
    """The longest text of leading words, ``end`` after them, that has at most ``target`` tokens, then filled up.

    Where the words do not reach, they are repeated. The count is met exactly wherever short fillers can meet it.
    """
    words = (list(words) * (1 + target // max(1, len(words))))[:target]  # a word has at least one token
    low, high = 1, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count(" ".join(words[:middle]) + end) <= target else (low, middle - 1)
    text = " ".join(words[:low])
    for filler in _FILLER:
        while count(text + filler + end) <= target:
            text += filler
            if count(text + end) == target:
                return text + end
    return text + end
