"""A small run in this process: two conversations, mock embedder and model, two judges, lexical metrics."""

from __future__ import annotations

import json
from pathlib import Path

from hydra import compose, initialize_config_dir

from eval.command.cli import CONF
from eval.core.settings import plain
from eval.experiments.benchmark.experiment import run
from eval.stages.bench import Bench

LABEL = """llm.rules=[{pattern: 'Nadia.*JSON object', reply: '{"label": "CORRECT"}'}, \
{pattern: 'JSON object', reply: '{"label": "WRONG"}'}]"""
SMALL = (
    "experiment=tiny",
    "embedder=mock",
    "llm=mock",
    "answerer=llm",
    "judge=llm_generous",
    "judge@also_judges.strict=llm_strict",
    LABEL,
    "latency.questions=3",
    "metrics.which=[lexical]",
    "figures=false",
    "dataset.conversations=[tiny-1,tiny-2]",
)


class Made:
    """A configuration, the run it makes and what lies in its folder."""

    def __init__(self, out: Path, *overrides: str) -> None:
        own = any(override.startswith("llm=") for override in overrides)
        base = [override for override in SMALL if not (own and override in ("llm=mock", LABEL))]
        with initialize_config_dir(str(CONF), version_base="1.3"):
            self.config = plain(
                compose("config", [*base, "system=rag", "system.chunk_size=40", f"out={out}", *overrides])
            )
        self.folder = Bench(self.config).folder

    def run(self) -> dict:
        return run(self.config)

    @property
    def summary(self) -> dict:
        return json.loads((self.folder / "summary.json").read_text(encoding="utf-8"))

    def numbers(self) -> dict:
        """The summary without what a clock makes, the identity of the clocked device, and what was really paid."""
        chance = ("latency_ms", "score_fingerprint", "spent")
        return {name: value for name, value in self.summary.items() if name not in chance}

    def lines(self, name: str) -> list[dict]:
        (path,) = self.folder.glob(f"{name}.jsonl")
        return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
