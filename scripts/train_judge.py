"""Train the offline judge and measure it on what it has not seen.

    python scripts/train_judge.py PUBLISHED_DIR [--write]

``--write`` replaces ``eval/judges/offline/weights.json`` with the measured error inside.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from eval.command.script import add_cache, add_data, add_to, add_write, embeddings, locomo, one_line_errors
from eval.datasets.locomo import load
from eval.judges.fit.judge import WEIGHTS, train
from memos.errors import require


@one_line_errors
def main() -> int:
    parser = argparse.ArgumentParser(description="Train and measure the offline judge.")
    parser.add_argument("published_dir", type=Path, help="folder of published answers with verdicts")
    add_data(parser)
    add_to(parser, "weights file to write (default: the judge's own)", WEIGHTS)
    add_cache(parser)
    add_write(parser, "the weights")
    args = parser.parse_args()
    require("sklearn", "train", package="scikit-learn")
    features = args.cache / "judge_features"
    to = args.to if args.write else None
    train(load(locomo(args.data)), args.published_dir, embeddings(args.cache), features, to)
    return 0


if __name__ == "__main__":
    sys.exit(main())
