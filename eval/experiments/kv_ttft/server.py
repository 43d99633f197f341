"""The HTTP arm: time to first token of a streaming OpenAI-compatible server, cold and on a warm prefix.

Cold prompts begin with a salt of their own, so that nothing can be cached; warm ones share a memory that was sent
before. A sample counts only if the number of cached tokens that the server reports agrees with its arm (a server's
prefix cache once made a time 49 times too low, docs/kv.md#servers).
"""

from __future__ import annotations

import os
import random
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.experiments.kv_ttft import texts
from eval.experiments.kv_ttft.spread import summary
from memos.activation.prompt import PROBES
from memos.errors import ConfigError, LLMError
from memos.secret_values import from_variable
from memos.tokens import count_tokens
from memos.types import Usage

WARM_SHARE = 0.5
"""A warm sample must have at least this share of the memory's tokens from the cache."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One streamed request."""

    seconds: float
    prompt_tokens: int | None
    cached_tokens: int | None
    """As the server reports it; None where it does not."""


class Server:
    """A streaming client without retries: a failed request is a failed sample, never a slow one."""

    def __init__(self, base_url: str, model: str, api_key_env: str | None, timeout_s: float = 600.0) -> None:
        from openai import OpenAI

        if api_key_env and api_key_env not in os.environ:
            raise ConfigError(f"kv.api_key_env: the variable {api_key_env} is not set")
        key = from_variable(api_key_env) or "none"
        self.client = OpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=timeout_s)
        self.model = model

    def ask(self, system: str, query: str) -> Sample:
        """Send a prompt; the clock stops at the first chunk with text.

        Raises:
            LLMError: the request failed or ended without a token.
        """
        from openai import OpenAIError

        messages: Any = [{"role": "system", "content": system}, {"role": "user", "content": query}]
        first, usage, start = None, None, time.perf_counter()
        try:
            stream = self.client.chat.completions.create(
                model=self.model,
                messages=messages,
                max_tokens=1,
                temperature=0,
                stream=True,
                stream_options={"include_usage": True},
            )
            for chunk in stream:
                delta = chunk.choices[0].delta if chunk.choices else None
                if first is None and delta and (delta.content or getattr(delta, "reasoning_content", None)):
                    first = time.perf_counter() - start
                usage = chunk.usage or usage
        except OpenAIError as error:
            raise LLMError(f"{self.client.base_url}: {str(error).splitlines()[0]}") from error
        if first is None:
            raise LLMError(f"{self.client.base_url}: the reply held no token, so there is no time to a first one")
        details = usage.prompt_tokens_details if usage else None
        return Sample(first, usage.prompt_tokens if usage else None, details.cached_tokens if details else None)


def problem(arm: str, sample: Sample, context_tokens: int) -> str | None:
    """Why a sample does not count, or None."""
    if sample.cached_tokens is None:
        return "the server reports no cached tokens, so the arm cannot be verified"
    if arm == "cold" and sample.cached_tokens:
        return f"the cold prompt had {sample.cached_tokens} tokens from the server's cache"
    if arm == "warm" and sample.cached_tokens < WARM_SHARE * context_tokens:
        return f"the warm prompt had {sample.cached_tokens} tokens from the cache, expected about {context_tokens}"
    return None


_CALIBRATION = (50, 450)
"""Words of the two prompts that show how the server counts."""
_REPEATS = 20


def asked(cell: tuple[str, str, int, float], repeats: int | None, lines: Sequence[str]) -> Usage:
    """What ``measure`` asks of a server, by the lengths that the cell sets.

    Args:
        cell: context, query, tokens of the context, mean tokens of the query.
        repeats: measured rounds; None: as many as ``measure`` takes then.
        lines: of the memory.
    """
    _, _, context, mean = cell
    words = " \n".join(lines).split(" ")
    sizes = [round(mean), *texts.lengths(mean, repeats or _REPEATS)]
    calibrating = sum(count_tokens(_salted(" ".join(words[:n]))) for n in _CALIBRATION)
    prompt = calibrating + 2 * context + 2 * sum(context + size for size in sizes)
    calls = len(_CALIBRATION) + 2 + 2 * len(sizes)
    return Usage(calls, prompt, calls, len(sizes) * context)


def measure(spec: Mapping[str, Any]) -> dict[str, Any]:
    """One cell against a server; the same record as a local cell's, without what a server does not tell."""
    kv, cell = spec["kv"], spec["cell"]
    server = Server(kv["base_url"], spec["model"], kv["api_key_env"])
    draw, repeats = random.Random(spec["seed"]), kv["repeats"] or _REPEATS
    words = " \n".join(spec["lines"]).split(" ")
    rate, fixed = _words_per_token(server, words)
    memory = " ".join(words[: max(1, round((cell[2] - fixed) * rate))])
    sizes = [max(1, round(n * rate)) for n in [cell[3], *texts.lengths(cell[3], repeats)]]
    half = len(words) // 2
    queries = [" ".join((words[half + draw.randrange(half) :] + words)[:n]) + f" ({i})" for i, n in enumerate(sizes)]
    build = server.ask(_salted(memory), PROBES[0])
    warm = _salted(memory)
    server.ask(warm, PROBES[1])
    samples: dict[str, list[float]] = {"cold": [], "warm": []}
    invalid: list[str] = []
    for number, query in enumerate(queries):
        for arm in draw.sample(("cold", "warm"), 2):
            sample = server.ask(_salted(memory) if arm == "cold" else warm, query)
            reason = problem(arm, sample, cell[2])
            if reason:
                invalid.append(f"{arm}: {reason}")
            elif number:
                samples[arm].append(sample.seconds)
    record = {
        "status": "failed",
        "context": cell[0],
        "query": cell[1],
        "context_tokens": build.prompt_tokens or cell[2],
        "query_tokens": cell[3],
        "invalid": len(invalid),
        "error": invalid[0] if invalid else None,
        "model": spec["model"],
        "device": f"server {kv['base_url']}",
        "random_weights": False,
    }
    if invalid or not all(samples.values()):
        return record
    arms = {"direct": summary(samples["cold"]), "kv": summary(samples["warm"])}
    direct, cached = arms["direct"]["p50"], arms["kv"]["p50"]
    return record | {
        "status": "ok",
        "arms": arms,
        "build": build.seconds,
        "kv_ttft": cached,
        "dir_ttft": direct,
        "speedup": 100 * (1 - cached / direct),
        "ratio": direct / (build.seconds + cached),
    }


def _words_per_token(server: Server, words: list[str]) -> tuple[float, int]:
    """Words to a token of the server's tokenizer, and the tokens a prompt has besides."""
    small, large = (server.ask(_salted(" ".join(words[:n])), "?").prompt_tokens for n in _CALIBRATION)
    if not small or not large or large <= small:
        raise LLMError("the server reports no usable prompt_tokens; lengths cannot be set")
    first, second = _CALIBRATION
    rate = (second - first) / (large - small)
    return rate, max(0, round(small - first / rate))


def _salted(memory: str) -> str:
    return f"{uuid.uuid4().hex} is this session.\n{memory}"
