"""Figures 9, 10 and ours from finished runs: ``python scripts/figures.py [RUNS…]``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from eval.command.script import add_out, one_line_errors
from eval.report.figures import make_figures, usable_cores
from eval.report.groups import groups
from memos.errors import ConfigError


@one_line_errors
def main() -> int:
    parser = argparse.ArgumentParser(
        description="Draw the figures (PNG, PDF, CSV, sources); those without data are named with the reason."
    )
    parser.add_argument(
        "runs", nargs="*", type=Path, help="run or experiment folders; default: each experiment's newest sweep"
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="draw only this figure (may be repeated)"
    )
    parser.add_argument(
        "--paper",
        action="store_true",
        help="draw the paper's values also behind runs that are not comparable with them, into files named *_paper",
    )
    parser.add_argument(
        "--jobs", type=int, default=usable_cores(), metavar="N", help="processes that draw (default: the usable cores)"
    )
    add_out(parser)
    args = parser.parse_args()
    start = time.perf_counter()
    if args.jobs < 1:
        raise ConfigError(f"--jobs: expected 1 or more, found {args.jobs}")
    files, skipped = make_figures(groups(args.runs, args.out), args.out, args.only, jobs=args.jobs, paper=args.paper)
    for path in files:
        if path.suffix == ".png":
            print(path.with_suffix(""))
    for line in skipped:
        print(f"not drawn: {line}")
    if args.only and not files:
        raise ConfigError(f"nothing drawn; is {', '.join(args.only)} a figure of these runs?")
    print(f"{len(files) // 4} figures in {args.out / 'figures'}, {time.perf_counter() - start:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
