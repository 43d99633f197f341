"""The package ``graphiti-core`` (Zep's open graph) as a memory system, on its embedded Kuzu database.

One episode a turn with the session's time as reference time; facts and entities are found by the package's own hybrid
recipes with RRF (docs/systems.md#zep). The package calls itself asynchronous; this adapter owns its event loop.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from baselines.memories import STATE_VERSION, read_json, write_json
from baselines.vendors.calls import CallLedger, Note
from baselines.vendors.common import Connection
from baselines.zep.system import HEADER
from memos.embed.base import Embedder
from memos.errors import require
from memos.language.calendar import day_words as day
from memos.llm.losses import Losses
from memos.types import Conversation, Hit, Query, Retrieved, Session, Usage

_GROUP = "conversation"


class GraphitiPackage:
    """graphiti-core's own package."""

    @dataclass
    class Config(Connection):
        """``top_k`` counts facts, and as many entities."""

    part_id = "graphiti_package"
    packages = ("graphiti-core", "kuzu")
    """Distributions whose version changes what it does."""
    version = "1"
    sees_gold = False
    at_once = False
    prompt = "zep"

    def __init__(self, config: Config, *, embedder: Embedder, note: Note | None = None) -> None:
        self.config = config
        self._embedder = embedder
        self._ledger = CallLedger(note)
        self._loop = asyncio.new_event_loop()
        self._folder = tempfile.TemporaryDirectory(prefix="graphiti-")
        self._turns: dict[str, str] = {}
        """Episode id to turn id."""
        self._graph: Any = None

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(work)

    def _open(self) -> None:
        os.environ.setdefault("GRAPHITI_TELEMETRY_ENABLED", "false")
        os.environ.setdefault("EMBEDDING_DIM", str(self._embedder.dim))
        core = require("graphiti_core", "vendors", package="graphiti-core")
        kuzu = require("graphiti_core.driver.kuzu_driver", "vendors", package="graphiti-core[kuzu]")
        client = require("graphiti_core.llm_client.openai_generic_client", "vendors", package="graphiti-core")
        settings = require("graphiti_core.llm_client.config", "vendors", package="graphiti-core")
        embedding = require("graphiti_core.embedder.client", "vendors", package="graphiti-core")
        ranking = require("graphiti_core.cross_encoder.client", "vendors", package="graphiti-core")
        config = self.config
        llm = client.OpenAIGenericClient(
            settings.LLMConfig(
                api_key=config.key(),
                model=config.model,
                small_model=config.model,
                base_url=config.address,
                temperature=0.0,
            )
        )
        self._ledger.watch_async(llm.client)
        driver = kuzu.KuzuDriver(db=str(self._database()))
        driver._database = _GROUP  # graphiti-core reads it, but its Kuzu driver never sets it
        self._graph = core.Graphiti(
            llm_client=llm,
            embedder=_embedding_client(embedding, self._embedder),
            cross_encoder=_keep_order(ranking),
            graph_driver=driver,
            max_coroutines=1,
        )
        self._run(self._full_text_indexes(driver))

    async def _full_text_indexes(self, driver: Any) -> None:
        """Create the indexes that the package's Kuzu schema leaves out, once a database."""
        queries = require("graphiti_core.graph_queries", "vendors", package="graphiti-core")
        existing = await driver.execute_query("CALL SHOW_INDEXES() RETURN *")
        if not existing[0]:
            for query in queries.get_fulltext_indices(driver.provider):
                await driver.execute_query(query)

    def _database(self) -> Path:
        return Path(self._folder.name) / "graph.kuzu"

    def start(self, conversation: Conversation) -> None:
        self._open()

    def add(self, session: Session) -> None:
        nodes = require("graphiti_core.nodes", "vendors", package="graphiti-core")
        for turn in session.turns:
            result = self._run(
                self._graph.add_episode(
                    name=turn.turn_id,
                    episode_body=f"{turn.speaker}: {turn.said}",
                    source_description="conversation",
                    reference_time=(session.time_of(turn) or datetime(1970, 1, 1)).replace(tzinfo=UTC),
                    source=nodes.EpisodeType.message,
                    group_id=_GROUP,
                )
            )
            self._turns[result.episode.uuid] = turn.turn_id

    def finish(self) -> None:
        """The package indexes at once."""

    def search(self, query: Query) -> Retrieved:
        recipes = require("graphiti_core.search.search_config_recipes", "vendors", package="graphiti-core")
        recipe = recipes.COMBINED_HYBRID_SEARCH_RRF.model_copy(deep=True)
        recipe.limit = max(query.depth, self.config.top_k)
        results = self._run(self._graph.search_(query.text, config=recipe, group_ids=[_GROUP]))
        facts = [
            Hit(_shown(edge), tuple(self._turns[e] for e in edge.episodes if e in self._turns), memory_id=edge.uuid)
            for edge in results.edges
        ]
        entities = [Hit(f"{node.name}: {node.summary}", (), memory_id=node.uuid) for node in results.nodes]
        top = self.config.top_k
        used = [*facts[:top], *entities[:top]]
        hits = tuple([*used, *facts[top:]][: query.depth])
        return Retrieved(hits, min(len(used), len(hits)), _context(facts[:top], entities[:top]))

    @property
    def losses(self) -> Losses:
        """Structured replies asked of the model, and those of no use; each attempt of the package counts."""
        return self._ledger.losses

    def stats(self) -> Mapping[str, int | float]:
        count = "MATCH (e:RelatesToNode_) RETURN count(e) AS n"
        rows, _, _ = self._run(self._graph.driver.execute_query(count))
        return {"items": int(rows[0]["n"]), "episodes": len(self._turns)}

    def usage(self) -> Mapping[str, Usage]:
        return {"ingest": self._ledger.usage}

    def save(self, folder: Path) -> None:
        """Write the ledger and a copy of the database (checkpointed first)."""
        self._run(self._graph.driver.execute_query("CHECKPOINT"))
        state = {"version": STATE_VERSION, "turns": self._turns, "usage": self._ledger.state()}
        write_json(folder / "graphiti.json", state)
        for path in Path(self._folder.name).iterdir():
            copy = shutil.copytree if path.is_dir() else shutil.copy2
            copy(path, folder / path.name)

    def load(self, folder: Path) -> None:
        state = read_json(folder / "graphiti.json")
        self._turns = state["turns"]
        self._ledger.restore(state["usage"])
        for path in folder.iterdir():
            if path.name != "graphiti.json":
                copy = shutil.copytree if path.is_dir() else shutil.copy2
                copy(path, Path(self._folder.name) / path.name)
        self._open()

    def close(self) -> None:
        if self._graph is not None:
            self._run(self._graph.close())
        self._loop.close()
        self._folder.cleanup()


