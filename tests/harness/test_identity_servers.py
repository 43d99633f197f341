"""Identity of what answers over the wire: a model's server names its verdicts, vectors and replies."""

from __future__ import annotations

import numpy as np
import pytest
from identity_benches import bench

from eval.judges.llm import LLMJudge
from memos.embed.cache import CachedEmbedder
from memos.embed.mock import Mock
from memos.embed.openai import OpenAIEmbedder
from memos.llm.base import Completion, Request
from memos.llm.cache import CachedLLM
from memos.llm.openai import OpenAIChat
from memos.servers import served_as
from memos.types import Message

OPENAI = ("llm=openai", "answerer=llm", "judge=llm_generous", "~judge@also_judges.strict")


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("http://localhost:8000/v1", "http://localhost:9123/v1/", True),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:1/v1", True),
        ("https://me:secret@host.org/v1?key=1", "https://HOST.org:443//v1", True),
        ("http://host.org:8000/v1", "http://host.org:8001/v1", False),
        ("http://a.org/v1", "http://b.org/v1", False),
        ("http://localhost:8000/a/v1", "http://localhost:8000/b/v1", False),
        ("http://a.org/v1", "https://a.org/v1", False),
    ],
)
def test_a_server_is_its_address_without_what_changes_nothing(first, second, same):
    assert (served_as(first) == served_as(second)) == same
    assert served_as(first, "qwen") == served_as(second, "qwen") == "qwen"
    assert "secret" not in served_as(first) and "key" not in served_as(first)


def test_another_server_of_judge_or_answerer_is_another_run(tmp_path):
    first = bench(tmp_path, *OPENAI, "llm.base_url=http://a.org/v1")
    second = bench(tmp_path, *OPENAI, "llm.base_url=http://b.org/v1")
    assert first.fingerprint != second.fingerprint
    judged = ["llm=openai", "judge=llm_generous", "~judge@also_judges.strict"]
    a, b = (bench(tmp_path, *judged, f"llm.base_url=http://{host}.org/v1") for host in "ab")
    assert a.fingerprint == b.fingerprint, "no stage before the judge asks the model"
    assert a.judge_fingerprint(a.judge_specs[0]) != b.judge_fingerprint(b.judge_specs[0])
    named = bench(tmp_path, *judged, "llm.base_url=http://a.org/v1", "llm.served_as=qwen")
    assert named.judge_fingerprint(named.judge_specs[0]) != a.judge_fingerprint(a.judge_specs[0])
    here, there = (bench(tmp_path, *judged, f"llm.base_url=http://localhost:{port}/v1") for port in (8000, 8001))
    assert here.score_fingerprint == there.score_fingerprint, "a job's own server resumes"


@pytest.mark.parametrize("field", ["extra_body.top_k=5", "structured=plain", "context_window=99", "long_prompt=cut"])
def test_fields_of_the_judges_model_name_its_verdicts(tmp_path, field):
    judged = ["llm=openai", "judge=llm_generous", "~judge@also_judges.strict"]
    plain, other = bench(tmp_path, *judged), bench(tmp_path, *judged, f"++llm.{field}")
    assert plain.judge_fingerprint(plain.judge_specs[0]) != other.judge_fingerprint(other.judge_specs[0])


def test_a_judge_holds_its_models_whole_identity():
    urls = ("http://a.org/v1", "http://b.org/v1")
    first, second = (LLMJudge(llm=OpenAIChat(OpenAIChat.Config(base_url=url))).identity() for url in urls)
    assert first != second


class Fixed(OpenAIEmbedder):
    """An embedder whose server is a function."""

    def __init__(self, config, value: float) -> None:
        super().__init__(config)
        self.value, self.asked = value, 0

    def encode(self, texts):
        self.asked += len(texts)
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        rows[:, 0] = self.value
        return rows


def test_vectors_of_one_server_are_not_served_for_another(tmp_path):
    def made(url, dim, value):
        inner = Fixed(OpenAIEmbedder.Config(model="m", base_url=url, dim=dim), value)
        return CachedEmbedder(inner, tmp_path / "e.sqlite")

    assert made("http://a.org/v1", 32, 1.0).encode(["x"])[0, 0] == 1.0
    assert made("http://b.org/v1", 32, -1.0).encode(["x"])[0, 0] == -1.0
    assert made("http://a.org/v1", 64, 0.5).encode(["x"]).shape == (1, 64)
    again = made("http://a.org/v1/", 32, 7.0)
    assert again.encode(["x"])[0, 0] == 1.0 and again.inner.asked == 0


def test_vectors_that_openai_was_paid_for_are_found_under_their_earlier_key(tmp_path):
    import hashlib
    import sqlite3

    path = tmp_path / "e.sqlite"
    CachedEmbedder(Mock(), path).close()
    vector = np.zeros(1536, dtype=np.float32)
    vector[3] = 1.0
    db = sqlite3.connect(path)
    with db:
        for text, row in (("paid", vector), ("of another length", vector[:8])):
            key = hashlib.blake2b(f"text-embedding-3-small\0{text}".encode(), digest_size=16).digest()
            db.execute("INSERT INTO vectors VALUES (?, ?)", (key, row.tobytes()))
    official = CachedEmbedder(Fixed(OpenAIEmbedder.Config(), 9.0), path)
    assert official.encode(["paid"])[0, 3] == 1.0 and official.inner.asked == 0
    assert official.encode(["of another length"])[0, 0] == 9.0
    foreign = CachedEmbedder(Fixed(OpenAIEmbedder.Config(base_url="http://a.org/v1"), 5.0), path)
    assert foreign.encode(["paid"])[0, 0] == 5.0
    fresh = CachedEmbedder(Fixed(OpenAIEmbedder.Config(), 4.0), path, earlier=False)
    assert fresh.encode(["paid"])[0, 0] == 4.0


def test_replies_are_kept_by_server_and_found_under_their_earlier_key(tmp_path):
    from memos.llm.wire import request_key

    request, path = Request((Message("user", "hello"),)), tmp_path / "llm.sqlite"

    class Says(OpenAIChat):
        def complete(self, _):
            return Completion(self.base_url, "m")

    def made(**fields):
        return CachedLLM(Says(OpenAIChat.Config(**fields)), path)

    old = made(base_url="http://localhost:8000/v1")
    earlier = {"provider": "openai", "model": "gpt-4o-mini", "base_url": "http://localhost:8000/v1"}
    assert old._earlier == earlier
    old._write(request_key(earlier, request), Completion("paid before", "m"))
    assert old.complete(request).text == "paid before"
    assert made(base_url="http://localhost:8000/v1", served_as="new").complete(request).text != "paid before"
    assert made(base_url="http://b.org/v1").complete(request).text == "http://b.org/v1"
    assert made(base_url="http://b.org:80/v1").complete(request).from_cache
    assert not made(base_url="http://b.org/v1", extra_body={"top_k": 1}).complete(request).from_cache
