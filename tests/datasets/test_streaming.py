"""A JSON list read item by item equals the list read whole, wherever the file is cut, and errors name their place."""

from __future__ import annotations

import hashlib
import json

import pytest

from eval.datasets import streaming
from eval.datasets.streaming import JsonList
from memos.errors import DataError

LISTS = [
    [1, 22, 333],
    [{"a": 'quotes " and \\ and ]}, [{"'}, [], {}, None, True, -1.5e3],
    ["Größe, 日本語, 🙂" * 9, [["deep", ["er"]]]],
    [{"text": "x" * 500}, {"text": "y"}],
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1 << 20])
@pytest.mark.parametrize("items", LISTS, ids=range(len(LISTS)))
def test_it_equals_the_list_read_whole(items, size, tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "CHUNK", size)
    for layout in ({}, {"indent": 2}, {"separators": (",", ":")}, {"ensure_ascii": False}):
        path = tmp_path / "list.json"
        text = f"\n {json.dumps(items, **layout)} \n"
        path.write_text(text, encoding="utf-8")
        source = JsonList(path)
        assert list(source) == items
        assert source.sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_the_first_item_comes_before_the_rest_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "CHUNK", 16)
    path = tmp_path / "list.json"
    path.write_text('["first", ' + '"filler", ' * 1000 + "and then nonsense", encoding="utf-8")
    source = JsonList(path)
    assert next(iter(source)) == "first" and source.sha256 == ""


@pytest.mark.parametrize("size", [4, 1 << 20])
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected a list"),
        ('{"a": 1}', "expected a list"),
        ("[]", "non-empty list"),
        ("[1, 2", "[2]: character 5: expected a comma"),
        ("[1 2]", "expected a comma"),
        ("[1, 2] 3", "something follows"),
        ('[{"a": 1}, {"a": "no end', "the file ends early: truncated?"),
        ('[{"a": 1}, {"a": nonsense, "b": "' + "x" * 200 + '"}]', "[1]: character 17: not JSON"),
        ("[1,]", "[1]: character 3: not JSON"),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(text, reason, size, tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "CHUNK", size)
    path = tmp_path / "list.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        list(JsonList(path))
    assert str(path) in str(caught.value) and reason in str(caught.value) and "\n" not in str(caught.value)


def test_a_damaged_item_is_complained_of_without_reading_on(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "CHUNK", 64)
    path = tmp_path / "list.json"
    path.write_text('[{"a": nonsense}, ' + "9" * 100_000, encoding="utf-8")
    source = JsonList(path)
    with pytest.raises(DataError, match="not JSON"):
        list(source)
    assert len(source._text) < 1000


@pytest.mark.parametrize("content", [b'["\xff\xfe"]', b'["\xc3'])
def test_bytes_that_are_no_text_and_missing_files_are_one_line(content, tmp_path):
    path = tmp_path / "list.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match="not UTF-8"):
        list(JsonList(path))
    with pytest.raises(DataError, match="No such file"):
        list(JsonList(tmp_path / "none.json"))
