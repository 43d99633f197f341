"""A language model as answerer (docs/protocol.md#answer-prompts): one prompt a question, temperature 0, errors recorded
by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace

from eval.answerers.order import context_first
from eval.answerers.prompts import IDS, PROMPTS, Prompt, from_file, get
from eval.answerers.replies import answer_of
from eval.core.types import Answer, AnswerTask, BatchedAnswer
from memos.errors import ConfigError, LLMError
from memos.llm.base import LLM, BatchedCompletion, Completion, Request
from memos.types import Usage

UNNAMED = ("retries", "prompt_file", "context_first")
"""Fields that the identity does not name: they change no outcome, or the prompts' digests say what they change."""
_UNUSABLE = ("refusal", "content_filter", "length")
NO_ANSWER = (
    "the reply holds no answer, only thinking or an object without one; raise answerer.max_tokens, or switch the "
    "model's thinking off"
)


class LLMAnswerer:
    """Asks a model each task's question with the task's prompt; all tasks go out together through ``complete_many``."""

    @dataclass
    class Config:
        prompt: str = field(
            default="", metadata={"help": "id of one prompt for every system; empty: the prompt each task names"}
        )
        prompt_file: str | None = field(
            default=None,
            metadata={"help": "a prompt file of your own for every system, in place of prompt; null: none"},
        )
        context_first: bool | None = field(
            default=None,
            metadata={
                "help": "context before the question in the prompt, whatever its own order; null: as the track says",
                "added": True,
            },
        )
        temperature: float = field(default=0.0, metadata={"help": "sampling temperature; the paper's 0"})
        max_tokens: int | None = field(default=None, metadata={"help": "longest reply in tokens; null sends no limit"})
        seed: int | None = field(default=0, metadata={"help": "sampling seed sent with each request; null sends none"})
        stop: list[str] = field(default_factory=list, metadata={"help": "texts that end a reply"})
        retries: int = field(default=2, metadata={"help": "how often a refused or broken-off reply is asked for again"})

        def __post_init__(self) -> None:
            if self.prompt_file:
                from_file(self.prompt_file)
            elif self.prompt:
                get(self.prompt, "answerer.prompt")
            if self.temperature < 0:
                raise ConfigError(f"answerer.temperature={self.temperature} must not be negative")
            if self.max_tokens is not None and self.max_tokens < 1:
                raise ConfigError(f"answerer.max_tokens={self.max_tokens} must be at least 1, or null for no limit")
            if self.retries < 0:
                raise ConfigError(f"answerer.retries={self.retries} must not be negative")

    part_id = "llm_answerer"
    version = "1"
    comparable = True

    def __init__(
        self, config: Config | None = None, *, llm: LLM, prompt: str = "default", context_first: bool = False
    ) -> None:
        self.config = config or self.Config()
        self.llm = llm
        self.own = from_file(self.config.prompt_file) if self.config.prompt_file else None
        """The user's own prompt."""
        self.task_prompt = prompt
        """Id of the prompt that the tasks of this run name."""
        wish = self.config.context_first
        self.context_first = context_first if wish is None else wish
        """Whether prompts are sent with the context before the question."""
        sent = self.own or get(self.config.prompt or prompt)
        self.moved = self._arranged(sent) != sent
        """Whether that changes the prompt of this run."""
        self.name = f"llm:{llm.name}"

    def identity(self) -> Mapping[str, object]:
        """Version, model, parameters and the hash of every prompt that may be sent; not how often a failure is
        repeated.
        """
        used = {self.config.prompt, "null"} if self.config.prompt else {*IDS, self.task_prompt}
        prompts = {prompt_id: PROMPTS[prompt_id].hash for prompt_id in sorted(used) if prompt_id in PROMPTS}
        if self.own is not None:
            prompts = {"file": self._arranged(self.own).hash, "null": PROMPTS["null"].hash}
        elif (sent := self.config.prompt or self.task_prompt) in PROMPTS:
            prompts[sent] = self._arranged(PROMPTS[sent]).hash
        identity = getattr(self.llm, "identity", None)
        return {
            "name": "llm",
            "version": self.version,
            "model": dict(identity()) if identity else self.llm.name,
            "prompts": prompts,
            **{key: value for key, value in asdict(self.config).items() if key not in UNNAMED},
        }

    def prompt_used(self) -> Prompt:
        """The prompt of every task that has a context."""
        return self.own or get(self.config.prompt or self.task_prompt)

    def prompt_of(self, task: AnswerTask) -> Prompt:
        """The prompt a task is asked with: ``null`` where it has no context.

        Raises:
            ConfigError: the task names an unknown prompt.
        """
        if not task.context.strip():
            return PROMPTS["null"]
        return self._arranged(self.own or get(self.config.prompt or task.prompt))

    def _arranged(self, prompt: Prompt) -> Prompt:
        """A prompt in the order that was asked for."""
        return context_first(prompt) if self.context_first else prompt

    def answer(self, tasks: Sequence[AnswerTask]) -> Iterator[tuple[int, Answer]]:
        """Yield ``(index, answer)`` as replies arrive; a failed call is an answer with status ``error``.

        A reply that was refused, broken off though no ``max_tokens`` asked for it, or holds no answer (thinking alone)
        is asked for again up to ``retries`` times, all such questions together, as another sample; the last reply
        stands. Usage covers all attempts.
        """
        prompts = [self.prompt_of(task) for task in tasks]
        requests = [self._request(prompt, task) for prompt, task in zip(prompts, tasks, strict=True)]
        waiting, spent = list(range(len(tasks))), [Usage()] * len(tasks)
        batched = [Usage()] * len(tasks)
        for attempt in range(self.config.retries + 1):
            again = []
            sent = [replace(requests[index], sample_index=attempt) for index in waiting]
            for position, outcome in self.llm.complete_many(sent):
                index = waiting[position]
                if isinstance(outcome, Completion):
                    spent[index] += outcome.usage
                    if isinstance(outcome, BatchedCompletion):
                        batched[index] += outcome.usage
                    if attempt < self.config.retries and self._unusable(prompts[index], outcome):
                        again.append(index)
                        continue
                made = self._outcome(prompts[index], outcome, spent[index])
                yield index, _marked(made, batched[index]) if batched[index].calls else made
            waiting = sorted(again)
            if not waiting:
                return

    def _unusable(self, prompt: Prompt, outcome: Completion) -> bool:
        own_limit = outcome.finish_reason == "length" and self.config.max_tokens is not None
        if own_limit:
            return False
        return outcome.finish_reason in _UNUSABLE or answer_of(outcome.text, asks_json=prompt.asks_json) is None

    def close(self) -> None:
        """The model belongs to the run, which closes it."""

    def _request(self, prompt: Prompt, task: AnswerTask) -> Request:
        config = self.config
        return Request(prompt.messages(task), config.temperature, config.max_tokens, config.seed, tuple(config.stop))

    def _outcome(self, prompt: Prompt, outcome: Completion | LLMError, usage: Usage) -> Answer:
        if isinstance(outcome, LLMError):
            reason = f"{type(outcome).__name__}: {outcome}"
            return Answer("", status="error", usage=usage, model=self.llm.name, prompt_hash=prompt.hash, error=reason)
        text, raw = answer_of(outcome.text, asks_json=prompt.asks_json), outcome.text.strip()
        return Answer(
            text or "",
            status="ok" if text is not None else "error",
            error="" if text is not None else NO_ANSWER,
            raw=raw if raw != text else "",
            usage=usage,
            model=outcome.model,
            prompt_hash=prompt.hash,
            latency_ms=outcome.latency_ms,
            cut_tokens=outcome.cut_tokens,
            from_cache=outcome.from_cache,
        )


def _marked(answer: Answer, batched: Usage) -> BatchedAnswer:
    """An answer of which a batch interface gave a part."""
    return BatchedAnswer(**{f.name: getattr(answer, f.name) for f in fields(answer)}, batched=batched)
