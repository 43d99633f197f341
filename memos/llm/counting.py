"""Tokens of a prompt, by the tokenizer of the model it is for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from memos.errors import ConfigError, require
from memos.llm.chat_template import rendered
from memos.llm.control_tokens import token_ids
from memos.types import Message

_MESSAGE_TOKENS, _REPLY_TOKENS = 4, 3
"""Tokens the chat template adds for each message and for the start of the reply (OpenAI's figures)."""
_BLOCK = 50_000
_SPLIT_HERE = re.compile(r"(?<=\S)(?= [A-Za-z])")


def most_tokens(messages: Sequence[Message]) -> int:
    """More tokens than a prompt can have: a token has at least one byte."""
    return sum(len(m.content.encode("utf-8", "replace")) + _MESSAGE_TOKENS for m in messages) + _REPLY_TOKENS


def prompt_counter(tokenizer: str | None) -> Callable[[Sequence[Message]], int]:
    """A function that counts the tokens of a prompt, template included.

    Args:
        tokenizer: name of a tiktoken encoding, or folder or hub id of a transformers tokenizer; None: cl100k, which is
            near every current model's count.

    Raises:
        ConfigError: there is no such tokenizer.
        MissingDependency: it needs transformers, which is not installed.
    """
    if tokenizer is None:
        from memos.tokens import count_tokens

        return lambda messages: _framed(messages, count_tokens)
    return _named(tokenizer)


def _framed(messages: Sequence[Message], count: Callable[[str], int]) -> int:
    return sum(count(message.content) + _MESSAGE_TOKENS for message in messages) + _REPLY_TOKENS


@lru_cache(maxsize=8)
def _named(name: str) -> Callable[[Sequence[Message]], int]:
    import bpe_openai

    known = bpe_openai.list_encoding_names()
    if name in known:
        encoding = bpe_openai.get_encoding(name)
        return lambda messages: _framed(
            messages, lambda text: sum(len(encoding.encode_ordinary(block)) for block in _blocks(text))
        )
    folder = Path(name).expanduser()
    if not folder.is_dir() and (name.startswith(("/", ".", "~")) or "/" not in name):
        raise ConfigError(
            f"llm.tokenizer={name!r} is no folder, no hub id (owner/name) and none of {', '.join(sorted(known))}"
        )
    return _transformers(name, folder)


def _blocks(text: str) -> Iterator[str]:
    """A text in blocks that the encoder takes; a single space before a letter always begins a new token."""
    start = 0
    while len(text) - start > _BLOCK and (cut := _SPLIT_HERE.search(text, start + _BLOCK)):
        yield text[start : cut.start()]
        start = cut.start()
    yield text[start:]


def _transformers(name: str, folder: Path) -> Callable[[Sequence[Message]], int]:
    transformers = require("transformers", "embedded")
    local = {"local_files_only": True} if folder.is_dir() else {}
    try:
        tokenizer: Any = transformers.AutoTokenizer.from_pretrained(str(folder) if local else name, **local)
    except (OSError, ValueError) as error:
        line = str(error).strip().splitlines()[0]
        raise ConfigError(f"llm.tokenizer={name!r} cannot be loaded: {line}") from error
    if not tokenizer.chat_template:
        return lambda messages: _framed(messages, lambda text: len(tokenizer.encode(text, add_special_tokens=False)))

    def count(messages: Sequence[Message]) -> int:
        return len(token_ids(tokenizer, rendered(tokenizer, messages) or ""))

    return count
