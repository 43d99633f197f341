"""Conversations from knobs: the world, its sessions as a stream, and the questions at the end."""

from __future__ import annotations

from collections.abc import Iterator

from eval.datasets.generated.calendar import session_times
from eval.datasets.generated.draw import Draw
from eval.datasets.generated.lives import build_world
from eval.datasets.generated.questions import ask
from eval.datasets.generated.records import GeneratedConversation, GeneratedQuestion, GeneratedSession, Knobs
from eval.datasets.generated.surface import Writer
from eval.datasets.generated.world import World

VERSION = 1
"""Part of every seed and of the data set's name; raised whenever the texts or keys of a seed change."""


class ConversationDraft:
    """One conversation in the making: ``sessions`` streams it, ``questions`` is known once all were drawn."""

    def __init__(self, knobs: Knobs, index: int) -> None:
        self.sample_id = f"gen-{index + 1}"
        seed = f"generated-{VERSION}/{knobs.seed}/{index}/{knobs.sessions}"
        self._draw = Draw(seed, "questions")
        times = session_times(Draw(seed, "times"), knobs.sessions)
        self.world: World = build_world(knobs, times, Draw(seed, "world"))
        self._writer = Writer(self.world, seed)
        self._written = 0

    @property
    def speakers(self) -> tuple[str, ...]:
        return tuple(speaker.name for speaker in self.world.speakers)

    def sessions(self) -> Iterator[GeneratedSession]:
        """The sessions in order; a session is made when it is asked for and is not kept."""
        for index in range(self._written, self.world.knobs.sessions):
            self._written += 1
            yield self._writer.session(index)

    def questions(self) -> tuple[GeneratedQuestion, ...]:
        """The questions; the sessions must have been streamed, since the evidence is in them."""
        if self._written < self.world.knobs.sessions:
            raise ValueError(f"{self.sample_id}: stream the sessions before asking for the questions")
        return ask(self.world, self._writer.evidence, self._draw, self.sample_id)

    def whole(self) -> GeneratedConversation:
        """Everything in memory."""
        sessions = tuple(self.sessions())
        questions = self.questions()
        evidence = tuple((fact, slot, turns) for (fact, slot), turns in sorted(self._writer.evidence.items()))
        return GeneratedConversation(
            self.sample_id, self.speakers, sessions, questions, tuple(self.world.facts), evidence
        )


def conversations(knobs: Knobs) -> Iterator[ConversationDraft]:
    """The conversations of a data set, one at a time; each depends on its own number only."""
    for index in range(knobs.conversations):
        yield ConversationDraft(knobs, index)


def generate(knobs: Knobs) -> Iterator[GeneratedConversation]:
    """Whole conversations, one at a time."""
    for conversation in conversations(knobs):
        yield conversation.whole()
