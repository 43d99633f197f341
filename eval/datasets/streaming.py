"""Reading a JSON list item by item: one item is in memory at a time, whatever the size of the file."""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from eval.datasets.reading import JsonPlace, check_plain, refused
from memos import strict_json
from memos.errors import DataError

CHUNK = 1 << 20
"""Bytes read at once, at least."""
CUT = 16
"""A complaint this near the end of what was read may be about what was not read yet."""


class JsonList:
    """The items of a file that is one JSON list; after the last one, the SHA-256 of the file's bytes is known."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sha256 = ""
        """Of the whole file; empty before its end was read."""
        self._text, self._at, self._passed = "", 0, 0
        self._ended = False
        self._hash = hashlib.sha256()
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._wanted = CHUNK

    def __iter__(self) -> Iterator[Any]:
        """Raises DataError: one line with the file, the item and the reason."""
        check_plain(self.path)
        try:
            with self.path.open("rb") as file:
                yield from self._items(file)
        except UnicodeDecodeError as error:
            raise DataError(f"{self.path}: not UTF-8 text: {error.reason}") from error
        except OSError as error:
            raise DataError(f"{self.path}: {error.strerror}") from error

    def _items(self, file: BinaryIO) -> Iterator[Any]:
        if self._sign(file) != "[":
            raise DataError(f"{self.path}: top level: expected a list, found {self._text[self._at :][:40]!r}")
        self._at += 1
        number = 0
        if self._sign(file) == "]":
            raise DataError(f"{self.path}: top level: expected a non-empty list")
        while True:
            yield self._item(file, number)
            number += 1
            sign = self._sign(file)
            if sign not in (",", "]"):
                raise self._error(number, "expected a comma or the end of the list", self._at)
            self._at += 1
            if sign == "]":
                break
            self._sign(file)
        if self._sign(file):
            raise self._error(number, "something follows the list", self._at)
        self.sha256 = self._hash.hexdigest()

    def _sign(self, file: BinaryIO) -> str:
        """The next character that is no space; empty at the end of the file."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \t\r\n":
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                return ""
            self._read(file)

    def _item(self, file: BinaryIO, number: int) -> Any:
        while True:
            try:
                item, end = strict_json.read_at(self._text, self._at)
            except json.JSONDecodeError as error:
                unfinished = error.msg.startswith("Unterminated") or error.pos >= len(self._text) - CUT
                if self._ended or not unfinished:
                    cut = " (the file ends early: truncated?)" if unfinished else ""
                    raise self._error(number, f"not JSON: {error.msg}{cut}", error.pos) from error
            except ValueError as error:
                raise refused(error, JsonPlace(self.path) / number) from error
            else:
                number_goes_on = isinstance(item, int | float) and end >= len(self._text) - CUT
                if not number_goes_on or self._ended:
                    self._wanted, self._at = max(CHUNK, (end - self._at) * 5 // 4), end
                    return item
            self._read(file)

    def _read(self, file: BinaryIO) -> None:
        """Read on: more than the last item took, and as much again as is waiting, so that few items are tried twice."""
        chunk = file.read(max(self._wanted, len(self._text) - self._at))
        self._ended = not chunk
        self._hash.update(chunk)
        self._passed += self._at
        self._text = self._text[self._at :] + self._decoder.decode(chunk, final=self._ended)
        self._at = 0

    def _error(self, number: int, reason: str, position: int) -> DataError:
        return DataError(f"{self.path}: [{number}]: character {self._passed + position}: {reason}")
