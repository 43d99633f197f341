"""The decisions of MemoryOS by rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from baselines.backbone import Backbone
from baselines.extract import turn_facts
from baselines.memoryos.brain import KnowledgeLine, TopicAnalysis
from baselines.memoryos.pages import Page
from baselines.memoryos.topics import Theme
from memos.embed.base import Embedder
from memos.language.words import terms


class RuleMemoryOSBrain:
    """A page is its own summary; facts of its turns are the knowledge; there are no overviews and no profile.

    Args:
        embedder: texts to unit vectors.
        listener: speaker to the one who is spoken to.
        continuous: least cosine of a page and the one it continues.
        max_words: longest run of sentences in one fact.
    """

    def __init__(self, embedder: Embedder, listener: Callable[[str], str], continuous: float, max_words: int) -> None:
        self._embedder, self._listener = embedder, listener
        self._continuous, self._max_words = continuous, max_words

    def expect(self, page: Page, before: Page | None) -> None:
        """Rules wait for nothing."""

    def continues(self, page: Page, before: Page) -> bool:
        first, second = self._embedder.encode([_text(before), _text(page)])
        return float(first @ second) >= self._continuous

    def meta(self, page: Page, before: str) -> str:
        return ""

    def themes(self, page: Page) -> list[Theme]:
        return [Theme(_text(page), self.keywords(_text(page)))]

    def keywords(self, text: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(terms(text)))

    def analyse(self, pages: Sequence[Page], profile: str) -> TopicAnalysis:
        facts = [
            fact
            for page in pages
            for item in page.turns
            for fact in turn_facts(item.session, item.turn, self._listener(item.turn.speaker), self._max_words)
        ]
        return TopicAnalysis(knowledge=tuple(KnowledgeLine(fact.text, fact.turn_ids) for fact in facts))

    def asked(self, question: str, backbone: Backbone) -> tuple[str, ...]:
        return self.keywords(question)


def _text(page: Page) -> str:
    return f"{page.user} {page.reply}".strip() or "(nothing)"
