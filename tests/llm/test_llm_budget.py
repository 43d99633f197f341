"""Ledger, prices and caps."""

from __future__ import annotations

import pytest

from memos.errors import BudgetExceeded, ConfigError
from memos.llm.base import Request
from memos.llm.build import build_llm, provider
from memos.llm.counted import Budget, BudgetedLLM, CountedLLM
from memos.llm.mock import MockLLM
from memos.llm.openai import OpenAIChat
from memos.llm.prices import Price, price_of
from memos.types import Message, Usage


def ask(text: str) -> Request:
    return Request((Message("user", text),))


def test_the_ledger_sums_every_reply():
    llm = CountedLLM(MockLLM(function=lambda request: "one two"))
    llm.complete(ask("a b c"))
    list(llm.complete_many([ask("d e"), ask("f")]))
    assert llm.usage == Usage(calls=3, prompt_tokens=6, completion_tokens=6)


def test_prices_of_dated_snapshots_and_cached_tokens():
    assert price_of("gpt-4o-mini-2024-07-18") == price_of("gpt-4o-mini")
    assert price_of("gpt-4o-mini-2024-07-18") != price_of("gpt-4o-2024-08-06")
    assert price_of("gpt-4o-audio-preview") is None
    cost = Price(0.15, 0.60, 0.075).cost(Usage(1, 2_000_000, 1_000_000, cached_tokens=1_000_000))
    assert cost == pytest.approx(0.15 + 0.075 + 0.60)


def test_a_token_cap_stops_the_next_call_and_says_how_to_go_on():
    budget = Budget(max_tokens=5)
    llm = BudgetedLLM(MockLLM(function=lambda request: "one two"), budget)
    assert llm.complete(ask("a b c")).text == "one two"
    with pytest.raises(BudgetExceeded, match=r"budget.max_tokens=5 is used up \(5 tokens"):
        llm.complete(ask("a"))
    with pytest.raises(BudgetExceeded):
        list(llm.complete_many([ask("a")]))


def test_a_money_cap_is_shared_and_needs_a_price():
    budget = Budget(max_usd=0.001)
    llms = [BudgetedLLM(MockLLM(function=lambda request: "x"), budget, Price(100.0, 100.0)) for _ in range(2)]
    llms[0].complete(ask("a b c d"))
    llms[1].complete(ask("a b c d"))
    with pytest.raises(BudgetExceeded, match="max_usd=0.001"):
        llms[0].complete(ask("a"))
    with pytest.raises(ConfigError, match="'mock'"):
        BudgetedLLM(MockLLM(), budget)


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


def test_concurrent_calls_overrun_by_at_most_those_under_way(scripted_server):
    server = scripted_server(rules=[("kite", "red")], latency=0.01)
    inner = OpenAIChat(OpenAIChat.Config(base_url=server.base_url, api_key_env=None, concurrency=4))
    stack = build_llm(inner, budget=Budget(max_tokens=40))
    with pytest.raises(BudgetExceeded):
        list(stack.llm.complete_many([ask(f"kite {i}") for i in range(200)]))
    stack.llm.close()
    assert 40 <= stack.counted.usage.prompt_tokens + stack.counted.usage.completion_tokens <= 40 + 3 * 4
    assert len(server.requests) < 60


def test_providers_are_built_from_their_configuration():
    llm = provider({"_target_": "memos.llm.mock.MockLLM", "name": "mock", "replies": ["a"]})
    assert llm.complete(ask("?")).text == "a"
    with pytest.raises(ConfigError, match="llm.replys is unknown"):
        provider({"_target_": "memos.llm.mock.MockLLM", "replys": []})
    with pytest.raises(ConfigError, match="names no class"):
        provider({"_target_": "memos.llm.mock.Mick"})
