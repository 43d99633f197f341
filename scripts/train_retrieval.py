"""Fit both looks of ``memos/operation/retrieval/ranker.json`` and print their evidence recall, held-out apart.

python scripts/train_retrieval.py [--data FILE] [--write]
"""

from __future__ import annotations

import argparse
import sys

from eval.command.script import add_cache, add_data, add_write, embeddings, locomo, one_line_errors
from eval.datasets.locomo import load
from memos.embed.cache import CachedEmbedder
from memos.embed.minilm import MiniLM
from memos.operation.retrieval.fit import fit_all, write


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_data(parser)
    add_write(parser, "memos/operation/retrieval/ranker.json")
    add_cache(parser)
    parser.add_argument("--pairs", action="store_true", help="also fit every pair of switched-off groups")
    args = parser.parse_args()
    dataset = load(locomo(args.data))
    embedder = CachedEmbedder(MiniLM(), embeddings(args.cache))
    table = fit_all(dataset, embedder, args.pairs)
    if args.write:
        write(table)


if __name__ == "__main__":
    sys.exit(main())
