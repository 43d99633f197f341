"""``system=mcp``: tools and arguments mapped by configuration, on a small server and on the reference server of npm."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import mcp_memory
import pytest
from conftest_baselines import CONVERSATION as TALK
from conftest_baselines import ingest
from hydra import compose, initialize_config_dir

from baselines.remote.mapping import filled, listed, names_of, text_of
from baselines.remote.mcp_system import McpMemory
from eval.command.cli import CONF
from eval.core.config import component_config
from eval.core.settings import plain
from memos.errors import ConfigError, DataError
from memos.types import Query

pytest.importorskip("mcp", reason="needs the extra mcp: pip install -e '.[mcp]'")
ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "@modelcontextprotocol/server-memory"
PLACES = (os.environ.get("MCP_MEMORY_PREFIX", ""), str(ROOT / ".venv" / "mcp-memory"))
"""Folders in which ``npm install --prefix`` may have put the package; .ci/run uses the second."""
TURNS = frozenset({"D1:1", "D1:2"})


def made(*overrides: str) -> McpMemory:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        spec = plain(compose("config", ["experiment=tiny", *overrides]))["system"]
    cls, config = component_config(spec, "system", "system")
    return cls(config)


def mapped_but(*changes: str) -> list[str]:
    """What the small server needs, with some fields given otherwise."""
    names = {change.partition("=")[0] for change in changes}
    return [*changes, *(field for field in mcp_memory.mapped() if field.partition("=")[0] not in names)]


def package() -> Path:
    """The entry point of the installed package; the test that asks for it skips where there is none."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    for place in filter(None, PLACES):
        entry = Path(place) / "node_modules" / PACKAGE / "dist" / "index.js"
        if entry.is_file():
            return entry
    pytest.skip(f"{PACKAGE} is not installed; run: npm install --prefix .venv/mcp-memory {PACKAGE}@2026.8.31")


def test_the_reference_server_of_npm_remembers_finds_and_goes_on(tmp_path):
    command = f"system.command=[node,'{package()}']"
    system = made("system=vendors/mcp_memory", command)
    system.start(TALK)
    system.add(TALK.sessions[0])
    (tmp_path / "half").mkdir()
    system.save(tmp_path / "half")
    system.close()
    resumed, other = (made("system=vendors/mcp_memory", command) for _ in range(2))
    resumed.load(tmp_path / "half")
    resumed.add(TALK.sessions[1])
    resumed.finish()
    found_for = {text: resumed.search(Query(text)).hits for text in ("Where is the dog?", "Who moved to Oslo?", "tax")}
    assert [hit.turn_ids for hit in found_for["Where is the dog?"]] == [("D1:2",), ("D2:2",)]
    best = found_for["Who moved to Oslo?"][0]
    assert best.turn_ids == ("D2:1",) and best.text == "10:00 am on 8 May, 2023 | Ada: I moved to Oslo."
    assert found_for["tax"] == () and resumed.stats() == {"items": 5}
    other.start(TALK)
    assert other.search(Query("Where is the dog?")).hits == (), "a conversation has a folder of its own"
    other.close()
    resumed.close()


def test_a_server_by_address_keeps_conversations_apart_and_goes_on(tmp_path):
    whole, half, other = (made("system=mcp", *mcp_memory.mapped()) for _ in range(3))
    ingest(whole, TALK)
    half.start(TALK)
    half.add(TALK.sessions[0])
    half.save(tmp_path)
    half.add(TALK.sessions[1])  # reached the server, and no save knows of it
    resumed = made("system=mcp", *mcp_memory.mapped())
    resumed.load(tmp_path)
    resumed.add(TALK.sessions[1])
    resumed.finish()
    asked = Query("What is the dog called?")
    assert resumed.search(asked) == whole.search(asked) and len(whole.search(asked).hits) == 2
    assert whole.search(asked).hits[0].turn_ids == ("D2:1", "D2:2", "D2:3") and whole.search(asked).used == 2
    assert resumed.stats() == whole.stats() == {"items": 2}
    other.start(TALK)
    assert other.search(asked).hits == ()
    for system in (whole, half, other, resumed):
        system.close()


def test_what_does_not_fit_the_server_is_one_line():
    lines = {
        "system.add_tool=store: the server has conversations, forget, recall, remember": ["system.add_tool=store"],
        "system.search_arguments.top: recall takes talk, question, most": [
            "system.search_arguments={talk:'{conversation}',top:3}"
        ],
        "system.search_arguments: recall also needs most": [
            "system.search_arguments={talk:'{conversation}',question:'{query}'}"
        ],
        "system.add_arguments: nothing fills {words}; known": ["system.add_arguments={talk:'{words}'}"],
        "all conversations would share one store": ["system.add_arguments={talk:ours,text:'{lines}'}"],
        "give the command of an MCP server, or its address": ["system.url=null"],
        "system.unit: 'word' is none of turn, session": ["system.unit=word"],
    }
    for line, changes in lines.items():
        with pytest.raises(ConfigError) as error:
            made("system=mcp", *mapped_but(*changes)).start(TALK)
        assert line in str(error.value) and "\n" not in str(error.value)
    dead = ["system=mcp", *mapped_but("system.url=http://127.0.0.1:9/mcp", "system.timeout_s=5")]
    with pytest.raises(ConfigError, match="^system.url=http://127.0.0.1:9/mcp: no MCP server: "):
        made(*dead).start(TALK)
    absent = ["system=mcp", *mapped_but("system.url=null", "system.command=[no-such-program]")]
    with pytest.raises(ConfigError, match="^system.command=no-such-program: no MCP server: FileNotFoundError"):
        made(*absent).start(TALK)


def test_arguments_keep_their_kinds():
    given = {"limit": 5, "line": "Ann: hi", "turn_ids": ["D1:1"]}
    template = {"top": "{limit}", "items": [{"text": "<{line}>", "of": "{turn_ids}"}], "fixed": 1}
    assert filled(template, given) == {"top": 5, "items": [{"text": "<Ann: hi>", "of": ["D1:1"]}], "fixed": 1}


@pytest.mark.parametrize(
    ("structured", "texts", "path", "wanted"),
    [
        ({"memories": [{"a": 1}]}, (), "memories", [{"a": 1}]),
        ({"result": [1, 2]}, ("1", "2"), "result", [1, 2]),
        (None, ('{"out": {"list": ["x"]}}',), "out.list", ["x"]),
        (None, ('[{"a": 1}]',), "", [{"a": 1}]),
        (None, ('{"a": 1}', '{"a": 2}'), "", [{"a": 1}, {"a": 2}]),
        (None, ("Ann has a dog.", "Ben has none."), "", ["Ann has a dog.", "Ben has none."]),
        (None, (), "", []),
    ],
)
def test_replies_of_many_shapes_are_read(structured, texts, path, wanted):
    assert listed(structured, texts, path, "find") == wanted


def test_texts_and_turns_of_a_memory():
    entry = {"lines": ["a", "b"], "meta": {"turns": ["D1:2", "D7:7", "D1:1"]}, "name": "D1:1"}
    assert text_of(entry, "lines") == "a\nb" and text_of("plain", "") == "plain" and text_of(entry, "none") == ""
    assert names_of(entry, "meta.turns", TURNS) == ("D1:2", "D1:1") and names_of(entry, "name", TURNS) == ("D1:1",)
    assert names_of(entry, None, TURNS) == ()
    with pytest.raises(DataError, match="find: no list at system.hits='rows' of the reply: 'no luck'"):
        listed(None, ("no luck",), "rows", "find")
