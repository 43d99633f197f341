"""Write one static page for runs: ``python scripts/report.py [RUNS…] [--to results/report.html]``."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from eval.command.script import add_data, add_out, add_to, one_line_errors
from eval.datasets.load import load
from eval.report.figures import make_figures, usable_cores
from eval.report.groups import RunGroup, groups
from eval.report.page.write import write_page
from eval.report.sources import sources
from eval.runs.find import find_runs
from eval.runs.read import Run


@one_line_errors
def main() -> int:
    parser = argparse.ArgumentParser(description="Write one static page that leads from every number to its question.")
    parser.add_argument("runs", nargs="*", type=Path, help="run folders; default: the newest sweep of --experiment")
    parser.add_argument(
        "--experiment", default="locomo", help="experiment whose newest sweep is shown (default: locomo)"
    )
    add_out(parser)
    add_to(parser, "file to write (default: report.html in the results folder)")
    add_data(parser, "for runs whose file has moved")
    parser.add_argument("--no-figures", action="store_true", help="leave the figures out")
    args = parser.parse_args()
    start = time.perf_counter()
    selection = chosen(args.runs or find_runs(args.out, args.experiment), args.data)
    with tempfile.TemporaryDirectory() as scratch:
        if not args.no_figures:
            make_figures([selection], Path(scratch), jobs=usable_cores())
        figures = sorted((Path(scratch) / "figures").glob("*.png"))
        target = write_page(args.to or args.out / "report.html", selection, figures)
        origin = sources(selection.summaries, page=target.name)
        target.with_name(target.name + ".sources.json").write_text(
            json.dumps(origin, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    size, seconds = target.stat().st_size / 2**20, time.perf_counter() - start
    runs = f"{len(selection.runs)} run{'s' * (len(selection.runs) != 1)}"
    print(f"{target}: {runs}, {size:.1f} MB, {seconds:.1f} s; open it in a browser")
    return 0


def chosen(paths: list[Path], file: Path | None) -> RunGroup:
    """The question-answering runs among some folders as one group, in printing order.

    Raises:
        DataError: a folder holds no finished run.
    """
    folders = tuple(folder for group in groups(paths, Path()) for folder in group.folders)
    group = RunGroup("report", folders)
    if file is not None:
        for run in group.runs:
            adopt(run, file)
    return group


def adopt(run: Run, file: Path) -> None:
    """Give a run the dataset in a file, read as the run read its own."""
    spec = (run.manifest.get("config") or {}).get("dataset") or {}
    run.dataset = load({"name": "locomo", **spec, "path": str(file)})


if __name__ == "__main__":
    sys.exit(main())
