"""What a server means by an error: its own words, the cause that no repetition mends, the window it states."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from memos.errors import on_one_line
from memos.llm.retry import retry_after

_SHOWN = 500
_DEEPEST = 20
"""Levels of an error's body that are read."""
_BUSY = (503, 529)
"""Statuses that ask for time where they say how much."""
_QUOTA = re.compile(
    r"insufficient_quota|insufficient_balance|billing_hard_limit|billing_not_active|credit balance is too low|"
    r"insufficient (?:credits|balance|funds)|quota exceeded for .*per ?day"
)
_KEY = re.compile(
    r"invalid_api_key|api[ _-]?key (?:is )?(?:not valid|invalid|missing|expired)|incorrect api key|invalid (?:x-)?api"
)
_MODEL = re.compile(
    r"model_not_found|no such model|deploymentnotfound|not_found_error|"
    r"model\b.{0,80}?(?:not found|does not exist|not exist|is not available|not supported|invalid)|"
    r"(?:unknown|invalid|not a valid) model"
)
_TOO_LONG = re.compile(
    r"context_length|context length|context[ _]size|context window|maximum model length|prompt is too long|"
    r"input token count|reduce the length|longer than the (?:maximum|model)"
)
_TOO_LARGE = re.compile(r"request too large|limit (\d+),.*requested (\d+)")
_WINDOW = (
    r"maximum context length (?:is|of) (\d+)",
    r"context length \((\d+)",
    r"context size \((\d+)",
    r"maximum model length of (\d+)",
    r"> (\d+) maximum",
    r"tokens allowed \((\d+)",
    r"with (\d+) maximum context",
    r'"n_ctx": (\d+)',
)
_PROMPT = (
    r"messages resulted in (\d+)",
    r"\((\d+) in the messages",
    r"(\d+) (?:tokens )?(?:from|in) the (?:input|prompt|messages)",
    r"request has (\d+) input tokens",
    r"prompt contains (?:at least )?(\d+)",
    r"\(length (\d+)\)",
    r"input \((\d+) tokens",
    r"request \((\d+) tokens",
    r"prompt is too long: (\d+)",
    r"input token count \((\d+)",
    r'"n_prompt_tokens": (\d+)',
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer with an error status."""

    status: int
    code: str
    """The provider's code or type of error; empty where it gives none."""
    message: str
    """Its own words on one line."""
    words: str
    """Everything it says, in lower case: code, parameter, message and further fields."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def cause(self) -> str | None:
        """What no repetition of any request mends: ``key``, ``quota`` or ``model``; None where it is none of them."""
        if self.status == 402 or _QUOTA.search(self.words):
            return "quota"
        if self.status == 401 or (self.status in (400, 403) and _KEY.search(self.words)):
            return "key"
        return "model" if self.status in (400, 404) and _MODEL.search(self.words) else None

    def too_long(self) -> bool:
        """Whether the prompt, with its reply, exceeds the model's window."""
        return self.status in (400, 413, 422, 500) and bool(_TOO_LONG.search(self.words))

    def never_fits(self) -> bool:
        """Whether this one request asks for more tokens than a minute may take: no waiting helps it."""
        match = _TOO_LARGE.search(self.words)
        return bool(match) and (match.group(1) is None or int(match.group(2)) > int(match.group(1)))

    def slows_down(self) -> bool:
        """Whether the server asks for time: that spends no attempt."""
        if self.cause() is not None or self.never_fits():
            return False
        return self.status == 429 or (self.status in _BUSY and retry_after(self.headers) is not None)

    def pause(self, longest: float) -> float | None:
        """Seconds that the server asks to wait, by its headers or its words, at most so many; None: it does not say."""
        wish = retry_after(self.headers)
        wish = self.asks_to_wait() if wish is None else wish
        return wish if wish is None else min(wish, longest)

    def stated(self) -> tuple[int | None, int | None]:
        """The window and the tokens of the prompt as the server counts them; None where it does not say."""
        text = re.sub(r"(?<=\d),(?=\d{3})", "", self.words)
        return _first_number(_WINDOW, text), _first_number(_PROMPT, text)

    def asks_to_wait(self) -> float | None:
        """Seconds to wait by the text of the error (``try again in 1m2.5s``, ``retryDelay: "34s"``); None without."""
        match = re.search(r"(?:try again in|retry in|retrydelay\W+)\s*((?:[\d.]+\s*(?:ms|[hms]))+)", self.words)
        return duration(match.group(1)) if match else None


def refusal_of(status: int, body: Any, fallback: str, headers: Mapping[str, str]) -> Refusal:
    """Read an error's body, whatever its shape."""
    if isinstance(body, list) and body and isinstance(body[0], Mapping):
        body = body[0]
    if isinstance(body, Mapping) and isinstance(body.get("error"), Mapping):
        body = body["error"]
    entries = body if isinstance(body, Mapping) else {}
    code = next((entries[name] for name in ("code", "type", "status") if isinstance(entries.get(name), str)), "")
    said = next((entries[name] for name in ("message", "detail", "error") if entries.get(name)), None) or fallback
    message = on_one_line(said if isinstance(said, str) else "; ".join(_leaves(said)))
    named = (leaf for name in ("type", "param") for leaf in _leaves(entries.get(name)))
    words = " ".join([code, *named, message])
    numbers = json.dumps({name: value for name, value in entries.items() if isinstance(value, int)})
    hints = " ".join(leaf for name in ("details",) for leaf in _leaves(entries.get(name)))
    everything = on_one_line(f"{words} {numbers} {hints}".lower())
    return Refusal(status, on_one_line(code), message[:_SHOWN], everything, {k.lower(): v for k, v in headers.items()})


def _leaves(value: Any, depth: int = 0) -> Iterator[str]:
    """Texts of a nested body, each object's fields together; an echo of the request (``input``) is left out."""
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        kept = {k: v for k, v in value.items() if k not in ("input", "ctx", "url")}
        if "loc" in kept and isinstance(kept["loc"], list):
            kept["loc"] = ".".join(map(str, kept["loc"]))
        yield " ".join(f"{k}: {v}" for k, v in kept.items() if isinstance(v, str | int | float))
        for child in kept.values():
            if isinstance(child, Mapping | list):
                yield from _leaves(child, depth + 1)
    elif isinstance(value, list):
        for child in value:
            yield from _leaves(child, depth + 1)
    elif isinstance(value, str):
        yield value


def _first_number(patterns: tuple[str, ...], text: str) -> int | None:
    for pattern in patterns:
        if match := re.search(pattern, text):
            return int(match.group(1)[:12])
    return None


def duration(text: str) -> float | None:
    """Seconds of ``6m0s``, ``1h2m3.5s``, ``300ms`` or a plain number of seconds; None for anything else."""
    units = re.findall(r"([\d.]+)\s*(ms|[hms])", text)
    scale = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
    try:
        return sum(float(number) * scale[unit] for number, unit in units) if units else float(text)
    except ValueError:
        return None
