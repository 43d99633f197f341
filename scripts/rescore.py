"""Score answers that exist already: ``python scripts/rescore.py FILE… [--judge offline] [--metrics lexical]``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from eval.command.script import add_cache, embeddings, one_line_errors
from eval.experiments import rescoring


@one_line_errors
def main() -> int:
    parser = argparse.ArgumentParser(
        description="Score published answers or a run folder with every metric and any judge."
    )
    parser.add_argument(
        "sources", nargs="+", type=Path, metavar="FILE", help="JSON lines, gzipped or not, or a run folder"
    )
    parser.add_argument("--judge", action="append", default=[], help="judge of conf/judge to add; may be given again")
    parser.add_argument("--llm", default="none", help="model of conf/llm for judges that ask one (default: none)")
    parser.add_argument("--metrics", default="lexical,similarity,bertscore", help="groups of metrics, or none")
    parser.add_argument("--data", type=Path, metavar="FILE", help="LOCOMO file, needed for run folders only")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="folder for summaries and verdicts")
    add_cache(parser)
    args = parser.parse_args()
    return run(args)


def run(args: argparse.Namespace) -> int:
    from eval.judges.build import from_name
    from eval.metrics.build import Config, build_scorers
    from eval.report.tables import table3, terminal

    groups = tuple(part for part in args.metrics.split(",") if part and part != "none")
    scorers = build_scorers(Config(which=groups)) if groups else []
    judges = [from_name(name, llm=args.llm, cache=embeddings(args.cache)) for name in args.judge]
    dataset = None
    if args.data:
        from eval.datasets.locomo import load

        dataset = load(args.data)
    summaries, good = [], True
    for source in args.sources:
        scored = rescoring.score(rescoring.load(source, dataset), scorers, judges)
        talks = dataset.conversations if dataset else ()
        summaries.append(rescoring.summary(scored, conversations=talks))
        good &= report(scored)
        if args.out:
            save(scored, summaries[-1], args.out)
    print()
    print(terminal(table3(summaries)))
    return 0 if good else 1


def report(scored: rescoring.RescoredSet) -> bool:
    """Print one set's recorded totals and the check of its published values; whether all of them came out."""
    if "recorded" in scored.verdicts:
        cells = "  ".join(f"{name} {value:.2f}" for name, value in rescoring.totals(scored.rows).items())
        print(f"{scored.name}: n {len(scored.rows)}, recorded accuracy in % {cells}")
    good = True
    for check in rescoring.check_published(scored.rows):
        as_origin = (
            f", {check.equal_as_origin} once tokenised as the origin" if check.equal_as_origin != check.equal else ""
        )
        print(
            f"  {check.name}: {check.equal} of {check.rows} published values equal{as_origin}; largest difference "
            f"{check.worst:.1e}"
        )
        good &= check.equal_as_origin == check.rows
    return good


def save(scored: rescoring.RescoredSet, summary: dict, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{scored.name}.summary.json").write_text(json.dumps(summary, indent=1), encoding="utf-8")
    for name, verdicts in scored.verdicts.items():
        with (out / f"{scored.name}.judge_{name}.jsonl").open("w", encoding="utf-8") as file:
            for row, verdict in zip(scored.rows, verdicts, strict=True):
                line = {
                    "sample_id": row.sample_id,
                    "qa_index": row.qa_index,
                    "label": verdict.label,
                    "score": verdict.score,
                    "runs": verdict.runs,
                    "raw": verdict.raw,
                    "model": verdict.model,
                }
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
