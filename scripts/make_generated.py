"""Write a generated benchmark to a file in LOCOMO's format: python scripts/make_generated.py --to FILE [--seed 0] …

The same options give the same bytes on every machine. The file is written as a stream. docs/generated.md explains the
knobs.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import fields
from pathlib import Path

from eval.command.script import add_to
from eval.datasets.generated.locomo_format import write
from eval.datasets.generated.records import Knobs
from memos.errors import MemosError


def main(argv: list[str] | None = None) -> int:
    """Returns the exit code: 0 done, 1 a knob or a path that cannot be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add_to(parser, "file to write; replaced when complete", Path("generated.json"))
    for knob in fields(Knobs):
        kind = float if isinstance(knob.default, float) else int
        parser.add_argument(f"--{knob.name}", type=kind, default=knob.default, metavar="N", help=knob.metadata["help"])
    given = vars(parser.parse_args(argv))
    out: Path = given.pop("to")
    try:
        knobs = Knobs(**given)
    except MemosError as error:
        print(error, file=sys.stderr)
        return 1
    fresh = out.with_name(f".{os.getpid()}-{out.name}")
    try:
        turns = write(fresh, knobs)
        os.replace(fresh, out)
    except OSError as error:
        print(f"{out}: {error.strerror}", file=sys.stderr)
        return 1
    finally:
        fresh.unlink(missing_ok=True)
    print(f"{out}: {knobs.conversations} conversations, {turns} turns, {out.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
