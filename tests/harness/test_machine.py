"""Errors of the machine end a run in one line, and the same command goes on: full disks, bad folders, a reader that
left."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from eval.command.jobs import run_job
from eval.core import machine
from eval.runs.write import Journal
from eval.stages.boundary import Failed, attempt
from memos import resources, terminal
from memos.errors import ConfigError


def failing(number: int, file: str | None = "/r/a.jsonl") -> OSError:
    return OSError(number, os.strerror(number), file)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "/r/a.jsonl: No space left on device; .* make room; what was recorded is kept"),
        (errno.EDQUOT, "make room"),
        (errno.EROFS, "Read-only file system; give a folder that can be written"),
        (errno.EACCES, "Permission denied; give a folder that can be written"),
        (errno.ENOTDIR, "a file stands where a folder belongs"),
        (errno.EIO, "the same command goes on"),
    ],
)
def test_one_line_names_file_reason_and_way_out(number, said):
    with pytest.raises(ConfigError, match=said):
        raise ConfigError(machine.line(failing(number)))


def test_a_full_disk_is_no_questions_own_failure():
    def full():
        raise failing(errno.ENOSPC)

    with pytest.raises(OSError, match="No space"):
        attempt(full)
    assert isinstance(attempt(lambda: open("/no/such/file")), Failed)
    with sqlite3.connect(":memory:") as db:
        db.execute("PRAGMA max_page_count = 2")
        db.execute("CREATE TABLE t (x)")
        with pytest.raises(sqlite3.OperationalError) as caught:
            attempt(lambda: db.execute("INSERT INTO t VALUES (?)", ("x" * 100_000,)))
    assert "full; make room" in machine.line(caught.value)


def test_a_disk_that_fills_up_ends_the_run_and_the_same_command_finishes_it(made, monkeypatch):
    run, own, left = made("latency.questions=0"), Journal._append, [40]

    def append(journal, *records):
        left[0] -= 1
        if left[0] < 0:
            raise failing(errno.ENOSPC, str(journal.path))
        own(journal, *records)

    monkeypatch.setattr(Journal, "_append", append)
    outcome = run_job(run.config)
    assert outcome["code"] == 1 and "No space left on device" in outcome["message"] and "\n" not in outcome["message"]
    searched = sum(path.read_bytes().count(b"\n") for path in run.folder.glob("*.jsonl"))
    assert searched > 10, "what was recorded before is kept"
    left[0] = 10**6
    assert run_job(run.config)["code"] == 0


def test_a_results_folder_that_can_be_none_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    machine.check_folder(str(tmp_path / "new" / "deeper"))
    for name, said in (("file", "is no folder"), ("file/below", "is no folder"), ("link", "does not exist")):
        with pytest.raises(ConfigError, match=said):
            machine.check_folder(str(tmp_path / name))


@pytest.mark.parametrize("home", ["file/below", "", None])
def test_a_home_that_cannot_be_written_costs_the_cache_alone(home, tmp_path, monkeypatch, capsys):
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path / (home or "")))
    monkeypatch.setattr(machine.atexit, "register", lambda *_, **__: None)
    monkeypatch.setattr(machine.tempfile, "mkdtemp", lambda prefix: str(tmp_path / prefix))
    if home is None:
        monkeypatch.setattr(machine, "cache_root", homeless)
    machine.provide_cache()
    told = capsys.readouterr().out
    if home == "":
        assert told == "" and os.environ["XDG_CACHE_HOME"] == "", "it can be made"
        return
    assert told.startswith("note: ") and "cannot be made; this command goes on with" in told and told.count("\n") == 1
    assert resources.cache_root() == tmp_path / "memos-repro-" / "memos-repro"


def test_a_reader_that_leaves_and_a_terminal_of_ascii():
    """``| head`` ends a command quietly; a table with signs that a terminal lacks is printed all the same."""
    code = (
        "from eval.command.script import one_line_errors\n"
        "@one_line_errors\ndef main():\n    print('≈ ' * 10)\n"
        "    for n in range(100000): print('line', n)\nraise SystemExit(main())"
    )
    ran = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert ran.stdout is not None and ran.stderr is not None
    assert ran.stdout.readline() == b"? ? ? ? ? ? ? ? ? ? \n"
    ran.stdout.close()
    assert ran.stderr.read() == b"" and ran.wait(60) == terminal.READER_LEFT
