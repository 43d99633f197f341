"""How a memory system's calls become those of an MCP server's tools: arguments filled in, replies read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from memos.errors import ConfigError, DataError, on_one_line

_HOLE = re.compile(r"\{(\w+)\}")


def check_holes(template: Any, known: Sequence[str], where: str) -> None:
    """Refuse a placeholder that nothing fills.

    Raises:
        ConfigError: naming the field, the placeholder and those that there are.
    """
    for name in holes(template):
        if name not in known:
            raise ConfigError(f"{where}: nothing fills {{{name}}}; known: {', '.join(f'{{{one}}}' for one in known)}")


def holes(template: Any) -> list[str]:
    """Names of the placeholders in a text, or anywhere in lists and objects."""
    if isinstance(template, str):
        return _HOLE.findall(template)
    if isinstance(template, Mapping):
        return [name for value in template.values() for name in holes(value)]
    return [name for value in template for name in holes(value)] if isinstance(template, (list, tuple)) else []


def filled(template: Any, given: Mapping[str, Any]) -> Any:
    """A template with its placeholders replaced; one that is a whole value keeps the kind of what replaces it."""
    if isinstance(template, Mapping):
        return {key: filled(value, given) for key, value in template.items()}
    if isinstance(template, (list, tuple)):
        return [filled(value, given) for value in template]
    if not isinstance(template, str):
        return template
    whole = _HOLE.fullmatch(template)
    return given[whole[1]] if whole else _HOLE.sub(lambda hole: str(given[hole[1]]), template)


def at(value: Any, path: str) -> Any:
    """What lies at a path such as ``metadata.turn`` of a reply; None where there is nothing."""
    for name in path.split(".") if path else ():
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal():
            value = value[int(name)] if int(name) < len(value) else None
        else:
            return None
    return value


def listed(structured: Any, texts: Sequence[str], path: str, tool: str) -> list[Any]:
    """The entries of a reply.

    Args:
        structured: the reply's structured content; None where it has none: then the first text is read as JSON.
        texts: the reply's texts; without a path, and where they are no JSON list, each is an entry.
        path: where the list lies in the reply; empty: the reply itself.
        tool: for messages.

    Raises:
        DataError: there is no list.
    """
    reply = structured if at(structured, path) is not None and (path or isinstance(structured, list)) else None
    if reply is None and texts:
        try:
            reply = json.loads(texts[0])
        except ValueError:
            reply = None
    entries = at(reply, path)
    if entries is None and not path:
        return list(texts)
    if not path and len(texts) > 1:  # a list is sent as one text an entry
        return [_read(text) for text in texts]
    if not path and isinstance(entries, Mapping):
        return [entries]
    if not isinstance(entries, list):
        shown = on_one_line(texts[0] if texts else repr(structured))[:80]
        raise DataError(f"{tool}: no list at system.hits={path!r} of the reply: {shown!r}")
    return entries


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def text_of(entry: Any, path: str) -> str:
    """The text of an entry; of several texts one a line. Empty where there is none."""
    value = at(entry, path)
    if isinstance(value, list):
        return "\n".join(str(one) for one in value)
    return "" if value is None else str(value)


def names_of(entry: Any, path: str | None, known: frozenset[str]) -> tuple[str, ...]:
    """Those texts at a path, one or a list of them, that are known names; the server keeps others there too."""
    value = at(entry, path) if path is not None else None
    names = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str) and name in known))
