"""What an embeddings server may send with status 200: a malformed reply is asked again, never cached, never a
negative bill."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos.embed.cache import CachedEmbedder
from memos.embed.openai import OpenAIEmbedder
from memos.embed.openai_wire import vectors_of
from memos.errors import ConfigError, LLMError
from memos.llm.openai_wire import BadReply
from memos.llm.retry import Backoff

ROWS = [{"index": 0, "embedding": [1.0, 0.0]}, {"index": 1, "embedding": [0, 1]}]


def reply(first=None, second=None, **fields) -> str:
    rows = [{**ROWS[0], **(first or {})}, {**ROWS[1], **(second or {})}]
    return json.dumps({"data": rows, "usage": {"prompt_tokens": 3}, **fields})


BAD = {
    "html": "<html>502</html>",
    "null": "null",
    "text": '"hi"',
    "empty": "",
    "deep": "[" * 100_000,
    "error": '{"error": {"message": "overloaded \\ud800"}}',
    "no data": '{"data": null}',
    "rows": '{"data": [1, 2]}',
    "one row": json.dumps({"data": ROWS[:1]}),
    "index null": reply({"index": None}),
    "index text": reply({"index": "0"}),
    "index list": reply({"index": [0]}),
    "index doubled": reply({"index": 1}),
    "ragged": reply({"embedding": [1.0]}),
    "nan": reply({"embedding": [float("nan"), 0.0]}),
    "too large": reply({"embedding": [1e300, 0.0]}),
    "texts": reply({"embedding": ["1", "0"]}, {"embedding": ["1", "0"]}),
    "base64": reply({"embedding": "AAAA"}, {"embedding": "AAAA"}),
    "no numbers": reply({"embedding": []}, {"embedding": []}),
    "lists": reply({"embedding": [[1.0], [0.0]]}, {"embedding": [[1.0], [0.0]]}),
    "null vector": reply({"embedding": None}),
}


@pytest.fixture
def embedder(monkeypatch):
    """Embedders of two dimensions that wait for nothing between two tries."""
    monkeypatch.setattr("memos.embed.openai._BACKOFF", Backoff(0.0))

    def make(server, **fields) -> OpenAIEmbedder:
        return OpenAIEmbedder(OpenAIEmbedder.Config(model="m", base_url=server.base_url, dim=2, **fields))

    return make


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_reply_is_asked_again(scripted_server, embedder, name, tmp_path):
    server = scripted_server(dim=2, embedded=[BAD[name]])
    inner = embedder(server)
    cached = CachedEmbedder(inner, tmp_path / "vectors.sqlite")
    vectors = cached.encode(["one", "two"])
    assert len(server.requests) == 2 and inner.usage.calls == 2 and inner.usage.prompt_tokens >= 2
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.array_equal(cached.encode(["one", "two"]), vectors) and len(server.requests) == 2


@pytest.mark.parametrize("usage", [[], "12", -5, {"prompt_tokens": -5}, {"prompt_tokens": 10**30}, None])
def test_a_count_that_is_none_is_no_bill(scripted_server, embedder, usage):
    inner = embedder(scripted_server(embedded=[reply(usage=usage)]))
    assert inner.encode(["one", "two"]).shape == (2, 2)
    assert (inner.usage.calls, inner.usage.prompt_tokens) == (1, 0)


def test_a_server_that_only_sends_rubbish_ends_the_run_in_one_line(scripted_server, embedder):
    server = scripted_server(dim=2, embedded=["<html>\nno</html>"] * 3)
    with pytest.raises(ConfigError, match=r"failed 2 times, last: broken reply: .*is embedder.base_url") as caught:
        embedder(server, max_retries=1).encode(["one"])
    assert "\n" not in str(caught.value) and len(server.requests) == 2


def test_once_a_call_has_come_through_rubbish_fails_its_texts_alone(scripted_server, embedder):
    inner = embedder(scripted_server(dim=2, embedded=[reply(), "<html>"]), max_retries=0)
    inner.encode(["one", "two"])
    with pytest.raises(LLMError, match="embedder m failed, last: broken reply: the reply is no JSON"):
        inner.encode(["three"])
    assert inner.encode(["three"]).shape == (1, 2)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["data", "index", "embedding", "error", "usage"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(_json)
def test_any_json_is_vectors_or_a_bad_reply(value):
    whole = [value, {"data": value}, {"data": [value, ROWS[1]]}, {"data": [{"index": value, "embedding": [1.0, 2.0]}]}]
    whole += [{"data": [{"index": 0, "embedding": value}, ROWS[1]]}]
    for body in whole:
        try:
            made = vectors_of(body, 2, 2)
        except (BadReply, ConfigError):
            continue
        assert made.shape == (2, 2) and np.isfinite(made).all()
