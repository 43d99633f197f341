"""Ledger, and one cap for all models, threads, processes and invocations of a command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from scripted_batches import BatchServer

from memos.embed.budgeted import BudgetedEmbedder
from memos.embed.openai import OpenAIEmbedder
from memos.errors import BudgetExceeded, ConfigError, LLMError
from memos.llm.base import Completion, Request
from memos.llm.batch import BatchedLLM, Batching
from memos.llm.budget import Budget, BudgetedLLM
from memos.llm.build import build_llm, provider
from memos.llm.counted import CountedLLM
from memos.llm.mock import MockLLM
from memos.llm.openai import OpenAIChat
from memos.llm.prices import Price
from memos.llm.spending import LOST, Spending, Ticket
from memos.types import Message, Usage

ROOT = Path(__file__).resolve().parents[2]


def ask(text: str) -> Request:
    return Request((Message("user", text),))


def client(server, concurrency: int = 16, **fields) -> OpenAIChat:
    return OpenAIChat(
        OpenAIChat.Config(
            base_url=server.base_url, api_key_env=None, concurrency=concurrency, backoff_s=0.001, **fields
        )
    )


def tokens_sent(server) -> int:
    """Tokens of all replies that a server with five-word prompts and two-word replies gave."""
    return 7 * len(server.chats())


def test_the_ledger_sums_every_reply():
    llm = CountedLLM(MockLLM(function=lambda request: "one two"))
    llm.complete(ask("a b c"))
    list(llm.complete_many([ask("d e"), ask("f")]))
    assert llm.usage == Usage(calls=3, prompt_tokens=6, completion_tokens=6)


def test_a_token_cap_stops_the_next_call_and_says_how_to_go_on():
    llm = BudgetedLLM(MockLLM(function=lambda request: "one two"), Budget(max_tokens=5, where="tiny in results"))
    assert llm.complete(ask("a b c")).text == "one two"
    said = (
        r"budget\.tokens=5 is used up \(5 tokens spent by tiny in results.*larger budget\.tokens.*budget\.account=NAME"
    )
    with pytest.raises(BudgetExceeded, match=said):
        llm.complete(ask("a"))
    with pytest.raises(BudgetExceeded):
        list(llm.complete_many([ask("a")]))


def test_a_money_cap_is_shared_and_needs_a_price(scripted_server):
    budget = Budget(max_usd=0.001)
    llms = [BudgetedLLM(MockLLM(function=lambda request: "x"), budget, Price(100.0, 100.0)) for _ in range(2)]
    llms[0].complete(ask("a b c d"))
    llms[1].complete(ask("a b c d"))
    with pytest.raises(BudgetExceeded, match=r"budget\.usd=0\.001 is used up"):
        llms[0].complete(ask("a"))
    with pytest.raises(ConfigError, match=r"'unlisted'.*llm\.price_prompt.*budget\.tokens"):
        BudgetedLLM(client(scripted_server(), model="unlisted"), budget)
    BudgetedLLM(client(scripted_server(), model="unlisted", price_prompt=1.0), budget)
    BudgetedLLM(MockLLM(), budget)  # what runs here costs nothing


def test_many_stops_midway_and_keeps_what_came():
    llm = BudgetedLLM(MockLLM(function=lambda request: "x"), Budget(max_tokens=7))
    came = []
    with pytest.raises(BudgetExceeded):
        for index, _ in llm.complete_many([ask("a b") for _ in range(10)]):
            came.append(index)
    assert came == [0, 1, 2]


def test_a_cap_that_is_just_reached_by_the_last_reply_is_no_failure():
    llm = BudgetedLLM(MockLLM(function=lambda request: "x"), Budget(max_tokens=6))
    assert len(list(llm.complete_many([ask("a b"), ask("a b")]))) == 2


@pytest.mark.parametrize("cap", [7 * 30, 7 * 30 + 1, 10, 1])
def test_sixty_four_calls_at_once_pass_a_cap_by_one_request_at_most(scripted_server, cap):
    """Those under way when the cap is reached are paid for: they are counted and given, not thrown away."""
    server = scripted_server(rules=[("kite", "red one")], latency=0.01)
    llm, came = BudgetedLLM(client(server, 64), Budget(max_tokens=cap)), 0
    with pytest.raises(BudgetExceeded):
        for _, reply in llm.complete_many([ask(f"kite {i} a b c") for i in range(200)]):
            came += reply.text == "red one"
    llm.close()
    assert cap <= tokens_sent(server) < cap + 7
    assert came == len(server.chats()) and llm.budget.spent().tokens == tokens_sent(server)
    assert llm.budget.spent().calls_under_way == 0


def test_threads_that_ask_one_by_one_hold_the_cap_too(scripted_server):
    server = scripted_server(rules=[("kite", "red one")], latency=0.02)
    llm, refused = BudgetedLLM(client(server, 64), Budget(max_tokens=70)), []

    def work(number: int) -> None:
        try:
            for i in range(40):
                llm.complete(ask(f"kite {number * 40 + i} a b c"))
        except BudgetExceeded as error:
            refused.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    llm.close()
    assert 70 <= tokens_sent(server) < 77 and len(refused) == 32


def test_a_consumer_that_stops_leaves_no_reservation_and_begins_no_further_call(scripted_server):
    server = scripted_server(rules=[("kite", "red one")], latency=0.02)
    llm = BudgetedLLM(client(server, 4), Budget(max_tokens=10_000))
    replies = llm.complete_many([ask(f"kite {i} a b c") for i in range(100)])
    next(replies)
    replies.close()
    threading.Event().wait(0.3)
    assert llm.budget.spent().calls_under_way == 0 and len(server.chats()) < 20
    assert llm.budget.spent().tokens == tokens_sent(server)
    llm.close()


def test_a_reply_that_asks_the_same_model_does_not_wait_for_those_already_come(scripted_server):
    """Replies that have come are settled, whether or not somebody has taken them yet."""
    server = scripted_server(rules=[("kite", "red one")])
    llm = BudgetedLLM(client(server, 8), Budget(max_tokens=100_000))
    for index, _ in llm.complete_many([ask(f"kite {i} a b c") for i in range(16)]):
        llm.complete(ask(f"kite again {index} b c"))
    llm.close()
    assert llm.budget.spent().tokens == tokens_sent(server) == 32 * 7


def test_an_account_is_kept_in_the_folder_and_another_name_begins_a_new_count(tmp_path):
    path = tmp_path / "spending.sqlite"
    first = Budget(max_tokens=5, spending=Spending(path, "locomo"))
    llm = BudgetedLLM(MockLLM(function=lambda request: "one two"), first)
    llm.complete(ask("a b c"))
    again = Budget(max_tokens=5, spending=Spending(path, "locomo"))
    with pytest.raises(BudgetExceeded):
        BudgetedLLM(MockLLM(), again).complete(ask("a"))
    Budget(max_tokens=6, spending=Spending(path, "locomo")).check()
    Budget(max_tokens=5, spending=Spending(path, "other")).check()
    assert Spending(path, "locomo").by_model() == {"mock": (Usage(1, 3, 2), 0.0)}
    assert first.shown() == "$0.00, 5 tokens" and Budget().shown() == ""


SCRIPT = """
import sys
from pathlib import Path
from memos.errors import BudgetExceeded
from memos.llm.base import Completion, Request
from memos.llm.batch import BatchedLLM, Batching
from memos.llm.budget import Budget, BudgetedLLM
from memos.llm.openai import OpenAIChat
from memos.llm.spending import Spending
from memos.types import Message
url, path, cap, name, count = sys.argv[1:]
llm = BudgetedLLM(
    OpenAIChat(OpenAIChat.Config(base_url=url, api_key_env=None, concurrency=16)),
    Budget(max_tokens=int(cap), spending=Spending(Path(path), "one")),
)
print("ready", flush=True)
requests = [Request((Message("user", f"kite {name} {i} b c"),)) for i in range(int(count))]
try:
    list(llm.complete_many(requests))
