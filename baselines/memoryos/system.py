"""MemoryOS of BAI-LAB (docs/systems.md#memoryos): pages are chained and put into topic sessions; a session that many
pages join is analysed for a profile and for knowledge. A search takes the best pages of the nearest sessions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from baselines.backbone import check_extractor, check_positive, check_share
from baselines.memories import read_json, write_json
from baselines.memoryos.brain import MemoryOSBrain
from baselines.memoryos.long_term import LongTerm
from baselines.memoryos.model import ModelMemoryOSBrain
from baselines.memoryos.pages import Page, Pager, chain
from baselines.memoryos.rules import RuleMemoryOSBrain
from baselines.memoryos.topics import Theme, TopicStore, overlap
from baselines.modelled import FIDELITIES, ModelledSystem, check_choice
from baselines.ranking import KeyedVectors
from memos.embed.base import Embedder
from memos.errors import ConfigError
from memos.infrastructure.vault.kernels import products
from memos.llm.base import LLM
from memos.types import Hit, Query, Retrieved, Session


class MemoryOS(ModelledSystem):
    """The MemoryOS memory system as its authors ran it on LOCOMO."""

    @dataclass
    class Config:
        extractor: str = field(
            default="rules", metadata={"help": "rules (no model) or llm (the shared language model)"}
        )
        fidelity: str = field(
            default="released",
            metadata={"help": "released or fixed: overviews, heat, empty facts and repeats (docs/systems.md#memoryos)"},
        )
        pages: str = field(
            default="released",
            metadata={
                "help": "released (a reply overwrites the last, even of an earlier session) or fixed (none lost)"
            },
        )
        sessions: int = field(default=2000, metadata={"help": "topic sessions kept"})
        merge: float = field(
            default=0.6,
            metadata={"help": "cosine and overlap of keywords, added up, from which a page joins a session"},
        )
        heat: float = field(default=5.0, metadata={"help": "heat from which a session is analysed (0.8 a page)"})
        continuous: float = field(default=0.5, metadata={"help": "rules: least cosine of a page and its predecessor"})
        max_fact_words: int = field(default=40, metadata={"help": "rules: longest run of sentences in one fact"})
        top_sessions: int = field(default=5, metadata={"help": "sessions whose pages are looked at", "stage": "search"})
        top_k: int = field(default=10, metadata={"help": "pages, and as many facts, in the context", "stage": "search"})
        least: float = field(default=0.1, metadata={"help": "least score of what is shown", "stage": "search"})
        mid_term: bool = field(
            default=True, metadata={"help": "pages by way of their sessions; false: of all pages", "stage": "search"}
        )
        long_term: bool = field(default=True, metadata={"help": "show profile and knowledge", "stage": "search"})
        retries: int = field(default=3, metadata={"help": "llm: how often a malformed reply is asked for again"})

        def __post_init__(self) -> None:
            check_extractor("memoryos", self.extractor)
            check_choice("memoryos", "fidelity", self.fidelity, FIDELITIES)
            check_choice("memoryos", "pages", self.pages, FIDELITIES)
            check_positive("memoryos", sessions=self.sessions, max_fact_words=self.max_fact_words)
            check_positive("memoryos", top_sessions=self.top_sessions, top_k=self.top_k)
            check_share("memoryos", continuous=self.continuous, least=self.least)
            if self.heat <= 0 or self.merge < 0:
                raise ConfigError(f"memoryos: heat={self.heat} must be above 0 and merge={self.merge} not below it")

    part_id = "memoryos"
    prompt = "rag"

    def __init__(self, config: Config, *, embedder: Embedder, llm: LLM | None = None) -> None:
        super().__init__(config, embedder=embedder, llm=llm)
        self.config = config
        self._fixed = config.fidelity == "fixed"
        self._brain: MemoryOSBrain = (
            ModelMemoryOSBrain(self._backbone, self._fixed)
            if config.extractor == "llm"
            else RuleMemoryOSBrain(embedder, self._listener, config.continuous, config.max_fact_words)
        )
        self._clear()

    def _clear(self) -> None:
        self._pager = self._new_pager()
        self._pages: list[Page] = []
        self._page_index = KeyedVectors(self._embedder.dim)
        self._topics = TopicStore(self._embedder.dim, self.config.merge, self.config.sessions, not self._fixed)
        self._long = LongTerm(self._embedder)

    def _new_pager(self) -> Pager:
        """Pages as configured; as fixed in a group, which the released way would lose the most of."""
        return Pager(self._speakers[0], self.config.pages == "fixed" or len(self._speakers) > 2)

    def expect(self, sessions: Sequence[Session]) -> None:
        """Begin what hangs on the pages of sessions to come alone, as far as a model waits for a server."""
        if not self._backbone.at_once:
            return
        ahead = self._new_pager()
        ahead.restore(self._pager.state())
        pages = [page for session in sessions for page in ahead.add(session)]
        last = ahead.flush()
        before = self._pages[-1] if self._pages else None
        for page in [*pages, last] if last else pages:
            self._brain.expect(page, before)
            before = page

    def add(self, session: Session) -> None:
        for page in self._pager.add(session):
            self._take(page)

    def finish(self) -> None:
        """Take the page that is still open."""
        page = self._pager.flush()
        if page is not None:
            self._take(page)

    def _take(self, page: Page) -> None:
        """Chain a page, put it into the sessions of its themes, and analyse what has become hot."""
        before, place = (self._pages[-1] if self._pages else None), len(self._pages)
        self._pages.append(page)
        if before is not None and self._brain.continues(page, before):
            page.previous = place - 1
        page.meta = self._brain.meta(page, before.meta if before and page.previous is not None else "")
        for earlier in chain(self._pages, place)[0 if self._fixed else 1 :]:
            self._pages[earlier].meta = page.meta
        themes = self._brain.themes(page)
        if not themes:
            self._count("pages_without_theme")
            themes = [Theme(_searched(page), ())] if self._fixed else []
        for theme in themes:
            self._place(place, theme)
        if themes:
            self._page_index.put(str(place), self._embedder.encode([_searched(page)])[0])
            self._analyse_hot()

    def _place(self, place: int, theme: Theme) -> None:
        vector = self._embedder.encode([theme.content])[0]
        if self._topics.join(place, theme, vector):
            self._pages[place].keywords = list(theme.keywords)
            return
        keywords = self._brain.keywords(theme.content)
        page = self._pages[place]
        page.keywords = list(self._brain.keywords(f"{page.user} {page.reply}".strip()))
        if self._topics.open(place, theme.content, keywords, vector):
            self._count("evicted_sessions")

    def _analyse_hot(self) -> None:
        """Analyse the hottest session where it is hot enough. One without new pages stays on top, as released."""
        while (hot := self._topics.hottest()) is not None and hot[1] >= self.config.heat:
            session = hot[0]
            pages = [self._pages[place] for place in session.pages if not self._pages[place].analysed]
            if pages:
                self._long.take(self._brain.analyse(pages, self._long.profile), pages)
                self._count("analyses")
                for page in pages:
                    page.analysed = True
            elif not self._fixed:
                return
            session.interactions = 0
            if not self._fixed:
                return

    def search(self, query: Query) -> Retrieved:
        backbone = self._backbone.fork()
        vector = self._embedder.encode([query.text])[0]
        words = self._brain.asked(query.text, backbone)
        scores = {int(key): score for key, score in self._page_index.search(vector, len(self._page_index))}
        nearest = self._nearest(vector, words) if self.config.mid_term else [list(scores)]
        candidates = [place for places in nearest for place in places if scores[place] >= self.config.least]
        if self._fixed or not self.config.mid_term:
            candidates = list(dict.fromkeys(candidates))
        candidates.sort(key=lambda place: -scores[place])
        shown, taken = candidates[: self.config.top_k], set(candidates[: self.config.top_k])
        others = [place for place in dict.fromkeys([*candidates, *scores]) if place not in taken]
        known = self._long.search(vector, self.config.top_k, self.config.least) if self.config.long_term else []
        profile = self._long.profile_hit() if self.config.long_term else []
        hits = [self._hit(place, scores[place]) for place in shown]
        used = [*hits, *known, *profile]
        rest = [self._hit(place, scores[place] - 2.0) for place in others]
        context = self._context(shown, [hit.text for hit in known])
        ranked = tuple([*used, *rest][: query.depth])
        return Retrieved(ranked, min(len(used), len(ranked)), context, backbone.total())

    def _nearest(self, vector, words: Sequence[str]) -> list[list[int]]:
        """Pages of the nearest sessions, session by session; a page may stand in several."""
        if not self._topics.sessions:
            return []
        scores = products(self._topics.vectors, vector)
        order = sorted(range(len(scores)), key=lambda place: -scores[place])[: self.config.top_sessions]
        sessions = [(self._topics.sessions[place], float(scores[place])) for place in order]
        return [one.pages for one, score in sessions if score + overlap(words, one.keywords) >= self.config.least]

    def _hit(self, place: int, score: float) -> Hit:
        page = self._pages[place]
        return Hit(self._shown(page), page.turn_ids, score, f"p{place}")

    def _shown(self, page: Page) -> str:
        said = "\n".join(f"{item.turn.speaker}: {item.turn.said}" for item in page.turns)
        return f"[{page.time_text}]\n{said}" if page.time_text else said

    def _context(self, shown: Sequence[int], knowledge: Sequence[str]) -> str:
        """Pages with the overview of their chain, the profile, the facts, and what is known of the other speaker."""
        pages = [self._pages[place] for place in shown]
        texts = [f"{self._shown(page)}\n(overview: {page.meta})" if page.meta else self._shown(page) for page in pages]
        if self.config.long_term:
            first, other = self._speakers[0], self._listener(self._speakers[0])
            profile, traits = self._long.profile, self._long.assistant
            texts += [f"Profile of {first}: {profile}"] if profile else []
            texts += ["\n".join([f"What is known of {first}:", *knowledge])] if knowledge else []
            texts += ["\n".join([f"What is known of {other}:", *traits])] if traits else []
        return "\n\n".join(texts)

    def stats(self) -> Mapping[str, int | float]:
        size = sum(len(self._shown(page).encode()) for page in self._pages)
        lost = {f"lost_{name}": count for name, count in sorted(self._pager.lost.items())}
        sizes = {"items": len(self._page_index) + len(self._long), "sessions": len(self._topics.sessions)}
        return {**sizes, "bytes": size + self._page_index.matrix.nbytes, **lost, **self._counts()}

    def save(self, folder: Path) -> None:
        pages = [page.state() for page in self._pages]
        stores = {"pages": pages, "topics": self._topics.state(), "long_term": self._long.state()}
        state = {**self._common_state(), **stores, "pager": self._pager.state(), "indexed": self._page_index.keys}
        write_json(folder / "memoryos.json", state)
        self._topics.save(folder / "topics.npy")
        self._long.save(folder)
        np.save(folder / "pages.npy", self._page_index.matrix, allow_pickle=False)

    def load(self, folder: Path) -> None:
        state = read_json(folder / "memoryos.json")
        self._restore_common(state)
        self._clear()
        self._pager.restore(state["pager"])
        self._pages = [Page.of(page) for page in state["pages"]]
        self._topics.load(state["topics"], folder / "topics.npy")
        self._long.load(state["long_term"], folder)
        self._page_index.load(state["indexed"], np.load(folder / "pages.npy", allow_pickle=False))

    @property
    def pages(self) -> list[Page]:
        """All pages in order."""
        return self._pages

    @property
    def topics(self) -> TopicStore:
        """The topic sessions."""
        return self._topics

    @property
    def knowledge(self) -> list[str]:
        """The lasting facts in order."""
        return self._long.lines()


def _searched(page: Page) -> str:
    """What a page is embedded as for a search."""
    return f"{page.user} {page.time_text} {page.reply}".strip() or "(nothing)"
