"""How well utterances are read: what is wished of memory, by rules, on labelled utterances in 15 kinds.

    python scripts/bench_intents.py [--wrong] [--dev]

Prints the share that is read rightly, a kind a line, for the development half and for the blind half, which no rule was
tuned on (``--dev`` leaves it alone). One author wrote both halves and the rules: expect less on what others say.
``--wrong`` lists what is read wrongly, of the development half only.
docs/memos.md#intents says how the utterances were made.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from memos.interface.reader import MemReader

DATA = Path(__file__).parents[1] / "tests" / "data" / "intents"


def load(half: str) -> list[dict[str, str]]:
    """The labelled utterances of a half (``dev`` or ``blind``): kind, intent, text."""
    lines = (DATA / f"{half}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def right(rows: Sequence[dict[str, str]]) -> tuple[Counter[str], list[tuple[str, str, str]]]:
    """How many of each kind are read rightly, and what is not: (kind, intent read, text)."""
    reader, counts, wrong = MemReader(), Counter[str](), []
    for row in rows:
        intent = reader.read(row["text"], caller="ana").intent
        if intent == row["intent"]:
            counts[row["kind"]] += 1
        else:
            wrong.append((row["kind"], intent, row["text"]))
    return counts, wrong


def main(argv: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(description="Intents read rightly, by kind.")
    options.add_argument("--wrong", action="store_true", help="list what is read wrongly in the development half")
    options.add_argument("--dev", action="store_true", help="leave the blind half alone")
    args = options.parse_args(argv)
    halves = {half: load(half) for half in (("dev",) if args.dev else ("dev", "blind"))}
    results = {half: right(rows) for half, rows in halves.items()}
    kinds = list(dict.fromkeys(row["kind"] for row in halves["dev"]))
    print("kind".ljust(18), *(half.rjust(9) for half in halves))
    for kind in [*kinds, "all"]:
        cells = []
        for half, rows in halves.items():
            total = sum(kind in ("all", row["kind"]) for row in rows)
            good = results[half][0].total() if kind == "all" else results[half][0][kind]
            cells.append(f"{good}/{total}".rjust(9) if kind != "all" else f"{100 * good / total:.1f} %".rjust(9))
        print(kind.ljust(18), *cells)
    if args.wrong:
        for kind, intent, text in results["dev"][1]:
            print(f"{kind}: read as {intent}: {text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
