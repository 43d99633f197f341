"""Where a run comes from: code, packages, machine, data and the full configuration."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from eval.core.places import ROOT, installed


def _git(*args: str) -> str | None:
    if installed():  # the folder of a wheel may lie inside somebody's repository, which is not ours
        return None
    try:
        done = subprocess.run(["git", *args], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


@cache
def code() -> dict[str, Any]:
    """Git commit, whether the tree differs from it, and the digest of that difference (None outside git).

    Outputs below ``results/`` are no part of the code and do not count.
    """
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return {"commit": None, "dirty": None, "diff_sha256": None}
    rest = ("--", ".", ":(exclude)results")
    status = _git("status", "--porcelain", "--untracked-files=normal", *rest) or ""
    diff = (_git("diff", "HEAD", *rest) or "") + status
    return {
        "commit": commit.strip(),
        "dirty": bool(status.strip()),
        "diff_sha256": hashlib.sha256(diff.encode()).hexdigest() if status.strip() else None,
    }


@cache
def packages() -> dict[str, str]:
    """Every installed distribution and its version."""
    versions = {d.metadata["Name"]: d.version for d in metadata.distributions() if d.metadata["Name"]}
    return dict(sorted(versions.items(), key=lambda item: item[0].lower()))


@cache
def hardware() -> dict[str, Any]:
    """Processor, memory and accelerators, without importing torch."""
    import os

    cpu = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [x.split(":", 1)[1].strip() for x in cpuinfo.read_text().splitlines() if x.startswith("model name")]
        cpu = names[0] if names else cpu
    memory = None
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)
    return {"cpu": cpu, "cores": os.cpu_count(), "memory_gib": memory, "gpus": _gpus(), "system": platform.platform()}


def _gpus() -> list[str]:
    try:
        done = subprocess.run(
            ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def session() -> dict[str, Any]:
    """One entry for each time the run was started or resumed."""
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "host": platform.node(),
        "python": platform.python_version(),
        "code": code(),
    }


def manifest(
    config: Mapping[str, Any], entries: Mapping[str, Any], earlier: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The manifest of a run, with a session appended to those of an earlier one."""
    sessions = list(earlier.get("sessions", [])) if earlier else []
    return {
        "schema": 1,
        **entries,
        "packages": packages(),
        "hardware": hardware(),
        "config": config,
        "sessions": [*sessions, session()],
    }
