"""The embedded default answerer: a deterministic extractive reader.

It reads what a language model would read, the question, the context's text and the speakers' names, and nothing else.
It ranks the context's lines, then answers by the type of question: a resolved time, a length of time, a count, yes or
no, an alternative, a span, or several spans joined. Nothing in it knows a word of LOCOMO; its weights were fitted on
six of the ten conversations (scripts/train_reader.py). With WordNet's files on the machine it also knows that a piano
is an instrument; its identity says whether it did.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import resources

from eval.answerers import counts, lists, options, polarity, temporal
from eval.answerers.context import parse
from eval.answerers.lexicon import available
from eval.answerers.question import QuestionView, analyse
from eval.answerers.ranking import Index, RankedLine
from eval.answerers.spans import FeatureSums, Span, best_spans, sentence_features
from eval.core.identity import digest
from eval.core.types import Answer, AnswerTask
from memos.embed.base import Embedder
from memos.errors import ConfigError
from memos.resources import WORDNET_FOLDER
from memos.weights import language_digest

ABSTENTION = "Not mentioned"
"""What the reader says when nothing in the context supports an answer."""


@cache
def load_weights() -> Mapping[str, Mapping[str, float]]:
    """The fitted weights: ``rank``, ``rank_cosine`` and ``span``, each feature name to weight."""
    text = resources.files("eval.answerers").joinpath("weights.json").read_text(encoding="utf-8")
    return json.loads(text)


class Reader:
    """Answers from the context by extraction; the same input always gives the same answer."""

    @dataclass
    class Config:
        lines: int = field(default=5, metadata={"help": "lines of the context that spans are taken from"})
        score_margin: float = field(
            default=6.0, metadata={"help": "how far below the best line a line may rank to be read"}
        )
        list_items: int = field(default=5, metadata={"help": "most items of a list answer"})
        list_margin: float = field(default=3.0, metadata={"help": "how far below the best item's score an item may be"})
        min_coverage: float = field(
            default=0.05,
            metadata={"help": "share of the question's idf weight the best line must hold, else it abstains"},
        )
        short_context: int = field(
            default=10,
            metadata={
                "help": "a context of at most this many lines about the asked people is trusted without shared words"
            },
        )
        use_embedder: bool = field(default=False, metadata={"help": "rank lines also by embedding similarity"})
        cache_contexts: int = field(default=64, metadata={"help": "parsed contexts kept; changes no answer"})

        def __post_init__(self) -> None:
            for name in ("lines", "list_items", "cache_contexts"):
                if getattr(self, name) < 1:
                    raise ConfigError(f"answerer.{name}: must be at least 1, found {getattr(self, name)}")
            for name in ("score_margin", "list_margin", "min_coverage", "short_context"):
                if getattr(self, name) < 0:
                    raise ConfigError(f"answerer.{name}: must not be negative, found {getattr(self, name)}")

    part_id = "reader"
    version = "1"
    name = "reader"
    comparable = False

    def __init__(self, config: Config | None = None, *, embedder: Embedder | None = None) -> None:
        self.config = config or self.Config()
        if self.config.use_embedder and embedder is None:
            raise ConfigError("answerer.use_embedder: true needs an embedder, found none")
        self.embedder = embedder if self.config.use_embedder else None
        self._weights = load_weights()
        self._sums = FeatureSums(self._weights["span"])
        self._contexts: OrderedDict[tuple[str, tuple[str, ...]], Index] = OrderedDict()

    def identity(self) -> Mapping[str, object]:
        """Version, parameters, the digests of the weights and of WordNet's files, the identity of the embedder."""
        config = {key: value for key, value in asdict(self.config).items() if key != "cache_contexts"}
        own = getattr(self.embedder, "identity", None)
        embedder = dict(own()) if own else self.embedder.name if self.embedder else None
        return {
            "name": self.name,
            "version": self.version,
            "weights": digest(self._weights),
            "embedder": embedder,
            "wordnet": language_digest(WORDNET_FOLDER) if available() else None,
            **config,
        }

    def answer(self, tasks: Sequence[AnswerTask]) -> Iterator[tuple[int, Answer]]:
        """Yield ``(index, answer)`` in order; the reader never fails and spends no tokens."""
        for number, task in enumerate(tasks):
            started = time.perf_counter()
            if task.options:
                text = self.choose(task.options, task.question, task.context, task.speakers)
            else:
                text = self.read(task.question, task.context, task.speakers)
            yield number, Answer(text, model=self.name, latency_ms=(time.perf_counter() - started) * 1000)

    def read(self, question: str, context: str, speakers: tuple[str, ...]) -> str:
        """The answer to one question from one context."""
        index = self._index(context, speakers)
        view = analyse(question, speakers)
        ranked = self._rank(view, index)
        if not ranked or not self._supported(view, index, ranked):
            return ABSTENTION
        return self._by_kind(view, index, ranked, speakers) or ABSTENTION

    def choose(self, choices: Sequence[str], question: str, context: str, speakers: tuple[str, ...]) -> str:
        """The text of the choice that the context supports best."""
        index = self._index(context, speakers)
        ranked = self._rank(analyse(question, speakers), index)
        near = None
        if self.embedder is not None and index.lines:
            near = self.embedder.encode(list(choices)) @ self.embedder.encode(_texts(index)).T
        return options.best(choices, index, ranked, near) or ABSTENTION

    def close(self) -> None:
        self._contexts.clear()

    def _index(self, context: str, speakers: tuple[str, ...]) -> Index:
        key = (context, speakers)
        if key in self._contexts:
            self._contexts.move_to_end(key)
            return self._contexts[key]
        index = self._contexts[key] = Index(parse(context, speakers))
        while len(self._contexts) > self.config.cache_contexts:
            self._contexts.popitem(last=False)
        return index

    def _rank(self, view: QuestionView, index: Index) -> list[RankedLine]:
        if self.embedder is None:
            return index.rank(view, self._weights["rank"])
        if not index.lines:
            return []
        vectors = self.embedder.encode([*_texts(index), view.text])
        return index.rank(view, self._weights["rank_cosine"], vectors[:-1] @ vectors[-1])

    def _supported(self, view: QuestionView, index: Index, ranked: Sequence[RankedLine]) -> bool:
        """Whether the context bears on the question at all: shared words, or a short context about the asked people."""
        if not view.stems or max(item.coverage for item in ranked[:3]) >= self.config.min_coverage:
            return True
        if len(index.lines) > self.config.short_context:
            return False
        return any(index.concerns(item.index, view.focus) for item in ranked)

    def _by_kind(self, view: QuestionView, index: Index, ranked: list[RankedLine], speakers: tuple[str, ...]) -> str:
        if view.kind == "when":
            return temporal.when(view, index, ranked)
        if view.options:
            return polarity.choice(view, index, ranked)
        if view.kind in ("yes_no", "would"):
            return polarity.yes_no(view, index, ranked)
        special = ""
        if view.kind == "how_long":
            special = temporal.how_long(view, index, ranked)
        elif view.kind == "how_many":
            special = counts.how_many(view, index, ranked)
        if special:
            return special
        spans = self._spans(view, index, ranked, speakers)
        if not spans:
            return ""
        if view.is_list:
            return lists.join_items(spans, view.stems, self.config.list_margin, self.config.list_items)
        return spans[0].text

    def _spans(
        self, view: QuestionView, index: Index, ranked: list[RankedLine], speakers: tuple[str, ...]
    ) -> list[Span]:
        """The best span of each line worth reading, best first."""
        weights = self._weights["span"]
        names = frozenset(part.lower() for name in speakers for part in name.split())
        top, best = ranked[0].score, []
        for place, scored in enumerate(ranked[: self.config.lines]):
            gap = top - scored.score
            if gap > self.config.score_margin:
                break
            spans: list[Span] = []
            for sentence in index.sentences(scored.index):
                features = sentence_features(view, sentence, place, min(8.0, gap), scored.coverage)
                base = sum(weights.get(name, 0.0) * value for name, value in features.items())
                spans += best_spans(view, sentence, base, self._sums, names, keep=1)
            if spans:
                best.append(max(spans, key=lambda span: span.score))
        return sorted(best, key=lambda span: -span.score)


def _texts(index: Index) -> list[str]:
    """The lines of a context as an embedder reads them."""
    return [f"{line.speaker}: {line.text}" if line.said else line.text for line in index.lines]
