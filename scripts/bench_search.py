"""Search speed of MemOS beside mem0ai, LangMem and Chroma, where they are installed; no model is called.

    python scripts/bench_search.py [--sizes 1000,10000,100000] [--clock cpu] [--queries 50] [--out results/bench/search.json]

Memories are utterances over an invented vocabulary (half of their words English function words, content words by
Zipf-Mandelbrot), 20 a session, with random unit vectors of 384 dimensions; the query's embedding is never timed.
``hybrid`` is filter (what the caller may read), keywords, vectors and fusion as in ``MemOperator.search``; ``all_pass`` and
``tag_2pc`` add filters that all and 2 % of the memories pass; ``fresh`` is from the commit of a new memory to the end of the
search that finds it. Times are P50 milliseconds, k = 10. Peers are optional: pip install mem0ai langmem chromadb.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

DIM, K = 384, 10
COMMON = """the i to a and you it that of in is my for was so me with on we have but are be just they this at like your
really what do had did about how not can been all would there out has when from more one if will up or as an some them"""
"""Function words by falling frequency."""


class Fixed:
    """An embedder whose vectors are random but fixed by the text."""

    name, dim, max_tokens, pooled = "bench", DIM, 10_000, 0

    def encode(self, texts):
        rows = [np.random.default_rng(abs(hash(text)) % 2**32).standard_normal(DIM).astype(np.float32) for text in texts]
        matrix = np.stack(rows) if rows else np.zeros((0, DIM), np.float32)
        return matrix / np.linalg.norm(matrix, axis=1, keepdims=True) if rows else matrix


def vocabulary(rng: np.random.Generator, count: int = 20_000) -> tuple[list[str], np.ndarray]:
    """Invented content words with the probabilities of a natural text (Zipf-Mandelbrot)."""
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(rng.choice(letters, size=size)) for size in rng.integers(4, 10, size=count)]
    weights = 1.0 / (np.arange(count) + 3.7)
    return words, weights / weights.sum()


def sentences(count: int, seed: int = 0) -> list[str]:
    """Utterances of 6 to 24 words, half of them English function words, as half of a conversation's words are."""
    rng = np.random.default_rng(seed)
    words, weights = vocabulary(rng)
    common = np.array(COMMON.split())
    often = 1.0 / (np.arange(len(common)) + 3.7)
    sizes = rng.integers(3, 13, size=count).tolist()
    content = iter(rng.choice(len(words), size=sum(sizes), p=weights).tolist())
    small = iter(rng.choice(common, size=sum(sizes), p=often / often.sum()).tolist())
    return [" ".join(f"{next(small)} {words[next(content)]}" for _ in range(size)) for size in sizes]


def questions(texts: list[str], count: int, seed: int = 1) -> list[str]:
    """Questions as long as people ask them: up to four content words of some memory amid function words."""
    rng = random.Random(seed)
    out = []
    for text in rng.sample(texts, min(count, len(texts))):
        content = text.split()[1::2]
        out.append("What did they do with the " + " and the ".join(rng.sample(content, min(4, len(content)))) + "?")
    return out


CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
now = CLOCKS["wall"]


def p50(run: Callable[[int], object], count: int) -> float:
    """Median milliseconds of ``count`` calls, after two that are not counted."""
    times = []
    for number in range(count + 2):
        start = now()
        run(number)
        times.append(1000 * (now() - start))
    return statistics.median(times[2:])


def bench_memos(texts: list[str], queries: list[str], folder: Path) -> dict[str, float]:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from memos.cube import FakeClock, MemCube, SequentialIds, Source, new_cube
    from memos.infrastructure.access import Caller
    from memos.infrastructure.vault import Is, Tagged
    from memos.infrastructure.vault.sqlite import SqliteVault
    from memos.operation.operator import MemOperator

    clock, ids = FakeClock(), SequentialIds()
    vault = SqliteVault(folder / "memos.sqlite", clock=clock)
    embedder = Fixed()
    operator = MemOperator(vault=vault, embedder=embedder, clock=clock)
    places = itertools.count()

    def made(text: str) -> MemCube:
        place = next(places)
        source = Source("dialogue", f"session {place // 20}", f"turn {place}")
        return new_cube(
            text, owner="u", ids=ids, clock=clock, semantic_type="episode", state="activated", tags=(f"t{place % 50}",),
            sources=(source,),
        )  # fmt: skip

    seconds = 0.0
    for start in tqdm(range(0, len(texts), 1000), desc="memos", disable=None):
        part = texts[start : start + 1000]
        vectors = embedder.encode(part)
        begin = now()
        cubes = [made(text) for text in part]
        vault.add(cubes, vectors)
        operator._take(cubes, vectors)
        seconds += now() - begin
    known = {text: vector for text, vector in zip(queries, embedder.encode(queries), strict=True)}
    operator.embedder = type("Known", (Fixed,), {"encode": lambda self, given: np.stack([known[t] for t in given])})()
    count, user = len(queries), Caller("u")

    def query(at: int) -> str:
        return queries[at % count]

    out = {
        "ingest_per_s": len(texts) / seconds,
        "hybrid": p50(lambda n: operator.search(query(n), K, caller=user), count),
        "all_pass": p50(lambda n: operator.search(query(n), K, where=Is("owner", "u")), count),
        "tag_2pc": p50(lambda n: operator.search(query(n), K, caller=user, where=Tagged("t7")), count),
        "vault_keyword": p50(lambda n: vault.keyword(query(n), K), count),
        "vault_nearest": p50(lambda n: vault.nearest(known[query(n)], K), count),
        "vault_tag_2pc": p50(lambda n: vault.keyword(query(n), K, where=Tagged("t7")), count),
    }
    fresh = []
    for number in range(10):
        text = f"freshword{number} {texts[number]}"
        known[text] = Fixed().encode([text])[0]
        operator.insert([made(text)], actor="u", cause="bench")
        start = now()
        hits = operator.search(text, K)
        fresh.append(1000 * (now() - start))
        assert any(unit.text == text for hit in hits for unit in hit.units), "a new memory was not found"
    out["fresh"] = statistics.median(fresh)
    vault.close()
    return out


