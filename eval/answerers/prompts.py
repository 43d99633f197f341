"""Answer prompts by id: the shared one and, in our own words, the structure each method's authors used.

Structures: docs/protocol.md#answer-prompts. ``default`` is the one prompt of ``track=controlled``; the others serve
``track=paper``. ``rag`` serves rag, full_context and oracle too. ``null`` replaces any of them where the context is
empty.
``brief`` is for very small models.
"""

from __future__ import annotations

from dataclasses import dataclass

from eval.core.identity import digest
from eval.core.types import AnswerTask
from memos.errors import ConfigError
from memos.types import Message


@dataclass(frozen=True, slots=True)
class Prompt:
    """A template of chat messages; ``{context}``, ``{question}``, ``{speaker_1}`` and ``{speaker_2}`` are filled in."""

    id: str
    system: str
    user: str = ""
    """Empty where the authors put everything into one system message."""

    @property
    def hash(self) -> str:
        """Digest of the template's text."""
        return digest([self.system, self.user])

    def messages(self, task: AnswerTask) -> tuple[Message, ...]:
        """The messages for one task."""
        fields = {
            "context": task.context.strip(),
            "question": task.question,
            "speaker_1": task.speakers[0],
            "speaker_2": task.speakers[1],
        }
        templates = (Message("system", self.system), Message("user", self.user))
        return tuple(Message(part.role, part.content.format(**fields)) for part in templates if part.content)


_MEM0_RULES = """You help people by recalling what is kept in a store of conversation memories.

What you are given: memories of two people, {speaker_1} and {speaker_2}, who talk with each other. Every memory \
carries the time it was noted. Some of what they say bears on the question below, some does not.

Rules:
1. Look through all memories of both people before you answer.
2. Use the times of the memories to work out when things happened.
3. Where the question asks for a fact or an event, look for memories that state it outright.
4. Where memories contradict each other, believe the newest one.
5. Where a memory speaks of time relatively ("last year", "two months ago"), compute the date from the memory's own \
time: a memory noted on 4 May 2022 that mentions a trip last year tells of a trip in 2021.
6. Never leave a relative time in the answer; give the day, month or year itself.
7. Keep apart whom a memory is about and who is merely named in it.
8. Answer in no more than five or six words.
"""
_MEM0_STEPS = """
Work silently through these steps and write down only the answer:
1. Pick the memories that touch on the question.
2. Check their contents and their times closely.
3. Find explicit mentions of dates, places, names or events.
4. Do the arithmetic where an answer needs it.
5. Settle on an answer that rests on the memories alone.
6. Check that it replies to exactly what was asked.
7. Make sure every time in it is absolute.
"""
_GRAPH_RULE = """9. Besides memories there are relations between people, things and places; use them to connect facts.
"""
_CLOSING = """
{context}

Question: {question}

Answer:"""

_MEMOS = """You help people by recalling what is kept in a store of conversation memories.

What you are given: memories of two people, {speaker_1} and {speaker_2}, who talk with each other, each with the time \
it was noted. Together they may hold what is needed to answer the question below.

Rules:
1. Look through all memories of both people and put together what several of them say.
2. Use their times; where memories disagree, the most recent one holds.
3. Turn relative times ("last month") into dates, counted from the time of the memory they stand in.
4. You may draw on general knowledge of the world to understand what a memory means.
5. Keep apart whom a memory is about and who is merely named in it.
6. Be brief: no more than five or six words, no explanation around them.

Before answering, silently collect the relevant memories, compare them, resolve the times and check that the answer is \
specific. Write down only the answer.
"""

_ZEP_SYSTEM = "You help people by answering questions from facts and entities kept about a conversation."
_ZEP_USER = """Below are facts and entities drawn from a conversation of {speaker_1} and {speaker_2}.

Notes:
1. Look through all facts and entities.
2. The time attached to a fact is when the event itself took place, not when somebody spoke of it.
3. So do not shift it: a fact "went swimming yesterday" with the event time 3 March 2023 happened on 3 March 2023.
4. Where facts disagree, the most recent one holds.
5. Be specific about people, places and times.

{context}

Question: {question}

Answer:"""

_RAG_SYSTEM = """Answer the question from the given excerpts of a conversation. If it concerns a time, use the dates \
of the conversation. Give the shortest possible answer, in the words of the conversation where you can, and leave out \
the subject."""
_RAG_USER = """Question: {question}

Excerpts:
{context}

Short answer:"""

_DEFAULT_SYSTEM = """You answer questions about the lives of two people, {speaker_1} and {speaker_2}, from notes or \
excerpts of their conversations.

- Use everything that bears on the question; put several pieces together where it takes several.
- Times: an entry's date is when it was said or noted unless it says otherwise. Turn "yesterday" or "last month" into \
a date.
- Where entries disagree, the latest one holds.
- Mind who did or said what.
- Answer with the fact alone, in as few words as possible. If nothing bears on the question, answer: Not mentioned."""
_DEFAULT_USER = """{context}

Question: {question}
Answer:"""

_NULL_SYSTEM = """You are asked about the lives of two people, {speaker_1} and {speaker_2}, of whom you have no \
record. Answer in as few words as possible; if you cannot know, answer: Not mentioned."""
_NULL_USER = """Question: {question}
Answer:"""

_BRIEF_SYSTEM = (
    "You read a conversation of {speaker_1} and {speaker_2} and answer a question about it with a few of its words."
)
_BRIEF_USER = """{context}

Answer this question about the conversation with one short phrase, without a sentence around it.
Question: {question}"""

PROMPTS = {
    prompt.id: prompt
    for prompt in (
        Prompt("default", _DEFAULT_SYSTEM, _DEFAULT_USER),
        Prompt("memos", _MEMOS + _CLOSING),
        Prompt("mem0", _MEM0_RULES + _MEM0_STEPS + _CLOSING),
        Prompt("mem0_graph", _MEM0_RULES + _GRAPH_RULE + _MEM0_STEPS + _CLOSING),
        Prompt("zep", _ZEP_SYSTEM, _ZEP_USER),
        Prompt("langmem", _MEM0_RULES + _MEM0_STEPS + _CLOSING),
        Prompt(
            "openai_memory",
            _MEM0_RULES.replace("memories of two people", "saved memories about two people") + _MEM0_STEPS + _CLOSING,
        ),
        Prompt("rag", _RAG_SYSTEM, _RAG_USER),
        Prompt("null", _NULL_SYSTEM, _NULL_USER),
        Prompt("brief", _BRIEF_SYSTEM, _BRIEF_USER),
    )
}


def get(prompt_id: str) -> Prompt:
    """The prompt of that id.

    Raises:
        ConfigError: no such prompt.
    """
    if prompt_id not in PROMPTS:
        raise ConfigError(f"answer prompt {prompt_id!r} is unknown; one of {', '.join(sorted(PROMPTS))}")
    return PROMPTS[prompt_id]
