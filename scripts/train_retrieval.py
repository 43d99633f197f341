"""Fit both looks of ``memos/operation/retrieval/ranker.json`` on all sources and by folds (``docs/ranker.md``).

    python scripts/train_retrieval.py [--data FILE] [--beam FOLDER] [--generated] [--full-set] [--write]

LOCOMO, and where asked for the chats 1 to 5 of BEAM 100K and generated lives. ``scripts/bench_ranker.py`` measures what
comes out.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from eval.command.script import add_cache, add_data, add_write, embeddings, locomo, one_line_errors
from eval.datasets.ranker_sources import beam_source, generated_source, locomo_source
from memos.embed.cache import CachedEmbedder
from memos.embed.minilm import MiniLM
from memos.operation.retrieval.fit import ABLATIONS, fit_all, write


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_data(parser)
    add_write(parser, "memos/operation/retrieval/ranker.json")
    add_cache(parser)
    parser.add_argument(
        "--beam", type=Path, metavar="FOLDER", help="folder of BEAM 100K's numbered chats; none: without"
    )
    parser.add_argument("--generated", action="store_true", help="also generated lives of a seed of their own")
    parser.add_argument("--full-set", action="store_true", help="only the full set of features, no switched-off group")
    args = parser.parse_args()
    sources = [locomo_source(locomo(args.data))]
    if args.beam is not None:
        sources.append(beam_source(args.beam))
    if args.generated:
        sources.append(generated_source())
    embedder = CachedEmbedder(MiniLM(), embeddings(args.cache))
    table, marks = fit_all(sources, embedder, () if args.full_set else ABLATIONS)
    if args.write:
        write(table, marks)


if __name__ == "__main__":
    sys.exit(main())
