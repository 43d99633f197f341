"""Answer prompts: those of ``conf/prompt`` by id, and a user's own by its file.

``default`` is the one prompt of ``track=controlled``; the others keep, in our own words, the structure each method's
authors used, for ``track=paper`` (docs/protocol.md#answer-prompts). ``null`` replaces any of them where the context is
empty. ``brief`` is for very small models.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from eval.core.choices import lettered
from eval.core.identity import digest
from eval.core.prompting import OURS, fill, read_prompt, shipped, shipped_names
from eval.core.published_prompts import ANSWERS, PREFIX, published
from eval.core.types import AnswerTask
from memos.errors import ConfigError
from memos.types import Message

PLACES = ("context", "question", "speaker_1", "speaker_2")
IDS = ("brief", "default", "langmem", "mem0", "mem0_graph", "memos", "null", "openai_memory", "rag", "zep")
"""The prompts that an answerer without a prompt of its own is identified by; one that is added later counts where it is
used."""
JUDGES = "judge_"
"""What the names of the judges' prompts begin with."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A template of chat messages; ``{context}``, ``{question}``, ``{speaker_1}`` and ``{speaker_2}`` are filled in."""

    id: str
    system: str
    user: str = ""
    """Empty where the authors put everything into one system message."""
    source: str = OURS
    """Whose wording it is."""

    @property
    def asks_json(self) -> bool:
        """Whether it shows an object with the key ``answer`` as the form of the reply."""
        return re.search(r"[\"']answer[\"']\s*:", self.system + self.user) is not None

    @property
    def hash(self) -> str:
        """Digest of the template's text."""
        return digest([self.system, self.user])

    def messages(self, task: AnswerTask) -> tuple[Message, ...]:
        """The messages for one task."""
        fields = {
            "context": task.context.strip(),
            "question": put(task),
            "speaker_1": task.speakers[0],
            "speaker_2": " and ".join(task.speakers[1:]),
        }
        templates = (Message("system", self.system), Message("user", self.user))
        return tuple(Message(one.role, fill(one.content, fields)) for one in templates if one.content)


def put(task: AnswerTask) -> str:
    """The question as a model reads it: after the day it is asked on and what the data set tells, before the options
    it may choose from.
    """
    today = f"Today is {task.asked:%A}, {task.asked.day} {task.asked:%B %Y}. " if task.asked else ""
    before = f"{task.instruction}\n" if task.instruction else ""
    if not task.options:
        return before + today + task.question
    lines = [before + today + task.question, *lettered(task.options)]
    return "\n".join([*lines, "Reply with the letter of the one option that is right."])


class ShippedPrompts(Mapping[str, Prompt]):
    """The answer prompts of ``conf/prompt`` by id, read when they are first asked for."""

    @cached_property
    def _ids(self) -> list[str]:
        return [name for name in shipped_names() if not name.startswith(JUDGES)]

    def __getitem__(self, prompt_id: str) -> Prompt:
        if prompt_id not in self._ids:
            raise KeyError(prompt_id)
        needed = ("question",) if prompt_id == "null" else ("question", "context")
        text = shipped(prompt_id, PLACES, needed)
        return Prompt(prompt_id, text.system, text.user, text.source)

    def __contains__(self, prompt_id: object) -> bool:
        return prompt_id in self._ids

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


PROMPTS = ShippedPrompts()


def get(prompt_id: str, where: str = "answer prompt") -> Prompt:
    """The prompt of that id.

    Raises:
        ConfigError: no such prompt.
    """
    if prompt_id not in PROMPTS:
        raise ConfigError(f"{where}={prompt_id!r} is unknown; one of {', '.join(PROMPTS)}, or prompt.file=PATH")
    return PROMPTS[prompt_id]


def from_file(path: str) -> Prompt:
    """A user's own prompt, or a published one (``published:NAME``).

    Raises:
        ConfigError: the file cannot be read, or its places are not right.
    """
    if path.startswith(PREFIX):
        text = published(path, ANSWERS, "prompt.file")
        return Prompt(path, text.system, text.user, text.source)
    text = read_prompt(Path(path), PLACES, ("question", "context"), "prompt.file")
    return Prompt(f"file {Path(path).name}", text.system, text.user, text.source)
