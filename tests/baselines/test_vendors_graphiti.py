"""The adapter to the package ``graphiti-core`` against the scripted server, on its embedded Kuzu database."""

from __future__ import annotations

import importlib.util

import pytest
from conftest_baselines import CONVERSATION, WordEmbedder, ingest

from baselines.vendors.graphiti_package import GraphitiPackage
from memos.types import Query

for needed in ("graphiti_core", "kuzu"):
    if importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed; run: pip install -e '.[vendors]' kuzu", allow_module_level=True)


def model(body):
    """Extracts Ada, Oslo and the move; finds no duplicates; everything else gets the server's stand-in."""
    fields = set(((body.get("response_format") or {}).get("json_schema") or {}).get("schema", {}).get("properties", {}))
    oslo = "I moved to Oslo" in str(body["messages"]).split("CURRENT", 1)[-1]
    if "extracted_entities" in fields:
        names = ["Ada", "Oslo"] if oslo else ["Ada"]
        return {"extracted_entities": [{"name": name, "entity_type_id": 0, "episode_indices": [0]} for name in names]}
    if "edges" in fields:
        edge = {
            "source_entity_name": "Ada",
            "target_entity_name": "Oslo",
            "relation_type": "MOVED_TO",
            "fact": "Ada moved to Oslo.",
            "valid_at": "2023-05-08T10:00:00Z",
            "invalid_at": None,
            "episode_indices": [0],
        }
        return {"edges": [edge] if oslo else []}
    if "entity_resolutions" in fields:
        return {"entity_resolutions": []}
    if "duplicate_facts" in fields:
        return {"duplicate_facts": [], "contradicted_facts": []}
    return None


def test_turns_become_facts_with_provenance_and_survive_a_save(scripted_server, server_key, tmp_path):
    server = scripted_server(rules=[("", model)])
    config = GraphitiPackage.Config(base_url=server.base_url, model="toy", api_key_env=server_key)
    system = ingest(GraphitiPackage(config, embedder=WordEmbedder()), CONVERSATION)
    retrieved = system.search(Query("Who moved to Oslo?"))
    assert retrieved.hits[0].text == "Ada moved to Oslo. (event_time: 8 May 2023)"
    assert retrieved.hits[0].turn_ids[0] == "D2:1" and "<FACTS>" in retrieved.context
    assert system.usage()["ingest"].calls == len(server.chats()) > 0
    system.save(tmp_path)
    expected = system.stats()
    system.close()
    again = GraphitiPackage(config, embedder=WordEmbedder())
    again.load(tmp_path)
    assert [hit.text for hit in again.search(Query("Who moved to Oslo?")).hits] == [hit.text for hit in retrieved.hits]
    assert again.stats() == expected
    again.close()
