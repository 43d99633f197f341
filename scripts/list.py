"""List what can be run and what has been: ``python scripts/list.py [GROUP…] [--out results]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from eval.command.script import add_out, one_line_errors
from eval.core.places import conf
from eval.runs.find import states
from memos.errors import ConfigError

GROUPS = {
    "experiment": "experiments",
    "system": "systems",
    "dataset": "datasets",
    "llm": "language models",
    "embedder": "embedders",
    "answerer": "answerers",
    "judge": "judges",
    "track": "tracks",
}


def about(path: Path) -> str:
    """The first comment of a configuration file: its one-line description."""
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.removeprefix("#").strip()
        if line.startswith("#") and not text.startswith("@package"):
            return text
    return ""


def entries(folder: Path) -> list[tuple[str, str]]:
    """Name and description of every configuration of a group; the settings of a sweep are counted, not listed."""
    own = [(path.stem, path) for path in sorted(folder.glob("*.yaml"))]
    own += [(f"{path.parent.name}/{path.stem}", path) for path in sorted(folder.glob("vendors/*.yaml"))]
    described = [(name, about(path)) for name, path in own]
    settings = len(list(folder.glob("sweep/*.yaml")))
    return described + (
        [("sweep/…", f"{settings} settings, the rows of the experiments that sweep.")] if settings else []
    )


@one_line_errors
def main() -> int:
    parser = argparse.ArgumentParser(
        description="List systems, datasets, models, judges, experiments and finished runs."
    )
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"only these: {', '.join([*GROUPS, 'runs'])}")
    add_out(parser)
    args = parser.parse_args()
    unknown = [group for group in args.groups if group not in [*GROUPS, "runs"]]
    if unknown:
        raise ConfigError(f"{unknown[0]}: no such group; known: {', '.join([*GROUPS, 'runs'])}")
    for group, title in GROUPS.items():
        if args.groups and group not in args.groups:
            continue
        print(f"{title} ({group}=NAME)")
        for name, text in entries(conf() / group):
            print(f"  {name:22} {text}")
        print()
    if not args.groups or "runs" in args.groups:
        runs = states(args.out)
        print(f"runs in {args.out / 'runs'}" + ("" if runs else ": none yet"))
        for run in runs:
            print(
                f"  {run.experiment + '/' + run.folder.name:44} {run.state}, {run.n} {run.what}, {run.failed} failed"
                + (f"  {run.label}" if run.label else "")
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
