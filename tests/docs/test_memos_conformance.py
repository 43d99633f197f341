"""docs/memos_conformance.md names tests that exist, and every statement has one."""

import re

from readme_text import ROOT

PAGE = (ROOT / "docs" / "memos_conformance.md").read_text(encoding="utf-8")
SHOWN, OPEN = PAGE.split("## What does not matter yet")
DEFINED = {
    name
    for path in (ROOT / "tests").rglob("*.py")
    for name in re.findall(r"^def (test_\w+)\(", path.read_text(encoding="utf-8"), re.M)
}


def test_every_statement_names_a_test_that_there_is():
    rows = re.findall(r"^\| (?!statement|---)(.+?) \| (.+) \|$", SHOWN, re.M)
    assert len(rows) > 50
    named = {statement: re.findall(r"`(test_\w+)`", tests) for statement, tests in rows}
    assert [statement for statement, tests in named.items() if not tests] == []
    assert {test for tests in named.values() for test in tests} - DEFINED == set()


def test_what_is_open_is_named():
    assert len(re.findall(r"^\| (?!what|---)", OPEN, re.M)) > 5
