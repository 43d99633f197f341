"""Judges that ask a language model: the field's generous rubric, a strict one, and LongMemEval's rules by question
type.

Each answer is judged ``runs`` times; the repeats differ in ``Request.sample_index`` only, so their spread is the
judge's jitter
and nothing else (docs/protocol.md#judges). A reply without a readable label, a refusal for one, is asked for again a
few times, as
``answerer.retries`` does; every attempt is counted. What stays unreadable is
``unparsed``, a call that failed for
good ``error``; neither is ever turned into wrong here. A verdict of several runs with one such run is that as a whole
(``judging.standing``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from eval.core import judging
from eval.core.types import BatchedVerdict, JudgeTask, Verdict
from eval.judges import labels, prompts
from memos.errors import ConfigError, LLMError
from memos.llm.base import LLM, BatchedCompletion, Completion, Request
from memos.types import Message, Usage


@dataclass(frozen=True, slots=True)
class _Run:
    """What one run of a judge gave, and what all its attempts cost."""

    label: str
    raw: str
    model: str = ""
    attempts: int = 0
    usage: Usage = field(default_factory=Usage)
    latency_ms: float = 0.0
    batched: Usage = field(default_factory=Usage)
    """The part of ``usage`` that came from a batch interface."""


class LLMJudge:
    """Verdicts of a language model under one of three rubrics; majority label, share of runs as score."""

    part_id = "llm_judge"
    comparable = True
    version = "7e12c2fabd98cd47"
    """Digest of our rubrics while they stood in the code; ``identity`` has the digest of the wording that is used."""

    @dataclass
    class Config:
        rubric: str = field(default="generous", metadata={"help": "generous, strict or longmemeval"})
        prompt_file: str | None = field(
            default=None, metadata={"help": "a prompt file of your own in place of the rubric's wording; null: ours"}
        )
        runs: int = field(default=3, metadata={"help": "how often each answer is judged"})
        temperature: float = field(default=0.0, metadata={"help": "sampling temperature of the judge"})
        max_tokens: int = field(default=256, metadata={"help": "longest reply in tokens"})
        retries: int = field(
            default=2, metadata={"help": "how often a reply without a readable label is asked for again"}
        )

        def __post_init__(self) -> None:
            if self.rubric not in prompts.RUBRICS:
                raise ConfigError(f"judge.rubric: known are {', '.join(prompts.RUBRICS)}, found {self.rubric!r}")
            if self.prompt_file:
                prompts.from_file(self.prompt_file)
            for name in ("runs", "max_tokens"):
                if getattr(self, name) < 1:
                    raise ConfigError(f"judge.{name}: must be at least 1, found {getattr(self, name)}")
            for name in ("temperature", "retries"):
                if getattr(self, name) < 0:
                    raise ConfigError(f"judge.{name}: must not be negative, found {getattr(self, name)}")

    def __init__(self, config: Config | None = None, *, llm: LLM | None) -> None:
        self.config = config or self.Config()
        if llm is None:
            raise ConfigError(
                f"judge.rubric={self.config.rubric}: needs a language model; set llm=…, or take judge=offline"
            )
        self.llm = llm
        self.name = {"generous": "llm_generous", "strict": "llm_strict"}.get(self.config.rubric, self.config.rubric)
        own = self.config.prompt_file
        self.rubric = prompts.from_file(own) if own else prompts.ours(self.config.rubric)
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
        """Verdicts as they complete; each holds the texts, labels, tokens and latency of all its runs.

        Runs whose reply holds no label are asked again together, up to ``retries`` times, each time as another sample;
        the last reply stands, tokens and latency cover all attempts.
        """
        runs = self.config.runs
        waiting = [(task, run) for task in range(len(tasks)) for run in range(runs)]
        earlier: dict[tuple[int, int], _Run] = {}
        done: dict[int, dict[int, _Run]] = {}
        for attempt in range(self.config.retries + 1):
            again = []
            for position, outcome in self.llm.complete_many(
                [self._request(tasks[task], run + attempt * runs) for task, run in waiting]
            ):
                task, run = waiting[position]
                reply = self._read(outcome, earlier.get((task, run)))
                if attempt < self.config.retries and self._unreadable(outcome, reply):
                    earlier[task, run] = reply
                    again.append((task, run))
                    continue
                replies = done.setdefault(task, {})
                replies[run] = reply
                if len(replies) == runs:
                    yield task, self._verdict([replies[number] for number in range(runs)])
            waiting = sorted(again)
            if not waiting:
                return

    def _request(self, task: JudgeTask, sample: int) -> Request:
        return Request(
            self.messages(task),
            temperature=self.config.temperature,
            max_tokens=self.config.max_tokens,
            sample_index=sample,
        )

    def _read(self, outcome: Completion | LLMError, earlier: _Run | None) -> _Run:
        """One reply, with what the attempts before it cost."""
        before = earlier or _Run("", "")
        if isinstance(outcome, LLMError):
            return replace(
                before, label=judging.ERROR, raw=f"{type(outcome).__name__}: {outcome}", attempts=before.attempts + 1
            )
        read = labels.yes_no if self.config.rubric == "longmemeval" else labels.label
        return _Run(
            read(outcome.text),
            outcome.text,
            outcome.model,
            before.attempts + 1,
            before.usage + outcome.usage,
            before.latency_ms + outcome.latency_ms,
            before.batched + outcome.usage if isinstance(outcome, BatchedCompletion) else before.batched,
        )

    @staticmethod
    def _unreadable(outcome: Completion | LLMError, reply: _Run) -> bool:
        """Whether asking again may help: not after an error, which the client has retried, nor where ``max_tokens`` cut
        the reply.
        """
        return isinstance(outcome, Completion) and reply.label == judging.UNPARSED and outcome.finish_reason != "length"

    def _verdict(self, replies: Sequence[_Run]) -> Verdict:
        runs = [run.label for run in replies]
        label, share = judging.standing(judging.ERROR, runs), judging.majority(runs)[1]
        share = share if label in (judging.CORRECT, judging.WRONG) else None
        model = next((run.model for run in reversed(replies) if run.model), self.llm.name)
        verdict = Verdict(
            label,
            share,
            tuple(run.label for run in replies),
            tuple(run.raw for run in replies),
            model,
            self.prompt_hash,
            sum((run.usage for run in replies), Usage()),
            sum(run.latency_ms for run in replies),
            attempts=sum(run.attempts for run in replies),
        )
        batched = sum((run.batched for run in replies), Usage())
        if not batched.calls:
            return verdict
        return BatchedVerdict(**{f.name: getattr(verdict, f.name) for f in fields(verdict)}, batched=batched)

    def close(self) -> None:
        """The client belongs to the harness."""
