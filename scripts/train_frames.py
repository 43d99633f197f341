"""Fit what tells a denied gold from an answered one by its frame.

    python scripts/train_frames.py PUBLISHED_DIR [--write]

``--write`` replaces ``eval/judges/offline/frames.json``. Run before ``scripts/train_judge.py``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from eval.command.script import add_cache, add_data, add_write, embeddings, locomo, one_line_errors
from eval.datasets.locomo import load
from eval.judges.fit.frames import train
from memos.errors import require


@one_line_errors
def main() -> int:
    parser = argparse.ArgumentParser(description="Fit the frames that deny a gold.")
    parser.add_argument("published_dir", type=Path, help="folder of published answers with verdicts")
    add_data(parser)
    add_cache(parser)
    add_write(parser, "frames.json")
    args = parser.parse_args()
    require("sklearn", "train", package="scikit-learn")
    train(load(locomo(args.data)), args.published_dir, embeddings(args.cache), args.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
