"""The main table of a machine that may not have LOCOMO: then the generated benchmark takes its place, loudly named."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from eval.command import cli
from eval.command.jobs import one_line
from eval.core.progress import say
from eval.datasets.find import LOCOMO_URL, LOCOMO_VARIABLE, cached_locomo, find_locomo
from eval.experiments.protocol import CONFIG_ERROR
from memos.errors import AbsentData, DataError

WIDTH = 100
"""Columns of the block."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``experiment=locomo``, or ``experiment=generated`` where LOCOMO is not here and cannot be downloaded.

    Args:
        arguments: overrides for ``run.py``; None: those of the command line.

    Returns:
        The exit code of the run; 1 where a path to LOCOMO that the user names does not exist.
    """
    parser = argparse.ArgumentParser(
        description="The main table: on LOCOMO, or on the generated benchmark where LOCOMO cannot be had."
    )
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="passed on to run.py, such as system=rag")
    given: list[str] = parser.parse_args(arguments).overrides
    try:
        find_locomo()
    except AbsentData as error:
        block = instead(one_line(error))
    except DataError as error:
        say(f"error: {one_line(error)}", sys.stderr)
        return CONFIG_ERROR
    else:
        return _run("locomo", given)
    say(block)
    code = _run("generated", given)
    say(block)
    return code


def instead(reason: str) -> str:
    """The block that says what is measured in LOCOMO's place, why, and how to get LOCOMO.

    Args:
        reason: one line, why it cannot be had.
    """
    lines = [
        "THIS IS NOT LOCOMO. LOCOMO cannot be had on this machine, so the main table's systems run on the",
        "generated benchmark: 30 conversations and 1,560 questions that this project wrote itself",
        "(docs/generated.md). Its numbers compare with each other only, never with LOCOMO's or the paper's.",
        "",
        "  tables      results/tables/generated*   (results/tables/locomo* are left as they are)",
        "  by itself   python run.py experiment=generated",
        "",
        "To get LOCOMO (2.8 MB, CC BY-NC 4.0): download, on any machine,",
        f"  {LOCOMO_URL}",
        f"put it at {cached_locomo()}",
        f"or name it by {LOCOMO_VARIABLE}=/path/to/locomo10.json, and give the same command again.",
        "",
        f"Why: {reason}",
    ]
    rule = "#" * WIDTH
    return "\n".join(["", rule, *(f"#  {line}".rstrip() for line in lines), rule, ""])


def _run(experiment: str, arguments: Sequence[str]) -> int:
    """The exit code of ``run.py experiment=… ARGUMENTS`` in this process."""
    sys.argv[1:] = [f"experiment={experiment}", *arguments]
    try:
        cli.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else CONFIG_ERROR if end.code else 0
    return 0
