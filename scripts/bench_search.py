"""Search speed of MemOS beside mem0ai, LangMem and Chroma, where they are installed; no model is called.

    python scripts/bench_search.py [--sizes 1000,10000] [--clock cpu] [--queries 50] [--out results/bench/search.json]

Memories are utterances over an invented vocabulary (half of their words English function words, content words by
Zipf-Mandelbrot), 20 a session, with random unit vectors of 384 dimensions; no embedding is ever timed. Ours:
``hybrid`` is filter (what the caller may read), keywords, vectors and fusion as in ``MemOperator.search``; ``all_pass`` and
``tag_2pc`` add filters that all and 2 % of the memories pass; ``fresh`` is from the commit of a new memory to the end of the
search that finds it (its whole text is the query), ``insert`` the durable insert before; ``ingest`` counts memories made,
stored and indexed in batches of 1,000, ``system`` the turns that ``system=memos`` reads a session at a time (dates, names and
word counts included). Times are P50 milliseconds, k = 10. Growth: --sizes 1000,10000,100000,1000000 (a million takes
many minutes and gigabytes).

Peers live in an environment of their own; the script starts itself there and needs nothing of it but what this installs:
    python -m venv /tmp/peers && /tmp/peers/bin/pip install mem0ai fastembed langmem chromadb numpy tqdm
mem0's hybrid search (``Memory.search`` without its embedding: vectors, BM25 over sparse vectors, fused) needs fastembed, of
``mem0ai[extras]``; the rest of those extras pulls in torch and an older LangChain than langmem's. fastembed would download a list of stop
words, so a short list of our own stands in for it; without spaCy's model (``mem0ai[nlp]``) mem0 skips lemmas and entities, which is to its
advantage here.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

DIM, K = 384, 10
COMMON = """the i to a and you it that of in is my for was so me with on we have but are be just they this at like your
really what do had did about how not can been all would there out has when from more one if will up or as an some them"""
"""Function words by falling frequency."""


class Fixed:
    """An embedder whose vectors are random, fixed by the batch of texts."""

    name, dim, max_tokens, pooled = "bench", DIM, 10_000, 0

    def encode(self, texts):
        seed = zlib.crc32("\0".join(texts).encode())
        matrix = np.random.default_rng(seed).standard_normal((len(texts), DIM), dtype=np.float32)
        return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


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
    from memos.cube import FakeClock, MemCube, SequentialIds, Source, new_cube
    from memos.infrastructure.access import Caller
    from memos.infrastructure.vault import Is, Tagged
    from memos.infrastructure.vault.sqlite import SqliteVault
    from memos.operation.operator import MemOperator
    from memos.operation.words import terms

    clock, ids = FakeClock(), SequentialIds()
    vault = SqliteVault(folder / "memos.sqlite", clock=clock)
    embedder = Fixed()
    operator = MemOperator(vault=vault, embedder=embedder, clock=clock)
    places = itertools.count()
    terms("import the stemmer, which takes longer than a thousand memories")

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
    known = dict(zip(queries, embedder.encode(queries), strict=True))
    operator.embedder = type("Known", (Fixed,), {"encode": lambda self, given: np.stack([known[t] for t in given])})()
    count, user = len(queries), Caller("u")

    def query(at: int) -> str:
        return queries[at % count]

    out = {
        "ingest_per_s": len(texts) / seconds,
        "system_per_s": bench_system(texts[:2000]),
        "hybrid": p50(lambda n: operator.search(query(n), K, caller=user), count),
        "all_pass": p50(lambda n: operator.search(query(n), K, where=Is("owner", "u")), count),
        "tag_2pc": p50(lambda n: operator.search(query(n), K, caller=user, where=Tagged("t7")), count),
        "vault_keyword": p50(lambda n: vault.keyword(query(n), K), count),
        "vault_nearest": p50(lambda n: vault.nearest(known[query(n)], K), count),
    }
    fresh, inserts = [], []
    for number in range(12):
        text = f"freshword{number} {texts[number]}"
        known[text] = embedder.encode([text])[0]
        cube = made(text)
        start = now()
        operator.insert([cube], actor="u", cause="bench")
        committed = now()
        hits = operator.search(text, K)
        inserts.append(1000 * (committed - start))
        fresh.append(1000 * (now() - committed))
        assert any(unit.text == text for hit in hits for unit in hit.units), "a new memory was not found"
    out["insert"], out["fresh"] = statistics.median(inserts[2:]), statistics.median(fresh[2:])
    vault.close()
    return out


def bench_system(texts: list[str]) -> float:
    """Turns a second that ``system=memos`` takes in, a session of 20 at a time."""
    from datetime import datetime, timedelta

    from memos.system import MemOSSystem
    from memos.types import Conversation, Session, Turn

    vectors = itertools.cycle(np.split(Fixed().encode(texts), len(texts) // 20))
    prepared = type("Prepared", (Fixed,), {"encode": lambda self, given: next(vectors)[: len(given)]})()
    system, seconds = MemOSSystem(embedder=prepared), 0.0
    sessions = []
    for start in range(0, len(texts), 20):
        turns = tuple(
            Turn(f"{start}:{place}", ("Ana", "Ben")[place % 2], text) for place, text in enumerate(texts[start : start + 20])
        )
        sessions.append(Session(f"s{start}", datetime(2024, 1, 1) + timedelta(days=start // 20), "", turns))
    system.start(Conversation("bench", ("Ana", "Ben"), ()))
    for number, session in enumerate(sessions):
        begin = now()
        system.add(session)
        seconds += (now() - begin) * (number > 0)
    system.close()
    return 20 * (len(sessions) - 1) / seconds


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
    """mem0 on its default local store. Memories are written to the store itself, as ``Memory.add`` does after its model."""
    os.environ["MEM0_DIR"], os.environ["MEM0_TELEMETRY"] = str(folder / "mem0"), "False"
    from mem0 import Memory
    from mem0.configs.base import MemoryConfig
    from mem0.vector_stores.configs import VectorStoreConfig

    settings = {"collection_name": "m", "embedding_model_dims": DIM, "path": str(folder / "qdrant"), "on_disk": True}
    os.environ.setdefault("OPENAI_API_KEY", "none; nothing is called")
    memory = Memory(MemoryConfig(vector_store=VectorStoreConfig(provider="qdrant", config=settings)))
    store, embedder, seconds = memory.vector_store, Fixed(), 0.0
    hybrid = local_bm25(store, folder)
    for start in tqdm(range(0, len(texts), 500), desc="mem0", disable=None):
        part = texts[start : start + 500]
        vectors = embedder.encode(part).tolist()
        begin = now()
        payloads = [{"data": text, "user_id": "u"} for text in part]
        store.insert(vectors=vectors, payloads=payloads, ids=list(range(start, start + len(part))))
        seconds += now() - begin
    known = dict(zip(queries, embedder.encode(queries).tolist(), strict=True))
    memory.embedding_model = type("Known", (), {"embed": lambda self, text, action=None: known[text]})()

    def vectors_alone(number: int) -> object:
        text = queries[number % len(queries)]
        return store.search(query=text, vectors=known[text], top_k=K, filters={"user_id": "u"})

    out = {"ingest_per_s": len(texts) / seconds, "vectors": p50(vectors_alone, min(len(queries), 15))}
    if hybrid:
        assert store.keyword_search(queries[0], top_k=K, filters={"user_id": "u"}), "mem0's keyword search found nothing"
        out["hybrid"] = p50(lambda n: memory.search(queries[n % len(queries)], top_k=K, filters={"user_id": "u"}),
                            min(len(queries), 15))  # fmt: skip
    return out


def local_bm25(store: object, folder: Path) -> bool:
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


BARS = (
    ("ours", "hybrid", 10_000, 5.0), ("ours", "hybrid", 100_000, 30.0), ("ours", "fresh", 10_000, 5.0),
    ("ours", "ingest_per_s", 10_000, 1000.0), ("ours", "system_per_s", 10_000, 1000.0),
    ("mem0ai", "hybrid", 10_000, 50.0), ("langmem", "tool", 10_000, 20.0),
)  # fmt: skip
"""Whose figure, which, at which size, and the bar: at most so many ms of ours, at least so many a second, or so many times
our hybrid search."""


def sizes(text: str) -> list[int]:
    """``1000,10000`` as numbers."""
    return [int(part) for part in text.split(",")]


def measure(name: str, run: Callable, size: int, count: int) -> dict[str, float]:
    """One system's figures at one size."""
    texts = sentences(size)
    with tempfile.TemporaryDirectory() as folder:
        return run(texts, questions(texts, count), Path(folder))


