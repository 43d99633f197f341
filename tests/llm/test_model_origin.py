"""Whose model a client asks: by the maker's own address or the user's word, dated snapshots included."""

import pytest

from memos.embed.mock import Mock
from memos.embed.openai import OpenAIEmbedder
from memos.errors import ConfigError
from memos.llm.hf import HFChat
from memos.llm.mock import MockLLM
from memos.llm.openai import OpenAIChat
from memos.model_origin import SYNTHETIC

PAPER = "openai/gpt-4o-mini"


def origin(**fields):
    return OpenAIChat(OpenAIChat.Config(**fields)).model_origin


@pytest.mark.parametrize("model", ["gpt-4o-mini", "gpt-4o-mini-2024-07-18", "gpt-4o-mini-20240718"])
def test_the_model_at_its_makers_address_is_it_and_so_are_its_snapshots(model):
    assert origin(model=model).is_model(PAPER)
    assert origin(model=model, base_url="https://API.openai.com/v1/").is_model(PAPER)


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4o-mini-search-preview", "gpt-4o-mini-audio", "gpt-4.1-mini"])
def test_another_model_is_not_it(model):
    assert not origin(model=model).is_model(PAPER)


@pytest.mark.parametrize(
    "base_url",
    ["https://api.openai.com.example.org/v1", "https://my.openai.azure.com/v1", "https://openrouter.ai/api/v1"],
)
def test_another_address_must_be_declared(base_url):
    silent = origin(model="openai/gpt-4o-mini", base_url=base_url)
    assert silent.maker is None and not silent.is_model(PAPER)
    told = origin(model="my-deployment", base_url=base_url, declared="openai/gpt-4o-mini-2024-07-18")
    assert told.is_model(PAPER) and told.declared
    assert origin(model="x", base_url=base_url, served_as=PAPER).is_model(PAPER)
    assert not origin(model="gpt-4o-mini", base_url=base_url, served_as="our-cluster").is_model(PAPER)
    assert not origin(model="gpt-4o-mini", base_url=base_url, declared="openai/gpt-4o").is_model(PAPER)


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:1/v1", "http://localhost:8000/v1", "http://[::1]:8/v1"])
def test_a_server_on_this_machine_plays_a_hosted_model_unless_it_is_declared(base_url):
    assert origin(model="gpt-4o-mini", base_url=base_url).maker == SYNTHETIC
    assert origin(model="gpt-4o-mini", base_url=base_url, served_as=PAPER).maker == SYNTHETIC
    assert origin(model="gpt-4o-mini", base_url=base_url, declared=PAPER).is_model(PAPER)
    assert origin(model="Qwen/Qwen3-8B", base_url=base_url).maker is None


def test_a_declaration_names_maker_and_model():
    for config in (OpenAIChat.Config, OpenAIEmbedder.Config):
        with pytest.raises(ConfigError, match="MAKER/MODEL"):
            config(declared="gpt-4o-mini")


def test_clients_of_other_kinds_say_whose_model_they_ask(tmp_path):
    assert MockLLM(MockLLM.Config(model="gpt-4o-mini")).model_origin.synthetic and Mock().model_origin.synthetic
    assert HFChat(HFChat.Config(model="Qwen/Qwen3-8B")).model_origin.is_model("qwen/Qwen3-8B")
    assert HFChat(HFChat.Config(model=str(tmp_path))).model_origin.maker is None
    assert OpenAIEmbedder().model_origin.is_model("openai/text-embedding-3-small")
    local = OpenAIEmbedder(OpenAIEmbedder.Config(base_url="http://127.0.0.1:9/v1")).model_origin
    assert local.synthetic


def test_a_declaration_changes_no_reply_and_so_no_identity():
    plain, told = (OpenAIChat(OpenAIChat.Config(declared=declared)) for declared in (None, PAPER))
    assert plain.identity() == told.identity()
