"""Finding LOCOMO's file: a given path, ``LOCOMO_PATH``, our cache, the data folder beside the checkout, a download."""

from __future__ import annotations

import os
from pathlib import Path

from eval.core.places import ROOT
from eval.core.resources import download
from memos.errors import AbsentData, DataError
from memos.resources import cache_root

LOCOMO_URL = "https://raw.githubusercontent.com/snap-research/locomo/main/data/locomo10.json"
OFFICIAL_SHA256 = "79fa87e90f04081343b8c8debecb80a9a6842b76a7aa537dc9fdf651ea698ff4"
"""SHA-256 of the bytes of the official ``locomo10.json`` (2,805,274 bytes)."""
LOCOMO_VARIABLE = "LOCOMO_PATH"
_NAME = "locomo10.json"


def cached_locomo() -> Path:
    """Where the download is kept (it need not exist)."""
    return cache_root() / "datasets" / _NAME


def data_folder(name: str) -> Path:
    """A file or folder of the data beside the checkout (it need not exist)."""
    return ROOT.parent / "shared" / "data" / name


def beside_checkout() -> Path:
    """LOCOMO beside the checkout (it need not exist)."""
    return data_folder(_NAME)


def find_locomo(path: str | Path | None = None, named: str = "dataset.path") -> Path:
    """The file to load, by the first of: ``path``, ``LOCOMO_PATH``, our cache, beside the checkout, a download.

    A path that the user names (the first two) must exist; the search does not go on behind the user's back. ``named``
    is what the user gives ``path`` by, for messages.

    Raises:
        AbsentData: it is nowhere; one line naming what was looked for and the way out.
        DataError: a path that was given leads nowhere.
    """
    for name, value in ((named, path), (LOCOMO_VARIABLE, os.environ.get(LOCOMO_VARIABLE))):
        if value:
            file = Path(value).expanduser()
            if not file.is_file():
                raise DataError(f"{name}={value}: no such file")
            return file
    for file in (cached_locomo(), beside_checkout()):
        if file.is_file():
            return file
    return download_locomo(named)


def download_locomo(named: str) -> Path:
    """Download the official file into the cache and check its SHA-256 (2.8 MB, CC BY-NC 4.0).

    Raises:
        AbsentData: where the download fails or its digest is not the official one.
    """
    target = cached_locomo()
    try:
        download(LOCOMO_URL, target, OFFICIAL_SHA256)
    except DataError as error:
        raise AbsentData(
            f"LOCOMO is not on this machine: {error}; give {named}=FILE or set {LOCOMO_VARIABLE} to locomo10.json, or "
            f"run experiment=generated, which needs no data"
        ) from error
    return target
