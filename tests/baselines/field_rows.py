"""The rows that other papers compare with, and a model whose reply is a function of the first two messages alone."""

from __future__ import annotations

import json
import random
import zlib

from baselines.amem import AMem
from baselines.dmem import DMem
from baselines.hymem import HyMem
from baselines.lightmem import LightMem
from baselines.memgas import MemGAS
from baselines.memoryos import MemoryOS
from baselines.memsifter import MemSifter
from baselines.simplemem import SimpleMem
from memos.llm.mock import MockLLM

ROWS = {
    "lightmem": (LightMem, {"sensory_tokens": 12, "batch_tokens": 12}),
    "amem": (AMem, {"rebuild_every": 2, "top_k": 2, "related": 0.3}),
    "memoryos": (MemoryOS, {"heat": 1.5}),
    "hymem": (HyMem, {"top_k": 2}),
    "memsifter": (MemSifter, {"window_tokens": 60, "fill_tokens": 60}),
    "memgas": (MemGAS, {}),
    "dmem": (DMem, {"chunk_tokens": 60}),
    "simplemem": (SimpleMem, {"window": 4, "overlap": 1}),
}
"""Class, and fields that make its buffers small enough for a few turns to pass through them."""


def sampled(request):
    """A reply that satisfies the schema, equal whether the request is asked for the first time or again."""
    contents = [message.content for message in request.messages[:2]]
    lines = [line.strip()[:80] for line in contents[-1].splitlines() if line.strip()] or ["nothing"]
    return _drawn(request.json_schema, lines, random.Random(zlib.crc32("".join(contents).encode())))


def _drawn(schema, lines: list[str], draw: random.Random):
    """A value of a schema: lines of the prompt, small numbers, short lists."""
    if "enum" in schema:
        return draw.choice(schema["enum"])
    kind = schema["type"][0] if isinstance(schema["type"], list) else schema["type"]
    if kind == "object":
        return {name: _drawn(part, lines, draw) for name, part in schema["properties"].items()}
    if kind == "array":
        return [_drawn(schema["items"], lines, draw) for _ in range(draw.randint(schema.get("minItems", 0), 3))]
    if kind == "string":
        return draw.choice(lines)
    return draw.random() < 0.5 if kind == "boolean" else draw.randint(0, 4)


class Faulty:
    """The same model, of whose first replies a share is empty or no JSON."""

    def __init__(self, share: float, seed: int) -> None:
        self.share, self.seed, self.faults = share, seed, 0

    def __call__(self, request):
        text = "".join(message.content for message in request.messages)
        draw = zlib.crc32(f"{self.seed}{request.sample_index}{text}".encode()) / 2**32
        if request.sample_index < 3 and draw < self.share:
            self.faults += 1
            return ("", "I cannot say.", "<html>")[int(draw * 1000) % 3]
        return sampled(request)


def made(name: str, extractor: str, embedder, llm: MockLLM | None = None):
    """A fresh system of a row."""
    kind, fields = ROWS[name]
    model = (llm or MockLLM(function=sampled)) if extractor == "llm" else None
    return kind(kind.Config(extractor=extractor, **fields), embedder=embedder, llm=model)


def files(system, folder, *, ledger: bool = False) -> dict[str, bytes]:
    """Everything that a system saves; its ledger of calls only where asked."""
    folder.mkdir()
    system.save(folder)
    contents = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    for name in [name for name in contents if name.endswith(".json") and not ledger]:
        state = json.loads(contents[name])
        state.pop("backbone", None)
        contents[name] = json.dumps(state).encode()
    return contents
