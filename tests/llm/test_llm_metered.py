"""Meters: every reply counts once, for the role that asked, whoever shares the model or the embedder below."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from memos.embed.cache import CachedEmbedder
from memos.embed.metered import MeteredEmbedder
from memos.embed.openai import OpenAIEmbedder
from memos.llm.again import FreshWhereMalformed
from memos.llm.base import Request
from memos.llm.cache import CachedLLM
from memos.llm.metered import Asked, Meter, MeteredLLM
from memos.llm.mock import MockLLM
from memos.types import Message, Usage

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


def asking(text: str) -> Request:
    return Request((Message("user", text),), json_schema=SCHEMA)


def test_cached_replies_are_told_apart(tmp_path):
    meter = Meter()
    model = MeteredLLM(CachedLLM(MockLLM(function=lambda _: {"a": 1}), tmp_path / "c.sqlite"), meter, "memory")
    model.complete(asking("one two"))
    model.complete(asking("one two"))
    list(model.complete_many([asking("one two"), asking("three")]))
    paid, replayed = (meter.totals[Asked("memory", "mock", cached)] for cached in (False, True))
    assert (paid.calls, paid.prompt_tokens, replayed.calls) == (2, 3, 2)


def test_threads_that_share_an_embedder_count_their_own(scripted_server, server_key, tmp_path):
    server = scripted_server(latency=0.02)
    config = OpenAIEmbedder.Config(model="toy", base_url=server.base_url, dim=16, api_key_env=server_key, batch_size=2)
    shared = CachedEmbedder(OpenAIEmbedder(config), tmp_path / "e.sqlite")
    meter = Meter()
    wrapped = [MeteredEmbedder(shared, meter, f"role {number}") for number in range(6)]
    texts = [[f"w{number}x{k} again" for k in range(5)] for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda pair: pair[0].encode(pair[1]), zip(wrapped, texts, strict=True)))
    wrapped[0].encode(texts[0])
    assert {asked.role: usage for asked, usage in meter.totals.items()} == {
        f"role {number}": Usage(3, 10) for number in range(6)
    }


def test_a_malformed_cached_reply_is_asked_for_afresh_and_good_ones_are_not(tmp_path):
    replies = {"bad": ["no", "nor this", {"a": 2}], "good": [{"a": 1}]}
    asked = []

    def reply(request):
        text = request.messages[-1].content
        asked.append((text, request.sample_index))
        return replies[text].pop(0)

    cached = CachedLLM(MockLLM(function=reply), tmp_path / "c.sqlite")
    for text in ("bad", "good"):
        cached.complete(asking(text))
    fresh = FreshWhereMalformed(cached)
    assert fresh.complete(asking("bad")).text == "nor this", "one fresh sample a call; what it says is its reader's"
    assert fresh.complete(asking("good")).text == '{"a": 1}'
    assert fresh.complete(asking("bad")).text == '{"a": 2}', "the malformed sample of the last round is passed over too"
    outcomes = dict(fresh.complete_many([asking("good"), asking("bad")]))
    assert [outcomes[index].text for index in (0, 1)] == ['{"a": 1}', '{"a": 2}']
    assert asked == [("bad", 0), ("good", 0), ("bad", 1000), ("bad", 2000)]
    assert cached.complete(asking("bad")).text == "no", "without it the run is replayed as it was"
