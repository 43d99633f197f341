"""The judge of BEAM: one call for each item of a question's rubric, the mean of their scores as the grade.

Orders of events are judged otherwise: each line of the answer is held against each item by a yes or no call, and the
grade is Kendall's tau-b (``eval.judges.ordering``), with F1 and tau times F1 beside it. Two traps of the released code
are switches here, and the judge's name says how they stand: docs/datasets_beam.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from eval.core import judging
from eval.core.identity import digest
from eval.core.prompting import PromptFile, fill, read_prompt, shipped
from eval.core.types import GradedVerdict, JudgeTask, Verdict
from eval.judges import labels, ordering, rubric_reply
from eval.judges.asking import Asking, Reply, ask, costs, from_batches
from eval.judges.prompts import Rubric
from memos.errors import ConfigError
from memos.llm.base import LLM
from memos.types import Message

ORDERING = "ordering"
"""The rule of questions whose rubric is a list in the right order."""
NAMES = {
    ("fixed", "counted"): "beam",
    ("fixed", "dropped"): "beam_whole",
    ("released", "dropped"): "beam_released",
    ("released", "counted"): "beam_released_half",
}
"""(fidelity, half points) to the judge's name."""
PLACES = ("question", "item", "answer")
LINE_PLACES = ("item", "line")
UNFILLED = "<question>"
"""What stands for the question in every call of the released code, which never fills it in."""


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of a task: an item against the whole answer, or against one of its lines."""

    task: int
    item: int
    line: int | None
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class _Run:
    """What one run of all calls of a task comes to."""

    label: str
    grade: float = 0.0
    items: tuple[float, ...] = ()
    measures: Mapping[str, float] = field(default_factory=dict)


class RubricItemsJudge:
    """Grades by rubric items, 0 to 1; a task without a rubric is judged by its gold as the only item."""

    part_id = "rubric_items_judge"
    comparable = False
    """The paper of MemOS has no rows that a judge of this kind made."""

    @dataclass
    class Config(Asking):
        fidelity: str = field(
            default="fixed",
            metadata={"help": "fixed: the judge is told the question; released: as the released code, it is not"},
        )
        half_points: str = field(
            default="counted",
            metadata={"help": "counted: as the paper describes; dropped: as the released code, 0.5 counts 0"},
        )
        prompt_file: str | None = field(
            default=None, metadata={"help": "a prompt file of your own in place of our wording for items; null: ours"}
        )

        def __post_init__(self) -> None:
            for name, known in (("fidelity", ("fixed", "released")), ("half_points", ("counted", "dropped"))):
                if getattr(self, name) not in known:
                    raise ConfigError(f"judge.{name}: expected {' or '.join(known)}, found {getattr(self, name)!r}")
            Asking.__post_init__(self)
            _wording(self.prompt_file)

    def __init__(self, config: Config | None = None, *, llm: LLM | None) -> None:
        self.config = config or self.Config()
        self.name = NAMES[self.config.fidelity, self.config.half_points]
        if llm is None:
            raise ConfigError(f"judge={self.name}: needs a language model; set llm=…, or take judge=rubric_offline")
        self.llm = llm
        self.wording = _wording(self.config.prompt_file)
        self.line_wording = shipped("judge_beam_line", LINE_PLACES, LINE_PLACES)
        self.rubric = Rubric(
            self.wording.id,
            self.wording.system,
            self.wording.user,
            self.wording.source,
            {ORDERING: "\n".join(filter(None, (self.line_wording.system, self.line_wording.user)))},
        )
        self.prompt_hash = digest([self.rubric.hash, self.config.fidelity])

    def identity(self) -> Mapping[str, object]:
        """Wordings, switches, the whole identity of the model, and parameters; not how often an unreadable reply is
        asked for again.
        """
        own = getattr(self.llm, "identity", None)
        return {
            "prompt": self.prompt_hash,
            "fidelity": self.config.fidelity,
            "half_points": self.config.half_points,
            "runs": self.config.runs,
            "model": dict(own()) if own else self.llm.name,
            "temperature": self.config.temperature,
            "max_tokens": self.config.max_tokens,
        }

    def judge(self, tasks: Sequence[JudgeTask]) -> Iterator[tuple[int, Verdict]]:
        """Verdicts as they complete; each holds the scores, texts and tokens of all its calls."""
        calls = [call for index, task in enumerate(tasks) for call in self._calls(index, task)]
        counts = Counter(call.task for call in calls)
        left = {index: counts[index] for index in range(len(tasks))}
        replies: dict[int, list[tuple[_Call, list[Reply[float]]]]] = {index: [] for index in left}
        for index in [index for index, count in left.items() if not count]:
            yield index, self._verdict(tasks[index], [])
        read = lambda number, text: _said(calls[number], text)  # noqa: E731
        for number, given in ask(self.llm, [call.messages for call in calls], self.config, read):
            call = calls[number]
            replies[call.task].append((call, given))
            left[call.task] -= 1
            if not left[call.task]:
                done = sorted(replies.pop(call.task), key=lambda one: (one[0].line or 0, one[0].item))
                yield call.task, self._verdict(tasks[call.task], done)

    def _calls(self, index: int, task: JudgeTask) -> Iterator[_Call]:
        items = criteria(task)
        if task.rule == ORDERING:
            spoken = ordering.lines(task.answer)
            for line, item in product(range(len(spoken)), range(len(items))):
                fields = {"item": items[item], "line": spoken[line]}
                yield _Call(index, item, line, _messages(self.line_wording, fields))
            return
        question = UNFILLED if self.config.fidelity == "released" else task.question
        for item, text in enumerate(items):
            fields = {"question": question, "item": text, "answer": task.answer}
            yield _Call(index, item, None, _messages(self.wording, fields))

    def _verdict(self, task: JudgeTask, done: Sequence[tuple[_Call, list[Reply[float]]]]) -> Verdict:
        runs = [self._run(task, [(call, given[number]) for call, given in done]) for number in range(self.config.runs)]
        names = tuple(run.label for run in runs)
        label = judging.standing(judging.ERROR, names)
        stands = label in (judging.CORRECT, judging.WRONG)
        grades = tuple(run.grade for run in runs) if stands else ()
        mean = sum(grades) / len(grades) if grades else None
        replies = [reply for _, given in done for reply in given]
        measures = {name: sum(run.measures[name] for run in runs) / len(runs) for name in runs[0].measures}
        return GradedVerdict(
            label,
            mean,
            names,
            tuple("\n".join(given[number].raw for _, given in done) for number in range(self.config.runs)),
            prompt_hash=self.prompt_hash,
            batched=from_batches(replies),
            grades=grades,
            items=tuple(run.items for run in runs) if stands else (),
            measures=measures if stands else {},
            **costs(replies, self.llm.name),
        )

    def _run(self, task: JudgeTask, replies: Sequence[tuple[_Call, Reply[float]]]) -> _Run:
        if any(reply.failed for _, reply in replies):
            return _Run(judging.ERROR)
        scores = {(call.line, call.item): reply.read for call, reply in replies}
        if any(read is None for read in scores.values()):
            return _Run(judging.UNPARSED)
        items = len(criteria(task))
        if task.rule == ORDERING:
            count = len(ordering.lines(task.answer))
            fits = {(line, item): bool(read) for (line, item), read in scores.items() if line is not None}
            named = ordering.matched(fits, count, items)
            compared = ordering.compare(items, named)
            credit = tuple(float(item in named) for item in range(items))
            return _Run(_label(compared.tau), compared.tau, credit, compared.measures)
        credit = tuple(read or 0.0 for read in scores.values())
        if self.config.half_points == "dropped":
            credit = tuple(float(int(read)) for read in credit)
        grade = sum(credit) / len(credit)
        return _Run(_label(grade), grade, credit)

    def close(self) -> None:
        """The client belongs to the harness."""


def criteria(task: JudgeTask) -> tuple[str, ...]:
    """The items that an answer is judged by; the gold where the data set gives none."""
    return task.rubric or (task.gold,)


def _label(grade: float) -> str:
    return judging.CORRECT if judging.accepts(grade) else judging.WRONG


def _said(call: _Call, text: str) -> float | None:
    """What a reply says: a score; of a call about a line, 1 for yes and 0 for no."""
    if call.line is None:
        return rubric_reply.score(text)
    return {judging.CORRECT: 1.0, judging.WRONG: 0.0}.get(labels.yes_no(text))


def _wording(file: str | None) -> PromptFile:
    from pathlib import Path

    if file:
        return read_prompt(Path(file), PLACES, ("item", "answer"), "judge.prompt_file")
    return shipped("judge_beam", PLACES, PLACES)


def _messages(wording: PromptFile, fields: Mapping[str, str]) -> tuple[Message, ...]:
    templates = (Message("system", wording.system), Message("user", wording.user))
    return tuple(Message(one.role, fill(one.content, fields)) for one in templates if one.content)
