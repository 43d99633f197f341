"""Probes of any judge: answers whose right verdict is known, in wordings that no training of ours has used.

Kinds: ``gold`` itself, the gold with its date written another way (``gold_date_format``), ``empty``, ``refusal``, the question
restated, another question's gold, random turns, and the gold denied.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from eval.judges.offline import dates
from eval.judges.offline.guards import statement, unlike
from eval.types import JudgeTask

RIGHT = ("gold", "gold_date_format")
"""Kinds whose answers are right; those of all others are wrong."""


@dataclass(frozen=True, slots=True)
class Wordings:
    """How wrong answers are worded; ``{question}``, ``{statement}`` (the question without its question word) and ``{gold}`` are filled in."""

    restated: tuple[str, ...]
    denied: tuple[str, ...]
    refusals: tuple[str, ...]
    blank: tuple[str, ...] = ("",)
    turns: tuple[int, ...] = (20,)
    """How many random turns an answer is made of."""


TUNED = Wordings(
    restated=("You asked: {question}", "Well, {statement} - they discussed it in one of their chats.", "Regarding {statement}, that came up.",
              "As for your question, {question}", "So the thing you want to know: {question}",
              "Hm, {statement}? Let me see what they said about that.", "They did speak of {statement} at some point.",
              "{question} That is a good question.", "This concerns {statement}, which they went over together.", "You're asking me: {question}",
              "So, {question} That is what we need to figure out here.", "{question}", "The topic at hand is {statement}.",
              "Great question! Let's dig into {statement} together.", "Below is my response regarding \"{statement}\".",
              "Hmm, {statement}... now there's something worth talking about.",
              "If I read you correctly, your message comes down to this: {question}", "Sure, happy to help with {statement}!",
              "To answer the question \"{question}\", one first has to look at {statement}.",
              "Question: {question}\nAnswer: see the question about {statement}.", "The conversation has something to say about {statement}.",
              "I was wondering the very same thing the other day. {question}",
              "Okay, step one is to go back over the messages and see where they touch on {statement}.",
              "People often bring this up: {question} It comes up a lot.",
              "With respect to {statement}, the answer is the one given in the conversation."),
    denied=("Anything but {gold}.", "Certainly not {gold}.", "{gold} would be incorrect.", "That {gold} is false.",
            "They said it had nothing to do with {gold}.", "Contrary to what one might think, it isn't {gold}.", "{gold}? No, quite the reverse.",
            "Whatever it was, {gold} it was not.", "People assume {gold}, yet that is mistaken.", "It would be untrue to answer {gold}.",
            "I can tell you for sure that {gold} isn't it.", "Had you guessed {gold}, you would be wrong.", "There is no way that it's {gold}.",
            "Never {gold}, as far as their talks go.", "{gold}? No, that's wrong.", "Definitely not {gold}.",
            "Whatever else it may be, the answer isn't {gold}.", "I'd rule out {gold} straight away.",
            "You might expect to hear {gold}. You'd be mistaken.", "{gold} couldn't be further from the truth.",
            "Some would say {gold}, but they have it backwards.", "Anything but {gold}.",
            "Had it been {gold}, the chat would have read very differently; it was something else.", "The claim \"{gold}\" is false.",
            "Contrary to what you may have heard, {gold} is not the right answer.", "It would be an error to answer \"{gold}\" here.",
            "Not {gold}, that much is certain.", "The truth has about as much to do with {gold} as chalk has with cheese.",
            "Nope, scratch {gold} off the list.", "The speaker flatly denied that it was {gold}.",
            "\"{gold}\" is a common misconception; the real answer is another one.", "Under no circumstances can {gold} be correct.",
            "I checked whether it was {gold}. It wasn't.", "If anyone tells you \"{gold}\", don't believe them, because it simply isn't so.",
            "They told everyone {gold}, which turned out to be a lie.", "{gold} is incorrect, I'm afraid.",
            "Of all the possible answers, {gold} is one we can safely exclude.", "Yeah, right, {gold}... that never was the case."),
    refusals=("I have no memory of that.", "Sorry, I can't find anything about this.", "The provided memories contain no details on it.",
              "It cannot be determined from what was said.", "Nothing in our chats tells me that.", "My notes are silent on this.",
              "I'm afraid that never came up.", "No answer can be given from these conversations.", "I couldn't tell you.",
              "That information isn't available to me.", "The speakers did not go into it.", "I don't know.",
              "Sorry, I couldn't find anything about that in our conversation.", "There isn't enough information here to say.",
              "No idea, honestly.", "That was never mentioned, as far as I can tell.", "Your guess is as good as mine.",
              "I'm unable to determine this from the messages provided.", "Beats me!",
              "My memory comes up blank on this one, so I'd rather not guess.", "Unknown."),
)  # fmt: skip
"""Absent from training; settings, features and rules were chosen while looking at how the offline judge takes them."""


def build(questions: Sequence[JudgeTask], turns: Sequence[str], *, per_kind: int = 150, seed: int = 7,
          wordings: Wordings = TUNED) -> dict[str, list[JudgeTask]]:
    """Probes over real questions, by kind.

    Args:
        questions: tasks whose answers are ignored; categories 1-4.
        turns: utterances for the random answers.
        per_kind: how many at most of each kind.
        seed: of the choice.
        wordings: of the wrong answers; ``eval.judges.unseen`` holds some that nothing was tuned on.
    """
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
        _with(task, " ".join(chance.choice(turns) for _ in range(_one(wordings.turns, chance)))) for task in _some(pool, per_kind, chance) if turns
    ]
    deniable = [task for task in plain if not task.gold.lower().startswith(("yes", "likely"))]
    out["gold_denied"] = [
        _with(task, _one(wordings.denied, chance).format(gold=task.gold.strip().rstrip("."))) for task in _some(deniable, per_kind, chance)
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
    found = dates.find(gold)
    words = dates.normalise(gold).replace("in ", "").replace("on ", "").split()
    if len(found) != 1 or found[0].yearless or found[0].open or len(words) > 3:
        return None
    start = date.fromordinal(found[0].start)
    if found[0].days == 1:
        written = (f"{start:%B} {start.day}{_ending(start.day)}, {start.year}", f"{start:%Y-%m-%d}", f"the {start.day} of {start:%B} {start.year}")
        return written[start.day % 3]
    if 28 <= found[0].days <= 31:
        return f"sometime in {start:%b} {start.year}"
    return None


def _ending(number: int) -> str:
    return "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def acceptance(labels: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Share of ``correct`` of each kind."""
    return {kind: sum(label == "correct" for label in found) / len(found) for kind, found in labels.items() if found}