def _embedding_client(module: Any, embedder: Embedder) -> Any:
    """Our embedder behind the package's interface."""

    class OurEmbedder(module.EmbedderClient):
        async def create(self, input_data: Any) -> list[float]:
            text = input_data if isinstance(input_data, str) else " ".join(map(str, input_data))
            return embedder.encode([text])[0].tolist()

        async def create_batch(self, input_data_list: list[str]) -> list[list[float]]:
            return embedder.encode(list(input_data_list)).tolist()

    return OurEmbedder()


def _keep_order(module: Any) -> Any:
    """A cross-encoder that is never asked: the recipes used here rank by RRF."""

    class OrderKeeper(module.CrossEncoderClient):
        async def rank(self, query: str, passages: list[str]) -> list[tuple[str, float]]:
            return [(passage, 1.0 / (rank + 1)) for rank, passage in enumerate(passages)]

    return OrderKeeper()


def _shown(edge: Any) -> str:
    return f"{edge.fact} (event_time: {day(edge.valid_at)})" if edge.valid_at else edge.fact


def _context(facts: list[Hit], entities: list[Hit]) -> str:
    shown = ["\n".join(f"- {hit.text}" for hit in group) for group in (facts, entities)]
    return f"{HEADER}\n\n<FACTS>\n{shown[0]}\n</FACTS>\n\n<ENTITIES>\n{shown[1]}\n</ENTITIES>"
