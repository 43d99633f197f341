"""``memos serve --KIND``: one command for every kind of server. A further kind is one more entry of ``KINDS``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

from memos.mos import MemOS
from memos.serving.address import Address, address

Open = Callable[[], MemOS]
"""Opens the vault that the command line names."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of server."""

    flag: str
    """Its option, without dashes."""
    help: str
    serve: Callable[[argparse.Namespace, Address, Open], None]
    """Serves until interrupted."""
    options: Callable[[argparse.ArgumentParser], None] = lambda parser: None
    """Adds options that it alone has."""


def _mcp(args: argparse.Namespace, where: Address, opened: Open) -> None:
    from memos.serving import mcp

    with opened() as memory:
        mcp.serve(memory, "default" if args.user is None else args.user, where)


KINDS = (Kind("mcp", "tools for agents: add, search, forget, history (docs/memos.md#agents)", _mcp),)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``memos serve``."""
    chosen = parser.add_mutually_exclusive_group(required=True)
    for kind in KINDS:
        chosen.add_argument(f"--{kind.flag}", dest="kind", action="store_const", const=kind, help=kind.help)
        kind.options(parser)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen; any but this machine needs a token")
    parser.add_argument(
        "--port", type=int, help="listen on HTTP; 0 takes a free one. Without it --mcp speaks over stdio"
    )
    parser.add_argument("--token-env", metavar="NAME", help="variable that holds the token that clients must send")


def serve(args: argparse.Namespace, opened: Open) -> None:
    """Run ``memos serve``.

    Raises:
        ConfigError: an option is wrong, or a package is missing.
    """
    where = address(args.host, args.port, args.token_env)
    try:
        args.kind.serve(args, where, opened)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
