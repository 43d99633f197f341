"""Run commands of the README one after the other in this process: ``python readme_runs.py SPECS.json RESULTS.jsonl``.

A specification has ``command`` (the words after ``python run.py``) and ``more`` (overrides appended to it). What is
loaded once, such as a model, serves all commands.
"""

from __future__ import annotations

import contextlib
import io
import json
import runpy
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from hydra.core.global_hydra import GlobalHydra

RUN = Path(__file__).resolve().parents[2] / "run.py"


def run(command: list[str], overrides: list[str]) -> dict[str, Any]:
    """Exit code and output of one command."""
    GlobalHydra.instance().clear()
    sys.argv = ["run.py", *command, *overrides]
    out, err, code, start = io.StringIO(), io.StringIO(), 0, time.process_time()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            runpy.run_path(str(RUN), run_name="__main__")
        except SystemExit as end:
            code = end.code
        except Exception:  # noqa: BLE001 - whatever a command dies of is its own result; the others still run
            traceback.print_exc()
            code = "exception"
    return {
        "code": code,
        "cpu_seconds": round(time.process_time() - start, 1),
        "stdout": out.getvalue()[-4000:],
        "stderr": err.getvalue()[-4000:],
    }


def main() -> None:
    specs, target = Path(sys.argv[1]), Path(sys.argv[2])
    with target.open("w", encoding="utf-8") as file:
        for spec in json.loads(specs.read_text(encoding="utf-8")):
            file.write(json.dumps(spec | run(spec["command"], spec["more"])) + "\n")
            file.flush()


if __name__ == "__main__":
    main()
