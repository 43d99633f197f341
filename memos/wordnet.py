"""NLTK's reader of WordNet 3.0, without the two seconds in which it reads every entry of the index.

The lines of the index are kept as they are. A lemma's lines are read when it is first asked for, by NLTK's own code, so
that each release of NLTK reads them its own way.
"""

from __future__ import annotations

import io
import warnings
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, cast

from nltk.corpus.reader.wordnet import WordNetCorpusReader


class _Entries(dict[str, dict[str, list[int]]]):
    """Lemma to part of speech to offsets of its synsets; a lemma that WordNet lacks has none."""

    def __init__(self, reader: WordNetCorpusReader) -> None:
        super().__init__()
        self._reader = reader
        self._lines: dict[str, dict[str, str]] = {}
        for suffix in reader._FILEMAP.values():
            name = f"index.{suffix}"
            with reader.open(name) as stream:
                text = cast(str, stream.read())
                for line in text.splitlines():
                    if not line.startswith(" "):
                        self._lines.setdefault(line.partition(" ")[0], {})[name] = line

    def __missing__(self, lemma: str) -> dict[str, list[int]]:
        lines = self._lines.get(lemma)
        entry = _Lines(lines, self._reader).entry(lemma) if lines else {}
        return self.setdefault(lemma, entry)

    def __contains__(self, lemma: object) -> bool:
        return lemma in self._lines

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


class _Lines(WordNetCorpusReader):
    """NLTK's parser of the index over some of its lines."""

    def __init__(self, lines: dict[str, str], reader: WordNetCorpusReader) -> None:  # the index is all it reads
        self._lines = lines
        self._lemma_pos_offset_map = defaultdict(dict)
        self.satellite_offsets = getattr(reader, "satellite_offsets", frozenset())

    def open(self, file: str) -> Any:
        return io.StringIO(self._lines.get(file, ""))

    def entry(self, lemma: str) -> dict[str, list[int]]:
        self._load_lemma_pos_offset_map()
        return self._lemma_pos_offset_map[lemma]


class LazyWordNet(WordNetCorpusReader):
    """WordNet 3.0 in English.

    The mapping between versions of WordNet is left out. It needs ``index.sense`` and serves other languages only.

    Args:
        root: the folder ``corpora/wordnet``, or the one inside its archive, as ``nltk.data.find`` gives it.
    """

    def __init__(self, root: Any) -> None:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The multilingual functions")
            super().__init__(root, None)

    def _load_lemma_pos_offset_map(self) -> None:
        self._lemma_pos_offset_map = _Entries(self)

    def map_wn(self, version: str = "wordnet") -> dict[str, str]:
        return {}
