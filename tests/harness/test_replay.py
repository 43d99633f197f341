"""A run on a paid model is packed, handed on, and run again in another folder without a server: equal tables."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import warm
from hydra import compose, initialize_config_dir
from scripted import ScriptedServer

from eval.command.cli import CONF
from eval.core.places import ROOT
from eval.core.settings import plain
from eval.experiments.benchmark.experiment import finish, run
from eval.experiments.replay import packed, private
from eval.experiments.replay.pack import pack
from eval.experiments.replay.replay import finish as finish_replay
from eval.experiments.replay.replay import replay
from memos.errors import ConfigError, DataError

KEY = "a-key-that-nobody-may-see"
SYSTEMS = ("mem0", "rag")


def configuration(server, out: Path, system: str, *more: str) -> dict:
    address = server.base_url
    embedder = ["embedder=openai", "embedder.dim=16", "embedder.model=e-1", f"embedder.base_url={address}"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return plain(
            compose(
                "config",
                [
                    "experiment=tiny",
                    "llm=openai",
                    f"llm.base_url={server.base_url}",
                    "llm.api_key_env=PAID_API_KEY",
                    *embedder,
                    "embedder.api_key_env=PAID_API_KEY",
                    "answerer=llm",
                    "judge=llm_generous",
                    "judge@also_judges.strict=llm_strict",
                    f"system={system}",
                    *(["system.extractor=llm"] if system == "mem0" else []),
                    "latency.questions=3",
                    "figures=false",
                    "dataset.conversations=[tiny-1]",
                    f"out={out}",
                    *more,
                ],
            )
        )


def tables_of(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((out / "tables").iterdir()) if path.suffix != ".json"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Two finished runs on a scripted server that is gone by now, their tables, and a pack of them."""
    folder = tmp_path_factory.mktemp("lab")
    with pytest.MonkeyPatch.context() as patch, ScriptedServer(rules=[("label", '{"label": "CORRECT"}')]) as server:
        patch.setenv("PAID_API_KEY", KEY)
        configs = [configuration(server, folder / "results", system) for system in SYSTEMS]
        outcomes = [run(config) for config in configs]
        assert [outcome["code"] for outcome in outcomes] == [0, 0], outcomes
        finish(folder / "results", "tiny", outcomes, draw=False)
        asked = len(server.requests)
        made, sha256 = pack([Path(str(outcome["folder"])) for outcome in outcomes], folder / "runs.zip")
        assert len(server.requests) == asked, "packing asks no model"
    return folder, made, sha256


def test_a_pack_comes_out_equal_without_key_and_server(lab, tmp_path):
    folder, _, _ = lab
    again = replay(packed.read(folder / "runs.zip"), tmp_path / "elsewhere")
    assert [one.differences for one in again] == [[], []]
    finish_replay(tmp_path / "elsewhere", again)
    assert tables_of(tmp_path / "elsewhere") == tables_of(folder / "results")


def test_the_script_packs_and_replays(lab, tmp_path):
    folder, _, sha256 = lab

    def script(*arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, str(ROOT / "scripts" / "record.py"), *arguments]
        return warm.run(command, cwd=tmp_path, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)})

    done = script("pack", str(folder / "results" / "runs"), "--to", "again.zip")
    assert done.returncode == 0, done.stderr
    assert f"SHA-256 {sha256}" in done.stdout, "equal contents make equal files"
    done = script("replay", "again.zip", "--out", "out")
    assert done.returncode == 0 and "2 of 2 runs are equal" in done.stdout, done.stdout + done.stderr
    assert tables_of(tmp_path / "out") == tables_of(folder / "results")
    done = script("replay", "again.zip", "--out", "out")
    assert done.returncode == 0 and "2 of 2 runs are equal" in done.stdout, "and it may be issued again"


def test_a_replayed_run_is_up_to_date_and_can_be_packed_again(lab, tmp_path):
    folder, made, sha256 = lab
    again = replay(made, tmp_path / "out")
    for one in again:
        config = {**one.packed.config, "out": str(tmp_path / "out"), "cache": "only"}
        assert "up to date" in run(config)["message"]
    assert pack([Path(str(one.outcome["folder"])) for one in again], tmp_path / "again.zip")[1] == sha256


def test_it_holds_what_was_used_and_nothing_secret(lab):
    folder, made, _ = lab
    with zipfile.ZipFile(folder / "runs.zip") as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    for secret in (KEY, str(folder)):
        assert secret.encode() not in content
    assert made.replies and made.vectors and {run.experiment for run in made.runs} == {"tiny"}
    (run,) = [run for run in made.runs if run.summary["system"] == "rag"]
    assert run.latency and run.seconds.keys() == {"tiny-1"}


def test_a_pack_of_one_run_holds_only_its_own(lab, tmp_path):
    folder, both, _ = lab
    (rag,) = (folder / "results" / "runs" / "tiny").glob("rag-*")
    one, _ = pack([rag], tmp_path / "rag.zip")
    assert set(one.replies) < set(both.replies) and set(one.vectors) < set(both.vectors)
    (again,) = replay(one, tmp_path / "out")
    assert not again.differences


