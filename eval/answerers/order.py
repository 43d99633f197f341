"""The order of an answer prompt: context before question, so that all questions about one context begin alike."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from memos.errors import ConfigError

if TYPE_CHECKING:
    from eval.answerers.prompts import Prompt

_CONTEXT, _QUESTION = "{context}", "{question}"


def context_first(prompt: Prompt) -> Prompt:
    """The prompt with the paragraph that holds the question after the one that holds the context; the same where it is
    so already, or where it has no context.

    Raises:
        ConfigError: question and context stand in one paragraph, or in different messages with the question first.
    """
    messages = [prompt.system, prompt.user]
    places = {mark: [i for i, text in enumerate(messages) if mark in text] for mark in (_CONTEXT, _QUESTION)}
    if not places[_CONTEXT] or not places[_QUESTION]:
        return prompt
    last_context, first_question = places[_CONTEXT][-1], places[_QUESTION][0]
    if last_context < first_question:
        return prompt
    if last_context > first_question:
        raise _immovable(prompt, "the question stands in an earlier message than the context")
    texts = list(messages)
    texts[last_context] = _reordered(prompt, texts[last_context])
    return replace(prompt, system=texts[0], user=texts[1])


def _reordered(prompt: Prompt, text: str) -> str:
    """One message with its paragraphs in order."""
    if text.rindex(_CONTEXT) < text.index(_QUESTION):
        return text
    pieces = re.split(r"(\n(?:[ \t]*\n)+)", text)  # paragraphs, and what parts them
    paragraphs, gaps = pieces[::2], pieces[1::2]
    asking = [i for i, one in enumerate(paragraphs) if _QUESTION in one]
    shown = [i for i, one in enumerate(paragraphs) if _CONTEXT in one]
    if set(asking) & set(shown):
        raise _immovable(prompt, "question and context stand in one paragraph")
    last = shown[-1]
    moved = [i for i in asking if i < last]
    order = [i for i in range(last + 1) if i not in moved] + moved + list(range(last + 1, len(paragraphs)))
    out = [paragraphs[order[0]]]
    for gap, place in zip(gaps, order[1:], strict=True):
        out += [gap, paragraphs[place]]
    return "".join(out)


def _immovable(prompt: Prompt, why: str) -> ConfigError:
    return ConfigError(
        f"answerer.context_first=true: prompt {prompt.id!r} cannot be put in that order, {why}; part them by an empty "
        "line, or set answerer.context_first=false"
    )
