"""Where the files beside the packages lie: ``conf/`` and the paper's values, in a checkout and in a wheel."""

from __future__ import annotations

from pathlib import Path

import eval as package

PACKAGE = Path(package.__file__).resolve().parent
ROOT = PACKAGE.parent
"""The folder that holds the packages: the repository of a checkout, ``site-packages`` of a wheel."""


def installed() -> bool:
    """Whether this is an installed wheel, which carries ``conf/`` inside the package, and no checkout."""
    return (PACKAGE / "conf" / "config.yaml").is_file()


def conf() -> Path:
    """The folder of configuration groups."""
    return (PACKAGE if installed() else ROOT) / "conf"


def paper_values() -> Path:
    """The paper's own numbers, ``paper.yaml``."""
    return (PACKAGE / "paper" if installed() else ROOT / "results" / "reference") / "paper.yaml"


def published_origins() -> Path:
    """What made the sets of published answers, ``published.yaml``."""
    return paper_values().with_name("published.yaml")
