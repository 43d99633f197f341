"""Which conversations the ranker was fitted on, so that these are searched with weights that never saw them.

``folds.json`` holds a mark (32 bits of a checksum) of every longer unit of the conversations that the ranker was fitted
on by folds, and no text. An index that holds some of these units is searched with the weights of the fit that left
their conversation out; every other index with the weights of all data (``memos.operation.retrieval.ranker``).
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files

import numpy as np

from memos.errors import DataError

FEWEST = 3
"""An index is known by so many units; fewer may be chance."""
LEAST_WORDS = 6
"""Shorter units are said everywhere and have no mark."""
_WORD = re.compile(r"[^\W_]+")
_FILE = "folds.json"


def mark(text: str) -> int | None:
    """The mark of a unit's text, whatever its case and punctuation; None for a short one."""
    words = _WORD.findall(text.casefold())
    if len(words) < LEAST_WORDS:
        return None
    return zlib.crc32(" ".join(words).encode("utf-8", "surrogatepass"))


@lru_cache(maxsize=1)
def _marks() -> dict[int, str]:
    try:
        table = json.loads(files("memos.operation.retrieval").joinpath(_FILE).read_text(encoding="utf-8"))
        return {
            int(one): fold
            for fold, marks in table["marks"].items()
            for one in np.frombuffer(base64.b64decode(marks, validate=True), "<u4")
        }
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"memos/operation/retrieval/{_FILE}: {error}; reinstall the package") from error


def fold_of(text: str) -> str:
    """The fold that leaves out the conversation in which this was said; empty where the ranker was not fitted on it."""
    own = mark(text)
    return "" if own is None else _marks().get(own, "")


def chosen(met: Counter[str]) -> str:
    """The fold for an index whose units were met in folds so often; empty: the weights of all data."""
    if not met:
        return ""
    fold, count = max(met.items(), key=lambda item: (item[1], item[0]))
    return fold if count >= FEWEST else ""


def written(texts: Mapping[str, Iterable[str]], source: str) -> str:
    """The content of ``folds.json``: for each fold the marks of the texts that it leaves out.

    A text that several folds leave out has no mark.
    """
    by_fold = {fold: {one for text in said if (one := mark(text)) is not None} for fold, said in texts.items()}
    often = Counter(one for marks in by_fold.values() for one in marks)
    table = {
        fold: base64.b64encode(np.array(sorted(m for m in marks if often[m] == 1), "<u4").tobytes()).decode()
        for fold, marks in by_fold.items()
    }
    about = f"Marks of {source}, which the ranker was fitted on by folds (memos/operation/retrieval/folds.py); no text."
    return json.dumps({"about": about, "marks": table}, indent=1) + "\n"
