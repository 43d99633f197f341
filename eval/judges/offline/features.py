"""The features of the offline judge that need no model: all of content, none of length or style.

Each group is a function from a :class:`Pair` to named numbers, most of them between 0 and 1. What carries the judge is
listed in docs/judge.md#features: dates as intervals (``date_features``), recall of the gold's words that the question
does not already give away, list items, polarity, negation, abstention, numbers, durations and names.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

from eval.judges.offline import date_phrases, readings
from eval.judges.offline.date_features import date_features
from eval.judges.offline.pair import DENYING, Pair, rarity_share
from eval.judges.offline.text import content, found, idf, tokens


def lexical(pair: Pair) -> dict[str, float]:
    """All model-free features of one pair, by name."""
    return {
        **_overlap(pair),
        **_choice(pair),
        **_items(pair),
        **date_features(pair),
        **_quantities(pair),
        **_names(pair),
        **_stance(pair),
        **_kind(pair),
    }


def _overlap(pair: Pair) -> dict[str, float]:
    gold_all = frozenset(content(pair.gold)) or frozenset(tokens(pair.gold))
    recall = rarity_share(pair.wanted, pair.given)
    precision = rarity_share(pair.added, gold_all)
    order = [word for word in content(pair.gold)]
    pairs_gold = set(zip(order, order[1:], strict=False))
    said = content(pair.answer)
    pairs_said = set(zip(said, said[1:], strict=False))
    flat_gold, flat_answer = " ".join(tokens(pair.gold)), " ".join(tokens(pair.answer))
    rare = max(pair.wanted, key=lambda word: (idf(word), len(word)), default="")
    return {
        "recall": recall,
        "recall_plain": sum(found(word, pair.given) for word in pair.wanted) / max(len(pair.wanted), 1),
        "recall_whole": rarity_share(tuple(gold_all), pair.given),
        "recall_any": float(recall > 0),
        **_spread(pair, recall),
        "recall_full": float(recall > 0.9),
        "rarest_found": found(rare, pair.given) if rare else 0.0,
        "precision": precision,
        "balance": 2 * recall * precision / (recall + precision) if recall + precision else 0.0,
        "head_recall": _head_recall(pair),
        "bigrams": len(pairs_gold & pairs_said) / len(pairs_gold) if pairs_gold else recall,
        "gold_inside": float(bool(flat_gold) and f" {flat_gold} " in f" {flat_answer} "),
        "answer_inside": float(bool(flat_answer) and f" {flat_answer} " in f" {flat_gold} "),
        "nothing_added": float(not pair.added),
        "echo": rarity_share(content(pair.answer), pair.asked),
        "question_back": rarity_share(tuple(pair.asked), frozenset(content(pair.answer))),
        "gold_asked": float(
            all(found(word, pair.asked) for word in content(pair.gold)) and not readings.polarity(pair.gold)
        ),
        "restates": float(
            not pair.added
            and rarity_share(tuple(pair.asked), frozenset(content(pair.answer))) >= 0.7
            and not readings.polarity(pair.answer)
        ),
        "asks": float(pair.answer.rstrip().endswith("?")),
    }


_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")


def _spread(pair: Pair, recall: float) -> dict[str, float]:
    """Whether the gold's words stand together: in a long answer about the topic they may come from sentences that say
    something else.
    """
    pools = [
        frozenset(content(part)) | frozenset(w for w in tokens(part) if w in pair.wanted)
        for part in _SENTENCE.split(pair.answer)
        if part.strip()
    ]
    near = max((rarity_share(pair.wanted, pool) for pool in pools), default=0.0)
    hits = sum(found(word, pair.given) > 0 for word in pair.wanted)
    return {
        "recall_near": near,
        "recall_scattered": recall - near,
        "recall_part": float(0 < hits < len(pair.wanted)),
        "recall_two": float(hits >= 2),
    }


def _head_recall(pair: Pair) -> float:
    """Recall of the answer proper in a gold that explains itself, words of the question included."""
    words = content(readings.head(pair.gold)) or tokens(readings.head(pair.gold))
    left = [word for word in words if not found(word, pair.asked)]
    said = frozenset(content(pair.answer)) | frozenset(tokens(pair.answer))
    return rarity_share(left or words, said)


def _choice(pair: Pair) -> dict[str, float]:
    """For a question with two options: whether the answer picks the gold's."""
    sides = readings.options(pair.question)
    out = {"choice_same": 0.0, "choice_clash": 0.0, "choice_both": 0.0}
    if sides is None:
        return out
    pools = [frozenset(content(side)) for side in sides]
    gold = [rarity_share(tuple(pool), frozenset(content(readings.head(pair.gold)))) for pool in pools]
    said = [rarity_share(tuple(pool), frozenset(content(pair.answer))) for pool in pools]
    if abs(gold[0] - gold[1]) < 0.3:
        return out
    wanted = gold[0] > gold[1]
    out["choice_both"] = float(min(said) > 0.5)
    if abs(said[0] - said[1]) >= 0.3:
        out["choice_same" if (said[0] > said[1]) == wanted else "choice_clash"] = 1.0
    return out


