"""Search speed of MemOS beside mem0ai, LangMem and Chroma, where they are installed; no model is called.

    python scripts/bench_search.py [--sizes 1000,10000] [--repeats 3] [--seconds 900] [--gb 12] [--to
    results/bench/search.json]

Memories are utterances over an invented vocabulary (half of their words English function words, content words by
Zipf-Mandelbrot), 20 a session, with random unit vectors of 384 dimensions; no embedding is ever timed. They are
inserted
through the facade ``MemOS`` into a vault file, 1,000 at a time (governance, tiers and log included), and searched
through ``MemOS.search``, k = 10 (rights, passages, the durable count of each use and the log included):
``hybrid`` is filter (what the caller may read), keywords, vectors and fusion; ``all_pass``, ``tag_2pc`` and ``session``
add
filters that all, 2 % and 20 of the memories pass; ``fresh`` is from the commit of a new memory to the end of the search
that finds it (its whole text is the query), ``insert`` the durable insert before; ``full_insert`` and ``full_fresh``
the same
where the tier is full, so that the memory used least lately is archived; ``ingest`` counts memories made, stored and
indexed,
``system`` the turns that ``system=memos`` reads a session at a time (dates, names and word counts included). Searches
are
exact at every size: ``recall`` is the share of the true nearest, by float64 over the same vectors, that the vault's and
the
operator's index give at the end of the run, and the script exits with 1 where it is below 1. Times are P50 milliseconds
over the queries, each the quickest of ``--repeats`` calls (1: plain P50).

Growth: --sizes 1000,10000,100000,1000000. Filling a million takes minutes and gigabytes; it ends after ``--seconds``
or at ``--gb``, and what was reached is measured. Every figure is printed as soon as it is there.

Peers live in an environment of their own; the script starts itself there and needs nothing of it but what this
installs:
    python -m venv /tmp/peers && /tmp/peers/bin/pip install mem0ai fastembed langmem chromadb numpy tqdm
mem0's hybrid search (``Memory.search`` without its embedding: vectors, BM25 over sparse vectors, fused) needs
fastembed, of
``mem0ai[extras]``; the rest of those extras pulls in torch and an older LangChain than langmem's. fastembed would
download a list of stop
words, so a short list of our own stands in for it; without spaCy's model (``mem0ai[nlp]``) mem0 skips lemmas and
entities, which is to its
advantage here.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from math import log
from pathlib import Path
from typing import Any

from search_bench.peers import bench_chroma, bench_langmem, bench_mem0
from search_bench.texts import questions, sentences
from search_bench.timing import CLOCKS, Timing

PEERS = {
    "mem0ai": ("mem0", bench_mem0),
    "langmem": ("langmem", bench_langmem),
    "chromadb": ("chromadb", bench_chroma),
}
BARS = (
    ("ours", "hybrid", 10_000, 5.0),
    ("ours", "all_pass", 10_000, 5.0),
    ("ours", "hybrid", 100_000, 30.0),
    ("ours", "all_pass", 100_000, 30.0),
    ("ours", "fresh", 10_000, 5.0),
    ("ours", "ingest_per_s", 10_000, 1000.0),
    ("ours", "system_per_s", 10_000, 1000.0),
    ("mem0ai", "hybrid", 10_000, 50.0),
    ("langmem", "tool", 10_000, 20.0),
)
"""Whose figure, which, at which size, and the bar: at most so many ms of ours, at least so many a second, or so many
times our hybrid search."""
GROWING = (
    "hybrid",
    "all_pass",
    "tag_2pc",
    "session",
    "fresh",
    "insert",
    "full_insert",
    "vault_keyword",
    "vault_nearest",
)
"""Figures in milliseconds whose growth is told."""
Figures = dict[str, Any]


def sizes(text: str) -> list[int]:
    """``1000,10000`` as numbers."""
    return [int(part) for part in text.split(",")]


def measure_ours(size: int, args: argparse.Namespace, timing: Timing) -> Figures:
    """Our figures at one size, each printed as it comes."""
    from search_bench.ours import Limits, bench_memos, bench_system

    figures: Figures = {}

    def tell(name: str, value: float) -> None:
        if not name.startswith("filled"):
            figures[name] = value
        print(f"{size:>9,d} ours {name} {value:,.2f}", flush=True)

    texts = sentences(size)
    tell("system_per_s", bench_system(texts[:2000], timing))
    with tempfile.TemporaryDirectory() as folder:
        asked = lambda reached: questions(texts[:reached], args.queries)  # noqa: E731
        bench_memos(texts, asked, Path(folder), timing, Limits(args.seconds, args.gb), tell)
    reached = int(figures.pop("size"))
    if reached < size:
        print(
            f"{size:>9,d} ours: filling ended at {reached:,d} memories (--seconds {args.seconds:g} s, --gb {args.gb:g})"
        )
        figures["reached"] = reached
    return figures


def measure_peer(name: str, size: int, args: argparse.Namespace, timing: Timing) -> Figures | None:
    """A peer's figures, from this process where it is installed, else from the peers' environment;
    None without both."""
    module, run = PEERS[name]
    if importlib.util.find_spec(module) is not None:
        texts = sentences(size)
        with tempfile.TemporaryDirectory() as folder:
            figures = run(texts, questions(texts, args.queries), Path(folder), timing)
        return figures | {"version": importlib.metadata.version(name)}
    if not args.python.exists():
        print(f"{name}: not installed here nor in {args.python.parent.parent}; see --help")
        return None
    options = {
        "--peer": name,
        "--sizes": size,
        "--clock": args.clock,
        "--queries": args.queries,
        "--repeats": args.repeats,
    }
    command = [str(args.python), __file__, *(str(part) for option in options.items() for part in option)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=None, text=True)
    if done.returncode:
        print(f"{name}: ended with {done.returncode}; see its message above")
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def shown(size: int, name: str, figures: Figures) -> str:
    """One system's figures on a line."""
    listed = "  ".join(f"{key} {value:,.2f}" for key, value in figures.items() if key != "version")
    return f"{size:>9,d} {(name + ' ' + str(figures.get('version', ''))).strip():16s} {listed}"


