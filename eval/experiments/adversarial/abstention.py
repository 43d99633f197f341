"""Category 5, LOCOMO's questions without an answer, as a table of its own: forced choice and free-form abstention.

Forced choice shows the trap answer and "not mentioned" in an order drawn from a seed for each question. Free form
scores whether the answer abstains. A constant "not mentioned" answerer gets every one of these right and nothing else,
so its score stands beside every table (docs/protocol.md#abstention).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.core.types import Question
from eval.judges.offline.readings import abstention
from eval.stats.intervals import Estimate, interval
from memos.errors import DataError

NOT_MENTIONED = "Not mentioned in the conversation"
_LETTER = re.compile(r"^\W*(?:(?:answer|option|choice)\W*\(?([ab])\b|\(?([ab])(?:[).:,]|\s*$))", re.IGNORECASE)
"""A letter counts at the start: bracketed, followed by a mark, alone, or after "option"; "A red kite" is no letter."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A forced choice between the trap and abstaining."""

    question: Question
    options: tuple[str, str]
    """The texts of (a) and (b)."""
    right: str
    """``a`` or ``b``: where "not mentioned" stands."""

    @property
    def prompt(self) -> str:
        """The question with its options, as an answerer is asked."""
        return (
            f"{self.question.text}\n(a) {self.options[0]}\n(b) {self.options[1]}\n"
            "Choose the option that the conversation supports and reply with its letter only."
        )


def choice(question: Question, seed: int = 0) -> Choice:
    """The forced choice of one question; the order depends on its key and the seed only.

    Raises:
        DataError: the question has no trap answer.
    """
    if not question.unanswerable or not question.adversarial:
        raise DataError(f"{question.sample_id} question {question.qa_index}: no adversarial_answer to choose against")
    draw = hashlib.sha256(f"{seed}\0{question.sample_id}\0{question.qa_index}".encode()).digest()[0]
    options = (NOT_MENTIONED, question.adversarial) if draw % 2 else (question.adversarial, NOT_MENTIONED)
    return Choice(question, options, "a" if options[0] == NOT_MENTIONED else "b")


def chosen(choice: Choice, answer: str) -> str | None:
    """The letter an answer chooses: named at its start, or through the only option it quotes; None where neither is
    clear.
    """
    match = _LETTER.match(answer)
    if match:
        return (match.group(1) or match.group(2)).lower()
    text = answer.lower()
    quoted = [letter for letter, option in zip("ab", choice.options, strict=True) if option.lower().rstrip(".") in text]
    if len(quoted) == 1:
        return quoted[0]
    return choice.right if not quoted and abstention(answer) == 1.0 and answer.strip() else None


def abstains(answer: str) -> bool:
    """Whether a free-form answer says that the conversation does not tell; an empty answer is a failure, not an
    abstention.
    """
    return bool(answer.strip()) and abstention(answer) >= 0.5


@dataclass(frozen=True, slots=True)
class Abstention:
    """The table of category 5 for one system, and of the constant answerer beside it."""

    free_form: Estimate
    forced_choice: Estimate | None
    unclear: int
    """Forced choices whose answer names no option; they count as wrong."""
    constant_adversarial: float
    """What always saying "not mentioned" scores here."""
    constant_answerable: float
    """The most it scores on categories 1-4: the share whose gold itself abstains."""
    constant_all: float
    """And on all five categories together: what a mixed average would have rewarded."""
    failed: int = 0
    """Questions without a free-form answer, because search or answering failed; they count as wrong."""
    failed_choices: int = 0
    """Forced choices without an answer; they count as wrong and are not among the unclear ones."""

    @property
    def chooses(self) -> bool:
        """Whether the answerer chooses at all: at least half of its answers to the forced choices name an option."""
        return self.forced_choice is not None and 2 * self.unclear <= self.forced_choice.n - self.failed_choices


def table(
    questions: Sequence[Question],
    free: Mapping[tuple[str, int], str],
    forced: Mapping[tuple[str, int], str] | None = None,
    seed: int = 0,
) -> Abstention:
    """Score the questions that cannot be answered (LOCOMO's category 5).

    Args:
        questions: all questions of the dataset, every category.
        free: free-form answers by question key; a missing one counts as wrong.
        forced: answers to the forced choices, where they were asked.
        seed: of the order of the options.
    """
    asked = [q for q in questions if q.unanswerable]
    if not asked:
        raise DataError("no question of this data set is unanswerable")
    clusters = [q.sample_id for q in asked]
    right = [float(abstains(free.get(q.key, ""))) for q in asked]
    forced_estimate, unclear, unanswered = None, 0, 0
    if forced is not None:
        answerable = [choice(q, seed) for q in asked if q.adversarial]
        letters = [chosen(c, forced.get(c.question.key, "")) for c in answerable]
        unanswered = sum(c.question.key not in forced for c in answerable)
        unclear = sum(letter is None for letter in letters) - unanswered
        forced_estimate = interval(
            [float(letter == c.right) for letter, c in zip(letters, answerable, strict=True)],
            [c.question.sample_id for c in answerable],
            bounds=(0.0, 1.0),
        )
    others = [q for q in questions if not q.unanswerable]
    known = sum(abstention(q.gold) == 1.0 for q in others if q.gold.strip())
    return Abstention(
        free_form=interval(right, clusters, bounds=(0.0, 1.0)),
        forced_choice=forced_estimate,
        unclear=unclear,
        constant_adversarial=1.0,
        constant_answerable=known / len(others) if others else 0.0,
        constant_all=(len(asked) + known) / len(questions),
        failed=sum(q.key not in free for q in asked),
        failed_choices=unanswered,
    )


def markdown(rows: Mapping[str, Abstention]) -> str:
    """The table of several systems, the constant answerer last."""
    lines = [
        "| system | n | free form: abstains | forced choice | unclear | failed | failed choices |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        forced = "–" if row.forced_choice is None or not row.chooses else _percent(row.forced_choice)
        lines.append(
            f"| {name} | {row.free_form.n} | {_percent(row.free_form)} | {forced} | {row.unclear} | {row.failed} | "
            f"{row.failed_choices} |"
        )
    any_row = next(iter(rows.values()))
    lines.append(f'| constant "not mentioned" | {any_row.free_form.n} | 100.00 | 100.00 | 0 | 0 | 0 |')
    lines.append("")
    if any(row.forced_choice is not None and not row.chooses for row in rows.values()):
        lines.append(
            "A dash: fewer than half of the answers name an option (an extractive reader follows no instruction), so "
            "a share would not be about the choice. Otherwise unclear choices count as wrong.\n"
        )
    if any(row.failed or row.failed_choices for row in rows.values()):
        lines.append("Failed: search or answering failed; counted as wrong. The same command asks them again.\n")
    lines.append(
        f"The constant answerer gets {100 * any_row.constant_answerable:.2f} % of the questions that can be answered "
        f"(LOCOMO: categories 1-4) and would get {100 * any_row.constant_all:.2f} % of all in a mixed average; the "
        "others are therefore never part of an overall score."
    )
    return "\n".join(lines)


def _percent(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return f"{100 * estimate.mean:.2f}"
    return f"{100 * estimate.mean:.2f} [{100 * estimate.low:.2f}, {100 * estimate.high:.2f}]"
