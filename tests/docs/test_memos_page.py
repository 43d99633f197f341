"""The blocks of docs/memos.md are run, in order and in this process, by the mock embedder."""

import os
import re
import shlex
from contextlib import redirect_stdout
from io import StringIO

import pytest
from readme_text import ROOT

from memos.__main__ import main
from memos.commands import COMMANDS
from memos.embed.mock import Mock

PAGE = (ROOT / "docs" / "memos.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.M | re.S)
NAMED = re.compile(r"(\w+)=\$\((memos .*?)(?: \| (cut -d' ' -f1))?\)")


class Shell:
    """As much of a shell as the page uses: variables, and the output of a command in place of it."""

    def __init__(self) -> None:
        self.variables: dict[str, str] = {}
        self.run: list[tuple[list[str], str]] = []

    def memos(self, line: str) -> str:
        words = [re.sub(r"\$(\w+)", lambda name: self.variables[name[1]], word) for word in shlex.split(line)[1:]]
        with redirect_stdout(StringIO()) as out:
            assert main(["--vault", "page.sqlite", "--embedder", "mock", *words]) == 0, line
        self.run.append((words, out.getvalue()))
        return out.getvalue().rstrip("\n")

    def line(self, line: str) -> None:
        named = NAMED.fullmatch(line)
        if named is None:
            self.memos(line)
        else:
            said = self.memos(named[2])
            self.variables[named[1]] = said.split(" ")[0] if named[3] else said

    def output(self, *words: str, without: str = "") -> str:
        """What the last command with these words printed."""
        return next(said for given, said in reversed(self.run) if set(words) <= set(given) and without not in given)


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    here, folder = os.getcwd(), tmp_path_factory.mktemp("page")
    os.chdir(folder)
    shell = Shell()
    try:
        for kind, text in BLOCKS:
            if kind == "yaml":
                (folder / text.splitlines()[0].removeprefix("# ")).write_text(text, encoding="utf-8")
            elif kind == "bash":
                for line in text.splitlines():
                    shell.line(line)
    finally:
        os.chdir(here)
    return shell


def test_every_command_of_the_page_does_what_the_page_says(shell):
    assert "library" in shell.output("search", "Where does Ben work?", without="--as-of").splitlines()[0]
    assert "harbour" in shell.output("--as-of").splitlines()[0] and "library" not in shell.output("--as-of")
    assert "contradicted by" in shell.output("history")
    assert re.fullmatch(r"[1-9]\d* audit entries, the chain is unbroken\n", shell.output("verify"))
    assert shell.output("forget", "--erase").strip() == shell.variables["bicycle"]
    offer = shell.variables["offer"]
    assert shell.output("ben", "pull").split() == [offer, "by", "ana", "lab"] == shell.output("cleo", "pull").split()
    assert "open the gas valve" in shell.output("ben", "read")
    learned = shell.output("learn")
    assert (
        "How to book a seat on the train to <to>" in learned and "book_seat failed at first: unknown train" in learned
    )
    assert shell.output("skills").startswith(learned.split()[0])
    assert "freeze: ok" in shell.output("pipeline")
    assert "This week, on library:" in shell.output("search", "this week library")


def test_the_page_shows_every_command_of_this_room(shell):
    shown = {word for words, _ in shell.run for word in words}
    assert set(COMMANDS) <= shown


@pytest.mark.parametrize("program", [text for kind, text in BLOCKS if kind == "python"])
def test_programs_of_the_page(program, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("memos.embed.minilm.MiniLM", lambda *args: Mock(Mock.Config()))
    exec(compile(program, "docs/memos.md", "exec"), {})
    wanted = [line.partition("  # ")[2] for line in program.splitlines() if "print(" in line]
    for printed, said in zip(capsys.readouterr().out.splitlines(), wanted, strict=True):
        assert said in ("", printed)