def ratios(results: dict[str, dict[str, Figures]]) -> list[str]:
    """Every peer's search beside ours, and each bar with its verdict."""
    lines = []
    for size, row in results.items():
        for name, figures in row.items():
            for key, value in figures.items():
                if name != "ours" and key not in ("ingest_per_s", "version"):
                    times = value / row["ours"]["hybrid"]
                    lines.append(
                        f"{int(size):>9,d} {name} {key}: {value:,.1f} ms, {times:,.1f} times our hybrid search"
                    )
    for name, key, size, bar in BARS:
        value = results.get(str(size), {}).get(name, {}).get(key)
        if value is None or results[str(size)]["ours"].get("reached", size) < size:
            lines.append(f"not measured: {name} {key} at {size:,d} (bar {bar:g})")
            continue
        if name != "ours":
            value, sign, unit = value / results[str(size)]["ours"]["hybrid"], ">=", "times our hybrid search"
        else:
            sign, unit = (">=", "") if key.endswith("per_s") else ("<=", "ms")
        met = value >= bar if sign == ">=" else value <= bar
        lines.append(
            f"{'met' if met else 'MISSED'}: {name} {key} at {size:,d} {value:,.1f} {unit} (bar {sign} {bar:g})"
        )
    return lines


def growth(results: dict[str, dict[str, Figures]]) -> list[str]:
    """How each of our times grows: milliseconds at each size, and the power of the size between neighbouring sizes."""
    rows = sorted((int(row["ours"].get("reached", size)), row["ours"]) for size, row in results.items())
    lines = []
    for name in GROWING if len(rows) > 1 else ():
        times = [f"{figures[name]:,.1f} ms at {size:,d}" for size, figures in rows]
        pairs = zip(rows, rows[1:], strict=False)
        powers = [log(late[name] / early[name]) / log(big / small) for (small, early), (big, late) in pairs]
        lines.append(
            f"growth of {name}: {', '.join(times)}; as n to the {', '.join(f'{power:.2f}' for power in powers)}"
        )
    return lines


def inexact(results: dict[str, dict[str, Figures]]) -> list[str]:
    """Sizes at which a true nearest memory was not found, with the recall."""
    recalls = ((int(size), row["ours"]["recall"]) for size, row in results.items())
    return [f"{recall:.4%} at {size:,d}" for size, recall in recalls if not recall >= 1]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--sizes", type=sizes, default=[1_000, 10_000], help="memories in the store (default 1000,10000)"
    )
    parser.add_argument("--queries", type=int, default=50, help="queries a measurement (default 50)")
    parser.add_argument(
        "--repeats",
        type=int,
        default=3,
        metavar="N",
        help="calls of each query, of which the quickest counts (default 3)",
    )
    parser.add_argument("--seconds", type=float, default=900.0, help="seconds of filling a size at most (default 900)")
    parser.add_argument("--gb", type=float, default=12.0, help="gigabytes of memory at which filling ends (default 12)")
    parser.add_argument(
        "--peers", nargs="*", default=list(PEERS), choices=list(PEERS), help="which peers, where installed"
    )
    parser.add_argument("--python", type=Path, default=Path("/tmp/peers/bin/python"), help="the peers' interpreter")
    parser.add_argument("--peer-size", type=int, default=10_000, help="largest store the peers are measured at")
    parser.add_argument("--to", type=Path, metavar="FILE", help="also write the figures as JSON, after every size")
    parser.add_argument(
        "--clock", choices=list(CLOCKS), default="wall", help="cpu: this process's time, on a busy machine"
    )
    parser.add_argument(
        "--peer", choices=list(PEERS), help="print one peer's figures as JSON and stop (the script's own call)"
    )
    return parser.parse_args()


def main() -> None:
    args = arguments()
    timing = Timing(args.clock, args.repeats)
    if args.peer:
        print(json.dumps(measure_peer(args.peer, args.sizes[0], args, timing)))
        return
    loads = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    print(f"{args.clock} time; load average {loads}; yardstick {timing.yardstick():.0f} ms", flush=True)
    results: dict[str, dict[str, Figures]] = {}
    for size in args.sizes:
        row = results[str(size)] = {"ours": measure_ours(size, args, timing)}
        for name in args.peers if size <= args.peer_size else []:
            figures = measure_peer(name, size, args, timing)
            if figures is not None:
                row[name] = figures
                print(shown(size, name, figures), flush=True)
        if args.to:
            args.to.parent.mkdir(parents=True, exist_ok=True)
            args.to.write_text(json.dumps(results, indent=1))
    print(
        "\n".join(
            [
                *(shown(int(size), "ours", row["ours"]) for size, row in results.items()),
                *growth(results),
                *ratios(results),
            ]
        )
    )
    print(f"yardstick at the end {timing.yardstick():.0f} ms")
    missed = inexact(results)
    if missed:
        sys.exit(f"error: search is not exact: recall {', '.join(missed)}")


if __name__ == "__main__":
    main()
