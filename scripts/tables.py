"""Tables 3, 4, 5 and ours from finished runs: ``python scripts/tables.py [RUNS…] [--check | --readme | --index]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from eval.command.script import add_out, one_line_errors
from eval.core.places import ROOT
from eval.experiments.load import experiment_of
from eval.experiments.rescoring import against_paper
from eval.report.groups import groups
from eval.report.paper import reference
from eval.report.paper.readme_table import replace_table
from eval.report.reproduction import make_check
from eval.report.tables import terminal
from eval.report.tables.index import write_index
from eval.runs.write import writing_outputs
from memos.errors import DataError


@one_line_errors
def main() -> int:
    parser = argparse.ArgumentParser(
        description="Write and print the tables; with --check, ours beside the paper's cell by cell."
    )
    parser.add_argument(
        "runs",
        nargs="*",
        type=Path,
        help="run or experiment folders, with --check also files of published answers; default: each experiment's "
        "newest sweep",
    )
    parser.add_argument(
        "--check", action="store_true", help="verdict on every cell of the paper, and the audit of its own sums"
    )
    parser.add_argument(
        "--readme",
        action="store_true",
        help="put the table of results/ into README.md, between its marks, and do nothing else",
    )
    parser.add_argument(
        "--index",
        action="store_true",
        help="write README.md of the results folder, a page of all figures and tables, and do nothing else",
    )
    add_out(parser)
    parser.add_argument(
        "--reference", type=Path, default=reference.PAPER, help="the paper's cells (default: paper.yaml)"
    )
    parser.add_argument("--width", type=int, default=120, help="columns of the terminal (default: 120)")
    args = parser.parse_args()
    if args.readme:
        replace_table(ROOT / "README.md", args.out)
        print(f"README.md: table of {args.out}")
        return 0
    if args.index:
        print(write_index(args.out))
        return 0
    return check(args) if args.check else show(args)


def show(args: argparse.Namespace) -> int:
    for group in groups(args.runs, args.out):
        print(f"experiment {group.experiment}\n")
        with writing_outputs(args.out, group.experiment):
            texts = experiment_of(group).tables(group, args.out, args.width)
        for text in texts:
            print(text)
    print(f"written to {args.out / 'tables'}")
    return 0


def check(args: argparse.Namespace) -> int:
    """Print the matrix and the audit; 1 when a cell marked ``must`` differs. Works without any run."""
    files, folders = ([path for path in args.runs if path.is_file() == wanted] for wanted in (True, False))
    try:
        batch = groups(folders, args.out) if folders or not files else []
    except DataError:
        if args.runs:
            raise
        batch = []
    checks, findings = make_check(batch, args.out, args.reference, [against_paper(path) for path in files])
    print(terminal(reference.check_table(checks), args.width))
    print("Arithmetic audit of the paper's own tables")
    for finding in findings:
        print(f"  {'holds  ' if finding.holds else 'FAILS  '} {finding.claim}: {finding.numbers}")
    print(f"\nwritten to {args.out / 'tables'}")
    broken = [c for c in checks if c.must and c.verdict == "DIFFERS"]
    for c in broken:
        print(
            f"error: {c.cell.name} {c.cell.column} must not differ: ours {c.ours:g}, the paper's {c.cell.value:g}",
            file=sys.stderr,
        )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
