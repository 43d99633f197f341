"""Judges that ask a language model: the field's generous rubric, a strict one, LongMemEval's rules by question type,
and LoCoMo-Plus's question whether a reply uses what was said.

Each answer is judged ``runs`` times, unreadable replies are asked for again (``eval.judges.asking``). What stays
unreadable is ``unparsed``, a call that failed for good ``error``; neither is ever turned into wrong here. A verdict of
several runs with one such run is that as a whole (``judging.standing``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields

from eval.core import judging
from eval.core.types import BatchedVerdict, JudgeTask, Verdict
from eval.judges import labels, prompts
from eval.judges.asking import Asking, Reply, ask, costs, from_batches
from memos.errors import ConfigError
from memos.llm.base import LLM
from memos.types import Message


class LLMJudge:
    """Verdicts of a language model under one of four rubrics; majority label, share of runs as score."""

    part_id = "llm_judge"
    comparable = True
    version = "7e12c2fabd98cd47"
    """Digest of our rubrics while they stood in the code; ``identity`` has the digest of the wording that is used."""

    @dataclass
    class Config(Asking):
        rubric: str = field(default="generous", metadata={"help": "generous, strict, longmemeval or locomo_plus"})
        prompt_file: str | None = field(
            default=None, metadata={"help": "a prompt file of your own in place of the rubric's wording; null: ours"}
        )
        runs: int = field(default=3, metadata={"help": "how often each answer is judged"})

        def __post_init__(self) -> None:
            if self.rubric not in prompts.RUBRICS:
                raise ConfigError(f"judge.rubric: known are {', '.join(prompts.RUBRICS)}, found {self.rubric!r}")
            if self.prompt_file:
                prompts.from_file(self.prompt_file, rubric=self.rubric)
            Asking.__post_init__(self)

    def __init__(self, config: Config | None = None, *, llm: LLM | None) -> None:
        self.config = config or self.Config()
        if llm is None:
            raise ConfigError(
                f"judge.rubric={self.config.rubric}: needs a language model; set llm=…, or take judge=offline"
            )
        self.llm = llm
        self.name = {"generous": "llm_generous", "strict": "llm_strict"}.get(self.config.rubric, self.config.rubric)
        own = self.config.prompt_file
        self.rubric = prompts.from_file(own, rubric=self.config.rubric) if own else prompts.ours(self.config.rubric)
        self.prompt_hash = self.rubric.hash

    def identity(self) -> Mapping[str, object]:
        """Rubric, the whole identity of the model, and parameters; not how often an unreadable reply is asked for
        again.
        """
        own = getattr(self.llm, "identity", None)
        return {
            "rubric": self.config.rubric,
            "prompt": self.prompt_hash,
            "runs": self.config.runs,
            "model": dict(own()) if own else self.llm.name,
            "temperature": self.config.temperature,
            "max_tokens": self.config.max_tokens,
        }

    def messages(self, task: JudgeTask) -> tuple[Message, ...]:
        """What the model is asked about one answer."""
        return self.rubric.messages(task)

    def judge(self, tasks: Sequence[JudgeTask]) -> Iterator[tuple[int, Verdict]]:
        """Verdicts as they complete; each holds the texts, labels, tokens and latency of all its runs."""
        for task, replies in ask(self.llm, [self.messages(one) for one in tasks], self.config, self._read):
            yield task, self._verdict(replies)

    def _read(self, _: int, text: str) -> str | None:
        """The label of a reply; None where it states none."""
        label = (labels.yes_no if self.config.rubric == "longmemeval" else labels.label)(text)
        return None if label == judging.UNPARSED else label

    def _verdict(self, replies: Sequence[Reply[str]]) -> Verdict:
        runs = tuple(one.read or (judging.ERROR if one.failed else judging.UNPARSED) for one in replies)
        label, share = judging.standing(judging.ERROR, runs), judging.majority(runs)[1]
        share = share if label in (judging.CORRECT, judging.WRONG) else None
        raw = tuple(one.raw for one in replies)
        verdict = Verdict(label, share, runs, raw, prompt_hash=self.prompt_hash, **costs(replies, self.llm.name))
        batched = from_batches(replies)
        if not batched.calls:
            return verdict
        return BatchedVerdict(**{f.name: getattr(verdict, f.name) for f in fields(verdict)}, batched=batched)

    def close(self) -> None:
        """The client belongs to the harness."""
