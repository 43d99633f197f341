"""The decisions of A-MEM by rules: its authors' own way of going on where no reply can be read."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.amem.brain import Analysis, Neighbour
from baselines.amem.notes import Evolution, Note
from baselines.backbone import Backbone
from baselines.extract.facts import sentences
from memos.language.words import is_stop, words

KEYWORDS, TAGS = 5, 3
LONGEST_CONTEXT = 200
"""Characters of a note's first sentence that are its context."""


class RuleAMemBrain:
    """Words of the turn as keywords and tags, links to near neighbours, no rewriting of neighbours.

    Args:
        related: least cosine of a neighbour that a note is linked with.
    """

    def __init__(self, related: float) -> None:
        self._related = related

    def expect(self, content: str) -> None:
        """Rules wait for nothing."""

    def analyse(self, content: str) -> Analysis:
        said = content.partition("says : ")[2]
        telling = [word for word in content_words(said) if len(word) >= 3]
        telling.sort(key=lambda word: not word[0].isupper())
        opening = next(iter(sentences(said)), "")[:LONGEST_CONTEXT].strip()
        keywords = tuple(telling[:KEYWORDS])
        return Analysis(keywords, opening or "General", keywords[:TAGS])

    def evolve(self, note: Note, neighbours: Sequence[Neighbour]) -> Evolution:
        near = tuple(item.index for item in neighbours if item.cosine >= self._related)
        return Evolution(bool(near), ("strengthen",) if near else (), near, tuple(note.tags))

    def query(self, question: str, backbone: Backbone) -> str:
        return ", ".join(content_words(question)) or question


def content_words(text: str) -> list[str]:
    """Words that carry a topic, each once, in order and case."""
    return list(dict.fromkeys(word for word in words(text) if not is_stop(word.lower())))
