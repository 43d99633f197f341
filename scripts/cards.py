"""The cards of the learned parts: digests as the weights are now, and the page for readers.

    python scripts/cards.py [--write]

Exit status 1 where ``results/cards/learned_parts.json`` or ``docs/cards.md`` is not of the present weights.
"""

from __future__ import annotations

import argparse
import sys

from eval.command.script import add_write, one_line_errors
from eval.report.learned_parts import CARDS, PAGE, as_json, page, read, refreshed
from eval.runs.write import write_atomic


@one_line_errors
def main() -> int:
    parser = argparse.ArgumentParser(description="Hold the cards of the learned parts to their weights.")
    add_write(parser, f"{CARDS.name} and {PAGE.name}")
    args = parser.parse_args()
    parts = refreshed(read())
    made = {CARDS: as_json(parts), PAGE: page(parts)}
    for name, card in parts.items():
        print(f"{card['digest']}  {card['weights']}  {name}")
    stale = [path for path, text in made.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    for path in stale if args.write else ():
        write_atomic(path, made[path])
    return 0 if args.write or not stale else 1


if __name__ == "__main__":
    sys.exit(main())
