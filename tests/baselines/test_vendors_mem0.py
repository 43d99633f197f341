"""The adapter to the package ``mem0ai``, and our reimplementation against it: equal answers of the model, equal
memories.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import random
import re
from datetime import UTC, datetime

import numpy as np
import pytest
from conftest_baselines import CONVERSATION, WordEmbedder, ingest
from scripted_replies import content_text

from baselines.mem0.system import Mem0
from baselines.vendors.mem0ai import Mem0Package
from memos.llm.mock import MockLLM
from memos.types import Conversation, Query, Session, Turn

if importlib.util.find_spec("mem0") is None:
    pytest.skip("mem0ai is not installed; run: pip install -e '.[vendors]'", allow_module_level=True)

ADDITIVE = int(importlib.metadata.version("mem0ai").split(".")[0]) >= 2
THINGS = "tea rome oslo chess piano dogs cats rowing trains bread maps violins clocks stamps lemons kites".split()


class Untied(WordEmbedder):
    """Words plus a little noise by text, so that no two neighbours are equally near and both sides show the
    same order."""

    def encode(self, texts):
        noise = [np.random.default_rng(list(text.encode())).normal(0, 0.02, self.dim) for text in texts]
        rows = super().encode(texts) + np.array(noise, dtype=np.float32).reshape(-1, self.dim)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def decisions(body) -> dict:
    """What the scripted model replies, to the prompts of either side: a function of the facts and memories shown."""
    last = content_text(body["messages"][-1]["content"])
    if "## New Messages" in last:
        said = last.split("## New Messages")[1].split("## Observation Date")[0]
        stated = [line[6:] for line in said.splitlines() if line.startswith("user: ")]
        return {"memory": [{"id": str(i), "text": text, "attributed_to": "user"} for i, text in enumerate(stated)]}
    if re.search(r"^(Input:\n)?(user|assistant): ", last):
        return {"facts": [line[6:] for line in last.splitlines() if line.startswith("user: ")]}
    memory = re.split("Entries of the memory|current content of my memory|Current memory is empty", last)[-1]
    old = re.findall(r"""\{\s*['"]id['"]: ['"](\d+)['"],\s*['"]text['"]: ['"](.*?)['"]\s*\}""", memory)
    tail = re.split("New facts:|new retrieved facts are mentioned", memory)[1]
    facts = [text for _, text in re.findall(r"""(['"])((?:Ada|Ben): .*?)\1""", tail)]
    draw = random.Random("|".join(facts + [text for _, text in old]))
    events = []
    for fact in facts:
        kind = draw.choice(["ADD", "ADD", "ADD", "UPDATE", "DELETE", "NONE", "GHOST", "EMPTY"])
        target = draw.choice(old)[0] if old else "0"
        if kind == "ADD" or (not old and kind in ("UPDATE", "DELETE")):
            events.append({"id": "50", "text": fact, "event": "ADD", "old_memory": None})
        elif kind == "GHOST":
            events.append({"id": "93", "text": fact, "event": "UPDATE", "old_memory": "x"})
        elif kind == "EMPTY":
            events.append({"id": target, "text": "", "event": "DELETE", "old_memory": None})
        else:
            events.append({"id": target, "text": fact, "event": kind, "old_memory": "x"})
    return {"memory": events}


def long_conversation(sessions: int = 8, turns: int = 11) -> Conversation:
    draw = random.Random(3)
    made = []
    for number in range(1, sessions + 1):
        said = tuple(
            Turn(
                f"D{number}:{i}",
                draw.choice(("Ada", "Ben")),
                f"thing {number} {i} about {' '.join(draw.sample(THINGS, 3))}",
            )
            for i in range(1, turns + 1)
        )
        made.append(Session(f"session_{number}", None, f"{number} May, 2023", said))
    return Conversation("demo", ("Ada", "Ben"), tuple(made))


def package(server, key) -> Mem0Package:
    config = Mem0Package.Config(base_url=server.base_url, model="toy", api_key_env=key)
    return Mem0Package(config, embedder=Untied())


@pytest.mark.skipif(ADDITIVE, reason="mem0ai 2.x only adds; the algorithm of 2025 is compared with 0.1.118")
def test_ours_and_the_package_keep_the_same_memories(scripted_server, server_key):
    conversation = long_conversation()
    theirs = ingest(package(scripted_server(rules=[("", decisions)]), server_key), conversation)
    llm = MockLLM(function=lambda request: decisions({"messages": [{"content": m.content} for m in request.messages]}))
    ours = ingest(Mem0(Mem0.Config(extractor="llm"), embedder=Untied(), llm=llm), conversation)
    our_memories = {user: sorted(memory.text for memory in memories) for user, memories in ours.memories().items()}
    assert our_memories == theirs.memories()
    events = ours.stats()
    assert min(events[f"events_{name}"] for name in ("add", "update", "delete", "none", "skipped")) > 0
    question = Query("Who talked about tea and chess?")
    assert [hit.text for hit in ours.search(question).hits[:5]] == [
        hit.text for hit in theirs.search(question).hits[:5]
    ]


@pytest.mark.skipif(not ADDITIVE, reason="mem0ai up to 1.x also updates and deletes")
def test_the_current_package_adds_what_each_speaker_says_and_nothing_else(scripted_server, server_key):
    """docs/systems.md#mem0: one call an add, only ADD; it differs from ours, which follows 2025, by design."""
    conversation = long_conversation()
    server = scripted_server(rules=[("", decisions)])
    theirs = ingest(package(server, server_key), conversation)
    said = {
        name: sorted(f"{name}: {t.said}" for _, t in conversation.turns() if t.speaker == name)
        for name in ("Ada", "Ben")
    }
    assert theirs.memories() == said
    assert len(server.chats()) == sum(2 * ((len(session.turns) + 1) // 2) for session in conversation.sessions)


def test_the_package_is_told_the_sessions_date_and_keeps_provenance(scripted_server, server_key, tmp_path):
    server = scripted_server(rules=[("", decisions)])
    system = ingest(package(server, server_key), CONVERSATION)
    prompts = ["\n".join(content_text(message["content"]) for message in body["messages"]) for body in server.chats()]
    assert any("2023-05-01" in text for text in prompts) and any("2023-05-08" in text for text in prompts)
    today = datetime.now(UTC).date().isoformat()
    assert not any(today in text for text in prompts if "New Messages" in text or "Today's date" in text)
    retrieved = system.search(Query("Rome"))
    assert retrieved.used >= 1 and all(hit.turn_ids for hit in retrieved.hits)
    assert "10:00 am on" in retrieved.context and system.usage()["ingest"].calls == len(server.chats())
    system.save(tmp_path)
    again = package(server, server_key)
    again.load(tmp_path)
    restored = again.search(Query("Rome"))
    assert [(h.text, h.turn_ids, h.memory_id) for h in restored.hits] == [
        (h.text, h.turn_ids, h.memory_id) for h in retrieved.hits
    ]
    assert restored.context == retrieved.context and again.stats() == system.stats()
    system.close()
    again.close()
