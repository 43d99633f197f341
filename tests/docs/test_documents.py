"""What is cited exists: every document that code, configuration and pages name, and every anchor in it.

In Python, citations are what docstrings and comments say; names of files that a program writes are not. A citation is
a path from the repository's root, or, in a page, from the page's own folder.
"""

from __future__ import annotations

import ast
import io
import json
import re
import subprocess
import tokenize
from functools import cache
from pathlib import Path

import pytest
from readme_text import FENCE, README, ROOT, headings

GENERATED: set[str] = set()
"""Pages that another command writes."""
CITED = re.compile(r"(?<![\w/<*{.-])((?:\.\./)*[\w][\w./-]*\.(?:md|cff))(?:#([\w-]+))?(?![\w*{])")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
OUTSIDE = re.compile(r"\bspec/\w|\bspecification \w+\.md|\(design:")
"""How code used to name documents that are not in the repository."""
LONGEST_README = 150


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("this is no git checkout")
    return [ROOT / name for name in listed.stdout.split() if (ROOT / name).exists()]


@cache
def prose_of(path: Path) -> list[tuple[int, str]]:
    """Lines that speak to a reader: docstrings and comments of Python, comments of YAML, pages without code blocks."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return [(0, line) for line in LINK.sub("", FENCE.sub("", text)).splitlines()]
    if path.suffix != ".py":
        return [(n, line.partition("#")[2]) for n, line in enumerate(text.splitlines(), 1) if "#" in line]
    nodes = list(ast.walk(ast.parse(text)))
    said = [
        (node.body[0].lineno, ast.get_docstring(node) or "")
        for node in nodes
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and ast.get_docstring(node)
    ]
    said += [
        (node.lineno, node.value.value)
        for node in nodes
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    comments = tokenize.generate_tokens(io.StringIO(text).readline)
    return said + [(token.start[0], token.string) for token in comments if token.type == tokenize.COMMENT]


def citations(path: Path) -> set[tuple[int, str, str]]:
    return {(line, name, anchor) for line, said in prose_of(path) for name, anchor in CITED.findall(said)}


def target(path: Path, name: str) -> Path | None:
    places = [ROOT / name] if path.suffix != ".md" else [path.parent / name, ROOT / name]
    return next((place.resolve() for place in places if place.exists()), None)


def problem(path: Path, name: str, anchor: str) -> str:
    """Why a citation leads nowhere; empty where it leads somewhere."""
    if name.endswith(tuple(GENERATED)) or f"docs/{name}" in GENERATED:
        return ""
    place = target(path, name)
    if place is None:
        return f"{name} does not exist"
    if anchor and anchor not in {heading.anchor for heading in headings(place)}:
        return f"{name} has no heading {anchor}"
    return ""


SOURCES = [
    path
    for path in tracked("*.py", "*.yaml", "*.yml", "*.toml", "*.md", "NOTICE")
    if "fixtures" not in path.parts and path.parts[len(ROOT.parts)] != "results"
]


def test_every_document_that_is_named_exists_with_its_anchors():
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {why}"
        for path in SOURCES
        for line, name, anchor in sorted(citations(path))
        if (why := problem(path, name, anchor))
    ]
    assert wrong == []


def test_no_document_outside_the_repository_is_named():
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {named.group()}"
        for path in SOURCES
        for line, said in prose_of(path)
        if path != Path(__file__) and (named := OUTSIDE.search(said))
    ]
    assert wrong == []


def test_links_of_pages_lead_somewhere():
    wrong = []
    for page in (path for path in SOURCES if path.suffix == ".md"):
        for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
            name, _, anchor = link.partition("#")
            if not link.startswith(("http", "mailto")):
                why = problem(page, name or page.name, anchor)
                wrong += [f"{page.relative_to(ROOT)}: {link}: {why}"] if why else []
    assert wrong == []


@pytest.mark.parametrize(
    ("cited", "why"),
    [
        ("protocol.md 8.1", "protocol.md does not exist"),
        ("docs/judge.md#no-such-heading", "docs/judge.md has no heading no-such-heading"),
        ("docs/kv.md#split-attention, and more.", ""),
        ("files such as ``*.md``, ``<name>.md`` and {name}.md", None),
    ],
)
def test_a_citation_is_read_as_a_reader_would(cited, why):
    references = CITED.findall(cited)
    assert [problem(ROOT / "eval" / "x.py", *one) for one in references] == ([] if why is None else [why])


def test_anchors_are_those_of_github(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A `b` and C, d?\n\n```\n# none\n```\n## Twice\n## Twice\n### [Link](x.md): to\n", encoding="utf-8"
    )
    assert [h.anchor for h in headings(page)] == ["a-b-and-c-d", "twice", "twice-1", "link-to"]


def test_the_readme_is_short():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= LONGEST_README


def test_the_tree_of_the_readme_exists():
    block = next(body for _, body in FENCE.findall(README.read_text(encoding="utf-8")) if "run.py  " in body)
    named, above = [], ""
    for line in block.splitlines():
        name = line.split()[0]
        above = above if line.startswith(" ") else name
        named.append(f"{above}{name}" if line.startswith(" ") else name)
    assert len(named) > 10 and [name for name in named if not (ROOT / name).exists()] == []


def test_every_fitted_file_stands_in_the_notice():
    """A JSON file that says it derives from LOCOMO or the published answers is listed, and what is listed exists."""
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    listed = set(re.findall(r"^([\w./-]+\.json)$", notice, re.MULTILINE))
    derived = set()
    for path in tracked("eval/*.json", "memos/*.json", "baselines/*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        note = " ".join(str(content.get(key, "")) for key in ("note", "about")) if isinstance(content, dict) else ""
        if re.search(r"\bLOCOMO|\bap_v\d", note):
            derived.add(str(path.relative_to(ROOT)))
    assert derived == listed and len(derived) >= 6


def test_the_versions_agree():
    version = re.search(
        r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    ).group(1)
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## [{version}] - " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
