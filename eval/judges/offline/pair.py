"""What the offline judge reads: a question with its gold and an answer, and the stems that count in them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from eval.judges.offline.text import content, found, idf, plain_numbers, tokens

TALK = frozenset(
    "ask question answer convers chat discuss talk mention said say topic regard concern came come bring brought "
    "dialogu memori context record text messag inform subject matter relat anoth thing well know see whether wonder "
    "one 1 would".split()
)
"""Stems of words that speak about the conversation; they add nothing to an answer."""
DENYING = frozenset(
    "incorrect fals wrong contrari think thought certainli definit absolut true untru inaccur mistaken noth never "
    "opposit case assum suppos believ doubt els rather instead anyth far except noon nobodi none cannot deni claim "
    "fact correct right actual realli simpli way exclud rule".split()
)
"""Stems of words that only carry a denial."""


@dataclass(frozen=True)
class Pair:
    """A question, its gold answer, a given answer and LOCOMO's category."""

    question: str
    gold: str
    answer: str
    category: int

    @classmethod
    def of(cls, question: str, gold: str, answer: str, category: int) -> Pair:
        """A pair as it is judged: 1,000 is 1000."""
        return cls(plain_numbers(question), plain_numbers(gold), plain_numbers(answer), category)

    @cached_property
    def asked(self) -> frozenset[str]:
        return frozenset(content(self.question))

    @cached_property
    def wanted(self) -> tuple[str, ...]:
        """Stems of the gold that the question does not contain; all of them where nothing would be left."""
        stems = tuple(dict.fromkeys(content(self.gold)))
        left = tuple(word for word in stems if not found(word, self.asked))
        return left or stems or tuple(dict.fromkeys(tokens(self.gold)))

    @cached_property
    def given(self) -> frozenset[str]:
        return frozenset(content(self.answer)) | frozenset(word for word in tokens(self.answer) if word in self.wanted)

    @cached_property
    def added(self) -> tuple[str, ...]:
        """Stems of the answer that the question does not contain, words about the talk itself left out."""
        return tuple(
            word
            for word in dict.fromkeys(content(self.answer))
            if word not in self.asked and (word not in TALK or word in self.wanted)
        )


def rarity_share(words: Collection[str], pool: frozenset[str]) -> float:
    """Share of the words that the pool holds, each counted by its rarity; 0 where there are none."""
    total = sum(idf(word) for word in words)
    return sum(idf(word) * found(word, pool) for word in words) / total if total else 0.0
