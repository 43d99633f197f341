"""Commands of ``memos`` that share, learn, forget and prove: what ``memos.sharing`` offers, for a shell."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from memos.cube.header import Layer, Sensitivity
from memos.errors import ConfigError, DataError
from memos.mos import MemOS
from memos.plaintext.skill import Tool, skill_of
from memos.plaintext.trajectory import ToolUse, Trajectory
from memos.rules import span


@dataclass(frozen=True, slots=True)
class ShellCommand:
    """One command."""

    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[MemOS, argparse.Namespace], None]


def moment(text: str) -> datetime:
    """A date or time of the command line."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2021-06-30 or 2021-06-30T14:00") from error


def user_of(args: argparse.Namespace) -> str:
    """The user whom a command is for."""
    return "default" if args.user is None else args.user


def _one_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id")


def _nothing(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def _span(text: str) -> float:
    """A span of time of the command line, in seconds."""
    try:
        return span(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def rules_arguments(parser: argparse.ArgumentParser) -> None:
    """The options under which something is remembered (``memos.rules.Rules``)."""
    parser.add_argument("--layer", choices=get_args(Layer), help="who may read it; private where no right is given")
    parser.add_argument(
        "--right", action="append", default=[], metavar="NAME[:RIGHTS]", help="bob, bob:read,write, !eve (repeatable)"
    )
    parser.add_argument("--ttl", type=_span, metavar="SPAN", help="how long it lives, such as 90, 30m, 12h, 7d or 2w")
    parser.add_argument("--decay", type=_span, metavar="SPAN", help="in which it loses half of its strength unused")
    parser.add_argument("--priority", type=int, default=0, help="what is kept longer when there is no room")
    parser.add_argument("--sensitivity", choices=get_args(Sensitivity), default="internal", help="at least")
    parser.add_argument("--licence", default="", help="a name, or the JSON of a licence")


def rules_in(args: argparse.Namespace) -> dict[str, Any]:
    """What was given for them, for ``MemOS.add``."""
    names = ("layer", "ttl", "decay", "priority", "sensitivity", "licence")
    return {"rights": args.right, **{name: getattr(args, name) for name in names}}


# -- other users ---------------------------------------------------------------------------------------------------
def _publish_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument(
        "--reads", type=int, metavar="N", help="how often each reader may read it; any number by default"
    )
    parser.add_argument("--until", type=moment, metavar="DATE", help="until when it may be read")
    parser.add_argument("--mark", default="", help="watermark in its text")


def _publish(memory: MemOS, args: argparse.Namespace) -> None:
    from memos.infrastructure.memstore import Licence

    until = args.until if args.until is None or args.until.tzinfo else args.until.replace(tzinfo=UTC)
    print(memory.publish(args.id, user=user_of(args), licence=Licence(args.reads, until), mark=args.mark).cube_id)


def _subscribe_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tag", action="append", default=[], help="listings with this label (repeatable)")
    parser.add_argument("--about", default="", help="listings near to this text in meaning")
    parser.add_argument("--threshold", type=float, default=0.5, help="least cosine with --about")


def _subscribe(memory: MemOS, args: argparse.Namespace) -> None:
    memory.subscribe(user=user_of(args), tags=args.tag, about=args.about, threshold=args.threshold)
    print(f"{user_of(args)} waits for {', '.join([*args.tag, *([args.about] if args.about else [])])}")


def _pull(memory: MemOS, args: argparse.Namespace) -> None:
    for listing in memory.vault.get_many(memory.pull(user=user_of(args))):
        print(f"{listing.cube_id}  by {listing.governance.owner}  {', '.join(listing.descriptive.tags)}")


# -- procedures ----------------------------------------------------------------------------------------------------
def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path)


def _mapping(path: Path, known: set[str]) -> dict[str, Any]:
    """A YAML or JSON file with some of the known keys."""
    import yaml

    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"{path}: cannot be read ({' '.join(str(error).split())})") from error
    if not isinstance(given, dict) or not set(given) <= known:
        raise DataError(f"{path}: expected the keys {', '.join(sorted(known))}")
    return given


def _made(path: Path, field: str, make: type, given: Any) -> Any:
    names = {one.name for one in fields(make)}
    try:
        return make(**given)
    except TypeError as error:
        raise DataError(f"{path}: {field}: expected the keys {', '.join(sorted(names))}, found {given!r}") from error


def _learn(memory: MemOS, args: argparse.Namespace) -> None:
    given = _mapping(args.file, {"tools", "task", "calls", "done"})
    book = memory.skills(user_of(args))
    for number, tool in enumerate(given.get("tools") or (), 1):
        book.add_tool(_made(args.file, f"tools, entry {number}", Tool, tool))
    if "task" not in given:
        return
    calls = enumerate(given.get("calls") or (), 1)
    uses = tuple(_made(args.file, f"calls, entry {number}", ToolUse, call) for number, call in calls)
    skill = book.record(Trajectory(str(given["task"]), uses, bool(given.get("done", True))))
    print("nothing is learned from what was not achieved" if skill is None else f"{skill.cube_id}\n{skill.text}")


def _skills_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task")
    parser.add_argument("-k", type=int, default=3, help="how many")


def _skills(memory: MemOS, args: argparse.Namespace) -> None:
    for cube in memory.skills(user_of(args)).find(args.task, args.k):
        print(f"{cube.cube_id}  {skill_of(cube).text()}")


