"""The page on the files of a run, from their types: ``python scripts/run_folder.py [RUN…] [--write]``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from eval.command.script import add_write, one_line_errors
from eval.core.places import ROOT
from eval.runs.format.files import BENCHMARK, KV, check_folder
from eval.runs.format.page import page
from eval.runs.write import write_atomic

PAGE = ROOT / "docs" / "run_folder.md"


def check(folder: Path) -> None:
    """Hold a run folder to its types and say so."""
    path = folder / "summary.json"
    cells = path.exists() and "cells" in json.loads(path.read_text(encoding="utf-8"))
    strange = check_folder(folder, KV if cells else BENCHMARK)
    print(f"{folder}: as documented" + (f"; of no known kind: {', '.join(strange)}" if strange else ""))


@one_line_errors
def main() -> int:
    parser = argparse.ArgumentParser(description="Print the page on the files of a run, or hold run folders to it.")
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUN", help="run folders to check")
    add_write(parser, "docs/run_folder.md")
    args = parser.parse_args()
    for folder in args.runs:
        check(folder)
    if args.write:
        write_atomic(PAGE, page())
    elif not args.runs:
        print(page(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
