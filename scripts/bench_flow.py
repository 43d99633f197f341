"""Time the ingestion of ten conversations by systems that ask a model, against the calls that must wait in a row.

``python scripts/bench_flow.py [--systems mem0,zep,langmem,memos]`` starts a scripted server in a process of its own,
ingests with each system once, and prints its seconds over those of the longest chain of dependent calls, which the
server's log gives (``scripts/flow_bench/chains.py``), and the calls one after the other over its seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "server")]

from scripts.flow_bench import chains, model, talks  # noqa: E402


@dataclass(frozen=True)
class Size:
    """What is ingested, and how."""

    conversations: int
    sessions: int
    turns: int
    concurrency: int
    latency: float
    """Seconds before each reply."""


class Server:
    """The scripted server in its own process."""

    def __init__(self, latency: float) -> None:
        command = [sys.executable, __file__, "--serve", str(latency)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self._said()

    def _said(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def log(self) -> list[chains.Call]:
        """The calls since the last time it was asked."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return json.loads(self._said())

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


def serve(latency: float) -> None:
    """Serve until standard input ends; each line there is answered by the log since the line before.

    What is asked is read when the log is wanted: it is no part of what a reply takes.
    """
    from scripted import ScriptedServer  # pyright: ignore[reportMissingImports]  # in tests/server

    asked: list[dict[str, Any]] = []

    def say(body: dict[str, Any]) -> Any:
        asked.append(body)
        return model.reply(body)[1]

    with ScriptedServer([("", say)], latency=latency) as server:
        print(server.base_url, flush=True)
        for _ in sys.stdin:
            print(json.dumps([model.entry(body) for body in asked]), flush=True)
            asked.clear()


@contextmanager
def serving(latency: float) -> Iterator[Server]:
    server = Server(latency)
    try:
        yield server
    finally:
        server.end()


def ingest_all(system: str, size: Size, url: str, out: Path) -> float:
    """Seconds of the ingestion of all conversations, into an empty results folder."""
    from hydra import compose, initialize_config_dir

    from eval.command.cli import CONF
    from eval.core.settings import plain
    from eval.runs.write import RunDir
    from eval.stages.bench import Bench
    from eval.stages.ingest import ingest

    data = out / "talks.json"
    data.parent.mkdir(parents=True, exist_ok=True)
    talks.write(data, size.conversations, size.sessions, size.turns)
    overrides = [
        "experiment=tiny",
        f"system={system}",
        "system.extractor=llm",
        f"dataset.path={data}",
        "llm=openai",
        f"llm.base_url={url}",
        "llm.model=scripted-1",
        "llm.api_key_env=null",
        f"llm.concurrency={size.concurrency}",
        f"out={out / 'results'}",
    ]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        bench = Bench(plain(compose("config", overrides)))
    run = RunDir(bench.folder)
    start = time.perf_counter()
    with closing(ingest(bench, run, ())) as stores:
        for store in stores:
            if store.failure is not None:
                raise SystemExit(f"{system}: {store.failure['error']}")
            store.system.close()
    seconds = time.perf_counter() - start
    run.close()
    return seconds


def main() -> None:
    """Parse the options, ingest with each system, print a line each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--systems", default=",".join(chains.CHAINS), help=f"of {', '.join(chains.CHAINS)}")
    parser.add_argument("--conversations", type=int, default=10, help="conversations (default: 10)")
    parser.add_argument("--sessions", type=int, default=5, help="sessions of each (default: 5)")
    parser.add_argument("--turns", type=int, default=8, help="turns of a session (default: 8)")
    parser.add_argument("--concurrency", type=int, default=64, help="calls at once (default: 64)")
    parser.add_argument("--latency", type=float, default=0.2, help="seconds before each reply of the server")
    parser.add_argument("--serve", type=float, metavar="SECONDS", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is not None:
        serve(options.serve)
        return
    size = Size(options.conversations, options.sessions, options.turns, options.concurrency, options.latency)
    with serving(size.latency) as server, tempfile.TemporaryDirectory() as folder:
        warm = Size(2, 1, 2, size.concurrency, size.latency)
        for system in options.systems.split(","):
            ingest_all(system, warm, server.url, Path(folder) / f"warm-{system}")
            server.log()
            cpu = time.process_time()
            seconds = ingest_all(system, size, server.url, Path(folder) / system)
            cpu = time.process_time() - cpu
            calls = server.log()
            chain = chains.longest(system, calls)
            ideal, serial = chain * size.latency, len(calls) * size.latency
            print(
                f"{system:8} {seconds:6.2f} s  {seconds / ideal:.3f} of the chain ({chain} calls, {ideal:.1f} s)"
                f"  {serial / seconds:5.1f} times less than {len(calls)} calls in a row  {cpu:.2f} s CPU",
                flush=True,
            )
    print(f"{size}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
