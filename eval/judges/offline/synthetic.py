"""Synthetic answers that keep the offline judge from being gamed: they join its training set with known labels.

Kinds: the question restated, another question's gold, random turns, a denied gold, a refusal; and as positives the gold
itself and worded otherwise. The probes that test the judge (``eval/judges/probes.py``) use other wordings than these.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from eval.judges.offline.pair import Pair
from eval.judges.offline.text import content

RESTATED = (
    "{question}",
    "The question was: {question}",
    "{statement}.",
    "That is about {statement}.",
    "{statement}, as they talked about.",
    "I would say that {statement}.",
    "{question} They talked about it.",
    "It is about {statement}, I guess.",
)
DENIED = (
    "Not {gold}.",
    "It is not {gold}.",
    "It was not {gold}.",
    "No, it wasn't {gold}.",
    "They never said {gold}.",
    "{gold} is not the answer.",
    "The answer isn't {gold}.",
    "It is not true that it is {gold}.",
    "I doubt it was {gold}.",
    "{gold}? That is not so.",
    "Nobody said {gold}.",
    "It was never {gold}.",
    "{gold} can be ruled out.",
    "Wrong: {gold}.",
    "It was something other than {gold}.",
    "You might think {gold}, but no.",
    "It is a mistake to say {gold}.",
)
REFUSALS = (
    "",
    "I don't know.",
    "No information available.",
    "The conversation does not mention this.",
    "There is not enough information to answer.",
    "This is not specified in the memories.",
    "Unknown",
)
WORDED = (
    "{gold}",
    "{gold}.",
    "The answer is {gold}.",
    "It was {gold}.",
    "I think it is {gold}.",
    "{statement}: {gold}",
)
_QUESTION_WORDS = re.compile(
    r"^(?:what|when|where|who|whom|whose|which|why"
    r"|how(?: many| much| long| often)?)\b(?: (?:did|does|do|is|are|was|were|has|have|had|will|would|can))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Guard:
    """A synthetic answer with its label."""

    pair: Pair
    kind: str
    accepted: bool
    sample_id: str


def statement(question: str) -> str:
    """A question without its question word: "When did Ann leave?" becomes "Ann leave"."""
    return _QUESTION_WORDS.sub("", question.strip().rstrip("?").strip(), count=1).strip() or question


def make(
    items: Sequence[tuple[str, Pair]],
    turns: Sequence[str],
    *,
    negatives: int = 700,
    positives: int = 180,
    seed: int = 0,
) -> list[Guard]:
    """Guards over real questions.

    Args:
        items: (sample id, pair); the answers of the pairs are ignored.
        turns: utterances to make random answers of.
        negatives: how many wrong answers, shared out over five kinds.
        positives: how many right ones.
        seed: of the choice.
    """
    chance = random.Random(seed)
    kinds = ("restated", "other_gold", "random_turns", "denied", "refusal")
    out = []
    for number in range(negatives):
        kind = kinds[number % len(kinds)]
        sample_id, pair = items[chance.randrange(len(items))]
        answer = _answer(kind, sample_id, pair, items, turns, chance)
        if answer is not None:
            out.append(Guard(Pair(pair.question, pair.gold, answer, pair.category), kind, False, sample_id))
    for _ in range(positives):
        sample_id, pair = items[chance.randrange(len(items))]
        answer = chance.choice(WORDED).format(gold=pair.gold.strip().rstrip("."), statement=statement(pair.question))
        out.append(Guard(Pair(pair.question, pair.gold, answer, pair.category), "gold", True, sample_id))
    return out


def _answer(
    kind: str,
    sample_id: str,
    pair: Pair,
    items: Sequence[tuple[str, Pair]],
    turns: Sequence[str],
    chance: random.Random,
) -> str | None:
    if kind == "restated":
        return chance.choice(RESTATED).format(question=pair.question, statement=statement(pair.question))
    if kind == "denied":
        if re.match(r"\W*(?:no|not|never|likely no)\b", pair.gold, re.IGNORECASE) or pair.gold.lower().startswith(
            "yes"
        ):
            return None
        return chance.choice(DENIED).format(gold=pair.gold.strip().rstrip("."))
    if kind == "refusal":
        return None if re.search(r"\bno\b|\bnot\b|\bnone\b", pair.gold.lower()) else chance.choice(REFUSALS)
    if kind == "random_turns":
        return " ".join(chance.choice(turns) for _ in range(chance.choice((1, 3, 8, 20))))
    for _ in range(20):
        other_id, other = items[chance.randrange(len(items))]
        same_kind = other.category == pair.category or chance.random() < 0.3
        if same_kind and unlike(other.gold, pair.gold):
            return other.gold
    return None


def unlike(first: str, second: str) -> bool:
    """Whether two golds share no word that carries meaning, and not a date either."""
    from eval.judges.offline.date_features import gold_dates

    golds, answers = gold_dates(second, first)
    if any(min(g.end, a.end) + 40 >= max(g.start, a.start) for g in golds for a in answers):
        return False
    return not set(content(first)) & set(content(second)) and first.lower()[:3] != second.lower()[:3]
