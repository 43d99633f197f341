"""``memos serve --KIND``: one command for every kind of server. A further kind is one more entry of ``KINDS``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from memos.embed.base import Embedder
from memos.mos import MemOS
from memos.serving.address import Address, address


@dataclass(frozen=True, slots=True)
class Opened:
    """What the command line names."""

    vault: Callable[[], MemOS]
    embedder: Callable[[], Embedder | None]
    """None: the default."""


REST_PORT = 8765
"""Where ``--rest`` listens if no port is given."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of server."""

    flag: str
    """Its option, without dashes."""
    help: str
    serve: Callable[[argparse.Namespace, Address, Opened], None]
    """Serves until interrupted."""
    options: Callable[[argparse.ArgumentParser], None] = lambda parser: None
    """Adds options that it alone has."""


def _mcp(args: argparse.Namespace, where: Address, opened: Opened) -> None:
    from memos.serving import mcp

    with opened.vault() as memory:
        mcp.serve(memory, "default" if args.user is None else args.user, where)


def _rest(args: argparse.Namespace, where: Address, opened: Opened) -> None:
    from memos.embed.minilm import MiniLM
    from memos.serving.rest import RestServer
    from memos.system import MemOSSystem

    embedder, port = opened.embedder() or MiniLM(), REST_PORT if where.port is None else where.port
    token = where.token or None
    server = RestServer(
        lambda: MemOSSystem(embedder=embedder), host=where.host, port=port, folder=args.folder, token=token
    )
    print(f"memory server on {server.url}", flush=True)
    server.forever()


def _rest_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--folder", type=Path, help="where --rest keeps conversations; in memory alone where not given")


KINDS = (
    Kind("mcp", "tools for agents: add, search, forget, history (docs/memos.md#agents)", _mcp),
    Kind(
        "rest",
        "conversations, each in a vault of its own, over the memory protocol (docs/remote.md)",
        _rest,
        _rest_options,
    ),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``memos serve``."""
    chosen = parser.add_mutually_exclusive_group(required=True)
    for kind in KINDS:
        chosen.add_argument(f"--{kind.flag}", dest="kind", action="store_const", const=kind, help=kind.help)
        kind.options(parser)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen; any but this machine needs a token")
    parser.add_argument(
        "--port",
        type=int,
        help=f"listen on HTTP; 0 takes a free one. Without it --mcp speaks over stdio, --rest takes {REST_PORT}",
    )
    parser.add_argument("--token-env", metavar="NAME", help="variable that holds the token that clients must send")


def serve(args: argparse.Namespace, opened: Opened) -> None:
    """Run ``memos serve``.

    Raises:
        ConfigError: an option is wrong, or a package is missing.
    """
    where = address(args.host, args.port, args.token_env)
    try:
        args.kind.serve(args, where, opened)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
