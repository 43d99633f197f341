"""Files that are made from others may be damaged: they are named, and made again or refused; never stuck for good."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from small_runs import Made

from eval.runs.find import find_runs, states
from memos.embed.cache import CachedEmbedder
from memos.embed.mock import Mock
from memos.errors import DataError, MemosError
from memos.llm.base import Request
from memos.llm.cache import CachedLLM
from memos.llm.mock import MockLLM
from memos.types import Message

WHOLE = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b'"x"',
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"n": ' + b"9" * 5000 + b"}",
    b'{"n": NaN}',
)
FILES = ("summary.json", "manifest.json", "journals.json", "run.json")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run, a copy of its folder, and its numbers."""
    run = Made(tmp_path_factory.mktemp("damaged"), "latency.questions=0", "dataset.limit=4", "~also_judges.strict")
    run.run()
    copy = run.folder.with_name("copy-of-it")
    shutil.copytree(run.folder, copy)
    return run, copy, run.numbers()


mutations = st.sampled_from(WHOLE).map(lambda whole: lambda content: whole)
mutations |= st.floats(0, 1).map(lambda share: lambda content: content[: int(len(content) * share)])
mutations |= st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=4)).map(
    lambda one: (
        lambda content: content[: int(len(content) * one[0])] + one[1] + content[int(len(content) * one[0]) + 1 :]
    )
)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(FILES), mutations)
@example("manifest.json", lambda content: b'{"n": NaN}')
@example("journals.json", lambda content: b'{"files": {"answers.jsonl": {"bytes": 1e999}}}')
def test_a_damaged_file_of_a_run_is_made_again_or_named(finished, name, mutate):
    run, copy, numbers = finished
    shutil.rmtree(run.folder)
    shutil.copytree(copy, run.folder)
    path = run.folder / name
    path.write_bytes(mutate(path.read_bytes()))
    try:
        outcome = run.run()
    except MemosError as error:
        assert str(run.folder) in str(error) and "\n" not in str(error)
        return
    assert outcome["code"] == 0
    summary = {key: value for key, value in run.numbers().items() if key != "journals"}
    if name == "summary.json" and outcome["fresh"]:
        assert summary == {key: value for key, value in numbers.items() if key != "journals"}
    assert [state.folder for state in states(run.folder.parents[2]) if state.folder == run.folder]


@pytest.mark.parametrize("content", [*WHOLE, b"[3]", b'{"runs": 3}', b'{"entry": "x", "runs": [null]}'])
def test_a_damaged_list_of_runs_is_named(tmp_path, content):
    (tmp_path / "tables").mkdir()
    path = tmp_path / "tables" / "tiny.runs.json"
    path.write_bytes(content)
    if content == b"[]":
        assert find_runs(tmp_path, "tiny") == []
        return
    with pytest.raises(DataError, match="run python run.py experiment=tiny again") as caught:
        find_runs(tmp_path, "tiny")
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_damaged_vector_is_made_again(tmp_path):
    cached = CachedEmbedder(Mock(), tmp_path / "v.sqlite")
    right = cached.encode(["kite", "boat"])
    for blob in (b"", b"abc", np.zeros(3, np.float32).tobytes(), "text"):
        with cached._db as db:
            db.execute("UPDATE vectors SET vector = ?", (blob,))
        assert np.array_equal(cached.encode(["kite", "boat"]), right)
        assert len(cached.lookup(["kite", "boat"])) == 2, "and kept"
    cached.close()


def test_a_damaged_reply_is_asked_for_again(tmp_path):
    request = Request((Message("user", "kite"),))
    cached = CachedLLM(MockLLM(function=lambda asked: "red"), tmp_path / "r.sqlite")
    cached.complete(request)
    for text in ("", "null", "{}", json.dumps({"text": 3}), "[" * 5000):
        assert cached._db is not None
        with cached._db as db:
            db.execute("UPDATE replies SET reply = ?", (text,))
        fresh, again = cached.complete(request), cached.complete(request)
        assert (fresh.text, fresh.from_cache, again.from_cache) == ("red", False, True)
    cached.close()
