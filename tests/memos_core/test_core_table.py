"""The table of checks names a test for each check and defect, and the tests exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROWS = [line.split("|")[1:-1] for line in (Path(__file__).parent / "README.md").read_text(encoding="utf-8").splitlines()
        if re.match(r"\| (C\d+|#\d+) ", line)]  # fmt: skip


def functions():
    found = set()
    for folder in ("memos_core", "memos_retrieval"):
        for path in (ROOT / "tests" / folder).glob("test_*.py"):
            found |= {node.name for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)}
    return found


def test_every_check_and_defect_has_a_row():
    wanted = {f"C{n}" for n in (*range(1, 32), *range(42, 50))} | {f"#{n}" for n in range(11, 29)}
    assert {row[0].strip() for row in ROWS} == wanted and len(ROWS) == len(wanted)


def test_every_named_test_exists():
    known = functions()
    for check, _, tests in ROWS:
        named = re.findall(r"`(test_\w+|log_explains_the_states)`", tests)
        assert named or check.strip() == "C28", check
        assert set(named) <= known, (check, set(named) - known)
