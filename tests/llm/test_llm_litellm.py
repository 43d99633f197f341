"""llm=litellm: the package's replies and errors go the way of every other server's. A stand-in takes the package's
place where it is not installed; where it is, its own mock replies are used too."""

from __future__ import annotations

import importlib.util
import sys
import types

import pytest
from asking import ask

from memos.errors import ConfigError, MissingDependency
from memos.llm.litellm import LiteLLMChat


class Reply:
    """What litellm gives back, as far as the client reads it."""

    def __init__(self, data, headers=None):
        self.data, self._hidden_params = data, {"additional_headers": headers or {}}

    def model_dump(self):
        return self.data


def completion(text):
    usage = {"prompt_tokens": 3, "completion_tokens": 1}
    return {"model": "m", "choices": [{"message": {"content": text}, "finish_reason": "stop"}], "usage": usage}


@pytest.fixture
def package(monkeypatch, tmp_path):
    """A stand-in for the package: its replies in order, errors raised; what it was asked."""
    monkeypatch.setattr("memos.llm.limits.cache_root", lambda: tmp_path)
    module = types.ModuleType("litellm")
    module.replies, module.asked = [], []

    async def acompletion(**fields):
        module.asked.append(fields)
        reply = module.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    module.acompletion = acompletion
    monkeypatch.setitem(sys.modules, "litellm", module)
    return module


def chat(**fields) -> LiteLLMChat:
    return LiteLLMChat(LiteLLMChat.Config(model="cohere/command", backoff_s=0.001, **fields))


def status_error(status: int, message: str, headers=None):
    import openai

    from memos.llm.openai_client import _http

    request = _http().Request("POST", "http://x")
    response = _http().Response(status, headers=headers or {}, request=request)
    kind = openai.RateLimitError if status == 429 else openai.APIStatusError
    return kind(message, response=response, body={"message": message})


def test_replies_and_errors_of_the_package(package):
    slow = status_error(429, "slow down", {"retry-after": "0.01"})
    package.replies = [slow, status_error(500, "oops"), Reply(completion("red")), Reply({"choices": None})]
    package.replies.append(Reply(completion("blue")))
    llm = chat(max_tokens=9, max_attempts=2)
    reply = llm.complete(ask("kite"))
    assert (reply.text, reply.attempts, reply.usage.prompt_tokens) == ("red", 3, 3)
    assert llm.complete(ask("sky")).text == "blue"  # after a bad reply
    llm.close()
    assert package.asked[0]["model"] == "cohere/command" and package.asked[0]["max_tokens"] == 9
    assert package.asked[0]["num_retries"] == 0 and "api_key" not in package.asked[0]
    assert llm.identity()["provider"] == "litellm" and llm.model_origin.maker != "openai"


def test_a_key_goes_by_its_variable(package, monkeypatch):
    monkeypatch.setenv("MY_KEY", "the-key")
    package.replies = [Reply(completion("red"))]
    llm = chat(api_key_env="MY_KEY", base_url="http://127.0.0.1:1/v1")
    llm.complete(ask("kite"))
    llm.close()
    assert package.asked[0]["api_key"] == "the-key" and package.asked[0]["api_base"] == "http://127.0.0.1:1/v1"


def test_it_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "litellm", None)
    with pytest.raises(MissingDependency, match=r"pip install -e '.\[litellm\]'"):
        chat().complete(ask("kite"))
    with pytest.raises(ConfigError, match="llm.batch=true"):
        chat(batch=True)


@pytest.mark.skipif(importlib.util.find_spec("litellm") is None, reason="litellm is not installed")
def test_the_package_itself(tmp_path, monkeypatch):
    """Its own mock replies, so that nothing is asked."""
    monkeypatch.setattr("memos.llm.limits.cache_root", lambda: tmp_path)
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    llm = LiteLLMChat(LiteLLMChat.Config(model="gpt-4o-mini", extra_body={"mock_response": "red"}))
    reply = llm.complete(ask("kite"))
    streamed = LiteLLMChat(LiteLLMChat.Config(model="gpt-4o-mini", stream=True, extra_body={"mock_response": "red"}))
    assert reply.text == "red" and reply.usage.prompt_tokens > 0 and streamed.complete(ask("kite")).text == "red"
    llm.close()
    streamed.close()
