"""Hold the forecast of ``check=true`` against what a run then takes, for systems that ask a model.

``python scripts/bench_forecast.py [--systems mem0,zep]`` serves the toy model of the tests with a fixed latency,
foretells each system's run on generated conversations with the probe alone (``--pilot N``: after a pilot too), runs it,
and prints calls, tokens and seconds as foretold over those of the run. What the probe and the pilot asked is not asked
again, so both sides leave it out.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), *(str(ROOT / "tests" / room) for room in ("server", "baselines"))]

from scripts.flow_bench import talks  # noqa: E402

NUMBERED = re.compile(r"\b(Ann|Ben|Uma)(\d+)")
"""Names of the conversations' people; the toy model takes no word with a digit for a name."""
SYSTEMS = ("mem0", "mem0_graph", "zep", "langmem", "openai_memory", "memos", "rag", "full_context")


def config(out: Path, data: Path, url: str, system: str, pilot: int, concurrency: int) -> dict[str, Any]:
    """The configuration of one run."""
    from hydra import compose, initialize_config_dir

    from eval.command.cli import CONF
    from eval.core.settings import plain

    overrides = [
        "experiment=tiny",
        "backbone=gpt-4o-mini",
        f"system={system}",
        f"dataset.path={data}",
        f"out={out}",
        f"llm.base_url={url}",
        f"embedder.base_url={url}",
        "embedder.dim=64",
        "llm.api_key_env=null",
        f"llm.concurrency={concurrency}",
        "~judge@also_judges.strict",
        "metrics.which=[]",
        "latency.questions=2",
        f"pilot={pilot}",
    ]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return plain(compose("config", overrides))


def main() -> None:
    """Parse the options, foretell and run each system, print a line each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--systems", default=",".join(SYSTEMS), help=f"of {', '.join(SYSTEMS)}")
    parser.add_argument("--conversations", type=int, default=4, help="conversations (default: 4)")
    parser.add_argument("--sessions", type=int, default=4, help="sessions of each (default: 4)")
    parser.add_argument("--turns", type=int, default=6, help="turns of a session (default: 6)")
    parser.add_argument("--concurrency", type=int, default=64, help="calls at once (default: 64)")
    parser.add_argument("--latency", type=float, default=0.2, help="seconds before each reply of the server")
    parser.add_argument("--pilot", type=int, default=0, help="conversations of a pilot (default: 0)")
    options = parser.parse_args()

    from baseline_runs import model  # pyright: ignore[reportMissingImports]  # in tests/baselines
    from metered import MeteredServer  # pyright: ignore[reportMissingImports]  # in tests/server

    from eval.experiments.benchmark.experiment import run
    from eval.stages.forecast.command import foresee
    from memos.types import Usage

    with (
        tempfile.TemporaryDirectory() as folder,
        MeteredServer([("", model)], latency=options.latency, dim=64) as server,
    ):
        data = Path(folder) / "talks.json"
        talks.write(data, options.conversations, options.sessions, options.turns)
        data.write_text(NUMBERED.sub(_lettered, data.read_text(encoding="utf-8")), encoding="utf-8")
        warm = config(Path(folder) / "warm", data, server.base_url, "rag", 0, options.concurrency)
        foresee([warm], lambda line: None)
        run(warm)  # what is loaded once is no part of a run
        for system in options.systems.split(","):
            settings = config(Path(folder) / system, data, server.base_url, system, options.pilot, options.concurrency)
            foreseen = foresee([settings], lambda line: None)
            total = sum((job.asked for job in foreseen.jobs), Usage())
            server.reset()
            start = time.perf_counter()
            if run({**settings, "check": False})["code"] != 0:
                raise SystemExit(f"{system}: the run failed")
            seconds, real = time.perf_counter() - start, server.spent
            print(
                f"{system:14} calls {total.calls / real.calls:.2f} ({real.calls})  "
                f"tokens {_all(total) / _all(real):.2f} ({_all(real)})  "
                f"time {(foreseen.seconds or 0.0) / seconds:.2f} ({seconds:.1f} s)",
                flush=True,
            )
    print(f"{vars(options)}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def _lettered(name: re.Match[str]) -> str:
    return name[1] + "".join("abcdefghij"[int(digit)] for digit in name[2])


def _all(usage: Any) -> int:
    return usage.prompt_tokens + usage.completion_tokens


if __name__ == "__main__":
    main()
