"""``docs/run_folder.md``, written from the types of a run's files."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, get_args, is_typeddict

from eval.runs.format.fields import Field, fields, is_choice, shape
from eval.runs.format.files import BENCHMARK, KV, MATRIX, RESCORED, STORE

HEAD = """# The files of a run

A run is a folder of JSON: you can read every number's way by hand, from the table to the question. This page is written
from the types in `eval/runs/format/` by `python scripts/run_folder.py --write`.

- A name of a run's folder is a label; what counts is the `fingerprint` in its manifest.
- Journals (`.jsonl`) hold one JSON object a line and only grow. Where a key has several lines, the one with the highest
  `seq` holds (in runs of version 0.1, the last one). The key of a question is `sample_id` and `qa_index`.
- A torn last line, which a crash leaves, does not count. Neither does a line whose `digest` does not fit.
- `summary.json` and `journals.json` are made from the journals, and made again where these have grown.
- Fields with a version are new in it: runs of an earlier version lack them and stay readable. **Optional** fields are
  absent where they do not apply.
- Digests are hexadecimal. Times are seconds or milliseconds of a wall clock, as their field says.

## One question by hand

The records hold no question and no gold. They are in the data set's file, `path` under `dataset` in the manifest: entry
`qa_index` of the list `qa`, counted from 0, of the conversation `sample_id`. What the system stored of the conversation
is in its [saved store](#a-saved-store); the end of that folder's name is `store` under `made_from` in `search.jsonl`.

Search the question's key in `search.jsonl`: `context_id` leads to the text the answerer read, in `contexts.jsonl`;
`hits` lead to the memories that were found, in `memories.jsonl`. The same key in `answers.jsonl` has the answer, in
`scores/judge_*.jsonl` the verdict and what the judge said, in `scores/metrics-*.jsonl` the metrics. `summary.json` says
in `journals` which files of `scores/` hold. [Commands](architecture.md#reading-one-question-by-hand) for all this.

The headline of a judge is the mean over all questions of the share of its runs that said correct; a question that
failed counts 0. In Python, `eval.runs.read.load_run(folder).frame` is one row a question.
"""
PARTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "A benchmark run": ("`<out>/runs/<experiment>/<system>-<fingerprint>/`.", BENCHMARK),
    "A time-to-first-token run": ("`<out>/runs/kv_ttft/<model>-<fingerprint>/`.", KV),
    "A judge matrix": ("`<out>/runs/judge_matrix/answers-<digest>/`.", MATRIX),
    "A saved store": (
        "`<out>/cache/state/<system>/<conversation>-<identity>/`, shared by all runs with that identity; what the "
        "system itself wrote lies in `store/`.",
        STORE,
    ),
    "Rescored answers": ("What `scripts/rescore.py` writes, `<set>.summary.json` beside one file a judge.", RESCORED),
}
"""Heading to where its files lie and their types."""


def page() -> str:
    """The whole document."""
    return "\n".join([HEAD, *_parts(), *_types()]).rstrip() + "\n"


def _parts() -> Iterator[str]:
    for heading, (about, types) in PARTS.items():
        yield f"## {heading}\n\n{about}\n\n| File | Holds |\n|---|---|"
        for name, kind in types.items():
            yield f"| `{name}` | {_linked(kind)} |"
        yield ""


def _types() -> Iterator[str]:
    yield "## Fields\n"
    for record in _records():
        yield f"### {record.__name__}\n\n{_about(record)}\n\n| Field | Type | |\n|---|---|---|"
        for field in fields(record):
            yield f"| `{field.name}` | {_linked(field.kind)} | {_said(field)} |"
        yield ""


def _said(field: Field) -> str:
    optional = "" if field.required or field.since else "Optional. "
    return optional + field.about + (f" Since {field.since}." if field.since else "")


def _records() -> list[type]:
    """Every type that a file holds, each before those that its fields hold, once."""
    order: dict[type, None] = {}

    def visit(kind: Any) -> None:
        if is_typeddict(kind):
            if kind not in order:
                order[kind] = None
                for field in fields(kind):
                    visit(field.kind)
            return
        for inner in get_args(kind):
            visit(inner)

    for _, types in PARTS.values():
        for kind in types.values():
            visit(kind)
    return list(order)


def _about(record: type) -> str:
    return (inspect.getdoc(record) or "").replace("``", "`")


def _linked(kind: Any) -> str:
    """A type in words, with links to the records it names."""
    if is_typeddict(kind):
        return f"[{kind.__name__}](#{kind.__name__.lower()})"
    if is_choice(kind):
        return " or ".join(_linked(one) for one in get_args(kind))
    inner = get_args(kind)
    if inner and any(is_typeddict(one) or get_args(one) for one in inner):
        what = shape(kind)
        return what.removesuffix(shape(inner[-1])) + _linked(inner[-1])
    return shape(kind)
