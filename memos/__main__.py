"""``memos --vault FILE COMMAND …`` (also ``python -m memos``): add, search, explain, show, history, restore, organise,
dump, load, stats, those of ``memos.commands``, and ``memos serve`` (``memos.serving``).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from memos import terminal
from memos.commands import COMMANDS, moment, rules_arguments, rules_in, user_of
from memos.embed.base import Embedder
from memos.errors import MemosError, on_one_line
from memos.mos import MemOS
from memos.secret_values import hidden
from memos.serving import command as serving


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = "memos" if Path(sys.argv[0]).stem == "memos" else "python -m memos"
    top = argparse.ArgumentParser(prog=command, description="Memories in one file, from the command line.")
    top.add_argument("--vault", default="memos.sqlite", help="the vault's file (made where there is none)")
    top.add_argument(
        "--user", help="whose memories (the user default); given, dump, load and stats keep to this user's rights"
    )
    top.add_argument("--embedder", default="minilm", choices=("minilm", "mock"), help="mock needs no model; for tests")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add = commands.add_parser("add", help="remember a text")
    add.add_argument("text")
    add.add_argument("--speaker", default="", help="who said it")
    add.add_argument("--at", type=moment, metavar="DATE", help="when it was said; now where it is not given")
    add.add_argument("--tag", action="append", default=[], help="a label (repeatable)")
    rules_arguments(add)
    search = commands.add_parser("search", help="find memories")
    search.add_argument("query")
    search.add_argument("-k", type=int, default=5, help="how many")
    search.add_argument("--as-of", type=moment, metavar="DATE", help="what held then, such as 2021-06-30")
    search.add_argument("--everyone", action="store_true", help="also what others share with the user")
    search.add_argument("--supposing", action="store_true", help="as if the what-if copies were true")
    commands.add_parser("explain", help="show what would be searched, where and in which order").add_argument("query")
    commands.add_parser("show", help="print one memory as JSON").add_argument("id")
    commands.add_parser("history", help="list a memory's versions").add_argument("id")
    restore = commands.add_parser("restore", help="make an earlier version or an archived memory current again")
    restore.add_argument("id")
    restore.add_argument("version", type=int, nargs="?", help="which; the newest where it is not given")
    commands.add_parser("organise", help="put memories under concepts and topics")
    commands.add_parser("dump", help="write everything, or what --user may read, to a file").add_argument("file")
    commands.add_parser("load", help="add the memories of a dump, with --user only own ones").add_argument("file")
    commands.add_parser("stats", help="print counts")
    for name, command in COMMANDS.items():
        command.arguments(commands.add_parser(name, help=command.help))
    serving.arguments(commands.add_parser("serve", help="answer other programs"))
    return top


def _embedder(args: argparse.Namespace) -> Embedder | None:
    """The embedder of the command line; None: the facade's default."""
    if args.embedder == "mock":
        from memos.embed.mock import Mock

        return Mock(Mock.Config())
    return None


def _open(args: argparse.Namespace) -> MemOS:
    return MemOS(args.vault, embedder=_embedder(args))


def _run(memory: MemOS, args: argparse.Namespace) -> None:
    user = user_of(args)
    if args.command == "add":
        for made in memory.add(args.text, user=user, speaker=args.speaker, tags=args.tag, at=args.at, **rules_in(args)):
            print(f"{made.cube_id} {made.status}" + (f" {made.other}" if made.other else ""))
    elif args.command == "search":
        hits = memory.search(
            args.query, user=user, k=args.k, as_of=args.as_of, everyone=args.everyone, supposing=args.supposing
        )
        for hit in hits:
            print(f"{hit.cube_ids[0]}  {hit.score:.3f}  {hit.text}")
        if not hits:
            print(f"nothing found for user {user}; --user tells whose memories are searched", file=sys.stderr)
    elif args.command == "explain":
        print(memory.explain(args.query, user=user))
    elif args.command == "show":
        print(json.dumps(memory.show(args.id, user=user).to_json(), indent=2, ensure_ascii=False))
    elif args.command == "history":
        for version in memory.history(args.id, user=user):
            text = json.loads(version.content)["payload"].get("text", "")
            print(f"{version.version}  {version.at:%Y-%m-%d %H:%M:%S}  {version.actor} {version.cause}  {text}")
    elif args.command == "restore":
        print(memory.restore(args.id, args.version, user=user).text)
    elif args.command == "organise":
        done = memory.organise(user=user)
        assert done is not None, "organise returns its counts unless it is left for later"
        print(f"{done.concepts} concepts and {done.topics} topics over {done.clustered} memories")
    elif args.command in ("dump", "load"):
        count = (memory.dump if args.command == "dump" else memory.load)(args.file, user=args.user)
        print(f"{count} memories")
    elif args.command == "stats":
        print(json.dumps(memory.stats(user=args.user), indent=2))
    else:
        COMMANDS[args.command].run(memory, args)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0 when done, 1 with one line on stderr when not, ``READER_LEFT`` where nobody reads on."""
    terminal.speak_any_text()
    args = parser().parse_args(argv)
    try:
        if args.command == "serve":
            serving.serve(args, serving.Opened(lambda: _open(args), lambda: _embedder(args)))
            return 0
        with _open(args) as memory:
            _run(memory, args)
        sys.stdout.flush()
    except MemosError as error:
        return _fail(str(error))
    except BrokenPipeError:
        terminal.leave()
    except terminal.MACHINE_ERRORS as error:
        return _fail(terminal.reason(error))
    return 0


def _fail(message: str) -> int:
    print(f"error: {hidden(on_one_line(message))}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
