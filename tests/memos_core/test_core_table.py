"""The table of checks names tests for each check and defect; they exist, and their docstrings name the check."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    line.split("|")[1:-1]
    for line in (Path(__file__).parent / "README.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| (C\d+|#\d+) ", line)
]


def functions():
    """Docstring of every test by name; the state machine's invariant counts as one."""
    docstrings = {}
    for folder in ("memos_core", "memos_retrieval", "activation"):
        for path in (ROOT / "tests" / folder).glob("test_*.py"):
            nodes = (
                node
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.FunctionDef)
            )
            docstrings.update((node.name, ast.get_docstring(node) or "") for node in nodes)
    return docstrings


def test_every_check_and_defect_has_a_row():
    wanted = {f"C{n}" for n in (*range(1, 32), *range(42, 50))} | {f"#{n}" for n in range(11, 29)}
    assert {row[0].strip() for row in ROWS} == wanted and len(ROWS) == len(wanted)


def test_every_named_test_exists_and_names_its_check():
    known = functions()
    for check, _, tests in ROWS:
        named = re.findall(r"`(test_\w+|log_explains_the_states)`", tests)
        assert named and set(named) <= set(known), (check, set(named) - set(known))
        number = check.strip().lstrip("#")
        assert all(re.search(rf"\b{number}\b", known[name]) for name in named), (check, named)
