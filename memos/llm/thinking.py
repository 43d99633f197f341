"""What a model thought, apart from what it said: thinking text never stands in a reply."""

from __future__ import annotations

import re

_NAMES = r"(?:think|thinking|thought|reasoning)"
_BLOCK = re.compile(rf"<({_NAMES})>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_OPEN = re.compile(rf"\s*<{_NAMES}>(.*)\Z", re.DOTALL | re.IGNORECASE)
_CLOSE = re.compile(rf"(.*?)</{_NAMES}>", re.DOTALL | re.IGNORECASE)


def split_thinking(text: str) -> tuple[str, str]:
    """The reply without its thinking, and the thinking.

    Closed blocks (``<think>…</think>``) are taken out wherever they stand. A reply that begins with a block that was
    never closed (its limit cut it) is all thinking. A closing tag alone ends the thinking that the chat template opened
    in the prompt.
    """
    thoughts = [match.group(2).strip() for match in _BLOCK.finditer(text)]
    said = _BLOCK.sub("", text) if thoughts else text
    if match := _OPEN.match(said):
        thoughts.append(match.group(1).strip())
        said = ""
    elif match := _CLOSE.match(said):
        thoughts.insert(0, match.group(1).strip())
        said = said[match.end() :]
    if not thoughts:
        return text, ""
    return said.strip(), "\n".join(filter(None, thoughts))
