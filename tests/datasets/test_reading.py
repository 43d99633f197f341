"""Data files as users have them: damaged, hostile, or written by other tools."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eval.core.types import Dataset
from eval.datasets import locomo
from eval.datasets.reading import read_json
from memos.errors import DataError


def file(folder: Path, text: str | bytes) -> Path:
    path = folder / "data.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def sample(**conversation: Any) -> dict[str, Any]:
    turns = [
        {"speaker": "Ana", "dia_id": "D1:1", "text": "Hi"},
        {"speaker": "Bo", "dia_id": "D1:2", "text": "I adopted a cat."},
    ]
    body = {"speaker_a": "Ana", "speaker_b": "Bo", "session_1": turns, **conversation}
    asked = {"question": "Who adopted a cat?", "answer": "Bo", "evidence": ["D1:2"], "category": 4}
    return {"sample_id": "c1", "conversation": body, "qa": [asked]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[{"a": NaN}]', r"NaN is no number that JSON can hold \(line 1\)"),
        ('[\n{"a": -Infinity}]', r"-Infinity is no number .* \(line 2\)"),
        ('[{"a": 1e400}]', "1e400 is no number"),
        ('[{"a": ' + "7" * 5000 + "}]", r"777777777777… \(5000 digits\) is no number"),
        ("[" * 200_000, "nested too deep|not JSON"),
        ("[" * 100_000 + "]" * 100_000, "nested too deep"),
        ('[{"a": ["x", "\\ud800"]}]', r"\[0\]\.a\[1\]: not text of Unicode"),
        ('[{"\\udfff": 1}]', r"\[0\]: not text of Unicode"),
        (b"\xff\xfe[", "byte 0: not UTF-8"),
        ("[1, 2", "the file ends early"),
        ("<html>", "line 1 column 1: not JSON"),
        ("", "not JSON"),
    ],
    ids=["nan", "infinity", "1e400", "digits", "open", "deep", "surrogate", "key", "bytes", "cut", "html", "empty"],
)
def test_what_no_file_may_hold_is_one_line(text, reason, tmp_path):
    with pytest.raises(DataError, match=reason) as error:
        read_json(file(tmp_path, text))
    assert "\n" not in str(error.value) and str(tmp_path / "data.json") in str(error.value)


def test_a_pair_of_surrogates_is_a_letter_and_a_mark_of_the_byte_order_is_nothing(tmp_path):
    assert read_json(file(tmp_path, '["\\ud83c\\udf89"]')) == ["🎉"]
    assert read_json(file(tmp_path, b"\xef\xbb\xbf[1]")) == [1]


def test_what_is_no_file_is_told_and_waits_for_nobody(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, kind in ((tmp_path / "pipe", "a device or pipe"), (tmp_path, "a folder")):
        with pytest.raises(DataError, match=f"expected a file, found {kind}"):
            read_json(path)
    with pytest.raises(DataError, match="No such file"):
        read_json(tmp_path / "absent.json")


@pytest.mark.parametrize("name", ["session_01", "session_1\u0661", "session_x1"])
def test_a_session_of_another_name_is_told(name, tmp_path):
    with pytest.raises(DataError, match=rf"\[0\]\.conversation\.{name}: expected a name such as session_1"):
        locomo.load(file(tmp_path, json.dumps([sample(**{name: []})])))


def test_a_session_that_is_no_list_is_told(tmp_path):
    with pytest.raises(DataError, match=r"conversation\.session_2: expected a list of turns, found \{'speaker'"):
        locomo.load(file(tmp_path, json.dumps([sample(session_2={"speaker": "Ana"})])))


def test_dates_summaries_and_the_like_are_no_sessions(tmp_path):
    further = {"session_1_date_time": "1:56 pm on 8 May, 2023", "session_7_date_time": "", "session_1_summary": "cat"}
    assert len(locomo.load(file(tmp_path, json.dumps([sample(**further)]))).conversations[0].sessions) == 1


def test_somebody_who_is_not_named_as_a_speaker_becomes_one_and_is_told_of(tmp_path):
    made = sample(speaker_a="Ana ")
    made["conversation"]["session_1"].append({"speaker": " Cy", "dia_id": "D1:3", "text": "I run a bakery."})
    read = locomo.load(file(tmp_path, json.dumps([made])))
    assert read.conversations[0].speakers == ("Ana", "Bo", "Cy")
    assert any("'Cy' speaks in D1:3" in note for note in read.notes)


def test_further_speakers_are_speakers(tmp_path):
    read = locomo.load(file(tmp_path, json.dumps([sample(further_speakers=["Cy", "Di"])])))
    assert read.conversations[0].speakers == ("Ana", "Bo", "Cy", "Di")
    with pytest.raises(DataError, match="further_speakers: expected a list of names"):
        locomo.load(file(tmp_path, json.dumps([sample(further_speakers=["Cy", 3])])))


VALID = [sample(session_1_date_time="1:56 pm on 8 May, 2023")]
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any, at: tuple = ()) -> list[tuple]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, item in inner for place in places(item, (*at, key)))]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(places(VALID)[1:]), ODD, st.sampled_from(["put", "drop"]))
def test_a_changed_file_is_read_or_told_in_one_line(tmp_path, place, odd, how):
    made = json.loads(json.dumps(VALID))
    owner = made
    for key in place[:-1]:
        owner = owner[key]
    if how == "put":
        owner[place[-1]] = odd
    else:
        del owner[place[-1]]
    try:
        read = locomo.load(file(tmp_path, json.dumps(made)))
    except DataError as error:
        assert "\n" not in str(error) and "data.json" in str(error)  # noqa: PT017
    else:
        assert isinstance(read, Dataset)
