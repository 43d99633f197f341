"""Do systems rank on the generated benchmark as they rank on LOCOMO? Kendall's tau and Spearman's rho, with intervals.

    python run.py experiment=locomo
    python run.py experiment=generated dataset.knobs.seed=101 out=fresh      # a seed that nobody has looked at
    python scripts/bench_generated.py --locomo results --generated fresh

Systems are ranked by judge and by recall, all of them and without those that cannot be other than first or last (the
oracle, no memory). An interval resamples whole conversations, of LOCOMO only where its runs are at hand: a committed
table gives its order alone.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

from eval.command.script import RESULTS, one_line_errors
from eval.runs.find import find_runs
from eval.runs.labels import label
from eval.runs.read import load_run
from eval.stats.order import SystemScores, by_conversation, fixed, order_agreement
from memos.errors import DataError

MEASURES = ("judge_offline", "judge_offline_strict", "evidence_recall_words_1600", "evidence_recall_at_10")
ENDS = ("oracle", "null")
"""Systems that are first or last on any data set."""


def of_runs(results: Path, experiment: str, measure: str) -> tuple[SystemScores, tuple[str, ...]]:
    """SystemScores of the newest sweep, and the labels of the systems whose place is no finding.

    Raises:
        DataError: it has no runs with records.
    """
    runs = [load_run(folder) for folder in find_runs(results, experiment)]
    columns = {label(run.summary): run.column(measure) for run in runs}
    if not columns:
        raise DataError(f"{results}: no runs of experiment={experiment}")
    shared = set.intersection(*(set(column) for column in columns.values()))
    ends = tuple(label(run.summary) for run in runs if run.summary["system"] in ENDS)
    return by_conversation({name: {key: column[key] for key in shared} for name, column in columns.items()}), ends


def of_table(results: Path, measure: str) -> SystemScores:
    """The order of a committed main table.

    Raises:
        DataError: there is no such table, or it lacks the measure.
    """
    path = results / "tables" / ("locomo.csv" if measure.startswith("judge") else "locomo_recall.csv")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if not row["section"] or row["section"].startswith("overall")]
        return fixed({row["method"]: float(row[measure]) for row in rows})
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{path}: no scores by {measure}: {error}") from error


def compare(locomo: Path, generated: Path, measures: Sequence[str]) -> None:
    """Print one line a measure and choice of systems, and the means behind them."""
    print("measure                       systems  conversations   Kendall tau           Spearman rho")
    for measure in measures:
        second, ends = of_runs(generated, "generated", measure)
        with_runs = (locomo / "runs" / "locomo").is_dir()
        first = of_runs(locomo, "locomo", measure)[0] if with_runs else of_table(locomo, measure)
        shared = tuple(name for name in first.names if name in second.names)
        for names in (shared, tuple(name for name in shared if name not in ends)):
            made = order_agreement(first.only(names), second.only(names))
            counts = " and ".join(str(count) if count > 1 else "fixed" for count in made.conversations)
            print(
                f"{measure:<30}{made.systems:>6}   {counts:<14}"
                f"{made.tau:>6.2f} [{made.tau_interval[0]:.2f}, {made.tau_interval[1]:.2f}]"
                f"{made.rho:>8.2f} [{made.rho_interval[0]:.2f}, {made.rho_interval[1]:.2f}]"
            )
        ours, theirs = second.only(shared).means, first.only(shared).means
        scale = 100 if with_runs else 1
        for name, a, b in sorted(zip(shared, theirs, ours, strict=True), key=lambda row: -row[1]):
            print(f"    {name:<30} LOCOMO {scale * a:6.2f}   generated {100 * b:6.2f}")


@one_line_errors
def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("locomo", "generated"):
        parser.add_argument(
            f"--{name}",
            type=Path,
            default=RESULTS,
            metavar="FOLDER",
            help=f"results folder of {name} (default: {RESULTS})",
        )
    parser.add_argument(
        "--measures", nargs="+", default=list(MEASURES), metavar="METRIC", help="what ranks the systems"
    )
    arguments = parser.parse_args()
    compare(arguments.locomo, arguments.generated, arguments.measures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
