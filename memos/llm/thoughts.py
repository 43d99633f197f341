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


def without_thoughts(text: str) -> str:
    """A model's reply without its thinking, stripped.

    Known are the marks of Qwen, DeepSeek, Kimi, Magistral and gpt-oss. Where only the end mark is there (the opening
    one stood in the prompt's template) all before it is thinking; where only the opening one is, the reply never came
    and nothing is left. A text without marks stays as it is.
    """
    if "<|channel|>" in text:
        text = _MARK.sub("", _OTHER_CHANNEL.sub("", _FINAL.sub("", text)))
    for marked in (_BLOCK, _CLOSED, _UNCLOSED):
        text = marked.sub(" ", text)
    return text.strip()
