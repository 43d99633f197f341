"""A rubric read without a language model: items that state a fact, by the offline judge, each as a gold of its own.

Ours, and no stand-in for BEAM's judge: it gives no half points, and its error on such items was never measured. What it
cannot judge honestly (whether an instruction or preference is followed, a contradiction noticed, an order or a summary
right) it leaves unjudged: such questions are counted, and are in none of its scores.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from eval.core import judging
from eval.core.types import GradedVerdict, JudgeTask, Verdict
from eval.judges.offline import abstentions, gates
from eval.judges.offline.judge import OfflineJudge
from eval.judges.offline.pair import Pair
from memos.embed.base import Embedder

FACTS = ("single", "knowledge", "temporal")
"""Rules of questions whose rubric lists facts that an answer must state."""
_LEAD = re.compile(
    r"^\s*(?:the )?(?:llm|response|answer)[^:]{0,40}\bshould (?:state|contain|mention|say|include)\s*:\s*", re.I
)


class OfflineRubricJudge:
    """Grades of rubrics that state facts, or that the answer is not in the chat; others are not judged."""

    part_id = "offline_rubric_judge"
    name = "rubric_offline"
    comparable = False

    @dataclass
    class Config:
        rubric: str = field(default=gates.STRICT, metadata={"help": "of the offline judge that is asked of each fact"})

    def __init__(self, config: Config | None = None, *, embedder: Embedder | None = None) -> None:
        self.config = config or self.Config()
        own = OfflineJudge.Config(rubric=self.config.rubric, threshold=gates.THRESHOLDS[self.config.rubric])
        self._judge = OfflineJudge(own, embedder=embedder)

    def identity(self) -> Mapping[str, object]:
        """The offline judge, and what it is asked."""
        return {"judge": dict(self._judge.identity()), "facts": list(FACTS), "lead": _LEAD.pattern}

    def judge(self, tasks: Sequence[JudgeTask]) -> Iterator[tuple[int, Verdict]]:
        """Verdicts in order."""
        asked = [
            (index, fact)
            for index, task in enumerate(tasks)
            if task.rule in FACTS and task.answer.strip()
            for fact in facts(task)
        ]
        items = [replace(tasks[index], gold=fact, golds=None, rubric=None, rule="") for index, fact in asked]
        credit: dict[int, list[Verdict]] = {}
        for position, verdict in sorted(self._judge.judge(items), key=lambda one: one[0]):
            credit.setdefault(asked[position][0], []).append(verdict)
        for index, task in enumerate(tasks):
            yield index, self._verdict(task, credit.get(index, []))

    def _verdict(self, task: JudgeTask, judged: Sequence[Verdict]) -> Verdict:
        if task.rule == abstentions.RULE:
            abstains = abstentions.abstains(Pair.of(task.question, "", task.answer, task.category))
            return self._graded((float(abstains),), "says that nothing is said" if abstains else "answers")
        if task.rule not in FACTS:
            return Verdict(
                judging.NOT_JUDGED, None, raw=(f"{task.rule}: not to be judged without a model",), model=self.name
            )
        if unread := [one for one in judged if one.label == judging.UNPARSED]:
            return Verdict(judging.UNPARSED, None, (judging.UNPARSED,), unread[0].raw, self.name)
        credit = tuple(float(one.label == judging.CORRECT) for one in judged) or (0.0,) * len(facts(task))
        raw = "\n".join(text for one in judged for text in one.raw)
        return self._graded(credit, raw, sum(one.latency_ms for one in judged))

    def _graded(self, credit: tuple[float, ...], raw: str, latency_ms: float = 0.0) -> Verdict:
        grade = sum(credit) / len(credit)
        label = judging.CORRECT if judging.accepts(grade) else judging.WRONG
        return GradedVerdict(
            label, grade, (label,), (raw,), self.name, latency_ms=latency_ms, grades=(grade,), items=(credit,)
        )

    def close(self) -> None:
        """The embedder belongs to the harness."""
        self._judge.close()


def facts(task: JudgeTask) -> list[str]:
    """The facts of a rubric, without the words "LLM response should state:"."""
    return [_LEAD.sub("", item).strip() or item for item in task.rubric or (task.gold,)]
