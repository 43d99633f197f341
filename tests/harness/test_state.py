"""Saved stores: whose they are, what a crash at any point leaves, and what becomes of a damaged one."""

from __future__ import annotations

import json
import os
import shutil
import threading
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from eval.command.cli import CONF
from eval.core.settings import plain
from eval.datasets.locomo import TINY
from eval.stages.bench import Bench
from eval.stages.ingest import StateFolder, ingest_conversation
from memos.errors import ConfigError

IDS = [
    "conv.1",
    "conv.2",
    "conv.1.old",
    "conv.1.new",
    "..",
    ".",
    "a/b",
    "a b",
    "a?b",
    "A/B",
    "Conv.1",
    ".side",
    "x" * 300,
    "x" * 299 + "y",
    "ü" * 200,
    "conv.1\n",
]


def bench(out: Path, *ids: str) -> Bench:
    """A bench on conversations of these ids, each with words of its own."""
    (original, *_) = json.loads(TINY.read_text(encoding="utf-8"))
    records = []
    for number, name in enumerate(ids):
        record = json.loads(json.dumps(original)) | {"sample_id": name}
        record["conversation"]["session_1"][0]["text"] = f"I am conversation number {number}."
        records.append(record)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "conversations.json"
    path.write_text(json.dumps(records), encoding="utf-8")
    with initialize_config_dir(str(CONF), version_base="1.3"):
        overrides = [
            "experiment=tiny",
            "system=rag",
            "system.chunk_size=40",
            f"dataset.path={path}",
            f"out={out / 'results'}",
        ]
        return Bench(plain(compose("config", overrides)))


def chunks(made: Bench, conversation) -> list[str]:
    """The finished store of a conversation, ingested where it is not."""
    system = made.new_system()
    record = ingest_conversation(made, conversation, system)
    assert record["sample_id"] == conversation.sample_id and record["stats"]["items"] == len(system.chunks)
    return [item.text for item in system.chunks]


def fresh(made: Bench, conversation) -> list[str]:
    """What its store must be."""
    system = made.new_system()
    system.start(conversation)
    for session in conversation.sessions:
        system.add(session)
    system.finish()
    return [item.text for item in system.chunks]


def crashing(monkeypatch, name: str, number: int) -> None:
    """Let the n-th call of a function of ``os`` or ``shutil`` be where the process dies."""
    module = shutil if name == "rmtree" else os
    real, left = getattr(module, name), [number]

    def dies(*args, **options):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return real(*args, **options)

    monkeypatch.setattr(module, name, dies)


def test_no_two_conversations_share_a_folder_and_long_names_fit(tmp_path):
    made = bench(tmp_path, *IDS)
    folders = [made.state_folder(c) for c in made.dataset.conversations]
    assert len({str(folder).lower() for folder in folders}) == len(IDS)
    root = made.out / "cache" / "state" / "rag"
    for conversation, folder in zip(made.dataset.conversations, folders, strict=True):
        assert folder.parent == root and len(folder.name.encode()) < 150
        assert chunks(made, conversation) == fresh(made, conversation)
        assert StateFolder(folder).progress()["finished"]
    for conversation in made.dataset.conversations:
        assert chunks(made, conversation) == fresh(made, conversation), "loaded"


@pytest.mark.parametrize("call", ["rename", "rmtree", "fsync"])
@pytest.mark.parametrize("number", range(12))
def test_a_crash_at_any_point_of_a_save_gives_no_store_to_another(call, number, tmp_path, monkeypatch):
    """Of conversations whose names differ after the last dot, too: their side folders were one."""
    made = bench(tmp_path, "conv.1", "conv.2", "conv.1.old")
    one, *others = made.dataset.conversations
    with monkeypatch.context() as patch:
        patch.setattr("eval.stages.ingest.SAVE_EVERY_S", -1.0)
        crashing(patch, call, number)
        try:
            chunks(made, one)
        except KeyboardInterrupt:
            pass
    for conversation in (*others, one):
        assert chunks(made, conversation) == fresh(made, conversation)
    root = made.state_folder(one).parent
    assert {p.name for p in root.iterdir()} == {made.state_folder(c).name for c in (one, *others)}
    assert {p.suffix for p in root.parent.glob(".side/rag/*")} <= {".lock"}, "nothing is left over"


def test_a_crash_between_the_renames_loses_nothing(tmp_path, monkeypatch):
    """All but the work since the last save is there: it is resumed, not begun again."""
    made = bench(tmp_path, "conv.1")
    (conversation,) = made.dataset.conversations
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("eval.stages.ingest.SAVE_EVERY_S", -1.0)
        crashing(patch, "rename", 2)  # the first save renames once, the second dies between its two
        chunks(made, conversation)
    system = made.new_system()
    system.start = lambda _: pytest.fail("it begins again")
    ingest_conversation(made, conversation, system)
    assert [item.text for item in system.chunks] == fresh(made, conversation)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def another(state: Path) -> None:
    """Put the folder of the other conversation in the place of this one."""
    (other,) = [p for p in state.parent.iterdir() if p != state]
    shutil.rmtree(state)
    shutil.copytree(other, state)


def reworded(state: Path) -> None:
    path = state / "store" / "chunks.json"
    path.write_text(path.read_text(encoding="utf-8").replace("number 0", "number 7"), encoding="utf-8")


