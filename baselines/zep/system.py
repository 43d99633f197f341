"""Zep (Graphiti) as a memory system: one episode a message into a temporal graph, hybrid search, facts with event
times.

Source: docs/systems.md#zep. One graph a conversation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from baselines.backbone import Backbone, check_extractor, check_positive, check_share
from baselines.extract.entities import normal
from baselines.extract.people import listener_of
from baselines.extract.relation import fitted
from baselines.memories import STATE_VERSION, read_json, write_json
from baselines.ranking import reciprocal_rank_fusion, terms
from baselines.zep.brain import CurrentMessage, Proposal, ZepBrain
from baselines.zep.graph import Entity, Episode, FactEdge, Graph
from baselines.zep.model import ModelZepBrain
from baselines.zep.rules import RuleZepBrain
from baselines.zep.search import RECIPES, edge_candidates, search_edges, search_nodes
from memos.embed.base import Embedder
from memos.errors import ConfigError
from memos.language.calendar import day_words as day
from memos.language.words import stems
from memos.llm.base import LLM
from memos.llm.losses import Losses
from memos.types import Conversation, Hit, Query, Retrieved, Session, Usage

HEADER = """FACTS and ENTITIES below come from a memory of the conversation. The event_time of a fact is the time of \
the event itself, not of the message that told it."""


@dataclass(frozen=True, slots=True)
class _Names:
    """The entities that a message names, by normalised name."""

    known: dict[str, tuple[str, Entity]]
    """Name as it was said, and the entity of the graph."""
    new: dict[str, tuple[str, str]]
    """Name as it was said, and kind."""


class Zep:
    """The Zep memory system."""

    @dataclass
    class Config:
        extractor: str = field(
            default="rules", metadata={"help": "rules (no model) or llm (the shared language model)"}
        )
        top_k: int = field(default=20, metadata={"help": "facts, and as many entities, in the context"})
        edge_recipe: str = field(
            default="rrf", metadata={"help": "rrf, mmr, cosine, episode_mentions or node_distance"}
        )
        min_score: float = field(default=0.6, metadata={"help": "least cosine of vector candidates"})
        mmr_lambda: float = field(default=0.5, metadata={"help": "mmr: weight of relevance against variety"})
        previous_episodes: int = field(default=10, metadata={"help": "earlier messages shown to the extraction"})
        invalidation_limit: int = field(
            default=10, metadata={"help": "facts searched for contradictions with a new one"}
        )
        summary_words: int = field(default=60, metadata={"help": "longest entity summary"})
        same: float = field(default=0.95, metadata={"help": "rules: cosine from which a fact counts as known"})
        related: float = field(default=0.8, metadata={"help": "rules: least cosine of facts on the same matter"})
        max_fact_words: int = field(default=40, metadata={"help": "rules: longest run of sentences in one fact"})
        retries: int = field(default=3, metadata={"help": "llm: how often a malformed reply is asked for again"})

        def __post_init__(self) -> None:
            check_extractor("zep", self.extractor)
            if self.edge_recipe not in RECIPES:
                raise ConfigError(f"zep: edge_recipe={self.edge_recipe!r} is unknown; use {', '.join(RECIPES)}")
            check_positive("zep", top_k=self.top_k, previous_episodes=self.previous_episodes)
            check_positive("zep", invalidation_limit=self.invalidation_limit, summary_words=self.summary_words)
            check_positive("zep", max_fact_words=self.max_fact_words)
            check_share("zep", min_score=self.min_score, mmr_lambda=self.mmr_lambda)
            check_share("zep", same=self.same, related=self.related)

    part_id = "zep"
    version = "1"
    sees_gold = False
    at_once = True
    prompt = "zep"

    @classmethod
    def learned(cls, config: Config, stage: str | None) -> Mapping[str, str]:
        """Digests of the fitted weights that the rules decide by; a model decides without them."""
        return fitted() if config.extractor == "rules" else {}

    def __init__(self, config: Config, *, embedder: Embedder, llm: LLM | None = None) -> None:
        self.config = config
        self._embedder = embedder
        self._backbone = Backbone(llm, self.prompt, config.extractor, config.retries)
        self._brain: ZepBrain = (
            ModelZepBrain(self._backbone, config.summary_words)
            if config.extractor == "llm"
            else RuleZepBrain(config.same, config.related, config.max_fact_words, config.summary_words)
        )
        self._speakers: tuple[str, ...] = ("", "")
        self._events: dict[str, int] = {}
        self._summary_sources: dict[str, tuple[tuple[str, int], tuple[str, ...]]] = {}
        self.graph = Graph(embedder)

    def start(self, conversation: Conversation) -> None:
        self._speakers = conversation.speakers
        self.graph = Graph(self._embedder)

    def expect(self, sessions: Sequence[Session]) -> None:
        """Begin to name the entities of messages to come, as far as a model waits for a server."""
        if self._backbone.at_once:
            for message in self._messages(sessions):
                self._brain.expect_entities(message)

    def _messages(self, sessions: Sequence[Session]) -> list[CurrentMessage]:
        """The messages of sessions in order, each with those before it, from where the graph stands."""
        episodes, out = list(self.graph.episodes), []
        for session in sessions:
            for turn in session.turns:
                episode = Episode(turn.turn_id, f"{turn.speaker}: {turn.said}", turn.speaker, session.time_of(turn))
                listener = listener_of(turn.speaker, self._speakers)
                previous = tuple(episodes[-self.config.previous_episodes :])
                out.append(CurrentMessage(episode, session, turn, listener, previous))
                episodes.append(episode)
        return out

    def add(self, session: Session) -> None:
        """Take in a session, message by message.

        Once a message's entities are resolved, no fact and no summary changes a name. So, where calls wait for a
        server, the next message's entities are looked up by name then, and its facts asked for, while this one's are
        still compared with the graph.
        """
        self._brain.prepare(session, self._speakers, self._embedder)
        messages = self._messages([session])
        ahead: _Names | None = None
        for message, following in zip(messages, [*messages[1:], None], strict=True):
            self.graph.episodes.append(message.episode)
            nodes = self._resolve(message, ahead or self._look_up(message))
            ahead = self._look_up(following) if following is not None and self._backbone.at_once else None
            self._add_facts(message, nodes)

    def _add_facts(self, message: CurrentMessage, nodes: dict[str, tuple[str, Entity]]) -> None:
        proposals = self._brain.edges(message, [name for name, _ in nodes.values()])
        new_facts: dict[str, list[str]] = {}
        for proposal in proposals:
            source, target = nodes.get(normal(proposal.source)), nodes.get(normal(proposal.target))
            if source is None or target is None or source[1].id == target[1].id:
                self._count("edges_refused")
                continue
            edge = self._add_edge(proposal, source[1], target[1], message.episode)
            for entity in (source[1], target[1]):
                if edge is not None:
                    new_facts.setdefault(entity.id, []).append(edge.id)
        self._summarise(new_facts)

    def _count(self, event: str) -> None:
        self._events[event] = self._events.get(event, 0) + 1

    def _look_up(self, message: CurrentMessage) -> _Names:
        """Extract a message's entities and find those that are known by name or spelling."""
        names = _Names({}, {})
        for name, kind in [(message.turn.speaker, "Person"), *self._brain.entities(message)]:
            key = normal(name)
            if not key or key in names.known or key in names.new:
                continue
            entity = self.graph.named(name) or _spelled_alike(self.graph, key)
            if entity is not None:
                self.graph.alias(name, entity)
                names.known[key] = (name, entity)
            else:
                names.new[key] = (name, kind)
        self._brain.expect_edges(message, [name for name, _ in (*names.known.values(), *names.new.values())])
        return names

    def _resolve(self, message: CurrentMessage, names: _Names) -> dict[str, tuple[str, Entity]]:
        """Entities by normalised name: known ones, those that the model knows again, new ones created."""
        out, open_names = dict(names.known), names.new
        candidates = {key: self._candidates(name) for key, (name, _) in open_names.items()}
        asked = [key for key in open_names if candidates[key]]
        shown = [open_names[key][0] for key in asked]
        answers = self._brain.resolve(message, shown, [candidates[key] for key in asked]) if asked else []
        same = dict(zip(asked, answers, strict=True))
        for key, (name, kind) in open_names.items():
            entity = same.get(key)
            if entity is None:
                entity = self.graph.add_entity(name, kind, message.episode.time)
            else:
                self.graph.alias(name, entity)
            out[key] = (name, entity)
        return out

    def _candidates(self, name: str, limit: int = 5) -> list[Entity]:
        if self.config.extractor == "rules":
            return []
        vector = self._embedder.encode([name.lower()])[0]
        keys = [key for key, _ in self.graph.node_vectors.search(vector, limit, self.config.min_score)]
        keys += [key for key, _ in self.graph.node_terms.search(terms(name), limit)]
        return [self.graph.entities[key] for key in dict.fromkeys(keys)]

    def _add_edge(self, new: Proposal, source: Entity, target: Entity, episode: Episode) -> FactEdge | None:
        """Add a fact, or its episode to the edge that already states it; invalidate what it contradicts."""
        vector = self._embedder.encode([new.fact])[0]
        related = self.graph.between(source.id, target.id)
        for edge in related:
            if normal(edge.fact) == normal(new.fact):
                return self._repeat(edge, episode)
        others = self._invalidation_candidates(new.fact, vector, {edge.id for edge in related})
        duplicates, contradicted = [], []
        if related or others:
            pool = [*related, *others]
            likeness = [float(vector @ self.graph.edge_vectors.vector(edge.id)) for edge in pool]
            duplicates, contradicted = self._brain.judge(new, related, others, likeness)
        if duplicates:
            return self._repeat(related[duplicates[0]], episode)
        edge = FactEdge(
            self.graph.new_edge_id(),
            source.id,
            target.id,
            new.relation,
            new.fact,
            new.valid_at,
            new.invalid_at,
            episode.time,
            episodes=[episode.id],
        )
        self.graph.add_edge(edge, vector)
        self._count("edges_added")
        for index in contradicted:
            if invalidate([*related, *others][index], edge, episode.time):
                self._count("edges_invalidated")
        return edge

    def _repeat(self, edge: FactEdge, episode: Episode) -> None:
        if episode.id not in edge.episodes:
            edge.episodes.append(episode.id)
        self._count("edges_repeated")

    def _invalidation_candidates(self, fact: str, vector, known: set[str]) -> list[FactEdge]:
        limit = self.config.invalidation_limit
        by_text = [key for key, _ in self.graph.edge_terms.search(terms(fact), 2 * limit)]
        by_vector = [key for key, _ in self.graph.edge_vectors.search(vector, 2 * limit, self.config.min_score)]
        fused = [str(key) for key, _ in reciprocal_rank_fusion([by_text, by_vector]) if key not in known]
        return [self.graph.edges[key] for key in fused[:limit]]

    def _summarise(self, new_facts: dict[str, list[str]]) -> None:
        items = []
        for entity_id, edge_ids in new_facts.items():
            entity = self.graph.entities[entity_id]
            old = [self.graph.edges[key].fact for key in entity.facts]
            items.append((entity, old, [self.graph.edges[key].fact for key in edge_ids]))
        if not items:
            return
        for (entity, _, _), summary in zip(items, self._brain.summaries(items), strict=True):
            self.graph.summarise(entity, summary, new_facts[entity.id])

    def finish(self) -> None:
        """Find the sources of all summaries; indexes have followed every change."""
        for entity in self.graph.entities.values():
            self._sources(entity)

    def search(self, query: Query) -> Retrieved:
        """The method's own facts and entities first; behind them, for recall curves, further facts by ``rrf``."""
        vector = self._embedder.encode([query.text])[0]
        config = self.config
        candidates = edge_candidates(self.graph, query.text, vector, 2 * max(config.top_k, query.depth))
        edges = search_edges(
            self.graph, candidates, vector, config.edge_recipe, config.top_k, config.min_score, config.mmr_lambda
        )
        nodes = search_nodes(self.graph, query.text, vector, config.top_k, config.min_score)
        hits = [self._edge_hit(key, score) for key, score in edges]
        hits += [self._node_hit(key, score) for key, score in nodes]
        used = len(hits)
        if query.depth > used:
            shown = {key for key, _ in edges}
            deep = search_edges(self.graph, candidates, vector, "rrf", query.depth, -1.0, config.mmr_lambda)
            hits += [self._edge_hit(key, score) for key, score in deep if key not in shown]
        hits = hits[: query.depth]
        return Retrieved(tuple(hits), min(used, len(hits)), self._context([k for k, _ in edges], [k for k, _ in nodes]))

    def _edge_hit(self, key: str, score: float) -> Hit:
        edge = self.graph.edges[key]
        return Hit(_shown(edge), tuple(edge.episodes), score, key)

    def _node_hit(self, key: str, score: float) -> Hit:
        entity = self.graph.entities[key]
        return Hit(f"{entity.name}: {entity.summary}", self._sources(entity), score, key)

    def _sources(self, entity: Entity) -> tuple[str, ...]:
        """Turns of the facts that the summary still tells (at least 60 % of their content words are in it)."""
        state = (entity.summary, len(entity.facts))
        if (known := self._summary_sources.get(entity.id)) and known[0] == state:
            return known[1]
        summary_stems = stems(f"{entity.name} {entity.summary}")
        turns: dict[str, None] = {}
        for key in entity.facts[-50:]:
            own = stems(self.graph.edges[key].fact)
            if own and len(own & summary_stems) >= 0.6 * len(own):
                turns.update(dict.fromkeys(self.graph.edges[key].episodes))
        self._summary_sources[entity.id] = (state, tuple(turns))
        return tuple(turns)

    def _context(self, edges: list[str], nodes: list[str]) -> str:
        facts = "\n".join(f"- {_shown(self.graph.edges[key])}" for key in edges)
        entities = [self.graph.entities[key] for key in nodes]
        lines = "\n".join(f"- {entity.name}: {entity.summary}" for entity in entities)
        return f"{HEADER}\n\n<FACTS>\n{facts}\n</FACTS>\n\n<ENTITIES>\n{lines}\n</ENTITIES>"

    @property
    def losses(self) -> Losses:
        """Extractions asked of the model, and those that came to nothing."""
        return self._backbone.losses

    def stats(self) -> Mapping[str, int | float]:
        edges = self.graph.edges.values()
        return {
            "items": len(edges),
            "bytes": self.graph.bytes(),
            "episodes": len(self.graph.episodes),
            "entities": len(self.graph.entities),
            "invalidated": sum(edge.expired_at is not None for edge in edges),
            "malformed": self._backbone.malformed,
            **dict(sorted(self._events.items())),
        }

    def usage(self) -> Mapping[str, Usage]:
        return {"ingest": Usage(), "organise": Usage(), **self._backbone.usage}

    def save(self, folder: Path) -> None:
        state = {"version": STATE_VERSION, "speakers": self._speakers, "events": self._events}
        write_json(folder / "zep.json", {**state, "backbone": self._backbone.state()})
        self.graph.save(folder)

    def load(self, folder: Path) -> None:
        state = read_json(folder / "zep.json")
        self._speakers, self._events = tuple(state["speakers"]), state["events"]
        self._backbone.restore(state["backbone"])
        self.graph = Graph(self._embedder)
        self.graph.load(folder)

    def close(self) -> None:
        """Ask no more of what was begun early."""
        self._backbone.drop()


