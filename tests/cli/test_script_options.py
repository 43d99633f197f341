"""One word for one option in every script, and no script or test that patches the search path of modules."""

from __future__ import annotations

import ast
import contextlib
import io
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))
SHARED = {
    "--data": "FILE",
    "--out": "FOLDER",
    "--to": "FILE",
    "--cache": "FOLDER",
    "--seed": "N",
    "--limit": "N",
    "--repeats": "N",
    "--write": None,
}
"""Option to the kind of value it takes in every script that has it."""
OTHER_WORDS = {
    "--path",
    "--keep",
    "--dry",
    "--rounds",
    "--embeddings",
    "--output",
    "--dataset-file",
    "--max",
    "--count",
}
"""What these options were or might be called otherwise."""


def help_of(script: Path) -> str:
    """What a script prints for ``--help``; it runs in this process, so that all scripts share one import of torch."""
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.setattr(sys, "argv", [str(script), "--help"])
        patch.syspath_prepend(script.parent)  # where Python looks first for a script's own modules
        with pytest.raises(SystemExit) as end:
            runpy.run_path(str(script), run_name="__main__")
    assert not end.value.code, script.name
    return printed.getvalue()


def options(script: Path) -> list[tuple[str, str | None]]:
    """Every option of a script with the word for its value, as its own help shows them."""
    shown = help_of(script)
    usage = " ".join(shown.split("\n\n")[0].split())
    listed = []
    for part in usage.replace("]", " ]").split("["):
        words = part.split()
        if words and words[0].startswith("--"):
            value = words[1] if len(words) > 1 and words[1] != "]" else None
            listed.append((words[0], value))
    return listed


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_an_option_means_the_same_everywhere(script):
    for name, value in options(script):
        assert name not in OTHER_WORDS, f"{script.name} {name}: choose one of {', '.join(SHARED)}"
        if name in SHARED:
            assert value == SHARED[name], f"{script.name} {name} takes {value}, elsewhere {SHARED[name]}"


def test_options_are_read_from_the_help():
    assert ("--out", "FOLDER") in options(ROOT / "scripts" / "tables.py")
    assert ("--write", None) in options(ROOT / "scripts" / "train_frames.py")


def test_nothing_patches_the_search_path_of_modules():
    for path in [
        *ROOT.glob("*.py"),
        *(p for top in ("scripts", "tests", "eval", "memos") for p in (ROOT / top).rglob("*.py")),
    ]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("insert", "append", "extend"):
                assert ast.unparse(node.value) != "sys.path", f"{path.relative_to(ROOT)}: line {node.lineno}"