def fields(**change):
    def apply(state: Path) -> None:
        record = json.loads((state / "progress.json").read_text(encoding="utf-8"))
        (state / "progress.json").write_text(json.dumps(record | change), encoding="utf-8")

    return apply


DAMAGE = {
    "cut record": lambda state: cut(state / "progress.json"),
    "empty record": lambda state: (state / "progress.json").write_bytes(b""),
    "bytes": lambda state: (state / "progress.json").write_bytes(b"\xff\xfe"),
    "no record": lambda state: (state / "progress.json").unlink(),
    "a list": lambda state: (state / "progress.json").write_text("[]"),
    "another's": another,
    "sessions": fields(sessions="four"),
    "usage": fields(usage={"ingest": {"calls": 1, "strange": 2}}),
    "no store": lambda state: shutil.rmtree(state / "store"),
    "half a store": lambda state: next((state / "store").iterdir()).unlink(),
    "cut file": lambda state: cut(next((state / "store").iterdir())),
    "changed file": reworded,
    "a file": lambda state: (shutil.rmtree(state), state.write_text("no folder")),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_store_is_named_once_put_aside_and_made_again(damage, tmp_path, capsys):
    made = bench(tmp_path, "conv.1", "conv.2")
    for conversation in made.dataset.conversations:
        chunks(made, conversation)
    (conversation, _), state = made.dataset.conversations, made.state_folder(made.dataset.conversations[0])
    DAMAGE[damage](state)
    capsys.readouterr()
    assert chunks(made, conversation) == fresh(made, conversation)
    (note,) = capsys.readouterr().out.splitlines()
    aside = state.parent.parent / ".side" / "rag" / f"{state.name}.damaged-1"
    assert note.startswith(f"note: {state}: ") and str(aside) in note and os.path.lexists(aside)
    assert chunks(made, conversation) == fresh(made, conversation)
    assert capsys.readouterr().out == ""


def earlier(state: Path) -> None:
    """The record as versions without an owner wrote it."""
    record = json.loads((state / "progress.json").read_text(encoding="utf-8"))
    del record["store"]
    (state / "progress.json").write_text(json.dumps(record), encoding="utf-8")


@pytest.mark.parametrize("name, kept", [("conv-1", True), ("conv.1", False)])
def test_stores_of_earlier_versions_are_kept_where_they_cannot_be_anothers(name, kept, tmp_path, capsys):
    made = bench(tmp_path, name)
    (conversation,) = made.dataset.conversations
    chunks(made, conversation)
    state = made.state_folder(conversation)
    earlier(state)
    system = made.new_system()
    system.start = lambda _: None if not kept else pytest.fail("it begins again")
    ingest_conversation(made, conversation, system)
    assert [item.text for item in system.chunks] == fresh(made, conversation)
    assert ("earlier version" in capsys.readouterr().out) is not kept


def test_an_earlier_versions_side_folder_is_adopted_where_it_is_this_store(tmp_path):
    made = bench(tmp_path, "conv-1")
    (conversation,) = made.dataset.conversations
    chunks(made, conversation)
    state = StateFolder(made.state_folder(conversation))
    earlier(state.path)
    state.path.rename(f"{state.path}.old")
    assert state.progress()["finished"] and state.path.exists()


def test_while_another_run_has_the_next_conversation_this_one_ingests_ahead(tmp_path, capsys):
    from eval.stages.ingest import Ingestion, state_of

    made = bench(tmp_path, "one", "two", "three")
    one, two, three = made.dataset.conversations
    ingestion, outcome = Ingestion(made, made.dataset.conversations), []
    with state_of(made, one).writing(), state_of(made, two).writing():
        ahead = threading.Thread(target=lambda: outcome.append(ingestion.bring(one)))
        ahead.start()
        while not (made.state_folder(three) / "progress.json").exists():
            assert ahead.is_alive()
        ahead.join(1.0)
        assert ahead.is_alive() and not outcome, "the third is there, the first is waited for"
    ahead.join(60)
    (system, record, failure), *_ = outcome
    assert failure is None and record["sample_id"] == "one" and len(system.chunks) > 0
    assert capsys.readouterr().out.count("waiting for another run that ingests one\n") == 1
    assert [ingestion.bring(c)[1]["sample_id"] for c in (two, three)] == ["two", "three"]


def test_what_fails_ahead_fails_in_its_turn_and_is_not_tried_again(tmp_path, monkeypatch):
    from eval.stages.ingest import Ingestion, state_of

    made = bench(tmp_path, "one", "two")
    one, two = made.dataset.conversations
    tried = []

    def fails(self, session):
        tried.append(session.session_id)
        raise ValueError("no luck")

    ingestion = Ingestion(made, made.dataset.conversations)
    with state_of(made, one).writing():
        monkeypatch.setattr(made.system_class, "add", fails)
        assert ingestion._went_ahead(two)
    monkeypatch.undo()
    assert ingestion.bring(one)[2] is None
    _, record, failure = ingestion.bring(two)
    assert record is None and failure["error"] == "ValueError: no luck" and len(tried) == 1


def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch):
    made = bench(tmp_path, "one")

    def refuses(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("memos.locks.fcntl.flock", refuses)
    with pytest.raises(ConfigError, match="its file system keeps no locks"):
        ingest_conversation(made, made.dataset.conversations[0], made.new_system())