except BudgetExceeded:
    sys.exit(3)
"""


def start(server, path: Path, cap: int, name: str, count: int = 100) -> subprocess.Popen:
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), server.base_url, str(path), str(cap), name, str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_three_processes_share_one_cap(scripted_server, tmp_path):
    server = scripted_server(rules=[("kite", "red one")], latency=0.05)
    running = [start(server, tmp_path / "s.sqlite", 7 * 60, name) for name in "abc"]
    assert [process.wait(60) for process in running] == [3, 3, 3]
    assert 7 * 60 <= tokens_sent(server) < 7 * 61
    assert Spending(tmp_path / "s.sqlite", "one").spent().tokens == tokens_sent(server)


def test_calls_of_a_killed_process_count_as_spent(scripted_server, tmp_path):
    server, path = scripted_server(rules=[("kite", "red one")], latency=30.0), tmp_path / "s.sqlite"
    process = start(server, path, 100_000, "a", 4)
    while len(server.chats()) < 4:
        assert process.poll() is None
        threading.Event().wait(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    spending = Spending(path, "one")
    held = spending.spent()
    assert held.tokens == 0 and held.calls_under_way == 4
    spending.claim_lost()
    assert spending.spent().calls_under_way == 0 and spending.spent().tokens == held.tokens_under_way > 0
    assert spending.by_model()[LOST][0].calls == 4


def test_a_living_process_keeps_its_reservations(tmp_path):
    path = tmp_path / "s.sqlite"
    one, other = Spending(path, "one"), Spending(path, "one")
    ticket = one.reserve(Usage(1, 10, 5), 0.0, (100, None))
    assert isinstance(ticket, Ticket)
    other.claim_lost()
    assert other.spent().calls_under_way == 1 and other.spent().tokens_under_way == 15
    assert not isinstance(other.reserve(Usage(1, 80, 6), 0.0, (100, None)), Ticket)
    one.settle(ticket, "m", Usage(1, 8, 1), 0.0)
    assert isinstance(other.reserve(Usage(1, 80, 6), 0.0, (100, None)), Ticket)


def test_embeddings_are_charged_by_the_same_budget(scripted_server, tmp_path):
    server = scripted_server(dim=8)
    inner = OpenAIEmbedder(OpenAIEmbedder.Config(base_url=server.base_url, dim=8))
    budget = Budget(max_usd=1e-6, spending=Spending(tmp_path / "s.sqlite", "one"))
    embedder = BudgetedEmbedder(inner, budget)
    assert embedder.encode(["a b c", "d e"]).shape == (2, 8)
    assert budget.spent().usd == pytest.approx(5 * 0.02 / 1e6)
    with pytest.raises(BudgetExceeded, match=r"budget\.usd=1e-06"):
        for number in range(100):
            embedder.encode([f"text number {number}"])
    assert 1e-6 <= budget.spent().usd < 1e-6 + 4 * 0.02 / 1e6
    with pytest.raises(ConfigError, match=r"embedder\.price_prompt"):
        BudgetedEmbedder(OpenAIEmbedder(OpenAIEmbedder.Config(model="own", base_url=server.base_url, dim=8)), budget)


def test_concurrent_calls_below_a_stack_hold_the_cap(scripted_server):
    server = scripted_server(rules=[("kite", "red")], latency=0.01)
    stack = build_llm(client(server, 4), budget=Budget(max_tokens=40))
    with pytest.raises(BudgetExceeded):
        list(stack.llm.complete_many([ask(f"kite {i}") for i in range(200)]))
    stack.llm.close()
    assert 40 <= stack.counted.usage.prompt_tokens + stack.counted.usage.completion_tokens < 40 + 3
    assert len(server.requests) < 60


def test_providers_are_built_from_their_configuration():
    llm = provider({"_target_": "memos.llm.mock.MockLLM", "name": "mock", "replies": ["a"]})
    assert llm.complete(ask("?")).text == "a"
    with pytest.raises(ConfigError, match="llm.replys is unknown"):
        provider({"_target_": "memos.llm.mock.MockLLM", "replys": []})
    with pytest.raises(ConfigError, match="names no class"):
        provider({"_target_": "memos.llm.mock.Mick"})


def test_failed_attempts_count_where_the_server_states_what_they_took(scripted_server):
    """A reply of status 200 without a choice is paid for, whether or not a later attempt succeeds."""
    server = scripted_server(rules=[("kite", "red one")])
    whole, left = server._completion, [2]

    def lacking(*arguments):
        made = whole(*arguments)
        if left[0]:
            left[0] -= 1
            made["choices"] = []
        return made

    server._completion = lacking
    llm = BudgetedLLM(client(server), Budget(max_tokens=10_000))
    assert llm.complete(ask("kite a b c d")).usage == Usage(3, 15, 6)
    assert llm.budget.spent().tokens == 21
    left[0] = 100
    with pytest.raises(LLMError) as caught:
        llm.complete(ask("kite a b c d"))
    llm.close()
    assert caught.value.usage.calls == 6 and llm.budget.spent().tokens == 21 + 6 * 7
    free = BudgetedLLM(client(server), Budget())
    with pytest.raises(LLMError):
        free.complete(ask("kite a b c d"))
    [(_, failed)] = list(free.complete_many([ask("kite a b c d")]))
    free.close()
    assert isinstance(failed, LLMError) and free.budget.spent().tokens == 12 * 7


def test_a_server_that_states_no_tokens_is_counted_by_length(scripted_server):
    server = scripted_server(rules=[("kite", "red one")])
    whole = server._completion
    server._completion = lambda *arguments: {**whole(*arguments), "usage": None}
    llm = BudgetedLLM(client(server), Budget(max_tokens=200))
    with pytest.raises(BudgetExceeded):
        list(llm.complete_many([ask(f"kite {i} a b c") for i in range(100)]))
    llm.close()
    assert 2 < len(server.chats()) < 40 and llm.budget.spent().tokens >= 200


def test_batches_are_reserved_whole_hold_the_cap_and_cost_half(tmp_path):
    with BatchServer(rules=[("kite", "red one")]) as server:
        inner = OpenAIChat(OpenAIChat.Config(base_url=server.base_url, api_key_env=None, batch=True, price_prompt=1.0))
        budget = Budget(max_tokens=7 * 20)
        batching = Batching(tmp_path / "batches.sqlite", poll_s=(0.01, 0.02))
        llm, came = BudgetedLLM(BatchedLLM(inner, batching), budget), 0
        with pytest.raises(BudgetExceeded):
            for _, reply in llm.complete_many([ask(f"kite {i} a b c") for i in range(100)]):
                came += isinstance(reply, Completion)
        llm.close()
    spent = budget.spent()
    assert 7 * 20 <= spent.tokens == 7 * came < 7 * 22 and spent.calls_under_way == 0
    direct = len(server.chats())
    assert spent.usd == pytest.approx((5 * direct + 2.5 * (came - direct)) / 1e6)
