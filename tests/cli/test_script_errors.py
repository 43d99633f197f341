"""Every script tells an expected error in one line, with exit status 1."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import warm

from eval.command.script import one_line_errors
from memos.errors import DataError

ROOT = Path(__file__).parents[2]


def test_an_expected_error_is_one_line(capsys):
    @one_line_errors
    def main(path: str) -> None:
        raise DataError(f"{path}: no such file")

    assert main("a.json") == 1
    assert capsys.readouterr().err == "error: a.json: no such file\n"


def test_a_status_goes_through_and_other_errors_are_not_hidden():
    assert one_line_errors(lambda: None)() == 0
    assert one_line_errors(lambda: 3)() == 3
    with pytest.raises(ZeroDivisionError):
        one_line_errors(lambda: 1 / 0)()


@pytest.mark.parametrize(
    "command",
    [
        ("bench_answerers.py", "--data", "absent.json"),
        ("bench_scheduler.py", "--data", "absent.json"),
        ("bench_kv.py", "shared", "--dataset", "absent.json"),
        ("bench_scoring.py", "absent.jsonl"),
        ("train_reader.py", "--data", "absent.json"),
        ("train_retrieval.py", "--data", "absent.json"),
        ("rescore.py", "absent"),
        ("figures.py", "absent"),
        ("tables.py", "absent"),
        ("report.py", "absent"),
        ("compare.py", "absent", "absent"),
    ],
    ids=lambda command: command[0],
)
def test_scripts_name_a_missing_file(command, tmp_path):
    name, *rest = command
    done = warm.run([sys.executable, ROOT / "scripts" / name, *rest], cwd=tmp_path, capture_output=True, text=True)
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 1, done.stderr
    assert last.startswith("error: ") and "absent" in last and "Traceback" not in done.stderr
