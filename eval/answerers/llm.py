"""A language model as answerer (docs/protocol.md#answer-prompts): one prompt a question, temperature 0, errors recorded
by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from eval.answerers.prompts import PROMPTS, Prompt, get
from eval.core.types import Answer, AnswerTask
from memos.errors import ConfigError, LLMError
from memos.llm.base import LLM, Completion, Request
from memos.types import Usage

_UNUSABLE = ("refusal", "content_filter", "length")


class LLMAnswerer:
    """Asks a model each task's question with the task's prompt; all tasks go out together through ``complete_many``."""

    @dataclass
    class Config:
        prompt: str = field(
            default="", metadata={"help": "id of one prompt for every system; empty: the prompt each task names"}
        )
        temperature: float = field(default=0.0, metadata={"help": "sampling temperature; the paper's 0"})
        max_tokens: int | None = field(default=None, metadata={"help": "longest reply in tokens; null sends no limit"})
        seed: int | None = field(default=0, metadata={"help": "sampling seed sent with each request; null sends none"})
        stop: list[str] = field(default_factory=list, metadata={"help": "texts that end a reply"})
        retries: int = field(default=2, metadata={"help": "how often a refused or broken-off reply is asked for again"})

        def __post_init__(self) -> None:
            if self.prompt and self.prompt not in PROMPTS:
                raise ConfigError(f"answerer.prompt={self.prompt!r} is unknown; one of {', '.join(sorted(PROMPTS))}")
            if self.temperature < 0:
                raise ConfigError(f"answerer.temperature={self.temperature} must not be negative")
            if self.max_tokens is not None and self.max_tokens < 1:
                raise ConfigError(f"answerer.max_tokens={self.max_tokens} must be at least 1, or null for no limit")
            if self.retries < 0:
                raise ConfigError(f"answerer.retries={self.retries} must not be negative")

    part_id = "llm_answerer"
    version = "1"
    comparable = True

    def __init__(self, config: Config | None = None, *, llm: LLM) -> None:
        self.config = config or self.Config()
        self.llm = llm
        self.name = f"llm:{llm.name}"

    def identity(self) -> Mapping[str, object]:
        """Version, model, parameters and the hash of every prompt that may be sent; not how often a failure is
        repeated.
        """
        used = (self.config.prompt, "null") if self.config.prompt else tuple(PROMPTS)
        identity = getattr(self.llm, "identity", None)
        return {
            "name": "llm",
            "version": self.version,
            "model": dict(identity()) if identity else self.llm.name,
            "prompts": {prompt_id: PROMPTS[prompt_id].hash for prompt_id in sorted(used)},
            **{key: value for key, value in asdict(self.config).items() if key != "retries"},
        }

    def prompt_of(self, task: AnswerTask) -> Prompt:
        """The prompt a task is asked with: ``null`` where it has no context.

        Raises:
            ConfigError: the task names an unknown prompt.
        """
        return PROMPTS["null"] if not task.context.strip() else get(self.config.prompt or task.prompt)

    def answer(self, tasks: Sequence[AnswerTask]) -> Iterator[tuple[int, Answer]]:
        """Yield ``(index, answer)`` as replies arrive; a failed call is an answer with status ``error``.

        A reply that was refused, or broken off though no ``max_tokens`` asked for it, is asked for again up to
        ``retries``
        times, all such questions together, as another sample; the last reply stands. Usage covers all attempts.
        """
        prompts = [self.prompt_of(task) for task in tasks]
        requests = [self._request(prompt, task) for prompt, task in zip(prompts, tasks, strict=True)]
        waiting, spent = list(range(len(tasks))), [Usage()] * len(tasks)
        for attempt in range(self.config.retries + 1):
            again = []
            sent = [replace(requests[index], sample_index=attempt) for index in waiting]
            for position, outcome in self.llm.complete_many(sent):
                index = waiting[position]
                if isinstance(outcome, Completion):
                    spent[index] += outcome.usage
                    if attempt < self.config.retries and self._unusable(outcome):
                        again.append(index)
                        continue
                yield index, self._outcome(prompts[index], outcome, spent[index])
            waiting = sorted(again)
            if not waiting:
                return

    def _unusable(self, outcome: Completion) -> bool:
        own_limit = outcome.finish_reason == "length" and self.config.max_tokens is not None
        return outcome.finish_reason in _UNUSABLE and not own_limit

    def close(self) -> None:
        """The model belongs to the run, which closes it."""

    def _request(self, prompt: Prompt, task: AnswerTask) -> Request:
        config = self.config
        return Request(prompt.messages(task), config.temperature, config.max_tokens, config.seed, tuple(config.stop))

    def _outcome(self, prompt: Prompt, outcome: Completion | LLMError, usage: Usage) -> Answer:
        if isinstance(outcome, LLMError):
            reason = f"{type(outcome).__name__}: {outcome}"
            return Answer("", status="error", usage=usage, model=self.llm.name, prompt_hash=prompt.hash, error=reason)
        return Answer(
            outcome.text.strip(),
            usage=usage,
            model=outcome.model,
            prompt_hash=prompt.hash,
            latency_ms=outcome.latency_ms,
            cut_tokens=outcome.cut_tokens,
            from_cache=outcome.from_cache,
        )
