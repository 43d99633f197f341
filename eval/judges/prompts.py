"""The rubrics of the LLM judges: ours in ``conf/prompt/judge_<rubric>.yaml``, or a user's own file.

Sources: docs/protocol.md#judges, docs/protocol.md#longmemevals-rubric.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eval.core.identity import digest
from eval.core.prompting import OURS, PromptFile, fill, places, read_prompt, shipped
from eval.core.published_prompts import JUDGES, PREFIX, published
from eval.core.types import JudgeTask
from memos.errors import ConfigError
from memos.types import Message

CUE = "locomo_plus"
"""The rubric that shows what was said (the rubric's items) and the answer, and neither question nor gold."""
RUBRICS = ("generous", "strict", "longmemeval", CUE)
PLACES = ("question", "gold", "answer", "rule", "cue")
NEEDED = ("question", "gold", "answer")
NEEDED_WITH_CUE = ("cue", "answer")
LONGMEMEVAL_TYPES = {1: "single", 2: "temporal", 3: "preference", 4: "single", 5: "abstention"}
"""LOCOMO's category to the question type of LongMemEval whose rule fits it best, where the data set names no rule."""


@dataclass(frozen=True, slots=True)
class Rubric:
    """What a judge is told, with the places ``{question}``, ``{gold}``, ``{answer}`` and, of some, ``{rule}``; or with
    ``{cue}`` and ``{answer}``.
    """

    id: str
    system: str
    user: str
    source: str
    rules: Mapping[str, str]
    """Rule by type of question; empty where there is one rubric for all."""

    @property
    def hash(self) -> str:
        """Digest of the texts."""
        if self.system:
            return digest([self.system, self.user, dict(self.rules) or None])
        return digest([self.user, dict(self.rules) or None])

    def messages(self, task: JudgeTask) -> tuple[Message, ...]:
        """What the model is asked about one answer; braces inside the texts stay as they are."""
        fields = {
            "question": task.question,
            "gold": gold(task),
            "answer": task.answer,
            "cue": "\n".join(task.rubric or ()),
        }
        if self.rules:
            rule = task.rule if task.rule in self.rules else LONGMEMEVAL_TYPES[task.category]
            fields["rule"] = fill(self.rules[rule], fields)
        templates = (Message("system", self.system), Message("user", self.user))
        return tuple(Message(one.role, fill(one.content, fields)) for one in templates if one.content)


def gold(task: JudgeTask) -> str:
    """The gold as a model reads it: every accepted form, where there are several."""
    others = [other for other in task.golds or () if other != task.gold]
    return f"{task.gold} (also right: {'; '.join(others)})" if others else task.gold


def ours(rubric: str) -> Rubric:
    """The rubric of that name."""
    return _rubric(shipped(f"judge_{rubric}", PLACES, _needed(rubric)), rubric, OURS)


def _needed(rubric: str) -> tuple[str, ...]:
    return NEEDED_WITH_CUE if rubric == CUE else NEEDED


def from_file(path: str, where: str = "judge.prompt_file", rubric: str = "") -> Rubric:
    """A user's own rubric in the place of ours of the name ``rubric``, or a published one (``published:NAME``).

    Raises:
        ConfigError: the file cannot be read, or its places are not right.
    """
    if path.startswith(PREFIX):
        text = published(path, JUDGES, where)
        return _rubric(text, path, text.source)
    text = read_prompt(Path(path), PLACES, _needed(rubric), where)
    asked = "rule" in places(text.system + text.user)
    absent = sorted({*LONGMEMEVAL_TYPES.values()} - text.rules.keys()) if asked else []
    if absent:
        raise ConfigError(f"{where}={path}: rules: {{rule}} needs a sentence for {', '.join(absent)}")
    return _rubric(text, f"file {Path(path).name}", text.source)


def _rubric(text: PromptFile, name: str, source: str) -> Rubric:
    return Rubric(name, text.system, text.user, source, text.rules)
