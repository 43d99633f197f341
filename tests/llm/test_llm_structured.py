"""Structured output: repairs that change nothing, retries, counting, and random damage."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos.errors import ConfigError, MalformedOutput
from memos.llm.base import Completion, Request
from memos.llm.mock import MockLLM
from memos.llm.openai import OpenAIChat
from memos.llm.repair import loads, values
from memos.llm.sample import sample_json
from memos.llm.schema import is_strict, problems
from memos.llm.structured import complete_json
from memos.types import Message, Usage

FACTS = {
    "type": "object",
    "properties": {"facts": {"type": "array", "items": {"type": "string"}}},
    "required": ["facts"],
    "additionalProperties": False,
}
ASK = Request((Message("user", "list the facts"),), max_tokens=50)


@pytest.mark.parametrize(
    "text",
    [
        '{"facts": ["a", "b"]}',
        '```json\n{"facts": ["a", "b"]}\n```',
        '```\n{"facts": ["a", "b",],}',
        'Here you are:\n{"facts": ["a", "b"]}\nAnything else?',
        '<think>maybe {"facts": []}</think>{"facts": ["a", "b"]}',
        '{"facts": ["a", "b"',
        '{"facts": ["a", "b"],',
        '\ufeff {"facts": ["a", "b"]}',
    ],
)
def test_harmless_damage_is_repaired(text):
    assert loads(text) == {"facts": ["a", "b"]}


@pytest.mark.parametrize(
    "text", ["", "no", '{"facts": ["a", "b', '{"n": 12', '{"a": 1, "b"', '{"a": "x\\', "{'a': 1}", '{"a": NaN}']
)
def test_nothing_is_invented_or_dropped(text):
    with pytest.raises(ValueError):
        loads(text)


def test_a_cut_reply_is_not_closed():
    assert list(values('{"facts": ["a"', complete=False)) == []


def test_marks_inside_strings_are_left_alone():
    text = json.dumps({"facts": ["a, ] b", "```json", "{,}", 'say "hi",}']})
    assert loads("```json\n" + text[:-1] + ",}\n```") == json.loads(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(
    value=st.dictionaries(st.text(max_size=4), json_values, max_size=4), cut=st.integers(0, 200), prose=st.booleans()
)
def test_random_cuts_never_crash_and_never_change_a_leaf(value, cut, prose):
    whole = json.dumps(value, ensure_ascii=False)
    text = whole[: max(0, len(whole) - cut)]
    if not cut:
        assert loads(("Sure: " if prose else "") + text) == value
    for read in list(values(text))[:1]:
        assert _part_of(read, value)


def _part_of(part, whole) -> bool:
    """Whether a value is the other one with later items missing, nothing else changed."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(k in whole and _part_of(v, whole[k]) for k, v in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and len(part) <= len(whole) and all(map(_part_of, part, whole))
    return type(part) is type(whole) and part == whole


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet='{}[]",:\\`a1 \n', max_size=60))
def test_random_text_never_crashes(text):
    for value in values(text):
        json.dumps(value)


def test_a_malformed_reply_is_shown_and_asked_for_again():
    llm = MockLLM(MockLLM.Config(replies=["I think the facts are a and b", '{"facts": "a"}', '{"facts": ["a"]}']))
    got = complete_json(llm, ASK, FACTS, retries=2)
    assert got.value == {"facts": ["a"]} and got.attempts == 3 and got.usage.calls == 3
    assert got.usage.completion_tokens == 8 + 2 + 2
    last = llm.requests[-1].messages
    assert [m.role for m in last] == ["user", "assistant", "user"] and last[1].content == '{"facts": "a"}'
    assert "$.facts" in last[2].content


def test_every_attempt_failing_raises_with_the_raw_text_and_usage():
    llm = MockLLM(function=lambda request: "never json")
    with pytest.raises(MalformedOutput, match="never json") as caught:
        complete_json(llm, ASK, FACTS, retries=1)
    assert caught.value.raw == "never json" and caught.value.usage.calls == 2


