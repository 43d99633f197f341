"""A chat as text by a model's own template, whatever roles that template takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from memos.errors import ConfigError
from memos.llm.control_tokens import marked
from memos.types import Message


def rendered(tokenizer: Any, messages: Sequence[Message], **values: Any) -> str | None:
    """The chat up to the start of the reply; None where the tokenizer has no template.

    Control tokens in the messages are marked as text; ``control_tokens.token_ids`` reads the result.

    A template that refuses a system message (Gemma's does) is given its text at the head of the first message of the
    user, which is what such models were trained with.

    Args:
        values: further values that the template reads, such as ``enable_thinking``.

    Raises:
        ConfigError: the template refuses the chat in that form too; names its reason.
    """
    if not tokenizer.chat_template:
        return None
    from jinja2 import TemplateError

    try:
        return _applied(tokenizer, messages, values)
    except TemplateError as error:
        merged = without_system(messages)
        if merged == tuple(messages):
            raise _refused(tokenizer, error) from error
    try:
        return _applied(tokenizer, merged, values)
    except TemplateError as error:
        raise _refused(tokenizer, error) from error


def without_system(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The chat with its system message at the head of the user's first; as it is where there is no such pair."""
    if len(messages) < 2 or messages[0].role != "system" or messages[1].role != "user":
        return tuple(messages)
    first = Message("user", f"{messages[0].content}\n\n{messages[1].content}")
    return (first, *messages[2:])


def _applied(tokenizer: Any, messages: Sequence[Message], values: dict[str, Any]) -> str:
    turns = [{"role": message.role, "content": marked(tokenizer, message.content)} for message in messages]
    return tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False, **values)


def _refused(tokenizer: Any, error: Exception) -> ConfigError:
    name = getattr(tokenizer, "name_or_path", "") or "the model"
    return ConfigError(f"{name}: its chat template refuses this chat: {str(error).splitlines()[0]}")
