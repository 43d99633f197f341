"""The shared pace: rate limits learnt, obeyed, shared by processes, and told when patience ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from asking import ask
from scripted_limits import RateLimit
from scripted_replies import Fault, Reply

from memos.errors import ConfigError
from memos.llm.base import Completion
from memos.llm.health import Unusable
from memos.llm.limits import Limits
from memos.llm.limits_headers import stated_limits
from memos.llm.pace import Pace, Sent
from memos.llm.retry import Rejected

ROOT = Path(__file__).resolve().parents[2]
LONG = "word " * 100


@pytest.mark.parametrize("kind", ["bucket", "window", "sliding"])
@pytest.mark.parametrize(("headers", "wait"), [("openai", "retry-after"), ("none", "retry-after"), ("none", "text")])
def test_nothing_fails_under_a_limit(scripted_server, client, kind, headers, wait):
    """Eight times what the limit lets through at once, with one attempt allowed: waiting spends none."""
    limit = RateLimit(tokens=1100, minute_s=0.5, kind=kind, headers=headers, wait=wait)
    server = scripted_server(rules=[("q", "yes")], limit=limit)
    llm = client(server, max_attempts=1)
    outcomes = dict(llm.complete_many([ask(f"{LONG} q {i}") for i in range(60)]))
    assert len(outcomes) == 60 and all(isinstance(outcome, Completion) for outcome in outcomes.values())
    assert limit.refused


def test_a_limit_of_requests_without_a_word_on_waiting(scripted_server, client):
    limit = RateLimit(requests=10, minute_s=0.3, headers="none", wait="")
    llm = client(scripted_server(limit=limit), max_attempts=1)
    assert all(isinstance(o, Completion) for _, o in llm.complete_many([ask(f"q {i}") for i in range(40)]))


def test_no_herd_returns_after_a_refusal(scripted_server, client):
    """64 calls are refused at once; after the pause only some go out, and more with each that comes through."""
    server = scripted_server(faults=[Fault("429", retry_after=0.2)] * 64, latency=0.02)
    llm = client(server, concurrency=64)
    assert all(isinstance(o, Completion) for _, o in llm.complete_many([ask(f"q {i}") for i in range(64)]))
    times = sorted(logged.time for logged in server.requests)
    first = [t for t in times if t < times[0] + 0.15]
    again = [t for t in times if t >= times[0] + 0.15]
    assert len(first) == 64 and again[0] - times[0] >= 0.2
    assert len([t for t in again if t < again[0] + 0.01]) < 32


def test_waiting_spends_no_attempt_but_is_told(scripted_server, client):
    server = scripted_server(faults=[Fault("429", retry_after=0.01)] * 9)
    assert client(server, max_attempts=2).complete(ask("kite")).attempts == 10


def test_503_with_retry_after_is_a_wait_and_without_is_an_attempt(scripted_server, client):
    busy = {"status": 503, "error": {"message": "overloaded"}}
    server = scripted_server(queue=[Reply(**busy, headers={"retry-after": "0"})] * 4)
    assert client(server, max_attempts=1).complete(ask("kite")).text
    server = scripted_server(queue=[Reply(**busy)] * 4)
    with pytest.raises(Exception, match="2 times"):
        client(server, max_attempts=2).complete(ask("kite"))


def test_patience_ends_in_one_line(scripted_server, client):
    server = scripted_server(faults=[Fault("429", retry_after=0.05)] * 99)
    with pytest.raises(Unusable, match=r"llm.patience_s=0.2\).*same command") as caught:
        client(server, patience_s=0.2).complete(ask("kite"))
    assert "\n" not in str(caught.value)
    server = scripted_server(faults=[Fault("429", retry_after=7200)] * 9)
    with pytest.raises(Unusable, match="asks to wait 7200 s"):
        client(server).complete(ask("kite"))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "error",
    [
        {"type": "insufficient_quota", "message": "You exceeded your current quota"},
        {
            "code": "rate_limit_exceeded",
            "message": "Request too large for m on tokens per min: Limit 100, Requested 300",
        },
    ],
)
def test_what_no_waiting_mends_is_not_waited_for(scripted_server, client, error):
    server = scripted_server(rules=[("kite", Reply(status=429, error=error, headers={"retry-after": "1"}))])
    with pytest.raises(Rejected, match=r"quota|too large"):
        client(server).complete(ask("kite"))
    assert len(server.requests) == 1


def test_configured_limits_hold_from_the_first_call(scripted_server, client):
    """300 requests a minute are five a second and ten at once: the server need never refuse."""
    limit = RateLimit(requests=12, minute_s=2.4, headers="none")
    server = scripted_server(limit=limit)
    llm = client(server, requests_per_minute=300)
    assert len(list(llm.complete_many([ask(f"q {i}") for i in range(16)]))) == 16 and not limit.refused


def test_processes_share_one_limit(scripted_server, tmp_path):
    """Three processes ask at once; together they get what one would get, and nothing fails."""
    limit = RateLimit(tokens=1100, minute_s=0.5)
    server = scripted_server(limit=limit)
    code = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from memos.llm.openai import OpenAIChat\nfrom memos.llm.base import Completion, Request\n"
        "from memos.types import Message\n"
        "llm = OpenAIChat(OpenAIChat.Config(base_url=sys.argv[1], api_key_env=None, model='m', max_attempts=1))\n"
        "asked = [Request((Message('user', 'word ' * 100 + str(i)),), max_tokens=4) for i in range(15)]\n"
        "print(sum(isinstance(o, Completion) for _, o in llm.complete_many(asked)))\n"
    )
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-c", code, server.base_url, str(ROOT)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) for _ in range(3)]
    assert [int(process.communicate()[0]) for process in running] == [15, 15, 15]
    (file,) = (tmp_path / "memos-repro" / "limits").glob("*.json")
    pace = Pace.from_json(json.loads(file.read_text()), time.monotonic())
    assert pace.admitted["requests"] >= 45 and not any(entry.calls for entry in pace.running.values())


def test_a_killed_process_leaves_no_place_taken(tmp_path):
    """Its calls count as under way until it is seen to be gone; its lock is the kernel's."""
    code = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom memos.llm.limits import Limits\n"
        "async def main():\n"
        "    limits = Limits('host', 'm', {}, folder=Path(sys.argv[1]))\n"
        "    async with limits.permit(5.0):\n        print('under way', flush=True)\n        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout.readline() == b"under way\n"
    limits = Limits("host", "m", {}, folder=tmp_path)
    with limits.shared() as (pace, _):
        assert pace.running[str(process.pid)].calls == 1
    process.send_signal(signal.SIGKILL)
    process.wait()
    limits._looked = 0.0
    with limits.shared() as (pace, _):
        assert str(process.pid) not in pace.running


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"buckets": 3}', '{"buckets": {"a": {}}}', '{"epoch": 1e300}'])
def test_a_damaged_file_is_begun_anew(tmp_path, text):
    limits = Limits("host", "m", {}, folder=tmp_path)
    limits.path.parent.mkdir(exist_ok=True)
    limits.path.write_text(text)
    with limits.shared() as (pace, now):
        assert isinstance(pace.admit(now, "1", 5.0), Sent)
    assert json.loads(limits.path.read_text())["running"]["1"]["calls"] == 1


