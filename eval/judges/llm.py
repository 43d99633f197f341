"""Judges that ask a language model: the field's generous rubric, a strict one, and LongMemEval's rules by question type.

Each answer is judged ``runs`` times; the repeats differ in ``Request.sample_index`` only, so their spread is the judge's jitter
and nothing else (protocol.md 0.4). A call that failed for good is ``error``, a reply without a readable label is ``unparsed``;
neither is ever turned into wrong here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from eval.identity import digest
from eval.judges import labels, prompts
from eval.types import JudgeTask, Verdict
from memos.errors import ConfigError, LLMError
from memos.llm.base import LLM, Completion, Request
from memos.types import Message, Usage

RUBRICS = {"generous": prompts.GENEROUS, "strict": prompts.STRICT, "longmemeval": prompts.LONGMEMEVAL}


class LLMJudge:
    """Verdicts of a language model under one of three rubrics; majority label, share of runs as score."""

    version = digest([sorted(RUBRICS.items()), prompts.LONGMEMEVAL_RULES])
    """Digest of the rubrics, so that a changed wording changes the fingerprint of every score."""

    @dataclass
    class Config:
        rubric: str = field(default="generous", metadata={"help": "generous, strict or longmemeval"})
        runs: int = field(default=3, metadata={"help": "how often each answer is judged"})
        temperature: float = field(default=0.0, metadata={"help": "sampling temperature of the judge"})
        max_tokens: int = field(default=256, metadata={"help": "longest reply in tokens"})

        def __post_init__(self) -> None:
            if self.rubric not in RUBRICS:
                raise ConfigError(f"judge.rubric: known are {', '.join(RUBRICS)}, found {self.rubric!r}")
            for name in ("runs", "max_tokens"):
                if getattr(self, name) < 1:
                    raise ConfigError(f"judge.{name}: must be at least 1, found {getattr(self, name)}")
            if self.temperature < 0:
                raise ConfigError(f"judge.temperature: must not be negative, found {self.temperature}")

    def __init__(self, config: Config | None = None, *, llm: LLM | None) -> None:
        self.config = config or self.Config()
        if llm is None:
            raise ConfigError(f"judge.rubric={self.config.rubric}: needs a language model; set llm=…, or take judge=offline")
        self.llm = llm
        self.name = {"generous": "llm_generous", "strict": "llm_strict"}.get(self.config.rubric, self.config.rubric)
        self.comparable = bool(getattr(llm, "comparable", False))
        self.prompt_hash = digest([RUBRICS[self.config.rubric], prompts.LONGMEMEVAL_RULES if self.name == "longmemeval" else None])

    def identity(self) -> Mapping[str, object]:
        return {"rubric": self.config.rubric, "prompt": self.prompt_hash, "runs": self.config.runs, "model": self.llm.name,
                "temperature": self.config.temperature, "max_tokens": self.config.max_tokens}  # fmt: skip

    def messages(self, task: JudgeTask) -> tuple[Message, ...]:
        """What the model is asked about one answer."""
        more = {}
        if self.config.rubric == "longmemeval":
            more["rule"] = prompts.LONGMEMEVAL_RULES[prompts.LONGMEMEVAL_TYPES[task.category]]
        return (Message("user", prompts.fill(RUBRICS[self.config.rubric], task, **more)),)

    def judge(self, tasks: Sequence[JudgeTask]) -> Iterator[tuple[int, Verdict]]:
        """Verdicts as they complete; each holds the texts, labels, tokens and latency of all its runs."""
        runs = self.config.runs
        requests = [
            Request(self.messages(task), temperature=self.config.temperature, max_tokens=self.config.max_tokens, sample_index=run)
            for task in tasks
            for run in range(runs)
        ]
        waiting: dict[int, dict[int, Completion | LLMError]] = {}
        for index, outcome in self.llm.complete_many(requests):
            task = index // runs
            done = waiting.setdefault(task, {})
            done[index % runs] = outcome
            if len(done) == runs:
                yield task, self._verdict([waiting[task][run] for run in range(runs)])

    def _verdict(self, outcomes: Sequence[Completion | LLMError]) -> Verdict:
        read = labels.yes_no if self.config.rubric == "longmemeval" else labels.label
        found, raw, usage, latency, model = [], [], Usage(), 0.0, ""
        for outcome in outcomes:
            if isinstance(outcome, LLMError):
                found.append(labels.ERROR)
                raw.append(f"{type(outcome).__name__}: {outcome}")
                continue
            found.append(read(outcome.text))
            raw.append(outcome.text)
            usage += outcome.usage
            latency += outcome.latency_ms
            model = outcome.model
        label, share = labels.majority(found)
        return Verdict(label, share, tuple(found), tuple(raw), model or self.llm.name, self.prompt_hash, usage, latency)

    def close(self) -> None:
        """The client belongs to the harness."""
