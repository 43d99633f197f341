"""What the way to a memory server costs: MemOS in this process and behind ``memos serve --rest``, in one run.

    python scripts/bench_remote.py [--data locomo10.json] [--conversations 2] [--sessions 8] [--questions 50]

Both take the same sessions in turn, one after the other, with the embedded MiniLM and no cache; the server is a process
of its own on loopback. ``ingestion`` is the ratio of the times of all sessions, each the quickest of ``--repeats``
stores; ``search`` is the difference of the times of a question, each the quickest of ``--repeats`` calls, at the median
of the questions. Processor time counts this process and the server's. The bars are 15 % and 3 ms; exit code 1 where one
is passed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from baselines.remote.system import HttpMemory
from eval.command.script import add_data, add_repeats, one_line_errors
from eval.datasets.load import load_dataset
from memos.embed.minilm import MiniLM
from memos.system import MemOSSystem
from memos.types import Conversation, Query

MOST_MS, MOST_SHARE = 3.0, 0.15
"""The bars: milliseconds that a search may take longer, and the share that ingestion may."""

TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def served() -> Iterator[tuple[str, Callable[[], float]]]:
    """The URL of ``memos serve --rest`` in a process of its own, and its processor seconds so far."""
    command = [sys.executable, "-m", "memos", "serve", "--rest", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]

        def seconds() -> float:
            fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / TICKS  # of threads that have ended too

        try:
            yield url, seconds
        finally:
            process.terminate()


def ingestions(make: Callable[[], Any], talk: Conversation) -> tuple[list[float], Any]:
    """Seconds of each session and of the end, and the filled system."""
    system, out = make(), []
    system.start(talk)
    for session in talk.sessions:
        start = time.perf_counter()
        system.add(session)
        out.append(time.perf_counter() - start)
    start = time.perf_counter()
    system.finish()
    return [*out, time.perf_counter() - start], system


@one_line_errors
def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(parser)
    parser.add_argument("--conversations", type=int, default=2, metavar="N", help="how many (default: 2)")
    parser.add_argument("--sessions", type=int, default=8, metavar="N", help="of each of them (default: 8)")
    parser.add_argument("--questions", type=int, default=50, metavar="N", help="of each conversation (default: 50)")
    add_repeats(parser, 5, "stores and calls of which the quickest counts")
    args = parser.parse_args()
    dataset = load_dataset("locomo", path=str(args.data)) if args.data else load_dataset("generated")
    embedder = MiniLM()
    with served() as (url, server_seconds):
        arms: dict[str, Callable[[], Any]] = {
            "in process": lambda: MemOSSystem(embedder=embedder),
            "remote": lambda: HttpMemory(HttpMemory.Config(url=url)),
        }
        worked = dict.fromkeys(arms, 0.0)
        spent, ingested, added = dict.fromkeys(arms, 0.0), dict.fromkeys(arms, 0.0), list[float]()
        for whole in dataset.conversations[: args.conversations]:
            talk = replace(whole, sessions=whole.sessions[: args.sessions])
            systems, times = dict[str, Any](), {arm: list[list[float]]() for arm in arms}
            for _ in range(args.repeats):
                for arm, make in arms.items():
                    before = time.process_time() + server_seconds()
                    seconds, system = ingestions(make, talk)
                    spent[arm] += time.process_time() + server_seconds() - before
                    times[arm].append(seconds)
                    if arm in systems:
                        systems[arm].close()
                    systems[arm] = system
            for arm in arms:
                ingested[arm] += sum(map(min, zip(*times[arm], strict=True)))
            asked = [q for q in dataset.questions if q.sample_id == talk.sample_id][: args.questions]
            for question in asked:
                quickest = dict.fromkeys(arms, float("inf"))
                for _ in range(args.repeats):
                    for arm, system in systems.items():
                        before, start = time.process_time() + server_seconds(), time.perf_counter()
                        system.search(Query(question.text))
                        quickest[arm] = min(quickest[arm], time.perf_counter() - start)
                        worked[arm] += time.process_time() + server_seconds() - before
                added.append((quickest["remote"] - quickest["in process"]) * 1000)
            for system in systems.values():
                system.close()
    wall, processor = (clock["remote"] / clock["in process"] for clock in (ingested, spent))
    low, median, high = (statistics.quantiles(added, n=20)[place] for place in (0, 9, 18))
    print(f"load {os.getloadavg()[0]:.1f}; {dataset.name}, {args.conversations} conversations, {len(added)} questions")
    print(
        f"ingestion: remote takes {wall:.3f} of in process ({ingested['in process']:.2f} s); processor {processor:.3f}"
    )
    print(f"search: remote adds {median:.2f} ms at the median (5 to 95 %: {low:.2f} to {high:.2f})")
    mean = {arm: seconds * 1000 / len(added) / args.repeats for arm, seconds in worked.items()}
    print(f"search, processor: {mean['in process']:.2f} ms in process, {mean['remote']:.2f} ms remote (both sides)")
    return int(wall > 1 + MOST_SHARE or median > MOST_MS)


if __name__ == "__main__":
    sys.exit(main())
