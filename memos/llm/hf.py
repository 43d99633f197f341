"""Local transformers models, on CPU or GPU, batched, with shared prompt prefixes encoded once."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memos.errors import ConfigError, LLMError, require
from memos.llm.base import Completion, Request
from memos.llm.chat_template import rendered
from memos.llm.control_tokens import marked, token_ids
from memos.llm.prefix import Group, batches, group
from memos.llm.schema import schema_note
from memos.llm.thoughts import split_thoughts
from memos.llm.window import fit
from memos.model_origin import ModelOrigin
from memos.types import Message, Usage
from memos.weights import model_identity, pinned

if TYPE_CHECKING:
    from memos.llm.generate import Engine, Generated

DTYPES = ("float32", "bfloat16", "float16")


@dataclass
class HFConfig:
    """Fields of ``conf/llm/hf.yaml``."""

    model: str = field(
        default="HuggingFaceTB/SmolLM2-135M-Instruct", metadata={"help": "hub id or folder of a causal language model"}
    )
    revision: str | None = field(
        default=None, metadata={"help": "commit or tag on the hub; null: the one in the local cache, else the newest"}
    )
    device: str = field(default="auto", metadata={"help": "auto, cpu, cuda or cuda:N"})
    dtype: str = field(default="float32", metadata={"help": "float32 (exact prefix reuse), bfloat16 or float16"})
    batch_size: int = field(default=16, metadata={"help": "most requests decoded together"})
    batch_tokens: int = field(default=8192, metadata={"help": "most padded prompt tokens encoded together"})
    max_new_tokens: int = field(default=256, metadata={"help": "reply tokens where a request sets no limit"})
    context_window: int | None = field(
        default=None, metadata={"help": "tokens of prompt plus reply; null: the model's"}
    )
    long_prompt: str = field(default="refuse", metadata={"help": "refuse or cut a prompt longer than the window"})
    min_shared: int = field(default=16, metadata={"help": "shortest common start in tokens that is encoded once"})
    min_saved: int = field(
        default=1024, metadata={"help": "least tokens of encoding that a shared start must save to be decoded apart"}
    )
    enable_thinking: bool | None = field(
        default=None,
        metadata={"help": "whether the model thinks first; null: its chat template's default", "added": True},
    )
    chat_template_kwargs: dict[str, Any] | None = field(
        default=None, metadata={"help": "further values that the chat template takes", "added": True}
    )
    prefix_cache_mb: int = field(default=1024, metadata={"help": "memory for prefixes kept between calls; 0: none"})
    threads: int = field(default=0, metadata={"help": "CPU threads of the model; 0 leaves torch's setting"})

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise ConfigError(f"llm.dtype={self.dtype!r} is unknown; use one of {', '.join(DTYPES)}")
        if self.long_prompt not in ("refuse", "cut"):
            raise ConfigError(f"llm.long_prompt={self.long_prompt!r} is unknown; use refuse or cut")
        if not self.model:
            raise ConfigError("llm.model is empty; give a hub id or a folder")
        for name in ("batch_size", "batch_tokens", "max_new_tokens", "min_shared"):
            if getattr(self, name) < 1:
                raise ConfigError(f"llm.{name}={getattr(self, name)} must be at least 1")


class HFChat:
    """A chat model on this machine. It loads at the first request.

    Requests of one ``complete_many`` are grouped by common token prefix: the prefix is encoded once and read by all
    (split attention, token-identical to plain decoding in float32). Long prefixes are kept between calls, so questions
    asked one at a time reuse them too. ``usage.cached_tokens`` counts prompt tokens that were not encoded again.
    ``latency_ms`` is the time of the batch a request was in, ``ttft_ms`` the time to the batch's first token.
    Temperature above 0 samples with ``seed + sample_index``. A JSON schema is told to the model, not enforced; use
    ``structured.complete_json``. Models with sliding windows or other attention kinds are refused by name.
    """

    Config = HFConfig
    part_id = "hf_llm"
    provider = "hf"

    def __init__(self, config: HFConfig | None = None) -> None:
        self.config = config or HFConfig()
        self.name = self.config.model
        self._window = self.config.context_window
        self._engine: Engine | None = None
        self._tokenizer: Any = None
        self._lock = threading.RLock()

    @property
    def context_window(self) -> int | None:
        """Tokens of prompt plus reply; None until the model is loaded, where the configuration does not tell."""
        return self._window

    @property
    def keeps_prefixes(self) -> bool:
        """Whether a prompt may be read faster because an earlier one began the same."""
        return self.config.prefix_cache_mb > 0

    @property
    def model_origin(self) -> ModelOrigin:
        """The hub's owner and name; the folder's name where it lies in one, whose maker nobody vouches for."""
        maker, _, model = self.name.rpartition("/")
        hub = maker and "/" not in maker and not Path(self.name).exists()
        return ModelOrigin(model, maker.lower() if hub else None)

    def identity(self) -> dict[str, Any]:
        """What changes replies besides the request, the weights first.
        Batch sizes and prefix reuse do not, in float32."""
        return {**self.settings(), **self.weights()}

    def weights(self) -> dict[str, Any]:
        """Which weights: the digest of a folder, the commit of a hub id."""
        return model_identity(self.source(), self.config.revision)

    def earlier_identity(self) -> dict[str, Any] | None:
        """The identity of before weights were digested, under which replies may be cached;
        None for a folder's weights."""
        return None if Path(self.source()).exists() else self.settings()

    def settings(self) -> dict[str, Any]:
        """The identity without the weights."""
        c = self.config
        cut = {"long_prompt": "cut", "window": c.context_window} if c.long_prompt == "cut" else {}
        return {
            "provider": self.provider,
            "model": self.name,
            "base_url": None,
            "revision": c.revision,
            "dtype": c.dtype,
            "max_new_tokens": c.max_new_tokens,
            **({"chat_template_kwargs": values} if (values := self._template_values()) else {}),
            **cut,
        }

    def _template_values(self) -> dict[str, Any]:
        """What the chat template is given besides the messages."""
        thinking = self.config.enable_thinking
        return {
            **({} if thinking is None else {"enable_thinking": thinking}),
            **(self.config.chat_template_kwargs or {}),
        }

    @property
    def engine(self) -> Engine:
        """The loaded model with its prefix store; activation memory shares it."""
        with self._lock:
            if self._engine is None:
                self._engine = self._load()
            return self._engine

    @property
    def tokenizer(self) -> Any:
        """The model's tokenizer; loads the model."""
        return self.engine and self._tokenizer

    def source(self) -> str:
        """Folder or hub id the weights are loaded from."""
        return self.name

    def _load(self) -> Engine:
        torch = require("torch", "embedded")
        transformers = require("transformers", "embedded")
        from memos.llm.generate import Engine, unsupported
        from memos.llm.kv import PrefixStore

        if self.config.threads:
            torch.set_num_threads(self.config.threads)
        device = self.config.device
        device = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        source, local = self.source(), {"local_files_only": True} if Path(self.source()).exists() else {}
        revision = pinned(source, self.config.revision)
        try:
            loaded = transformers.AutoConfig.from_pretrained(source, revision=revision, **local)
            if reason := unsupported(loaded):
                raise ConfigError(f"llm.model={self.name!r} has {reason}, which prefix sharing does not support")
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(source, revision=revision, **local)
            model = transformers.AutoModelForCausalLM.from_pretrained(
                source, revision=revision, dtype=getattr(torch, self.config.dtype), **local
            ).to(device)
        except (OSError, ValueError) as error:
            line = str(error).strip().splitlines()[0]
            raise ConfigError(
                f"llm.model={self.name!r} cannot be loaded ({line}); give a hub id (owner/name), or a folder with "
                "config.json, tokenizer and weights"
            ) from error
        self._window = self._window or getattr(loaded.get_text_config(), "max_position_embeddings", None)
        return Engine(model, _end_ids(model, self._tokenizer), PrefixStore(self.config.prefix_cache_mb << 20))

    def encode(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """Token ids of a chat with the model's template and the start of the reply (lines ``role: text`` without)."""
        tokenizer = self.tokenizer
        text = rendered(tokenizer, messages, **self._template_values())
        if text is not None:
            return token_ids(tokenizer, text)
        text = "".join(f"{message.role}: {marked(tokenizer, message.content)}\n" for message in messages) + "assistant:"
        return token_ids(tokenizer, text, bare=False)

    def complete(self, request: Request) -> Completion:
        _, outcome = next(self.complete_many([request]))
        if isinstance(outcome, LLMError):
            raise outcome
        return outcome

    def complete_many(self, requests: Sequence[Request]) -> Generator[tuple[int, Completion | LLMError], None, None]:
        """Replies batch by batch, the requests of one prefix together; a refused prompt yields its error first."""
        prompts: dict[int, tuple[tuple[int, ...], int]] = {}
        for index, request in enumerate(requests):
            try:
                prompts[index] = self._prompt(request)
            except LLMError as error:
                yield index, error
        order = list(prompts)
        for part in group([prompts[index][0] for index in order], self.config.min_shared, self.config.min_saved):
            yield from self._group(part, [order[member] for member in part.members], requests, prompts)

    def _prompt(self, request: Request) -> tuple[tuple[int, ...], int]:
        """Token ids and the number of tokens that were cut."""
        if request.tools:
            raise LLMError(f"{self.name}: tools are not supported by local models; use llm=openai with a server")
        self.engine  # noqa: B018 (loads the model, which tells the window)
        messages = request.messages
        if request.json_schema is not None:
            note = f"{messages[-1].content}\n\n{schema_note(request.json_schema)}"
            messages = (*messages[:-1], Message(messages[-1].role, note))
        reserve = request.max_tokens or self.config.max_new_tokens
        ids = self.encode(messages)
        if self._window is None or len(ids) + reserve <= self._window:
            return ids, 0
        count = lambda part: len(self.encode(part))  # noqa: E731
        fitted, cut = fit(messages, count, self._window, reserve, self.config.long_prompt, self.name)
        return self.encode(fitted), cut

    def _group(
        self, part: Group, indexes: list[int], requests: Sequence[Request], prompts: dict[int, tuple]
    ) -> Iterator[tuple[int, Completion]]:
        ids = [prompts[index][0] for index in indexes]
        with self._lock:
            start = time.perf_counter()
            prefix, fresh = self._prefix(part.shared, ids)
            build_ms = (time.perf_counter() - start) * 1000
        skip = len(prefix) if prefix is not None else 0
        rows = batches([len(row) - skip for row in ids], self.config.batch_size, self.config.batch_tokens)
        for positions in rows:
            with self._lock:
                start = time.perf_counter()
                made = self.engine.generate([self._row(requests[indexes[p]], ids[p]) for p in positions], prefix)
                spent = (time.perf_counter() - start) * 1000 + build_ms
            for position, one in zip(positions, made, strict=True):
                usage = Usage(1, len(ids[position]), len(one.ids) + one.ended, skip - fresh)
                yield (
                    indexes[position],
                    self._completion(
                        requests[indexes[position]], one, usage, spent, build_ms, prompts[indexes[position]][1]
                    ),
                )
                fresh = 0
            build_ms = 0.0

    def _prefix(self, shared: int, ids: list[tuple[int, ...]]) -> tuple[Any, int]:
        """States to share by a group and how many tokens were encoded for it.

        A prompt that stands alone reads what the store has of it, or puts itself there for the next one.
        """
        engine, least = self.engine, self.config.min_shared
        if len(ids) > 1 or not self.config.prefix_cache_mb:
            return engine.prefix(ids[0][:shared], least)
        known = engine.store.match(ids[0][:-1], least)
        if known is not None and 2 * len(known) >= len(ids[0]):
            return known, 0
        return engine.prefix(ids[0][:-1], least)

    def _row(self, request: Request, ids: tuple[int, ...]):
        from memos.llm.generate import Row

        limit = request.max_tokens or self.config.max_new_tokens
        seed = (request.seed or 0) + request.sample_index
        stopped = (lambda new: any(mark in self._decode(new) for mark in request.stop)) if request.stop else None
        return Row(ids, limit, request.temperature, seed, stopped)

    def _decode(self, ids: list[int]) -> str:
        return self._tokenizer.decode(ids, skip_special_tokens=True)

    def _completion(
        self, request: Request, one: Generated, usage: Usage, spent: float, build_ms: float, cut: int
    ) -> Completion:
        text = self._decode(one.ids)
        for mark in request.stop:
            text = text.split(mark, 1)[0]
        finish = "stop" if one.ended else "length"
        said, thought = split_thoughts(text)
        ttft_ms = build_ms + one.first_ms
        return Completion(said, self.name, usage, finish, spent, cut_tokens=cut, ttft_ms=ttft_ms, reasoning=thought)

    def close(self) -> None:
        """Let go of the model; a later request loads it again."""
        with self._lock:
            self._engine = None
            self._tokenizer = None


def _end_ids(model, tokenizer) -> list[int]:
    """Tokens that end a reply, from the generation settings and the tokenizer."""
    given = model.generation_config.eos_token_id
    ends: list[int] = [given] if isinstance(given, int) else list(given or ())
    if tokenizer.eos_token_id is not None:
        ends.append(tokenizer.eos_token_id)
    return ends
