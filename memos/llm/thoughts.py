"""What a model thought aloud before it replied: cut, so that a draft is never taken for the reply."""

from __future__ import annotations

import re

_NAMES = "(?:seed:)?(?:think|thinking|thoughts?|reasoning|scratchpad)"
_OPEN = rf"(?:<{_NAMES}>|\[{_NAMES}\]|◁{_NAMES}▷)"
_CLOSE = rf"(?:</{_NAMES}>|\[/{_NAMES}\]|◁/{_NAMES}▷)"
_BLOCK = re.compile(rf"{_OPEN}.*?{_CLOSE}", re.DOTALL | re.IGNORECASE)
_CLOSED = re.compile(rf"\A.*{_CLOSE}", re.DOTALL | re.IGNORECASE)
_UNCLOSED = re.compile(rf"{_OPEN}.*\Z", re.DOTALL | re.IGNORECASE)
_FINAL = re.compile(r"\A.*<\|channel\|>final<\|message\|>", re.DOTALL)
_OTHER_CHANNEL = re.compile(r"<\|channel\|>(?:analysis|commentary)<\|message\|>.*?(?:<\|end\|>|\Z)", re.DOTALL)
_MARK = re.compile(r"<\|(?:start|end|return|message|channel)\|>")


_MARKED = re.compile(rf"{_OPEN}|{_CLOSE}", re.IGNORECASE)


def without_thoughts(text: str) -> str:
    """A model's reply without its thinking, stripped.

    Known are the marks of Qwen, DeepSeek, Kimi, Magistral and gpt-oss. Where only the end mark is there (the opening
    one stood in the prompt's template) all before it is thinking; where only the opening one is, the reply never came
    and nothing is left. A text without marks stays as it is.
    """
    return split_thoughts(text)[0].strip()


def split_thoughts(text: str) -> tuple[str, str]:
    """A reply without its thinking, and the thinking; a text without marks as it is, and nothing."""
    thoughts: list[str] = []

    def cut(match: re.Match[str]) -> str:
        thoughts.append(_MARK.sub("", _MARKED.sub("", match.group())).strip())
        return " "

    said = text
    if "<|channel|>" in said:
        for marked in (_FINAL, _OTHER_CHANNEL):
            said = marked.sub(cut, said)
        said = _MARK.sub("", said)
    for marked in (_BLOCK, _CLOSED, _UNCLOSED):
        said = marked.sub(cut, said)
    return (said if said == text else said.strip()), "\n".join(filter(None, thoughts))
