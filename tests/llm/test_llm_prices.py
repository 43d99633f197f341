"""Prices: the dated table that ships, a user's own, and what a usage costs."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from eval.core.places import conf
from memos.embed.mock import Mock
from memos.embed.openai import OpenAIEmbedder
from memos.errors import ConfigError
from memos.llm.mock import MockLLM
from memos.llm.openai import OpenAIChat
from memos.llm.prices import FREE, Price, listed, price_for, price_of, read_prices
from memos.types import Usage


def test_prices_of_dated_snapshots_and_cached_tokens():
    assert price_of("gpt-4o-mini-2024-07-18") == price_of("gpt-4o-mini") == price_of("openai/gpt-4o-mini")
    assert price_of("gpt-4o-mini-2024-07-18") != price_of("gpt-4o-2024-08-06")
    assert price_of("gpt-4o-audio-preview") is None
    assert price_of("text-embedding-3-small@256") == price_of("text-embedding-3-small")
    cost = Price(0.15, 0.60, 0.075).cost(Usage(1, 2_000_000, 1_000_000, cached_tokens=1_000_000))
    assert cost == pytest.approx(0.15 + 0.075 + 0.60)


def test_every_row_that_ships_is_dated_and_has_a_source():
    rows = yaml.safe_load((conf() / "prices.yaml").read_text(encoding="utf-8"))["models"]
    assert listed().keys() == rows.keys() and "gpt-4o-mini" in rows and "text-embedding-3-small" in rows
    for name, price in listed().items():
        assert price.date >= "2025-01-01" and price.source.startswith("https://"), name


def test_own_fields_come_first_then_own_file_then_the_table(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("models: {gpt-4o-mini: {prompt: 1, completion: 2}, mine: {prompt: 3, cached: null}}")
    own = read_prices(file)
    mini = OpenAIChat(OpenAIChat.Config(price_prompt=5.0, price_cached=1.0))
    assert price_for(mini, own) == Price(5.0, 0.0, 1.0)
    assert price_for(OpenAIChat(OpenAIChat.Config()), own) == Price(1.0, 2.0)
    assert price_for(OpenAIChat(OpenAIChat.Config())) == price_of("gpt-4o-mini")
    assert price_for(OpenAIChat(OpenAIChat.Config(model="mine")), own) == Price(3.0, 0.0)
    assert price_for(OpenAIChat(OpenAIChat.Config(model="mine"))) is None
    assert price_for(OpenAIEmbedder(OpenAIEmbedder.Config())) == price_of("text-embedding-3-small")
    assert price_for(MockLLM()) == price_for(Mock()) == FREE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a", "expected the key 'models'"),
        ("models: {m: {prompt: cheap}}", r"models\.m\.prompt: expected dollars.*'cheap'"),
        ("models: {m: {completion: 1}}", r"models\.m\.prompt: expected dollars.*None"),
        ("models: {m: {prompt: 1, cached: -1}}", r"models\.m\.cached: .*-1"),
        ("models: {m: {prompt: 1, reply: 1}}", r"models\.m\.reply: unknown field; fields: prompt"),
        ("models: {m: 3}", r"models\.m: expected \{prompt"),
        ("models: [", "cannot be read"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path: Path, text: str, said: str):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said) as caught:
        read_prices(file)
    assert "\n" not in str(caught.value) and "mine.yaml" in str(caught.value)
    with pytest.raises(ConfigError, match="none.yaml: cannot be read"):
        read_prices(tmp_path / "none.yaml")


def test_negative_prices_are_refused():
    with pytest.raises(ConfigError, match=r"llm\.price_completion=-1"):
        OpenAIChat.Config(price_completion=-1)
    with pytest.raises(ConfigError, match=r"embedder\.price_prompt=-1"):
        OpenAIEmbedder.Config(price_prompt=-1)
