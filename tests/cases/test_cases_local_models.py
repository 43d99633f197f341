"""Local models: templates without a system role, prefixes that must not be reused, rows of one batch."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from case_tools import ending

pytest.importorskip("torch")
pytest.importorskip("transformers")

import tiny_model  # noqa: E402

from memos.activation.errors import ForeignCache  # noqa: E402
from memos.activation.identity import ModelIdentity  # noqa: E402
from memos.errors import ConfigError  # noqa: E402
from memos.llm.base import Request  # noqa: E402
from memos.llm.hf import HFChat  # noqa: E402
from memos.types import Message  # noqa: E402

NO_SYSTEM_ROLE = "{% if messages[0]['role']=='system' %}{{ raise_exception('System role not supported') }}{% endif %}"
LONGROPE = {
    "rope_type": "longrope",
    "factor": 4.0,
    "rope_theta": 10000.0,
    "original_max_position_embeddings": 300,
    "short_factor": [1.0] * 4,
    "long_factor": [4.0] * 4,
}


@pytest.fixture(scope="module")
def plain_model(tmp_path_factory) -> Path:
    """A tiny Llama with random weights."""
    return tiny_model.save(tmp_path_factory.mktemp("plain"))


def variant(plain: Path, folder: Path, template: str = "", **settings) -> Path:
    """The tiny model with other settings or another chat template."""
    shutil.copytree(plain, folder, dirs_exist_ok=True)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | settings), encoding="utf-8")
    if template:
        (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    return folder


def ask(text: str) -> Request:
    return Request((Message("system", "You are helpful. " * 12), Message("user", text)), max_tokens=8)


def chat(folder: Path, **settings) -> HFChat:
    return HFChat(HFChat.Config(model=str(folder), device="cpu", **settings))


def replies_shared_and_alone(folder: Path) -> tuple[list[str], list[str]]:
    """Replies in one batch with a shared prefix, and one by one without any."""
    requests = [ask("q" * length) for length in (3, 40, 300, 700)]
    shared = dict(chat(folder, min_saved=1).complete_many(requests))
    alone = chat(folder, min_shared=10**6, prefix_cache_mb=0)
    return [shared[n].text for n in range(len(requests))], [alone.complete(request).text for request in requests]


def test_c72_a_template_may_refuse_the_system_role(plain_model, tmp_path):
    """EleutherAI/lm-evaluation-harness#2109, vllm-project/guidellm#67: the template raises; answered or told, never
    raw.
    """
    folder = variant(plain_model, tmp_path, NO_SYSTEM_ROLE + tiny_model.TEMPLATE)
    assert ending(lambda: chat(folder).complete(ask("hello"))) in ("done", "told")


def test_c73_a_prefix_of_short_factors_is_not_read_with_long_ones(plain_model, tmp_path):
    """lablup/mlxcel#1358, ggml-org/llama.cpp#24875: beyond its first window a longrope model turns all
    positions anew."""
    folder = variant(plain_model, tmp_path, max_position_embeddings=4096, rope_parameters=LONGROPE)
    try:
        shared, alone = replies_shared_and_alone(folder)
    except ConfigError:
        return
    assert shared == alone


def test_c74_a_sliding_window_is_refused_by_name(plain_model, tmp_path):
    """ml-explore/mlx-lm#980: reuse of a prefix on a sliding window is wrong, or off without a word."""
    settings = {"model_type": "mistral", "architectures": ["MistralForCausalLM"], "sliding_window": 16}
    with pytest.raises(ConfigError, match="window"):
        chat(variant(plain_model, tmp_path, **settings)).complete(ask("x"))


def test_c75_rows_of_unlike_length_in_one_batch_are_as_alone(plain_model):
    """unslothai/unsloth#3795, huggingface/transformers#34232: padding changes the replies of the shorter rows."""
    shared, alone = replies_shared_and_alone(plain_model)
    assert shared == alone


def test_c76_a_cache_of_another_precision_is_refused_by_name():
    """vllm-project/vllm#54338, jagmarques/nexusquant#10: it is read as if it were of this one."""
    identity = ModelIdentity("m", "", "full:1", "float32", "t", "c", "r", "full:1x1x8")
    with pytest.raises(ForeignCache, match="dtype"):
        identity.require(replace(identity, dtype="bfloat16"))