def _items(pair: Pair) -> dict[str, float]:
    items = readings.items(pair.gold)
    recalls = []
    for part in items:
        words = [word for word in content(part) if not found(word, pair.asked)] or content(part) or tokens(part)
        recalls.append(rarity_share(words, pair.given))
    covered = [recall >= 0.5 for recall in recalls]
    given = readings.items(pair.answer)
    gold = frozenset(content(pair.gold))
    foreign = [
        part
        for part in given
        if rarity_share([word for word in content(part) if word not in pair.asked] or list(content(part)), gold) < 0.3
    ]
    several = len(items) > 1
    return {
        "item_share": sum(covered) / len(items),
        "items_foreign": len(foreign) / max(len(given), 1) if several else 0.0,
        "items_short": max(1 - len(given) / len(items), 0.0) if several else 0.0,
        "item_mean": sum(recalls) / len(items),
        "item_least": min(recalls),
        "item_most": max(recalls),
        "is_list": float(several),
        "list_long": float(len(items) > 3),
    }


def _ratio(first: float, second: float) -> float:
    return math.exp(-abs(math.log(max(first, 1e-3) / max(second, 1e-3))))


def _quantities(pair: Pair) -> dict[str, float]:
    wanted = readings.numbers(pair.gold) - readings.numbers(pair.question)
    given = readings.numbers(pair.answer)
    spans, said = readings.durations(pair.gold), readings.durations(pair.answer)
    if date_phrases.find(pair.gold):
        spans = ()
    best = max((_ratio(span, other) for span in spans for other in said), default=0.0)
    if spans and not said:
        ago = [abs(days) for days in date_phrases.relative(pair.answer)]
        best = max((_ratio(span, other) for span in spans for other in ago), default=0.0)
    new = given - readings.numbers(pair.question)
    return {
        "gold_number": float(bool(wanted)),
        "number_found": len(wanted & given) / len(wanted) if wanted else 0.0,
        "number_clash": float(bool(wanted) and bool(new) and not wanted & given),
        "number_none": float(bool(wanted) and not given),
        "gold_duration": float(bool(spans)),
        "duration_near": best,
        "duration_equal": float(best > 0.95),
        "duration_clash": float(bool(spans) and bool(said) and best < 0.6),
    }


def _names(pair: Pair) -> dict[str, float]:
    wanted = readings.names(pair.gold) - pair.asked
    given = readings.names(pair.answer) - pair.asked
    share = sum(found(name, pair.given) for name in wanted) / len(wanted) if wanted else 0.0
    return {
        "gold_name": float(bool(wanted)),
        "name_found": share,
        "name_clash": float(bool(wanted) and bool(given) and share == 0),
        "name_none": float(bool(wanted) and not given and share == 0),
        "name_foreign": sum(not found(name, frozenset(content(pair.gold))) for name in given) / len(given)
        if given
        else 0.0,
    }


def _stance(pair: Pair) -> dict[str, float]:
    gold, answer = readings.polarity(pair.gold), readings.polarity(pair.answer)
    denied_gold, denied = readings.negations(pair.gold) % 2, readings.negations(pair.answer) % 2
    refusal = readings.abstention(pair.answer)
    if gold and not answer and refusal < 1:
        answer = -1 if denied else 0
    return {
        "polar": float(gold != 0),
        "polar_same": float(gold != 0 and gold == answer),
        "polar_clash": float(gold * answer < 0),
        "polar_implied": float(gold > 0 and not answer and not denied and refusal < 1),
        "denial_clash": float(denied_gold != denied and not gold),
        "denies": float(readings.negations(pair.answer) > 0),
        "denied_gold": _denied(pair),
        "flat_denial": _flat_denial(pair),
        "opens_denying": float(
            readings.negations(" ".join(pair.answer.split()[:4])) > 0 and not denied_gold and gold >= 0
        ),
        "abstains": refusal,
        "abstains_fully": float(refusal == 1.0),
        "gold_abstains": readings.abstention(pair.gold),
        "vague": readings.vague_share(pair.answer),
        "vague_more": max(readings.vague_share(pair.answer) - readings.vague_share(pair.gold), 0.0),
    }


def _denied(pair: Pair) -> float:
    """How much of the gold stands in a clause that denies it, minus what stands in clauses that do not; 0 for a denying
    gold.
    """
    if readings.polarity(pair.gold) or readings.refuses(pair.question):
        return 0.0
    usual = readings.negations(pair.gold)
    denied = plain = 0.0
    for clause, denials in _clauses(pair.answer):
        words = frozenset(content(clause)) | frozenset(word for word in tokens(clause) if word in pair.wanted)
        share = rarity_share(pair.wanted, words)
        if denials > usual:
            denied = max(denied, share)
        else:
            plain = max(plain, share)
    return max(denied - plain, 0.0)


@lru_cache(maxsize=16384)
def _clauses(answer: str) -> tuple[tuple[str, int], ...]:
    """The clauses of an answer with how many words deny each; a clause that only denies ("That is not so") speaks of
    the one before it.
    """
    out: list[tuple[str, int]] = []
    for clause in readings.clauses(answer):
        denials = readings.negations(clause)
        if denials and out and (len(tokens(clause)) <= 3 or set(content(clause)) <= DENYING):
            out[-1] = (out[-1][0], out[-1][1] + denials)
        else:
            out.append((clause, denials))
    return tuple(out)


def _flat_denial(pair: Pair) -> float:
    """1 for an answer that denies the gold and says nothing else."""
    if _denied(pair) < 0.5:
        return 0.0
    gold = frozenset(content(pair.gold)) | frozenset(tokens(pair.gold))
    beside = [word for word in pair.added if word not in DENYING and not found(word, gold)]
    return float(len(beside) <= 1)


def _kind(pair: Pair) -> dict[str, float]:
    return {
        "multi_hop": float(pair.category == 1),
        "temporal": float(pair.category == 2),
        "open_domain": float(pair.category == 3),
        "gold_short": float(len(pair.wanted) <= 1),
        "gold_long": float(len(pair.wanted) >= 5),
    }
