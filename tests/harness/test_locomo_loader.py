"""The loader: the official file's counts, every known oddity, and one clear line for each kind of damage."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from eval.datasets.locomo import OFFICIAL_COUNTS, TINY, load
from memos.errors import DataError


@pytest.fixture()
def data():
    return json.loads(TINY.read_text(encoding="utf-8"))


def written(tmp_path, data):
    path = tmp_path / "some.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


def test_official_file(locomo_path):
    dataset = load(locomo_path)
    assert dataset.official
    assert Counter(q.category for q in dataset.questions) == OFFICIAL_COUNTS
    turns = {c.sample_id: (len(c.sessions), len(c.turns())) for c in dataset.conversations}
    assert turns["conv-26"] == (19, 419) and turns["conv-50"] == (30, 568)
    assert sum(n for _, n in turns.values()) == 5882 and sum(n for n, _ in turns.values()) == 272
    scored = [q for q in dataset.questions if q.category != 5]
    assert len(scored) == 1540 and sum(not q.evidence for q in scored) == 4
    assert all(isinstance(q.gold, str) for q in scored) and all(q.gold for q in scored)
    assert all(t.caption is None for c in dataset.conversations for _, t in c.turns())


def test_official_file_with_captions(locomo_path):
    dataset = load(locomo_path, captions=True)
    assert sum(t.caption is not None for c in dataset.conversations for _, t in c.turns()) == 1226
    assert dataset.sha256 != load(locomo_path).sha256


def test_byte_different_copy_is_still_official(locomo_path, tmp_path):
    copy = written(tmp_path, json.loads(locomo_path.read_text(encoding="utf-8")))
    assert load(copy).official and load(copy).sha256 == load(locomo_path).sha256


def test_oddities(tiny_dataset):
    by_key = {q.key: q for q in tiny_dataset.questions}
    assert by_key[("tiny-1", 4)].gold == "12"
    assert by_key[("tiny-1", 6)].evidence == ("D1:1", "D3:3")
    assert by_key[("tiny-1", 8)].evidence == ("D1:1", "D2:2", "D3:3")
    assert by_key[("tiny-1", 13)].evidence == ("D2:2", "D4:2")
    assert by_key[("tiny-1", 14)].unresolved == ("D40:1",)
    assert by_key[("tiny-1", 0)].text == by_key[("tiny-1", 14)].text
    assert by_key[("tiny-1", 15)].gold == "" and by_key[("tiny-1", 15)].adversarial
    assert any("not the official" in note for note in tiny_dataset.notes)
    assert any("session dates without a session" in note for note in tiny_dataset.notes)
    assert len(tiny_dataset.conversations[0].sessions) == 4


def test_the_image_search_text_is_never_read(data, tmp_path):
    data[0]["conversation"]["session_2"][1]["query"] = "LEAKED"
    assert "LEAKED" not in repr(load(written(tmp_path, data), captions=True))


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        (lambda d: d[1].pop("qa"), "[1].qa", "missing"),
        (lambda d: d[0]["qa"][3].pop("question"), "[0].qa[3].question", "missing"),
        (lambda d: d[0]["qa"][3].update(category=9), "[0].qa[3].category", "1 to 5"),
        (lambda d: d[0]["qa"][3].update(category="4"), "[0].qa[3].category", "integer"),
        (lambda d: d[0]["qa"][3].update(evidence="D1:1"), "[0].qa[3].evidence", "list"),
        (lambda d: d[0]["conversation"].update(session_1=[{"speaker": "A"}]), "session_1[0].dia_id", "missing"),
        (lambda d: d[0]["conversation"].update(session_1_date_time="soon"), "session_1_date_time", "expected a time"),
        (lambda d: d[1].update(sample_id="tiny-1"), "[1].sample_id", "twice"),
        (lambda d: d.insert(0, 7), "[0]", "expected an object"),
        (lambda d: d.clear(), "top level", "non-empty list"),
    ],
)
def test_damage_is_named(data, tmp_path, change, place, reason):
    change(data)
    path = written(tmp_path, data)
    with pytest.raises(DataError) as error:
        load(path)
    text = str(error.value)
    assert str(path) in text and place in text and reason in text and "\n" not in text


def test_truncated_and_binary_files(tmp_path):
    text = TINY.read_text(encoding="utf-8")
    with pytest.raises(DataError, match="line .* column .*not JSON"):
        load(written(tmp_path, text[: len(text) // 2]))
    path = tmp_path / "binary.json"
    path.write_bytes(b"\x80\x81\x82")
    with pytest.raises(DataError, match="not UTF-8"):
        load(path)
