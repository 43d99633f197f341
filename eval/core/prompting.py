"""Prompts as files: reading and checking them, and putting values into their places.

A file is YAML with ``system``, ``user`` or both, or a text whose whole content is the user's message, with YAML between
two lines ``---`` before it where something is to be said about it. ``{name}`` is a place; ``{{name}}`` is the text
``{name}`` itself; all other braces, such as those of an example in JSON, stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from eval.core.config import nearest
from eval.core.places import conf
from memos.errors import ConfigError

FIELDS = ("name", "file", "source", "system", "user", "rules")
"""Fields of a prompt's file."""
OURS = "ours"
_PLACE = re.compile(r"\{\{([A-Za-z_]\w*)\}\}|\{([A-Za-z_]\w*)\}")


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A prompt as its file says it."""

    id: str
    system: str
    user: str
    source: str
    """Whose wording it is: ``ours``, or where it was published."""
    rules: Mapping[str, str]
    """Sentences by kind of question, of which one is put into the place ``rule``; empty for most."""


def fill(template: str, fields: Mapping[str, str]) -> str:
    """A template with its places filled, in one pass: braces inside the fields stay as they are."""

    def value(match: re.Match[str]) -> str:
        literal, name = match.groups()
        if literal is not None:
            return "{" + literal + "}" if literal in fields else match.group()
        return fields.get(name, match.group())

    return _PLACE.sub(value, template)


def places(template: str) -> list[str]:
    """The names of a template's places, in order, each once."""
    return list(dict.fromkeys(name for _, name in _PLACE.findall(template) if name))


def read_prompt(path: Path, known: Collection[str], needed: Collection[str], where: str) -> PromptFile:
    """A checked prompt.

    Args:
        path: the file.
        known: names of the places it may have.
        needed: names of those it must have.
        where: the field of the configuration that names the file, for messages.

    Raises:
        ConfigError: there is no such file, it cannot be read, or a place is unknown or missing.
    """
    content = _content(path, where)
    for name in content:
        if name not in FIELDS:
            raise ConfigError(f"{where}={path}: {name}: unknown field; {nearest(str(name), FIELDS)}")
    texts = {name: content.get(name) or "" for name in ("system", "user", "source", "name")}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise ConfigError(f"{where}={path}: {name}: expected a text, found {type(text).__name__}")
    rules = content.get("rules") or {}
    if not isinstance(rules, Mapping) or not all(isinstance(rule, str) for rule in rules.values()):
        raise ConfigError(f"{where}={path}: rules: expected texts by kind of question")
    present = places(f"{texts['system']}\n{texts['user']}")
    for name in present:
        if name not in known:
            raise ConfigError(
                f"{where}={path}: unknown placeholder {{{name}}}; known: {', '.join(f'{{{one}}}' for one in known)} "
                f"(write {{{{{name}}}}} for the text itself)"
            )
    missing = [name for name in needed if name not in present]
    if missing:
        raise ConfigError(f"{where}={path}: missing placeholder {', '.join(f'{{{name}}}' for name in missing)}")
    return PromptFile(texts["name"] or path.stem, texts["system"], texts["user"], texts["source"] or str(path), rules)


def _content(path: Path, where: str) -> Mapping[str, Any]:
    try:
        text = path.expanduser().read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{where}={path}: byte {error.start}: not UTF-8 text") from error
    except OSError as error:
        raise ConfigError(
            f"{where}={path}: cannot be read: {error.strerror}; give the path of a prompt file"
        ) from error
    if path.suffix.lower() in (".yaml", ".yml"):
        return _yaml(text, path, where)
    head, body = re.fullmatch(r"(?:---\n(.*?)\n---\n)?(.*)", text.replace("\r\n", "\n"), re.DOTALL).groups()  # type: ignore[union-attr]
    said = dict(_yaml(head, path, where)) if head else {}
    if "user" in said:
        raise ConfigError(f"{where}={path}: user: the text below --- is the user's message; leave the field out")
    return {**said, "user": body.strip("\n")}


def _yaml(text: str, path: Path, where: str) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", -1) + 1
        raise ConfigError(f"{where}={path}: line {line}: not YAML: {getattr(error, 'problem', error)}") from error
    if not isinstance(content, Mapping):
        raise ConfigError(f"{where}={path}: expected fields system and user, found {type(content).__name__}")
    return content


@lru_cache(maxsize=64)
def shipped(name: str, known: tuple[str, ...], needed: tuple[str, ...]) -> PromptFile:
    """One of this project's own prompts, ``conf/prompt/<name>.yaml``."""
    return read_prompt(conf() / "prompt" / f"{name}.yaml", known, needed, "prompt")


def shipped_names() -> list[str]:
    """Names of the prompts in ``conf/prompt``, those of judges included."""
    return sorted(path.stem for path in (conf() / "prompt").glob("*.yaml") if path.stem != "own")
