"""Calls of vendors' packages are counted on the wire: raw responses, parsers, asynchronous clients, useless replies."""

from __future__ import annotations

import asyncio

import pytest
from scripted_replies import Reply

from baselines.vendors.calls import CallLedger
from memos.types import Usage

openai = pytest.importorskip("openai")
ASK = {"model": "toy", "messages": [{"role": "user", "content": "one two three"}]}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object", "properties": {}}}}


def test_every_way_of_asking_is_counted(scripted_server):
    server = scripted_server(rules=[("", "four five")], faults=[None, "429"])
    told = []
    ledger = CallLedger(lambda model, usage: told.append((model, usage)))
    client = openai.OpenAI(api_key="x", base_url=server.base_url)
    ledger.watch(client)
    client.chat.completions.create(**ASK)
    raw = client.chat.completions.with_raw_response.create(**ASK)  # the first try is refused, its tokens cost nothing
    assert raw.parse().choices[0].message.content == "four five", "what was read can still be read"
    client.embeddings.create(model="toy", input=["six"])
    assert ledger.usage == Usage(2, 6, 4) and told == [("toy", Usage(1, 3, 2))] * 2
    assert (ledger.losses.asked, ledger.losses.malformed) == (0, 0)


def test_an_asynchronous_client_is_counted(scripted_server):
    server = scripted_server(rules=[("", "four five")])
    ledger = CallLedger()

    async def ask() -> None:
        async with openai.AsyncOpenAI(api_key="x", base_url=server.base_url) as client:
            ledger.watch_async(client)
            await client.chat.completions.create(**ASK)

    asyncio.run(ask())
    assert ledger.usage == Usage(1, 3, 2)


def test_structured_replies_of_no_use_are_losses_and_survive_a_save(scripted_server):
    replies = ["{}", "no object", Reply('{"a": ', finish_reason="length")]
    server = scripted_server(queue=replies)
    ledger = CallLedger()
    client = openai.OpenAI(api_key="x", base_url=server.base_url)
    ledger.watch(client)
    for _ in replies:
        client.chat.completions.create(**ASK, response_format=SCHEMA)
    assert (ledger.losses.asked, ledger.losses.malformed) == (3, 2)
    assert {reason.example for reason in ledger.losses.reasons} == {"no object", '{"a": '}
    again = CallLedger()
    again.restore(ledger.state())
    assert again.usage == ledger.usage and again.losses.state() == ledger.losses.state()


def test_the_numbers_of_an_earlier_version_are_read():
    ledger = CallLedger()
    ledger.restore([3, 40, 5])
    assert ledger.usage == Usage(3, 40, 5)