def test_a_reply_cut_by_the_limit_gets_twice_the_room():
    def reply(request):
        if request.max_tokens == 50:
            return Completion('{"facts": ["a"', "m", Usage(1, 1, 50), "length")
        return '{"facts": ["a", "b"]}'

    llm = MockLLM(function=reply)
    assert complete_json(llm, ASK, FACTS).value == {"facts": ["a", "b"]}
    assert llm.requests[-1].max_tokens == 100


def test_a_refusal_is_retried_and_never_an_empty_list():
    llm = MockLLM(function=lambda request: Completion("no", "m", Usage(1, 1, 1), "refusal"))
    with pytest.raises(MalformedOutput, match="refused"):
        complete_json(llm, ASK, FACTS, retries=0)


def test_prose_with_another_value_first_takes_the_one_that_fits():
    llm = MockLLM(MockLLM.Config(replies=['[1] {"note": 1} then {"facts": ["a"]}']))
    got = complete_json(llm, ASK, FACTS)
    assert got.value == {"facts": ["a"]} and got.attempts == 1


@pytest.mark.parametrize("fault", ["truncated", "wrong_schema", "refusal"])
def test_server_faults_end_in_the_same_value(scripted_server, fault):
    server = scripted_server(rules=[("facts", '{"facts": ["a", "b"]}')], faults=[fault])
    llm = OpenAIChat(OpenAIChat.Config(base_url=server.base_url, api_key_env=None))
    got = complete_json(llm, ASK, FACTS)
    llm.close()
    assert got.value == {"facts": ["a", "b"]} and got.attempts == 2
    assert server.chats()[0]["response_format"]["json_schema"]["strict"] is True


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"facts": ["a"], "more": 1}, "more"),
        ({}, "facts"),
        ({"facts": ["a", 2]}, r"$.facts[1]"),
        ([], "$: [] is not of type 'object'"),
        ({"facts": None}, "$.facts: None"),
    ],
)
def test_problems_name_the_place(value, where):
    assert any(where in problem for problem in problems(value, FACTS))


def test_schema_words_are_checked():
    schema = {
        "$defs": {"e": {"enum": ["ADD", "NONE"]}},
        "type": "array",
        "minItems": 1,
        "items": {"anyOf": [{"$ref": "#/$defs/e"}, {"type": "integer", "maximum": 3}]},
    }
    assert not problems(["ADD", 3], schema)
    assert problems([], schema) and problems(["DROP"], schema) and problems([4], schema) and problems([True], schema)


def test_words_of_the_standard_are_checked():
    """A pattern, one form out of two, and true for 1: a reply that breaks these was taken before."""
    assert problems("ab1", {"type": "string", "pattern": "^[a-z]+$"})
    assert problems(3, {"oneOf": [{"type": "integer"}, {"minimum": 2}]}) and not problems(
        1, {"oneOf": [{"type": "integer"}, {"minimum": 2}]}
    )
    assert problems(True, {"enum": [1]}) and problems(["a", "a"], {"uniqueItems": True})
    assert problems(5, {"exclusiveMaximum": 5}) and problems({"b": 1}, {"propertyNames": {"enum": ["a"]}})


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"$ref": "#/$defs/none"}, "leads nowhere"),
        ({"$ref": "http://127.0.0.1:9/schema.json"}, "leads nowhere"),
        ({"type": "text"}, "'text' is unknown"),
    ],
)
def test_a_broken_schema_is_named_and_nothing_is_loaded(schema, reason):
    with pytest.raises(ConfigError, match=reason):
        problems(1, schema)


def test_a_long_reply_does_not_hide_the_reason():
    (problem,) = problems(["x" * 500], {"type": "object"})
    assert len(problem) < 150 and problem.endswith("is not of type 'object'")


def test_strictness():
    assert is_strict(FACTS)
    assert not is_strict({**FACTS, "required": []}) and not is_strict({"type": "object", "properties": {}})


@pytest.mark.parametrize("lines", [[], ["one line"], ["a", "b", "c"]])
def test_stand_ins_satisfy_their_schema(lines):
    schema = {
        "type": "object",
        "properties": {
            "facts": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/fact"}},
            "label": {"type": "string", "enum": ["CORRECT", "WRONG"]},
            "score": {"type": "number", "minimum": 1},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "required": ["facts", "label", "score", "note"],
        "$defs": {"fact": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}},
    }
    assert problems(sample_json(schema, lines), schema) == []
