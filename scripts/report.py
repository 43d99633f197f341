"""Write one static page for runs: ``python scripts/report.py [RUNS…] [--to results/report.html]``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from eval.datasets.load import load_dataset
from eval.report.page import write_page
from eval.runs import find_runs
from eval.selection import DatasetConfig
from memos.errors import MemosError


def main() -> int:
    parser = argparse.ArgumentParser(description="Write one static page that leads from every number to its question.")
    parser.add_argument("runs", nargs="*", type=Path, help="run folders; by default the newest sweep of --experiment")
    parser.add_argument("--experiment", default="locomo", help="experiment whose newest sweep is shown (default: locomo)")
    parser.add_argument("--out", type=Path, default=Path("results"), help="results folder (default: results)")
    parser.add_argument("--to", type=Path, help="file to write (default: <out>/report.html)")
    parser.add_argument("--path", help="the dataset file, where it is not in the usual places")
    args = parser.parse_args()
    start = time.perf_counter()
    try:
        folders = args.runs or find_runs(args.out, args.experiment)
        config = json.loads((folders[0] / "manifest.json").read_text(encoding="utf-8"))["config"]["dataset"]
        fields = DatasetConfig(path=args.path or config["path"], captions=config["captions"])
        dataset = load_dataset(config["name"], fields)
        figures = sorted((args.out / "figures").glob(f"{args.experiment}_*.png"))
        target = write_page(args.to or args.out / "report.html", folders, dataset, figures)
    except (MemosError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    size = target.stat().st_size / 2**20
    print(f"{target}: {len(folders)} runs, {size:.1f} MB, {time.perf_counter() - start:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
