"""Count how rare each stem is in LOCOMO's dialogues, as the offline judge weighs words by it.

    python scripts/train_rarities.py [--data FILE] [--write]

``--write`` replaces ``eval/judges/offline/idf.json``. Run before the judge's other fits.
"""

from __future__ import annotations

import argparse
import sys

from eval.command.script import add_data, add_write, locomo, one_line_errors
from eval.core.identity import digest
from eval.datasets.locomo import load
from eval.judges.fit import rarities


@one_line_errors
def main() -> int:
    parser = argparse.ArgumentParser(description="Count the rarity of stems in LOCOMO's dialogues.")
    add_data(parser)
    add_write(parser, "idf.json")
    args = parser.parse_args()
    dataset = load(locomo(args.data))
    print(f"digest {digest(rarities.count(dataset))}")
    if args.write:
        rarities.write(dataset)
    return 0


if __name__ == "__main__":
    sys.exit(main())
