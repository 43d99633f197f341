"""What goes wrong around the command ``memos``: one line each, exit code 1, any text on any terminal."""

from __future__ import annotations

import errno
import io
import os
import sqlite3
import sys

import pytest

from memos import __main__ as command
from memos import terminal


@pytest.fixture
def run(tmp_path, capsys):
    def of(*words: str) -> tuple[int, str, str]:
        code = command.main(["--vault", str(tmp_path / "v.sqlite"), "--embedder", "mock", *words])
        out, err = capsys.readouterr()
        return code, out, err

    return of


@pytest.mark.parametrize("words", [("show", "x\ny"), ("--user", "a\nb", "restore", "x\x1b[2J", "3"), ("dump", "")])
def test_what_was_typed_stays_on_one_line(run, words):
    code, out, err = run(*words)
    assert code == 1 and not out and err.startswith("error: ") and err.count("\n") == 1 and "\x1b" not in err


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/v/f"), "error: /v/f: No space left on device\n"),
        (FileExistsError(errno.EEXIST, "File exists", b"/v"), "error: /v: File exists\n"),
        (sqlite3.OperationalError("disk\nfull"), "error: disk full\n"),
    ],
)
def test_errors_of_the_machine_are_one_line(run, monkeypatch, error, said):
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(command, "_run", fails)
    assert run("stats") == (1, "", said)


def test_a_reader_that_leaves_ends_it_quietly(run, monkeypatch):
    def left(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(command, "_run", left)
    monkeypatch.setattr(terminal, "leave", lambda: sys.exit(terminal.READER_LEFT))
    with pytest.raises(SystemExit) as ended:
        run("stats")
    assert ended.value.code == terminal.READER_LEFT


def test_a_terminal_of_ascii_shows_what_it_can(run, monkeypatch):
    run("add", "Kayak: Наташа 🚲")
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding="ascii"))
    assert run("search", "kayak")[0] == 0
    sys.stdout.flush()
    assert b"Kayak: ?????? ?" in shown.getvalue()