def _pipeline_arguments(parser: argparse.ArgumentParser) -> None:
    _file(parser)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="what ${NAME} stands for")


def _pipeline(memory: MemOS, args: argparse.Namespace) -> None:
    variables = dict(pair.partition("=")[::2] for pair in args.set)
    unset = next((pair for pair in args.set if "=" not in pair), None)
    if unset is not None:
        raise ConfigError(f"--set: {unset!r} is not NAME=VALUE")
    run = memory.pipeline(args.file, user=user_of(args), variables=variables)
    for step in run.steps:
        print(f"{step.op}: {step.status}{' ' * bool(step.error)}{step.error}")
    saved = {name: value for name, value in run.context.items() if name not in ("user", *variables)}
    print(json.dumps(saved, indent=2, ensure_ascii=False, default=str))


# -- changing ------------------------------------------------------------------------------------------------------
def _text_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument("text")


def _tag_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tag", action="append", default=[], help="those with this label (repeatable)")


def _anchor_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("anchor", nargs="*", help="what memos anchor printed")


def _texts_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, nargs="+")
    parser.add_argument("--tag", action="append", default=[], help="a label (repeatable)")
    parser.add_argument("--ttl", type=_span, metavar="SPAN", help="how long they live, such as 7d")


# -- leaving, proving ----------------------------------------------------------------------------------------------
def _forget_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument("--erase", action="store_true", help="for good, with its versions and what was made from it")


COMMANDS = {
    "forget": ShellCommand(
        "take a memory out of every search",
        _forget_arguments,
        lambda memory, args: print("\n".join(memory.forget(args.id, user=user_of(args), erase=args.erase))),
    ),
    "archive": ShellCommand(
        "take a memory out of every search, to be restored",
        _one_id,
        lambda memory, args: print("\n".join(memory.archive(args.id, user=user_of(args)))),
    ),
    "erase": ShellCommand(
        "remove a memory for good, with its versions and what was made from it",
        _one_id,
        lambda memory, args: print("\n".join(memory.erase(args.id, user=user_of(args)))),
    ),
    "update": ShellCommand(
        "give a memory another text",
        _text_arguments,
        lambda memory, args: print(f"version {memory.update(args.id, args.text, user=user_of(args)).version}"),
    ),
    "freeze": ShellCommand(
        "refuse every change of a memory", _one_id, lambda memory, args: memory.freeze(args.id, user=user_of(args))
    ),
    "unfreeze": ShellCommand(
        "allow changes again; not for a --user", _one_id, lambda memory, args: memory.unfreeze(args.id, user=args.user)
    ),
    "what-if": ShellCommand(
        "copy a memory as if it said something else, for search --supposing",
        _text_arguments,
        lambda memory, args: print(memory.what_if(args.id, args.text, user=user_of(args)).cube_id),
    ),
    "load-texts": ShellCommand(
        "remember text files, a memory a paragraph",
        _texts_arguments,
        lambda memory, args: print(
            f"{len(memory.load_texts(args.file, user=user_of(args), tags=args.tag, ttl=args.ttl))} memories"
        ),
    ),
    "snapshot": ShellCommand(
        "copy the whole store into a file",
        _file,
        lambda memory, args: print(memory.snapshot(args.file)),
    ),
    "rollback": ShellCommand(
        "make the whole store what it was at a snapshot",
        _file,
        lambda memory, args: print(f"{memory.rollback(args.file)} memories"),
    ),
    "reindex": ShellCommand(
        "give every memory a vector of this embedder",
        _nothing,
        lambda memory, args: print(f"{memory.reindex()} memories"),
    ),
    "publish": ShellCommand("offer a memory to everybody", _publish_arguments, _publish),
    "withdraw": ShellCommand(
        "end an offer", _one_id, lambda memory, args: memory.withdraw(args.id, user=user_of(args))
    ),
    "subscribe": ShellCommand("wait for listings with a label, or near to a text", _subscribe_arguments, _subscribe),
    "unsubscribe": ShellCommand(
        "end the subscriptions to a label, or all",
        _tag_arguments,
        lambda memory, args: print(f"{memory.unsubscribe(user=user_of(args), tags=args.tag)} subscriptions ended"),
    ),
    "pull": ShellCommand("list the offers that were waited for", _nothing, _pull),
    "read": ShellCommand(
        "read an offer; each read counts",
        _one_id,
        lambda memory, args: print(memory.access(args.id, user=user_of(args)).text),
    ),
    "learn": ShellCommand("keep tools, and learn a skill from an attempt (YAML or JSON)", _file, _learn),
    "skills": ShellCommand("find skills for a task", _skills_arguments, _skills),
    "pipeline": ShellCommand("run a chain of steps from a YAML file, all or nothing", _pipeline_arguments, _pipeline),
    "anchor": ShellCommand(
        "print where the audit log is now, to be kept elsewhere", _nothing, lambda memory, args: print(memory.anchor())
    ),
    "verify": ShellCommand(
        "check the chain of the audit log, and that it still reaches an anchor",
        _anchor_argument,
        lambda memory, args: print(
            f"{memory.verify(*([' '.join(args.anchor)] if args.anchor else []))} audit entries, the chain is unbroken"
        ),
    ),
}
