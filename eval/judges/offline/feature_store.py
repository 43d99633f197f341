"""An on-disk store of the features that need MiniLM, so that no answer is read twice: by training, by a card, by the
next card.

The others take 1 ms a pair and are never kept, so that their code may change freely.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eval.judges.offline.pair import Pair
from eval.judges.offline.reader import MODEL
from eval.judges.offline.semantic import NAMES
from memos.embed.minilm import packaged_weights
from memos.shared_sqlite import open_shared

CODE = ("text.py", "readings.py", "semantic.py", "reader.py", "idf.json")
"""Files beside this one that the features depend on; a change in any of them makes all that is kept void."""
_COLUMNS = "key BLOB PRIMARY KEY, row BLOB NOT NULL"


class SemanticStore:
    """Features of ``semantic`` by question, gold and answer, in one SQLite file that several processes may share.

    Args:
        folder: where ``semantic.sqlite`` lies or is made.
    """

    def __init__(self, folder: Path) -> None:
        here = Path(__file__).parent
        model = f"{MODEL} {packaged_weights()}".encode()
        self._code = hashlib.sha256(b"\0".join([model, *((here / name).read_bytes() for name in CODE)])).hexdigest()
        self._db = open_shared(folder / "semantic.sqlite", "features", _COLUMNS, "cache of the judge's features")

    def _key(self, pair: Pair) -> bytes:
        text = json.dumps([self._code, pair.question, pair.gold, pair.answer])
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def get(self, pairs: Sequence[Pair]) -> dict[Pair, dict[str, float]]:
        """What is kept of some pairs."""
        keys, out = {self._key(pair): pair for pair in pairs}, {}
        wanted = list(keys)
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            marks = ",".join("?" * len(part))
            for key, row in self._db.execute(f"SELECT key, row FROM features WHERE key IN ({marks})", part):
                out[keys[key]] = dict(zip(NAMES, np.frombuffer(row, dtype=np.float64).tolist(), strict=True))
        return out

    def put(self, pairs: Sequence[Pair], rows: Sequence[dict[str, float]]) -> None:
        """Keep the features of some pairs."""
        stored_rows = [
            (self._key(pair), np.array([row[name] for name in NAMES], dtype=np.float64).tobytes())
            for pair, row in zip(pairs, rows, strict=True)
        ]
        with self._db:
            self._db.executemany("INSERT OR IGNORE INTO features VALUES (?, ?)", stored_rows)

    def close(self) -> None:
        """Close the file."""
        self._db.close()
