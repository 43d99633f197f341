"""The ``.sources.json`` beside every table and figure: runs, commit and command it came from."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.core.places import ROOT
from eval.core.provenance import code


def sources(summaries: Sequence[Mapping[str, Any]], command: str | None = None, **extra: Any) -> dict[str, Any]:
    """What an output was made from.

    Args:
        summaries: the runs' ``summary.json``.
        command: the command line; by default this process's own.
        extra: more to keep, such as ``reference="results/reference/paper.yaml"``.
    """
    runs = [
        {key: s.get(key) for key in ("experiment", "system", "track", "fingerprint", "complete", "n", "failed")}
        | {"dataset": (s.get("dataset") or {}).get("sha256")}
        for s in summaries
    ]
    return {"schema": 1, "command": command or _command(), **code(), "runs": runs, **extra}


def _command() -> str:
    program = Path(sys.argv[0])
    if program.suffix != ".py":
        return " ".join([program.name, *sys.argv[1:]])
    shown = program.resolve().relative_to(ROOT) if program.resolve().is_relative_to(ROOT) else program.name
    return " ".join(["python", str(shown), *sys.argv[1:]])
