"""What the scripts under ``scripts/`` share: the options that mean the same everywhere, and how an error is told."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

from eval.core import machine
from memos import terminal
from memos.errors import MemosError
from memos.secret_values import hidden

P = ParamSpec("P")
RESULTS = Path("results")
CACHE = RESULTS / "cache"


def add_data(parser: argparse.ArgumentParser, note: str = "") -> None:
    """``--data FILE``: the data set's file."""
    shown = "the data set's file (default: LOCOMO, where a run finds it)"
    parser.add_argument("--data", type=Path, metavar="FILE", help=f"{shown}{note and '; ' + note}")


def locomo(data: Path | None) -> Path:
    """LOCOMO's file: the one of ``--data``, else where a run finds it.

    Raises:
        DataError: where there is none.
    """
    from eval.datasets.find import find_locomo

    return find_locomo(data, named="--data")


def add_out(parser: argparse.ArgumentParser) -> None:
    """``--out FOLDER``: the results folder, read from and written below."""
    parser.add_argument(
        "--out", type=Path, default=RESULTS, metavar="FOLDER", help=f"results folder (default: {RESULTS})"
    )


def add_to(parser: argparse.ArgumentParser, what: str, default: Path | None = None) -> None:
    """``--to FILE``: one file to write."""
    parser.add_argument("--to", type=Path, default=default, metavar="FILE", help=what)


def add_cache(parser: argparse.ArgumentParser) -> None:
    """``--cache FOLDER``: where embeddings are kept, ``embeddings.sqlite`` in it."""
    text = f"folder of cached embeddings (default: {CACHE})"
    parser.add_argument("--cache", type=Path, default=CACHE, metavar="FOLDER", help=text)


def add_seed(parser: argparse.ArgumentParser) -> None:
    """``--seed N``: of every sample and shuffle."""
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of every sample and shuffle (default: 0)")


def add_limit(parser: argparse.ArgumentParser) -> None:
    """``--limit N``: a seeded sample of the questions."""
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="ask a seeded sample of N questions; 0: all")


def add_repeats(parser: argparse.ArgumentParser, default: int, what: str) -> None:
    """``--repeats N``: how often a measurement is made."""
    parser.add_argument("--repeats", type=int, default=default, metavar="N", help=f"{what} (default: {default})")


def add_write(parser: argparse.ArgumentParser, what: str) -> None:
    """``--write``: replace fitted weights; without it a fit is only measured."""
    parser.add_argument("--write", action="store_true", help=f"write {what}; without it nothing is written")


def embeddings(cache: Path) -> Path:
    """The file of embeddings in a folder of caches."""
    return cache / "embeddings.sqlite"


def one_line_errors(main: Callable[P, int | None]) -> Callable[P, int]:
    """Decorate a script's ``main``: a ``MemosError`` or an error of the machine is one line on stderr and exit
    status 1; no status is 0."""

    @functools.wraps(main)
    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        terminal.speak_any_text()
        try:
            return main(*args, **kwargs) or 0
        except MemosError as error:
            print(f"error: {hidden(str(error))}", file=sys.stderr)
        except BrokenPipeError:
            terminal.leave()
        except terminal.MACHINE_ERRORS as error:
            print(f"error: {hidden(machine.line(error))}", file=sys.stderr)
        return 1

    return run
