"""Probes of any judge: answers whose right verdict is known, in wordings that no training of ours has used
(``eval.judges.wordings``).

Kinds: ``gold`` itself, the gold with its date written another way (``gold_date_format``), the gold in a frame that
hands it over (``gold_affirmed``), ``empty``, ``refusal``, the question restated, another question's gold, random turns,
and the gold denied.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date

from eval.core.types import JudgeTask
from eval.judges.offline import date_phrases
from eval.judges.offline.synthetic import statement, unlike
from eval.judges.wordings import Wordings, tuned

RIGHT = ("gold", "gold_date_format", "gold_affirmed")
"""Kinds whose answers are right; those of all others are wrong."""


def build(
    questions: Sequence[JudgeTask],
    turns: Sequence[str],
    *,
    per_kind: int = 150,
    seed: int = 7,
    wordings: Wordings | None = None,
) -> dict[str, list[JudgeTask]]:
    """Probes over real questions, by kind.

    Args:
        questions: tasks whose answers are ignored; categories 1-4.
        turns: utterances for the random answers.
        per_kind: how many at most of each kind.
        seed: of the choice.
        wordings: of the wrong answers, those that rules were tuned on by default; ``wordings.unseen`` holds some that
            nothing was tuned on.
    """
    wordings = wordings or tuned()
    chance = random.Random(seed)
    pool = list(questions)
    out: dict[str, list[JudgeTask]] = {"gold": [_with(task, task.gold) for task in pool]}
    reworded = [(task, other_format(task.gold)) for task in pool]
    out["gold_date_format"] = [_with(task, text) for task, text in reworded if text]
    out["empty"] = [_with(task, _one(wordings.blank, chance)) for task in _some(pool, per_kind, chance)]
    says_no = ("no", "not", "none", "never", "unknown")
    plain = [task for task in pool if not set(task.gold.lower().replace(",", " ").split()) & set(says_no)]
    out["refusal"] = [_with(task, _one(wordings.refusals, chance)) for task in _some(plain, per_kind, chance)]
    out["question_restated"] = [
        _with(task, _one(wordings.restated, chance).format(question=task.question, statement=statement(task.question)))
        for task in _some(pool, per_kind, chance)
    ]
    out["other_gold"] = [_with(task, _other(task, pool, chance)) for task in _some(pool, per_kind, chance)]
    out["random_turns"] = [
        _with(task, " ".join(chance.choice(turns) for _ in range(_one(wordings.turns, chance))))
        for task in _some(pool, per_kind, chance)
        if turns
    ]
    deniable = [task for task in plain if not task.gold.lower().startswith(("yes", "likely"))]
    out["gold_denied"] = [
        _with(task, _one(wordings.denied, chance).format(gold=task.gold.strip().rstrip(".")))
        for task in _some(deniable, per_kind, chance)
    ]
    if wordings.affirmed:
        out["gold_affirmed"] = [
            _with(
                task,
                _one(wordings.affirmed, chance).format(
                    gold=task.gold.strip().rstrip("."), statement=statement(task.question)
                ),
            )
            for task in _some(deniable, per_kind, chance)
        ]
    return {kind: tasks for kind, tasks in out.items() if tasks}


def _one(choices: Sequence, chance: random.Random):
    """A choice that leaves the draw alone where there is none to make."""
    return choices[0] if len(choices) == 1 else chance.choice(choices)


def _some(pool: Sequence[JudgeTask], count: int, chance: random.Random) -> list[JudgeTask]:
    return chance.sample(list(pool), min(count, len(pool)))


def _with(task: JudgeTask, answer: str) -> JudgeTask:
    return JudgeTask(task.question, task.gold, answer, task.category)


def _other(task: JudgeTask, pool: Sequence[JudgeTask], chance: random.Random) -> str:
    for _ in range(200):
        other = chance.choice(pool)
        if other.category == task.category and unlike(other.gold, task.gold):
            return other.gold
    return "something else entirely"


def other_format(gold: str) -> str | None:
    """A gold that is one date or month, written the other way ("7 May 2023" to "2023-05-07" or "May 7th, 2023")."""
    dates = date_phrases.find(gold)
    words = date_phrases.normalise(gold).replace("in ", "").replace("on ", "").split()
    if len(dates) != 1 or dates[0].yearless or dates[0].open or len(words) > 3:
        return None
    start = date.fromordinal(dates[0].start)
    if dates[0].days == 1:
        written = (
            f"{start:%B} {start.day}{_ending(start.day)}, {start.year}",
            f"{start:%Y-%m-%d}",
            f"the {start.day} of {start:%B} {start.year}",
        )
        return written[start.day % 3]
    if 28 <= dates[0].days <= 31:
        return f"sometime in {start:%b} {start.year}"
    return None


def _ending(number: int) -> str:
    return "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def acceptance(labels: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Share of ``correct`` of each kind."""
    return {kind: sum(label == "correct" for label in given) / len(given) for kind, given in labels.items() if given}
