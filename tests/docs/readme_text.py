"""The pages a reader follows, and the commands and code blocks in them."""

from __future__ import annotations

import re
import runpy
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
PAGES = (README, *sorted((ROOT / "docs").glob("*.md")))
"""Pages whose commands are run as they stand. Those of CONTRIBUTING.md need the files it tells the reader to write."""
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"^`([\w./-]+)`:?\n\n```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Heading:
    """A heading of a page, with the anchor that GitHub gives it."""

    text: str
    anchor: str


def text_of(pages: tuple[Path, ...] = PAGES) -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def blocks(language: str, pages: tuple[Path, ...] = PAGES) -> list[str]:
    return list(dict.fromkeys(block for kind, block in FENCE.findall(text_of(pages)) if kind == language))


def named_files(page: Path) -> dict[str, str]:
    """Files that a page tells the reader to write: a line with the path alone, then a block with the content."""
    return dict(NAMED.findall(page.read_text(encoding="utf-8")))


def commands(pages: tuple[Path, ...] = PAGES) -> list[str]:
    """Single commands of the bash blocks (joined over a trailing backslash, split at &&) and of the running text."""
    prose = FENCE.sub("", text_of(pages))
    inline = re.findall(r"`((?:python|make|pip|pytest|memos|memos-bench) [^`]+)`", prose)
    lines = [line for block in blocks("bash", pages) for line in block.replace("\\\n", " ").splitlines()]
    single = [step for line in lines + inline for step in re.split(r"\s&&\s", re.sub(r"(^|\s)#\s.*", "", line))]
    return list(dict.fromkeys(" ".join(step.split()) for step in single if step.strip() and "*.py" not in step))


def words(command: str) -> list[str]:
    return shlex.split(command)


def of(*start: str, pages: tuple[Path, ...] = PAGES) -> list[str]:
    return [c for c in commands(pages) if tuple(words(c)[: len(start)]) == start]


def synthetic_fields(command: str, place: Path) -> list[str]:
    """What gives a command a synthetic file of the data set that it names, or that its experiment is about, below a
    folder; empty where it takes LOCOMO's, or makes its data.
    """
    given = dict(word.partition("=")[::2] for word in words(command)[2:])
    name = given.get("dataset") or given.get("experiment", "")
    maker = ROOT / "tests" / "datasets" / "synthetic" / f"{name}.py"
    if name in ("locomo", "tiny", "generated") or not maker.is_file():
        return []
    folder = place / name
    folder.mkdir(parents=True, exist_ok=True)
    fields = runpy.run_path(str(maker))["synthetic"](folder)
    return [f"dataset.{field}={value}" for field, value in fields.items()]


def headings(page: Path) -> list[Heading]:
    """Headings outside code, each with GitHub's anchor: lower case, no marks, hyphens for blanks, repeats counted."""
    seen: dict[str, int] = {}
    made = []
    for title in re.findall(r"^#{1,6} +(.+?) *$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE):
        plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", title)
        anchor = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        count = seen.get(anchor, 0)
        seen[anchor] = count + 1
        made.append(Heading(title, f"{anchor}-{count}" if count else anchor))
    return made
