"""Time 1,540 answers and 1,540 judgements against a local OpenAI-compatible server of fixed latency.

``python scripts/bench_harness.py [--repeats 3] [--arms client,stack,bare]`` starts the scripted server of
``tests/server`` in a
process of its own, runs the arms in turn within one run (interleaved, so that a busy machine hits all alike) and prints
each arm's seconds over the ideal, which is rounds of ``concurrency`` calls of ``latency`` seconds
(docs/benchmarks.md#calls-of-a-model: a bare AsyncOpenAI with a semaphore takes 1.16 to 1.22 times the ideal on an idle
machine).

An arm is a function ``(Setting) -> int`` in ``ARMS`` that makes all calls and returns how many replies it got.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from eval.command.script import add_repeats
from memos.llm.base import Completion, Request
from memos.llm.build import build_llm
from memos.llm.openai import OpenAIChat
from memos.types import Message

SERVER = Path(__file__).resolve().parents[1] / "tests" / "server" / "scripted.py"
VERDICT = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "label": {"type": "string", "enum": ["CORRECT", "WRONG"]}},
    "required": ["reason", "label"],
    "additionalProperties": False,
}

LABEL = '{"reason": "the same thing", "label": "CORRECT"}'
"""What the server says to a prompt that speaks of WRONG, as the judge's does: a reply without a label would be asked
for again.
"""


@dataclass(frozen=True)
class Setting:
    """What every arm runs against."""

    base_url: str
    questions: int
    concurrency: int
    latency: float

    @property
    def ideal(self) -> float:
        """Seconds of a client that costs nothing: answers, then judgements, in full rounds."""
        return 2 * math.ceil(self.questions / self.concurrency) * self.latency


def answer_requests(count: int) -> list[Request]:
    """Prompts as long as the ones of a memory system with a context of some 300 words."""
    context = "\n".join(
        f"2023-05-{day % 28 + 1:02d}: somebody did thing number {day} with a friend" for day in range(40)
    )
    return [
        Request((Message("user", f"Memories:\n{context}\n\nQuestion {i}: what happened?\nAnswer:"),), max_tokens=64)
        for i in range(count)
    ]


def judge_requests(count: int) -> list[Request]:
    """Prompts of an LLM judge that asks for structured output."""
    return [
        Request(
            (Message("user", f"Question {i}: what?\nGold: thing {i}\nAnswer: thing {i}\nCorrect?"),),
            json_schema=VERDICT,
        )
        for i in range(count)
    ]


def _client(setting: Setting) -> OpenAIChat:
    return OpenAIChat(
        OpenAIChat.Config(
            model="scripted-1", base_url=setting.base_url, api_key_env=None, concurrency=setting.concurrency
        )
    )


def arm_client(setting: Setting) -> int:
    """Our client alone."""
    llm = _client(setting)
    done = sum(isinstance(reply, Completion) for _, reply in llm.complete_many(answer_requests(setting.questions)))
    done += sum(isinstance(reply, Completion) for _, reply in llm.complete_many(judge_requests(setting.questions)))
    llm.close()
    return done


def arm_stack(setting: Setting) -> int:
    """Our client under the ledger and a response cache that is written."""
    with tempfile.TemporaryDirectory() as folder:
        stack = build_llm(_client(setting), cache_path=Path(folder) / "replies.sqlite", cache="write")
        requests = answer_requests(setting.questions), judge_requests(setting.questions)
        done = sum(isinstance(reply, Completion) for part in requests for _, reply in stack.llm.complete_many(part))
        stack.llm.close()
    return done


def arm_bare(setting: Setting) -> int:
    """The official SDK with a semaphore, as a user would write it."""
    from openai import AsyncOpenAI

    async def run() -> int:
        gate = asyncio.Semaphore(setting.concurrency)
        form = {"type": "json_schema", "json_schema": {"name": "verdict", "schema": VERDICT, "strict": True}}
        async with AsyncOpenAI(base_url=setting.base_url, api_key="none", max_retries=0) as client:

            async def ask(request: Request) -> int:
                extra: dict[str, Any] = (
                    {"response_format": form} if request.json_schema else {"max_tokens": request.max_tokens}
                )
                messages: Any = [{"role": message.role, "content": message.content} for message in request.messages]
                async with gate:
                    reply = await client.chat.completions.create(
                        model="scripted-1", messages=messages, temperature=0, seed=0, **extra
                    )
                return int(bool(reply.choices))

            answers = await asyncio.gather(*(ask(request) for request in answer_requests(setting.questions)))
            verdicts = await asyncio.gather(*(ask(request) for request in judge_requests(setting.questions)))
            return sum(answers) + sum(verdicts)

    return asyncio.run(run())


@lru_cache(maxsize=4)
def _prepared(base_url: str, questions: int, concurrency: int) -> tuple[dict, Path]:
    """A configuration and a results folder in which everything but answering and judging is done."""
    from hydra import compose, initialize_config_dir

    from eval.command.cli import CONF
    from eval.core.settings import plain
    from eval.runs.write import RunDir
    from eval.stages.bench import Bench
    from eval.stages.ingest import ingest
    from eval.stages.search import search, waiting

    out = Path(tempfile.mkdtemp(prefix="bench_harness_"))
    turns = [
        {"speaker": "Ann", "dia_id": f"D1:{i}", "text": f"I did thing number {i} with a friend."}
        for i in range(questions)
    ]
    body = {"speaker_a": "Ann", "speaker_b": "Ben", "session_1_date_time": "1:00 pm on 8 May, 2023", "session_1": turns}
    asked = [
        {"question": f"Question {i}: what did Ann do?", "answer": f"thing {i}", "category": 4, "evidence": [f"D1:{i}"]}
        for i in range(questions)
    ]
    file = out / "data.json"
    file.write_text(json.dumps([{"sample_id": "bench", "conversation": body, "qa": asked}]), encoding="utf-8")
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = plain(
            compose(
                "config",
                [
                    "experiment=tiny",
                    "system=oracle",
                    f"dataset.path={file}",
                    "llm=openai",
                    f"llm.base_url={base_url}",
                    "llm.model=scripted-1",
                    "llm.api_key_env=null",
                    f"llm.concurrency={concurrency}",
                    "answerer=llm",
                    "judge=llm_strict",
                    "~judge@also_judges.strict",
                    f"out={out / 'results'}",
                ],
            )
        )
    bench = Bench(config)
    run = RunDir(bench.folder)
    search(bench, run, ingest(bench, run, waiting(bench, run)))
    run.close()
    return config, out / "results"


def arm_harness(setting: Setting) -> int:
    """The harness itself: answers and verdicts as they come, with ledger, response cache and a durable record a
    reply.
    """
    from eval.runs.write import RunDir
    from eval.stages.bench import Bench
    from eval.stages.flow import flow, flowing
    from eval.stages.score import judge_journal

    config, ready = _prepared(setting.base_url, setting.questions, setting.concurrency)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "results"
        shutil.copytree(ready, out)
        bench = Bench({**config, "out": str(out)})
        run = RunDir(bench.folder)
        with flow(bench, run, flowing(bench)):
            """Every question was searched before: all are put in as the context begins."""
        verdicts = judge_journal(bench, run, bench.judge_specs[0]).records.values()
        done = len(run.journal("answers").ok()) + sum(record["label"] in ("correct", "wrong") for record in verdicts)
        run.close()
    return done


ARMS: Mapping[str, Callable[[Setting], int]] = {
    "client": arm_client,
    "stack": arm_stack,
    "harness": arm_harness,
    "bare": arm_bare,
}


@contextmanager
def server(latency: float) -> Iterator[str]:
    """The scripted server in its own process; yields its base URL."""
    process = subprocess.Popen(
        [sys.executable, str(SERVER), "--latency", str(latency), "--rule", "WRONG", LABEL],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def measure(setting: Setting, arms: list[str], repeats: int) -> dict[str, list[tuple[float, float]]]:
    """Wall and CPU seconds of each arm, repeats interleaved."""
    times: dict[str, list[tuple[float, float]]] = {arm: [] for arm in arms}
    for repeat in range(repeats):
        for arm in arms if repeat % 2 == 0 else reversed(arms):
            wall, cpu = time.perf_counter(), time.process_time()
            done = ARMS[arm](setting)
            times[arm].append((time.perf_counter() - wall, time.process_time() - cpu))
            if done != 2 * setting.questions:
                raise SystemExit(f"arm {arm}: {done} replies instead of {2 * setting.questions}")
            seconds = times[arm][-1][0]
            print(f"  {arm}: {seconds:.2f} s, {seconds / setting.ideal:.3f} of ideal", file=sys.stderr, flush=True)
    return times


def main() -> None:
    """Parse the options, run the arms, print a table of medians."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--questions", type=int, default=1540, help="questions made, two calls each (default: 1540)")
    parser.add_argument("--concurrency", type=int, default=64, help="calls at once (default: 64)")
    parser.add_argument("--latency", type=float, default=0.2, help="seconds before each reply of the server")
    add_repeats(parser, 3, "rounds of all arms, of which the median counts")
    parser.add_argument("--arms", default=",".join(ARMS), help=f"of {', '.join(ARMS)}")
    options = parser.parse_args()
    arms = options.arms.split(",")
    unknown = [arm for arm in arms if arm not in ARMS]
    if unknown:
        parser.error(f"unknown arm {unknown[0]!r}; choose from {', '.join(ARMS)}")
    with server(options.latency) as url:
        warm = Setting(url, 64, options.concurrency, options.latency)
        for arm in arms:
            ARMS[arm](warm)
        setting = Setting(url, options.questions, options.concurrency, options.latency)
        times = measure(setting, arms, options.repeats)
    load = os.getloadavg()[0]
    print(f"{2 * setting.questions} calls, {setting.latency:g} s each, {setting.concurrency} at once, ", end="")
    print(f"ideal {setting.ideal:.1f} s, load {load:.1f} on {os.cpu_count()} cores, median of {options.repeats}")
    for arm, rows in times.items():
        wall, cpu = statistics.median(row[0] for row in rows), statistics.median(row[1] for row in rows)
        best = min(row[0] for row in rows) / setting.ideal
        print(f"{arm:8} {wall:6.2f} s  {wall / setting.ideal:.3f} of ideal (best {best:.3f})  {cpu:.2f} s CPU")


if __name__ == "__main__":
    main()