def peer_figures(name: str, size: int, args: argparse.Namespace) -> dict[str, float] | None:
    """A peer's figures, from this process where it is installed, else from the peers' environment; None without both."""
    module, run = PEERS[name]
    if importlib.util.find_spec(module) is not None:
        return measure(name, run, size, args.queries) | {"version": importlib.metadata.version(name)}
    if not args.python.exists():
        print(f"{name}: not installed here nor in {args.python.parent.parent}; see --help")
        return None
    command = [str(args.python), __file__, "--only", name, "--sizes", str(size), "--clock", args.clock, "--queries", str(args.queries)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(f"{name}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def ratios(results: dict) -> list[str]:
    """Every peer's search beside ours, and each bar with its verdict."""
    lines = []
    for size, row in results.items():
        for name, figures in row.items():
            for key, value in figures.items():
                if name != "ours" and key not in ("ingest_per_s", "version"):
                    times = value / row["ours"]["hybrid"]
                    lines.append(f"{int(size):>9,d} {name} {key}: {value:,.1f} ms, {times:,.1f} times our hybrid search")
    for name, key, size, bar in BARS:
        value = results.get(str(size), {}).get(name, {}).get(key)
        if value is None:
            lines.append(f"not measured: {name} {key} at {size:,d} (bar {bar:g})")
            continue
        if name != "ours":
            value, sign, unit = value / results[str(size)]["ours"]["hybrid"], ">=", "times our hybrid search"
        else:
            sign, unit = (">=", "") if key.endswith("per_s") else ("<=", "ms")
        met = value >= bar if sign == ">=" else value <= bar
        lines.append(f"{'met' if met else 'MISSED'}: {name} {key} at {size:,d} {value:,.1f} {unit} (bar {sign} {bar:g})")
    return lines


def yardstick() -> float:
    """Milliseconds of a fixed loop: how fast this core is just now (about 50 on a quiet one)."""
    start, total = now(), 0
    for number in range(1_000_000):
        total += number * number % 7
    return 1000 * (now() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=sizes, default=[1000, 10_000], help="memories in the store (default 1000,10000)")
    parser.add_argument("--queries", type=int, default=50, help="queries a measurement (default 50)")
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS), help="which peers, where installed")
    parser.add_argument("--python", type=Path, default=Path("/tmp/peers/bin/python"), help="the peers' interpreter")
    parser.add_argument("--peer-limit", type=int, default=10_000, help="largest store the peers are measured at")
    parser.add_argument("--out", type=Path, help="also write the figures as JSON")
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall", help="cpu: this process's time, on a busy machine")
    parser.add_argument("--only", choices=list(PEERS), help="print one peer's figures as JSON and stop (the script's own call)")
    args = parser.parse_args()
    global now
    now = CLOCKS[args.clock]
    if args.only:
        print(json.dumps(peer_figures(args.only, args.sizes[0], args)))
        return
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    loads = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    print(f"{args.clock} time; load average {loads}; yardstick {yardstick():.0f} ms")
    results: dict[str, dict[str, dict[str, float]]] = {}
    for size in args.sizes:
        row = results[str(size)] = {"ours": measure("ours", bench_memos, size, args.queries)}
        for name in args.peers if size <= args.peer_limit else []:
            figures = peer_figures(name, size, args)
            if figures is not None:
                row[name] = figures
        for name, figures in row.items():
            shown = "  ".join(f"{key} {value:,.2f}" for key, value in figures.items() if key != "version")
            print(f"{size:>9,d} {(name + ' ' + figures.get('version', '')).strip():16s} {shown}", flush=True)
    print("\n".join(ratios(results)))
    print(f"yardstick at the end {yardstick():.0f} ms")
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
