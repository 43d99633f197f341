"""The scripted model."""

from __future__ import annotations

import json

import pytest

from memos.errors import ConfigError, LLMError, PromptTooLong
from memos.llm.base import LLM, Request
from memos.llm.mock import MockLLM
from memos.llm.none import NoLLM
from memos.llm.schema import problems
from memos.types import Message


def ask(text: str, **fields) -> Request:
    return Request((Message("user", text),), **fields)


def scripted(**fields) -> MockLLM:
    return MockLLM(MockLLM.Config(**fields))


def named(request: Request) -> str | None:
    """Found by the configuration's ``function``."""
    return "by name" if "name" in request.messages[0].content else None


def test_sources_in_their_order():
    llm = MockLLM(
        MockLLM.Config(
            exact={"b": "exact"}, rules=[{"pattern": r"c(\d)", "reply": r"rule \1"}, ["d", "two"]], replies=["r1"]
        ),
        function=lambda request: "function" if request.messages[0].content == "a" else None,
    )
    assert [llm.complete(ask(text)).text for text in ("a", "b", "c7", "d", "zzz")] == [
        "function",
        "exact",
        "rule 7",
        "two",
        "r1",
    ]
    assert llm.complete(ask("zzz")).text == "The text does not say."


def test_a_function_by_name(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "scripted_replies_of_a_test", sys.modules[__name__])
    llm = scripted(function="scripted_replies_of_a_test:named")
    assert llm.complete(ask("say the name")).text == "by name"
    with pytest.raises(ConfigError, match="no.module:f"):
        scripted(function="no.module:f")


def test_the_default_quotes_the_line_that_answers():
    prompt = "Ann: I bought a red kite on Monday.\nBob: Lovely weather.\n\nQuestion: What did Ann buy?"
    first, second = scripted().complete(ask(prompt)), scripted().complete(ask(prompt))
    assert first.text == second.text == "Ann: I bought a red kite on Monday."


def test_schemas_tools_limits_and_stops():
    schema = {
        "type": "object",
        "properties": {"facts": {"type": "array", "items": {"type": "string"}}},
        "required": ["facts"],
    }
    reply = json.loads(scripted().complete(ask("one\ntwo", json_schema=schema)).text)
    assert reply == {"facts": ["one", "two"]} and not problems(reply, schema)
    tool = {"type": "function", "function": {"name": "keep", "parameters": schema}}
    called = scripted().complete(ask("one", tools=(tool,)))
    assert called.tool_calls[0].name == "keep" and json.loads(called.tool_calls[0].arguments) == {"facts": ["one"]}
    cut = scripted(replies=["one two three\nfour"]).complete(ask("?", max_tokens=2, stop=("\n",)))
    assert (cut.text, cut.finish_reason, cut.usage.completion_tokens) == ("one two", "length", 2)


def test_errors_are_raised_alone_and_yielded_among_many():
    llm = MockLLM(function=lambda request: LLMError("down") if request.messages[0].content == "x" else "ok")
    with pytest.raises(LLMError, match="down"):
        llm.complete(ask("x"))
    outcomes = dict(llm.complete_many([ask("x"), ask("y")]))
    assert isinstance(outcomes[0], LLMError) and outcomes[1].text == "ok"


def test_its_window():
    with pytest.raises(PromptTooLong, match="prompt of 9 tokens and 2 for the reply"):
        scripted(context_window=10).complete(ask("a b c d e f g h i", max_tokens=2))
    assert (
        scripted(context_window=10, long_prompt="cut").complete(ask("a b c d e f g h i", max_tokens=2)).cut_tokens > 0
    )


@pytest.mark.parametrize("rules", [[["("]], [{"pattern": "a"}], [["(", "x"]], [3]])
def test_bad_rules_are_named(rules):
    with pytest.raises(ConfigError, match="llm.rules"):
        scripted(rules=rules)


def test_no_model_says_what_to_choose():
    assert isinstance(NoLLM(), LLM) and isinstance(scripted(), LLM)
    with pytest.raises(LLMError, match="llm=openai"):
        NoLLM().complete(ask("x"))
