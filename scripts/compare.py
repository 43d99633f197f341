"""Paired comparison of two runs by category, and a page of where they differ: ``python scripts/compare.py A B``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from eval.command.script import add_out, one_line_errors
from eval.report.compare_page import write_page
from eval.report.significance import comparison_table
from eval.report.sources import sources
from eval.report.tables import terminal, write
from eval.report.tables.summaries import judges
from eval.runs.read import Run, is_locomo, load_run, run_folders
from memos.errors import ConfigError, DataError


@one_line_errors
def main() -> int:
    parser = argparse.ArgumentParser(
        description="Compare two runs on the same questions: differences, intervals, exact tests, Holm."
    )
    parser.add_argument("a", type=Path, metavar="A", help="run folder")
    parser.add_argument("b", type=Path, metavar="B", help="run folder to compare with")
    parser.add_argument(
        "--metric", action="append", help="metric to compare (may be repeated); default: every judge and f1_memos"
    )
    parser.add_argument(
        "--shared", action="store_true", help="compare runs of different subsets of questions on those that both have"
    )
    add_out(parser)
    args = parser.parse_args()
    a, b = one(args.a), one(args.b)
    metrics = args.metric or default_metrics(a, b)
    table = comparison_table(a, b, metrics, shared=args.shared)
    for note in table.notes:
        if note.startswith("WARNING"):
            print(note, file=sys.stderr)
    print(terminal(table, width=140))
    stem = args.out / "compare" / f"{a.folder.name}-vs-{b.folder.name}"
    write(table, stem, sources([a.summary, b.summary]))
    page = stem.with_name(stem.name + ".html")
    differing = write_page(a, b, metrics[0], table, page)
    print(f"{differing} questions differ in {metrics[0]}: {page}")
    return 0


def one(path: Path) -> Run:
    """The single question-answering run in a folder.

    Raises:
        DataError: none or several.
    """
    runs = [run for run in map(load_run, run_folders([path])) if is_locomo(run.summary)]
    if len(runs) != 1:
        raise DataError(f"{path}: expected one run folder, found {len(runs)} runs below it")
    if not runs[0].search:
        raise DataError(f"{path}: search.jsonl: missing or empty; a comparison needs the records of each question")
    return runs[0]


def default_metrics(a: Run, b: Run) -> list[str]:
    """The judges that both runs have, and F1.

    Raises:
        ConfigError: when the runs share none of them.
    """
    shared = set(a.summary["metrics"]) & set(b.summary["metrics"])
    shared_metrics = [m for m in (*judges([a.summary, b.summary]), "f1_memos") if m in shared]
    if not shared_metrics:
        raise ConfigError(
            f"--metric: the runs share no judge and no f1_memos; they share {', '.join(sorted(shared)) or 'nothing'}"
        )
    return shared_metrics


if __name__ == "__main__":
    sys.exit(main())