def test_a_missing_reply_is_said_and_nothing_is_written(lab, tmp_path):
    folder, made, _ = lab
    (rag,) = (folder / "results" / "runs" / "tiny").glob("rag-*")
    with pytest.raises(DataError, match="from its caches alone it comes out otherwise|does not exist"):
        pack([rag], tmp_path / "rag.zip", cache=tmp_path / "empty")
    assert not (tmp_path / "rag.zip").exists()
    short = replace(made, replies=dict(list(made.replies.items())[:-1]))
    again = replay(short, tmp_path / "out")
    assert any(one.differences for one in again)


@pytest.mark.parametrize("member", ["pack.json", "replies.jsonl", "vectors.jsonl"])
def test_a_changed_file_is_refused(lab, tmp_path, member):
    folder, _, _ = lab
    with zipfile.ZipFile(folder / "runs.zip") as archive:
        content, comment = {name: archive.read(name) for name in archive.namelist()}, archive.comment
    content[member] = content[member].replace(b"1", b"2", 1)
    with zipfile.ZipFile(tmp_path / "changed.zip", "w") as archive:
        for name, value in content.items():
            archive.writestr(name, value)
        archive.comment = comment
    with pytest.raises(DataError, match=f"{member} was changed"):
        packed.read(tmp_path / "changed.zip")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b'{"a": 1}'])
def test_what_is_no_pack_is_one_line(tmp_path, content):
    (tmp_path / "file.zip").write_bytes(content)
    with pytest.raises(DataError, match="no pack of runs"):
        packed.read(tmp_path / "file.zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a", "b")
    with pytest.raises(DataError, match="no pack of runs"):
        packed.read(tmp_path / "other.zip")


def test_another_data_set_or_code_is_said(lab, tmp_path):
    _, made, _ = lab
    for change, words in (
        ({"dataset": {"name": "tiny", "sha256": "0" * 64}}, "give the right file with --data"),
        ({"fingerprint": "0123456789"}, "check out commit"),
    ):
        with pytest.raises(DataError, match=words):
            replay(replace(made, runs=[replace(made.runs[0], **change)]), tmp_path / "out")


def test_code_of_other_packages_is_allowed_by_name_only(lab, tmp_path):
    _, made, _ = lab
    config = {**made.runs[0].config, "system": {**made.runs[0].config["system"], "_target_": "os.path.Rag"}}
    with pytest.raises(ConfigError, match="--allow os"):
        replay(replace(made, runs=[replace(made.runs[0], config=config)]), tmp_path / "out")


@pytest.mark.parametrize(
    "fields",
    [
        {"llm": {"extra_body": {"api_key": "x1"}}},
        {"llm": {"extra_body": {"list": ["sk-abcdefghijklmnopqrstu"]}}},
        {"llm": {"headers": {"Authorization": "Bearer abcdefghijklmnopqrstuv"}}},
        {"system": {"auth_token": "y"}},
    ],
)
def test_a_key_in_the_configuration_is_refused(fields):
    with pytest.raises(ConfigError, match="looks like a key"):
        private.public(fields)


def test_names_of_variables_are_no_keys():
    config = {"llm": {"api_key_env": "OPENAI_API_KEY", "headers": {"api-key": "env:AZURE_KEY"}, "max_tokens": 5}}
    assert private.public({**config, "dataset": {"path": "/home/ana/locomo.json", "answer_key": "strict"}}) == {
        **config,
        "dataset": {"path": None, "answer_key": "strict"},
    }


def test_a_key_in_a_reply_is_refused(lab, tmp_path, monkeypatch):
    _, made, _ = lab
    key, reply = next(iter(made.replies.items()))
    monkeypatch.setenv("SOME_TOKEN", "0123456789abcdef")
    spoiled = replace(made, replies={**made.replies, key: replace(reply, text="it is 0123456789abcdef")})
    with pytest.raises(ConfigError, match=r"replies.jsonl: holds the value of \$SOME_TOKEN"):
        packed.write(tmp_path / "file.zip", spoiled, private.check)
    assert not (tmp_path / "file.zip").exists()


def test_cache_only_asks_no_embedding_server(lab, tmp_path):
    with ScriptedServer() as server:
        config = configuration(server, tmp_path / "out", "rag", "cache=only", "latency.questions=0")
        (tmp_path / "out" / "cache").mkdir(parents=True)
        from memos.llm.cache import keep_replies

        keep_replies(tmp_path / "out" / "cache" / "llm.sqlite", {})
        outcome = run(config)
        assert outcome["code"] == 2 and not server.requests
    (folder,) = (tmp_path / "out" / "runs" / "tiny").glob("rag-*")
    first = json.loads((folder / "ingest.jsonl").read_text().splitlines()[0])
    assert "cache=only has no embedding" in first["error"]
