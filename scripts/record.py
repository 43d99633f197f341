"""Hand on what models told runs: ``python scripts/record.py pack RUNS… --to FILE``, ``… replay FILE``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from eval.command.script import add_data, add_out, add_to, one_line_errors
from memos.errors import ConfigError


@one_line_errors
def main() -> int:
    parser = argparse.ArgumentParser(
        description="Pack the replies and embeddings that runs used into one file, or run them again from such a file: "
        "no key, no server, equal tables.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    packing = commands.add_parser("pack", help="write a file from finished runs")
    packing.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folders, or folders that hold some")
    add_to(packing, "the file to write, such as table3.zip")
    packing.add_argument(
        "--cache",
        type=Path,
        metavar="FOLDER",
        help="folder of the runs' caches (default: that of their results folder)",
    )
    add_data(packing)
    again = commands.add_parser("replay", help="run what is in a file again, and compare")
    again.add_argument("file", type=Path, metavar="FILE", help="the file that was handed on")
    add_out(again)
    add_data(again)
    again.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="another package whose classes the runs may name",
    )
    parser.epilog = packing.format_usage() + again.format_usage()
    args = parser.parse_args()
    return pack(args) if args.command == "pack" else replay(args)


def pack(args: argparse.Namespace) -> int:
    from eval.experiments.replay.pack import pack as pack_runs
    from eval.runs.read import run_folders

    if args.to is None:
        raise ConfigError("--to: name the file to write, such as --to table3.zip")
    made, sha256 = pack_runs(run_folders(args.runs), args.to, args.cache, args.data)
    size = f"{args.to.stat().st_size / 1e6:.1f} MB"
    print(
        f"{args.to}: {len(made.runs)} runs, {len(made.replies)} replies, {len(made.vectors)} embeddings, {size}\n"
        f"SHA-256 {sha256}\nrun again with: python scripts/record.py replay {args.to.name} --out FOLDER"
    )
    return 0


def replay(args: argparse.Namespace) -> int:
    from eval.experiments.replay import packed
    from eval.experiments.replay.replay import finish
    from eval.experiments.replay.replay import replay as replay_runs

    print(f"{args.file}: SHA-256 {packed.file_sha256(args.file)}" if args.file.is_file() else f"{args.file}")
    replayed = replay_runs(packed.read(args.file), args.out, args.data, args.allow)
    finish(args.out, replayed)
    different = [one for one in replayed if one.differences]
    for one in different:
        print(f"{one.packed.folder}: {len(one.differences)} differences: {'; '.join(one.differences[:3])}")
    print(f"{len(replayed) - len(different)} of {len(replayed)} runs are equal to those that were packed")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
