"""The adapter to the package ``langmem`` against the scripted server."""

from __future__ import annotations

import importlib.util

import pytest
from conftest_baselines import CONVERSATION, WordEmbedder, ingest
from scripted_replies import Reply, content_text

from baselines.vendors.langmem_package import LangMemPackage
from memos.types import Query

for needed in ("langmem", "langchain_openai"):
    if importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed; run: pip install -e '.[vendors]'", allow_module_level=True)


def model(body):
    """Searches when only the search tool is offered; else stores one memory a session."""
    names = [tool["function"]["name"] for tool in body.get("tools", ())]
    if "Memory" not in names:
        return Reply(tool_calls=tuple((name, {"query": "Ada home"}) for name in names[:1]))
    text = "\n".join(content_text(message["content"]) for message in body["messages"])
    content = "Ada moved to Oslo" if "Oslo" in text else "Ada lives in Rome"
    return Reply(tool_calls=(("Memory", {"content": content}),))


def test_sessions_become_memories_with_provenance_and_survive_a_save(scripted_server, server_key, tmp_path):
    server = scripted_server(rules=[("", model)])
    config = LangMemPackage.Config(base_url=server.base_url, model="toy", api_key_env=server_key)
    system = ingest(LangMemPackage(config, embedder=WordEmbedder()), CONVERSATION)
    assert system.memories() == ["Ada lives in Rome", "Ada moved to Oslo"]
    retrieved = system.search(Query("Oslo"))
    assert retrieved.hits[0].text == "Ada moved to Oslo" and retrieved.hits[0].turn_ids == ("D2:1", "D2:2", "D2:3")
    assert any("10:00 am on 8 May, 2023" in str(body) for body in server.chats())
    spent = system.usage()["ingest"]
    assert spent.calls == len(server.chats()) > 0 and spent.prompt_tokens > 100 and spent.completion_tokens > 0
    assert system.losses.asked == spent.calls and system.losses.malformed == 0
    system.save(tmp_path)
    again = LangMemPackage(config, embedder=WordEmbedder())
    again.load(tmp_path)
    assert again.search(Query("Oslo")) == retrieved and again.stats() == system.stats() == {"items": 2}
