"""The house: imports point down only, and importing the packages loads nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = {"memos": 0, "baselines": 1, "eval": 2, "scripts": 3, "run": 3}
HEAVY = ("torch", "transformers", "pandas", "matplotlib", "openai", "faiss", "sklearn", "nltk")


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("room", ["memos", "baselines", "eval"])
def test_imports_point_down_only(room):
    upward = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / room).rglob("*.py")
        for name in imported(path)
        if FLOORS.get(name, -1) > FLOORS[room]
    ]
    assert not upward


def test_import_is_light():
    code = (
        "import sys, memos, baselines, eval, eval.command.cli;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_module_is_longer_than_400_lines():
    long = [
        str(path.relative_to(ROOT))
        for room in ("memos", "baselines", "eval", "scripts")
        for path in (ROOT / room).rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > 400
    ]
    assert not long