def _shown(edge: FactEdge) -> str:
    if edge.valid_at is None:
        return edge.fact
    until = f", until {day(edge.invalid_at)}" if edge.invalid_at else ""
    return f"{edge.fact} (event_time: {day(edge.valid_at)}{until})"


def invalidate(old: FactEdge, new: FactEdge, now: datetime | None) -> bool:
    """Let the later of two contradicting facts end the earlier one.

    The earlier one gets ``invalid_at`` = the later one's ``valid_at`` and ``expired_at`` = now; neither is deleted.
    Facts without a time, and facts whose intervals do not overlap, stay as they are.
    """
    if old.valid_at is None or new.valid_at is None:
        return False
    ended = old.invalid_at is not None and old.invalid_at <= new.valid_at
    began = new.invalid_at is not None and new.invalid_at <= old.valid_at
    if ended or began or old.valid_at == new.valid_at:
        return False
    earlier, later = (old, new) if old.valid_at < new.valid_at else (new, old)
    earlier.invalid_at = later.valid_at
    earlier.expired_at = now
    return True


def _spelled_alike(graph: Graph, key: str, least: float = 0.9) -> Entity | None:
    """The entity whose known name shares nearly all letter trigrams with ``key`` (Jaccard), if any."""
    if len(key) < 8:
        return None
    grams = _trigrams(key)
    for name, entity_id in graph.names():
        if abs(len(name) - len(key)) <= 2 and name[0] == key[0]:
            other = _trigrams(name)
            if len(grams & other) >= least * len(grams | other):
                return graph.entities[entity_id]
    return None


def _trigrams(text: str) -> frozenset[str]:
    return frozenset(text[i : i + 3] for i in range(len(text) - 2))
