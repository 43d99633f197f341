"""The commands and code blocks of the README."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"
EXAMPLE = "my_memory"
"""The name of a system that the reader is to write."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    """Single commands of the bash blocks (joined over a trailing backslash, split at &&) and of the running text."""
    text = re.sub(r"```.*?```", "", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    inline = re.findall(r"`((?:python|make|pip|pytest) [^`]+)`", text)
    lines = [line for block in blocks("bash") for line in block.replace("\\\n", " ").splitlines()]
    single = [part for line in lines + inline for part in re.split(r"\s&&\s", re.sub(r"(^|\s)#\s.*", "", line))]
    return list(dict.fromkeys(" ".join(part.split()) for part in single if part.strip() and EXAMPLE not in part and "*.py" not in part))


def words(command: str) -> list[str]:
    return shlex.split(command)


def of(*start: str) -> list[str]:
    return [c for c in commands() if tuple(words(c)[: len(start)]) == start]
