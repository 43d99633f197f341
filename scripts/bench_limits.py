"""Time a run against a server with a rate limit: does anything fail, and how near to the limit's own time is it?

``python scripts/bench_limits.py`` starts the scripted server of ``tests/server`` with a limit of 200,000 tokens a
minute and asks it from several processes at once, each with many calls under way. The limit's own time is the tokens
that were used, less those that the server had ready at the start, over the limit. A question that fails in this first
pass is counted; the aim is none, within 1.15 of the limit's own time.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import time
from pathlib import Path

from memos.llm.base import Completion, Request
from memos.llm.openai import OpenAIChat
from memos.types import Message

SERVER = Path(__file__).resolve().parents[1] / "tests" / "server" / "scripted.py"


def requests(count: int, words: int) -> list[Request]:
    """Prompts of so many words, which are the scripted server's tokens, each of its own."""
    line = "something happened on that day and somebody told a friend of it"
    context = " ".join((line.split() * (words // 12 + 1))[: words - 4])
    return [
        Request((Message("user", f"{context}\nQuestion {i}: what happened?"),), max_tokens=64) for i in range(count)
    ]


def worker(url: str, count: int, words: int, concurrency: int) -> None:
    """Ask, and print when it began and ended, failures, tokens and attempts as JSON."""
    llm = OpenAIChat(
        OpenAIChat.Config(model="scripted-1", base_url=url, api_key_env=None, concurrency=concurrency, timeout_s=30)
    )
    importlib.import_module("openai")  # loading it is no part of the run
    began = time.time()
    replies = [reply for _, reply in llm.complete_many(requests(count, words))]
    good = [reply for reply in replies if isinstance(reply, Completion)]
    ended = time.time()
    llm.close()
    tokens = sum(reply.usage.prompt_tokens + reply.usage.completion_tokens for reply in good)
    attempts = sum(reply.attempts for reply in good)
    failed = [str(reply) for reply in replies if not isinstance(reply, Completion)]
    print(json.dumps({"began": began, "ended": ended, "tokens": tokens, "attempts": attempts, "failed": failed}))


def main() -> None:
    """Parse the options, run server and processes, print one line of figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tokens-per-minute", type=float, default=200_000, help="the limit (default: 200000)")
    parser.add_argument("--questions", type=int, default=90, help="calls of all processes together (default: 90)")
    parser.add_argument("--words", type=int, default=1500, help="tokens of a prompt (default: 1500)")
    parser.add_argument("--processes", type=int, default=2, help="processes that ask at once (default: 2)")
    parser.add_argument("--concurrency", type=int, default=64, help="calls under way in each (default: 64)")
    parser.add_argument("--latency", type=float, default=0.2, help="seconds before each reply (default: 0.2)")
    parser.add_argument("--kind", default="bucket", help="bucket, window or sliding (default: bucket)")
    parser.add_argument("--full", type=float, default=0.1, help="share of the limit that is ready (default: 0.1)")
    parser.add_argument("--headers", default="openai", help="openai, anthropic, plain or none (default: openai)")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        worker(options.worker, options.questions, options.words, options.concurrency)
        return
    limit = ["--tokens-per-minute", str(options.tokens_per_minute), "--limit-kind", options.kind]
    limit += ["--limit-full", str(options.full), "--limit-headers", options.headers]
    server = subprocess.Popen(
        [sys.executable, str(SERVER), "--latency", str(options.latency), *limit], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        url, share = server.stdout.readline().strip(), str(options.questions // options.processes)
        command = [sys.executable, __file__, "--worker", url, "--questions", share, "--words", str(options.words)]
        command += ["--concurrency", str(options.concurrency)]
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(options.processes)]
        rows = [json.loads(process.communicate()[0]) for process in running]
    finally:
        server.kill()
        server.wait()
    tokens, failed = sum(row["tokens"] for row in rows), [reason for row in rows for reason in row["failed"]]
    seconds = max(row["ended"] for row in rows) - min(row["began"] for row in rows)
    ready = options.full * options.tokens_per_minute
    own = (tokens - ready) / options.tokens_per_minute * 60
    print(
        f"{options.processes} processes, {options.kind}, headers {options.headers}: {tokens} tokens in "
        f"{seconds:.1f} s, {seconds / own:.3f} of the limit's own {own:.1f} s; {len(failed)} failed, "
        f"{sum(row['attempts'] for row in rows)} attempts for {options.questions} questions"
    )
    for reason in failed[:3]:
        print(f"  {reason}")


if __name__ == "__main__":
    main()