def test_a_cache_that_cannot_be_written_paces_alone(tmp_path):
    (tmp_path / "file").write_text("")
    limits = Limits("host", "m", {"requests": 30}, folder=tmp_path / "file" / "below")
    with limits.shared() as (pace, now):
        assert isinstance(pace.admit(now, "1", 5.0), Sent) and pace.admit(now, "1", 5.0) > 1


NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            {
                "x-ratelimit-limit-tokens": "200000",
                "x-ratelimit-remaining-tokens": "150000",
                "x-ratelimit-reset-tokens": "15s",
            },
            {"tokens": (200_000, 150_000, 200_000 / 60)},
        ),
        (
            {
                "x-ratelimit-limit-requests": "14400",
                "x-ratelimit-remaining-requests": "14370",
                "x-ratelimit-reset-requests": "3m0s",
            },
            {"requests": (14_400, 14_370, 30 / 180)},
        ),
        (
            {
                "anthropic-ratelimit-input-tokens-limit": "40000",
                "anthropic-ratelimit-input-tokens-remaining": "1000",
                "anthropic-ratelimit-input-tokens-reset": "2023-11-14T22:13:50Z",
                "anthropic-ratelimit-output-tokens-limit": "8000",
                "anthropic-ratelimit-output-tokens-remaining": "8000",
            },
            {"tokens": (40_000, 1000, 40_000 / 60)},
        ),
        (
            {"X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "1700000030000"},
            {"requests": (20, 3, 20 / 60)},
        ),
        ({"ratelimit-limit": "100, 100;w=60", "ratelimit-remaining": "7"}, {"requests": (100, 7, 100 / 60)}),
        (
            {
                "x-ratelimit-limit-tokens-minute": "60000",
                "x-ratelimit-remaining-tokens-minute": "5",
                "x-ratelimit-limit-tokens-day": "1000000",
                "x-ratelimit-remaining-tokens-day": "900000",
            },
            {"tokens": (60_000, 5, 1000)},
        ),
        ({"x-ratelimit-limit-requests": "-1", "x-ratelimit-remaining-requests": "-1"}, {}),
        ({"x-ratelimit-limit-tokens": "many", "x-ratelimit-remaining-tokens": "0"}, {}),
        ({"x-ratelimit-remaining-tokens": "100", "content-type": "x"}, {}),
    ],
)
def test_headers_of_providers(headers, expected):
    stated = stated_limits(headers, NOW)
    assert {kind: (s.limit, s.remaining, pytest.approx(s.per_second)) for kind, s in stated.items()} == expected


