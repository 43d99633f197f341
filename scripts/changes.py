"""Which questions changed between two versions of the code, and why: ``python scripts/changes.py OLD NEW --to
PAGE``.

OLD and NEW are folders that hold run folders of the same systems. A question has changed where its context or its
answer differs. The cause is the first stage that gave something else: ``memories`` (the context has a memory that the
old run did not store), ``retrieval`` (other or otherwise ordered memories, all of them known), ``reader`` (the same
context, another answer).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from eval.command.script import add_to

CAUSES = ("memories", "retrieval", "reader")
_WIDTH = 40


@dataclass(frozen=True, slots=True)
class QuestionTrace:
    """What one run made of one question."""

    context: str
    answer: str
    correct: bool | None
    """The offline judge's verdict; None where it gave none."""


@dataclass(frozen=True, slots=True)
class ChangedQuestion:
    """One question that changed."""

    sample: str
    index: int
    cause: str
    old: QuestionTrace
    new: QuestionTrace


def records(path: Path) -> Iterator[dict]:
    """The JSON lines of a file; none where there is no file."""
    if path.exists():
        with path.open("rb") as lines:
            yield from map(json.loads, lines)


def runs(root: Path) -> dict[str, Path]:
    """Run folders below a folder, by the name of their system."""
    return {path.parent.name.rpartition("-")[0]: path.parent for path in sorted(root.rglob("manifest.json"))}


def read(folder: Path) -> tuple[dict[tuple[str, int], QuestionTrace], dict[str, set[str]]]:
    """Questions by conversation and number, and the lines of the memories found for each conversation."""
    contexts = {record["id"]: record["text"] for record in records(folder / "contexts.jsonl")}
    memories: dict[str, set[str]] = {}
    for record in records(folder / "memories.jsonl"):
        memories.setdefault(record["sample_id"], set()).update(filter(None, record["text"].splitlines()))
    verdicts = {}
    for path in sorted((folder / "scores").glob("judge_offline-*.jsonl")):
        verdicts |= {(r["sample_id"], r["qa_index"]): r["label"] == "correct" for r in records(path) if "label" in r}
    answers = {(r["sample_id"], r["qa_index"]): r.get("answer", "") for r in records(folder / "answers.jsonl")}
    asked = {}
    for record in records(folder / "search.jsonl"):
        key = record["sample_id"], record["qa_index"]
        asked[key] = QuestionTrace(contexts.get(record.get("context_id"), ""), answers.get(key, ""), verdicts.get(key))
    return asked, memories


def changes(old: Path, new: Path) -> tuple[list[ChangedQuestion], int]:
    """The questions that changed between two run folders of one system, and how many both have."""
    (before, known), (after, stored) = read(old), read(new)
    out = []
    for key in sorted(before.keys() & after.keys()):
        a, b = before[key], after[key]
        if a.context == b.context and a.answer == b.answer:
            continue
        fresh = (text for text in stored.get(key[0], set()) - known.get(key[0], set()) if text in b.context)
        cause = "reader" if a.context == b.context else "memories" if any(fresh) else "retrieval"
        out.append(ChangedQuestion(*key, cause, a, b))
    return out, len(before.keys() & after.keys())


def numbers(indices: list[int]) -> str:
    """``3, 5-8`` for 3, 5, 6, 7, 8."""
    spans: list[list[int]] = []
    for index in sorted(indices):
        if spans and index == spans[-1][1] + 1:
            spans[-1][1] = index
        else:
            spans.append([index, index])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)


def page(by_system: dict[str, tuple[list[ChangedQuestion], int]]) -> Iterator[str]:
    """The page in Markdown: counts, then each system's questions."""
    yield (
        "| system | questions | changed | " + " | ".join(CAUSES) + " | answers changed | judged better | judged worse |"
    )
    yield "| --- |" + " --- |" * (5 + len(CAUSES))
    for system, (changed, total) in by_system.items():
        answers = [change for change in changed if change.old.answer != change.new.answer]
        better = sum(change.new.correct is True and change.old.correct is False for change in answers)
        worse = sum(change.new.correct is False and change.old.correct is True for change in answers)
        counts = [sum(change.cause == cause for change in changed) for cause in CAUSES]
        cells = [system, total, len(changed), *counts, len(answers), better, worse]
        yield "| " + " | ".join(map(str, cells)) + " |"
    for system, (changed, _) in by_system.items():
        yield f"\n## {system}\n"
        for cause in CAUSES:
            same = [change for change in changed if change.cause == cause and change.old.answer == change.new.answer]
            if same:
                yield f"Another context, the same answer ({cause}):\n"
                samples = dict.fromkeys(change.sample for change in same)
                for sample in samples:
                    yield f"- {sample}: {numbers([change.index for change in same if change.sample == sample])}"
                yield ""
        answered = [change for change in changed if change.old.answer != change.new.answer]
        if answered:
            yield "Another answer (+ judged better, - judged worse):\n"
        for change in answered:
            where = f"{change.sample} {change.index} ({change.cause}{_mark(change)})"
            yield f"- {where}: {_cut(change.old.answer)} → {_cut(change.new.answer)}"


def _mark(change: ChangedQuestion) -> str:
    if change.old.correct == change.new.correct:
        return ""
    return " +" if change.new.correct else " -"


def _cut(answer: str) -> str:
    text = " ".join(answer.split()).replace("|", "/")
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def main() -> int:
    parser = argparse.ArgumentParser(description="List the questions whose context or answer changed, with the cause.")
    parser.add_argument("old", type=Path, help="folder of the run folders before")
    parser.add_argument("new", type=Path, help="folder of the run folders after")
    add_to(parser, "page to write (Markdown); text before its table is kept", Path("changes.md"))
    args = parser.parse_args()
    before, after = runs(args.old), runs(args.new)
    shared = [system for system in after if system in before]
    if not shared:
        parser.error(f"no system has run folders in both {args.old} and {args.new}")
    by_system = {system: changes(before[system], after[system]) for system in shared}
    head = (
        args.to.read_text(encoding="utf-8").partition("| system |")[0]
        if args.to.exists()
        else "# Changed questions\n\n"
    )
    args.to.parent.mkdir(parents=True, exist_ok=True)
    args.to.write_text(head + "\n".join(page(by_system)) + "\n", encoding="utf-8")
    for system, (changed, total) in by_system.items():
        print(f"{system}: {len(changed)} of {total} questions changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
