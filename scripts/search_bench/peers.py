"""mem0ai, LangMem and Chroma on the same memories. Runs in the peers' own environment: nothing of ours is imported."""

# pyright: reportMissingImports=false
# The peers are installed in their own environment, not where types are checked.

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from search_bench.texts import COMMON, DIM, Fixed, K
from search_bench.timing import Timing


def bench_chroma(texts: list[str], queries: list[str], folder: Path, timing: Timing) -> dict[str, float]:
    import chromadb

    store = chromadb.PersistentClient(path=str(folder / "chroma")).create_collection(
        "memories", metadata={"hnsw:space": "ip"}
    )
    embedder, seconds = Fixed(), 0.0
    for start in tqdm(range(0, len(texts), 1000), desc="chroma", unit="thousand", disable=None):
        part = texts[start : start + 1000]
        vectors = embedder.encode(part).tolist()
        begin = timing.now()
        store.add(ids=[str(start + i) for i in range(len(part))], embeddings=vectors, documents=part)
        seconds += timing.now() - begin
    vectors = embedder.encode(queries).tolist()
    search_ms = timing.p50(
        lambda n: store.query(query_embeddings=[vectors[n % len(vectors)]], n_results=K), len(queries)
    )
    return {"ingest_per_s": len(texts) / seconds, "vectors": search_ms}


def bench_langmem(texts: list[str], queries: list[str], folder: Path, timing: Timing) -> dict[str, float]:
    from langgraph.store.memory import InMemoryStore
    from langmem import create_search_memory_tool

    known: dict[str, list[float]] = {}

    def embed(given: list[str]) -> list[list[float]]:
        new = [text for text in given if text not in known]
        known.update(zip(new, Fixed().encode(new).tolist(), strict=True))
        return [known[text] for text in given]

    store = InMemoryStore(index={"dims": DIM, "embed": embed, "fields": ["content"]})
    embed(texts + queries)
    begin = timing.now()
    for number, text in enumerate(tqdm(texts, desc="langmem", unit="memory", disable=None)):
        store.put(("memories",), str(number), {"content": text})
    seconds = timing.now() - begin
    tool = create_search_memory_tool(namespace=("memories",), store=store)
    search_ms = timing.p50(
        lambda n: tool.invoke({"query": queries[n % len(queries)], "limit": K}), min(len(queries), 20)
    )
    return {"ingest_per_s": len(texts) / seconds, "tool": search_ms}


def bench_mem0(texts: list[str], queries: list[str], folder: Path, timing: Timing) -> dict[str, float]:
    """mem0 on its default local store. Memories are written to the store itself, as ``Memory.add`` does after its
    model.
    """
    os.environ["MEM0_DIR"], os.environ["MEM0_TELEMETRY"] = str(folder / "mem0"), "False"
    from mem0 import Memory
    from mem0.configs.base import MemoryConfig
    from mem0.vector_stores.configs import VectorStoreConfig

    settings = {"collection_name": "m", "embedding_model_dims": DIM, "path": str(folder / "qdrant"), "on_disk": True}
    os.environ.setdefault("OPENAI_API_KEY", "none; nothing is called")
    memory = Memory(MemoryConfig(vector_store=VectorStoreConfig(provider="qdrant", config=settings)))
    store, embedder, seconds = memory.vector_store, Fixed(), 0.0
    hybrid = local_bm25(store, folder)
    for start in tqdm(range(0, len(texts), 500), desc="mem0", unit="500", disable=None):
        part = texts[start : start + 500]
        vectors = embedder.encode(part).tolist()
        begin = timing.now()
        payloads = [{"data": text, "user_id": "u"} for text in part]
        store.insert(vectors=vectors, payloads=payloads, ids=list(range(start, start + len(part))))
        seconds += timing.now() - begin
    known = dict(zip(queries, embedder.encode(queries).tolist(), strict=True))
    memory.embedding_model = type("Known", (), {"embed": lambda self, text, action=None: known[text]})()

    def vectors_alone(number: int) -> object:
        text = queries[number % len(queries)]
        return store.search(query=text, vectors=known[text], top_k=K, filters={"user_id": "u"})

    out = {"ingest_per_s": len(texts) / seconds, "vectors": timing.p50(vectors_alone, min(len(queries), 15))}
    if hybrid:
        assert store.keyword_search(queries[0], top_k=K, filters={"user_id": "u"}), (
            "mem0's keyword search found nothing"
        )
        count = min(len(queries), 15)
        out["hybrid"] = timing.p50(
            lambda n: memory.search(queries[n % len(queries)], top_k=K, filters={"user_id": "u"}), count
        )
    return out


def local_bm25(store: Any, folder: Path) -> bool:
    """Give mem0's store its own BM25 encoder with stop words from here, as fastembed would download a list of them."""
    if importlib.util.find_spec("fastembed") is None:
        print("mem0ai: its hybrid search is off without fastembed; pip install fastembed", file=sys.stderr)
        return False
    from fastembed.sparse.bm25 import Bm25

    (folder / "bm25").mkdir()
    store._bm25_encoder = Bm25("Qdrant/bm25", specific_model_path=str(folder / "bm25"), stopwords=set(COMMON.split()))
    return True


PEERS = {
    "mem0ai": ("mem0", bench_mem0),
    "langmem": ("langmem", bench_langmem),
    "chromadb": ("chromadb", bench_chroma),
}