def bench_chroma(texts: list[str], queries: list[str], folder: Path) -> dict[str, float]:
    import chromadb

    store = chromadb.PersistentClient(path=str(folder / "chroma")).create_collection("memories", metadata={"hnsw:space": "ip"})
    embedder, seconds = Fixed(), 0.0
    for start in tqdm(range(0, len(texts), 1000), desc="chroma", disable=None):
        part = texts[start : start + 1000]
        vectors = embedder.encode(part).tolist()
        begin = now()
        store.add(ids=[str(start + i) for i in range(len(part))], embeddings=vectors, documents=part)
        seconds += now() - begin
    vectors = embedder.encode(queries).tolist()
    found = p50(lambda n: store.query(query_embeddings=[vectors[n % len(vectors)]], n_results=K), len(queries))
    return {"ingest_per_s": len(texts) / seconds, "vectors": found}


def bench_langmem(texts: list[str], queries: list[str], folder: Path) -> dict[str, float]:
    from langgraph.store.memory import InMemoryStore
    from langmem import create_search_memory_tool

    known: dict[str, list[float]] = {}

    def embed(given: list[str]) -> list[list[float]]:
        new = [text for text in given if text not in known]
        known.update(zip(new, Fixed().encode(new).tolist(), strict=True))
        return [known[text] for text in given]

    store = InMemoryStore(index={"dims": DIM, "embed": embed, "fields": ["content"]})
    embed(texts + queries)
    begin = now()
    for number, text in enumerate(tqdm(texts, desc="langmem", disable=None)):
        store.put(("memories",), str(number), {"content": text})
    seconds = now() - begin
    tool = create_search_memory_tool(namespace=("memories",), store=store)
    found = p50(lambda n: tool.invoke({"query": queries[n % len(queries)], "limit": K}), min(len(queries), 20))
    return {"ingest_per_s": len(texts) / seconds, "tool": found}


def bench_mem0(texts: list[str], queries: list[str], folder: Path) -> dict[str, float]:
    from mem0.vector_stores.qdrant import Qdrant

    store = Qdrant(collection_name="m", embedding_model_dims=DIM, path=str(folder / "qdrant"), on_disk=True)
    embedder, seconds = Fixed(), 0.0
    for start in tqdm(range(0, len(texts), 500), desc="mem0", disable=None):
        part = texts[start : start + 500]
        vectors = embedder.encode(part).tolist()
        begin = now()
        payloads = [{"data": text, "user_id": "u"} for text in part]
        store.insert(vectors=vectors, payloads=payloads, ids=list(range(start, start + len(part))))
        seconds += now() - begin
    vectors = embedder.encode(queries).tolist()

    def ask(number: int) -> object:
        at = number % len(queries)
        return store.search(query=queries[at], vectors=vectors[at], top_k=K, filters={"user_id": "u"})

    out = {"ingest_per_s": len(texts) / seconds, "vectors": p50(ask, min(len(queries), 20))}
    if importlib.util.find_spec("fastembed") is None:
        print('mem0ai: its keyword search is off without fastembed; pip install "mem0ai[extras]"')
    elif hasattr(store, "keyword_search"):
        def hybrid(number: int) -> object:
            at = number % len(queries)
            store.keyword_search(query=queries[at], top_k=K, filters={"user_id": "u"})
            return ask(number)

        out["hybrid"] = p50(hybrid, min(len(queries), 20))
    return out


PEERS = {
    "mem0ai": ("mem0", bench_mem0),
    "langmem": ("langmem", bench_langmem),
    "chromadb": ("chromadb", bench_chroma),
}


def sizes(text: str) -> list[int]:
    """``1000,10000`` as numbers."""
    return [int(part) for part in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=sizes, default=[1000, 10_000, 100_000], help="memories in the store, 1000,10000")
    parser.add_argument("--queries", type=int, default=50, help="queries a measurement")
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS), help="which peers, where installed")
    parser.add_argument("--peer-limit", type=int, default=10_000, help="largest store the peers are measured at")
    parser.add_argument("--out", type=Path, help="also write the figures as JSON")
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall", help="cpu: this process's time, on a busy machine")
    args = parser.parse_args()
    global now
    now = CLOCKS[args.clock]
    print(f"{args.clock} time, load average {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    results: dict[str, dict[str, dict[str, float]]] = {}
    for size in args.sizes:
        texts = sentences(size)
        queries = questions(texts, args.queries)
        row = results[str(size)] = {}
        systems = {"memos": bench_memos}
        for name in args.peers:
            module, run = PEERS[name]
            if importlib.util.find_spec(module) is None:
                print(f"{name}: not installed; pip install {name}")
            elif size <= args.peer_limit:
                systems[name] = run
        for name, run in systems.items():
            with tempfile.TemporaryDirectory() as folder:
                row[name] = run(texts, queries, Path(folder))
            print(f"{size:>9,d} {name:9s} " + "  ".join(f"{key} {value:,.2f}" for key, value in row[name].items()), flush=True)
        ours = row["memos"]["hybrid"]
        for name, figures in row.items():
            for key, value in figures.items():
                if name != "memos" and key != "ingest_per_s":
                    print(f"{size:>9,d} {name} {key} takes {value / ours:,.1f} times as long as our hybrid search")
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