def test_a_stated_rest_is_what_may_go_out():
    """100 of 1,000 tokens are left: one call of 90 goes, the next waits for what comes back."""
    pace = Pace()
    sent = pace.admit(10.0, "1", 90.0)
    pace.left(11.0, sent)
    stated = stated_limits({"x-ratelimit-limit-tokens": "1000", "x-ratelimit-remaining-tokens": "100"})
    pace.came_through(10.0, sent, 90, stated)
    pace.fill(10.0, {})
    assert isinstance(pace.admit(10.0, "1", 90.0), Sent)
    assert pace.admit(10.0, "1", 90.0) == pytest.approx(80 / (1000 / 60))


def test_a_closed_pace_is_taken_up_again(tmp_path):
    """After ``close`` a later call shares again, and sees what others wrote meanwhile."""
    ours, theirs = (Limits("host", "m", {}, folder=tmp_path) for _ in range(2))
    with ours.shared() as (pace, now):
        pace.admit(now, "1", 5.0)
    ours.close()
    with theirs.shared() as (pace, now):
        pace.admit(now, "2", 5.0)
    with ours.shared() as (pace, now):
        assert set(pace.running) == {"1", "2"}
    with theirs.shared() as (pace, _):
        pace.running.clear()  # a shorter text takes the place of a longer one
    assert json.loads(ours.path.read_text())["running"] == {}
    with ours.shared() as (pace, _):
        assert not pace.running


@pytest.mark.parametrize("field", ["requests_per_minute", "tokens_per_minute", "patience_s", "max_tokens"])
def test_limits_are_positive(field):
    from memos.llm.openai import OpenAIChat

    with pytest.raises(ConfigError, match=f"llm.{field}=0"):
        OpenAIChat.Config(**{field: 0})
