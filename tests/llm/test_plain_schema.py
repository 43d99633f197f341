"""The quick check of schemas: never surer than the general validator, and sure of what models are asked for."""

from __future__ import annotations

import random
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from baselines.mem0.model import DECISIONS, FACTS
from memos.llm.plain_schema import certain
from memos.llm.schema import problems

WORDS = ("a", "b", "c")
LEAVES = (None, True, False, 0, 1, 1.0, 2.5, "", "a", "b", "x")
OTHERS = ({"anyOf": [{"type": "string"}]}, {"type": "string", "minLength": 1}, {"$ref": "#/x"}, {}, {"enum": [1, "a"]})


def schema(draw: random.Random, depth: int) -> dict[str, Any]:
    kind = draw.choice(("leaf", "leaf", "enum", "list", "object", "object", "other") if depth else ("leaf", "enum"))
    if kind == "leaf":
        names = draw.sample(("string", "integer", "number", "boolean", "null"), draw.choice((1, 1, 2)))
        return {"type": names[0] if len(names) == 1 else names}
    if kind == "enum":
        return {"type": "string", "enum": draw.sample(WORDS, 2)}
    if kind == "list":
        return {"type": "array", "items": schema(draw, depth - 1)}
    if kind == "other":
        return dict(draw.choice(OTHERS[1:2] + OTHERS[:1] + OTHERS[3:]))
    made: dict[str, Any] = {"type": "object", "properties": {w: schema(draw, depth - 1) for w in draw.sample(WORDS, 2)}}
    if draw.random() < 0.7:
        made["required"] = draw.sample(WORDS, draw.choice((0, 1, 2)))
    if draw.random() < 0.7:
        made["additionalProperties"] = draw.random() < 0.3
    return made


def value(draw: random.Random, depth: int) -> Any:
    kind = draw.choice(("leaf", "leaf", "list", "object")) if depth else "leaf"
    if kind == "leaf":
        return draw.choice(LEAVES)
    if kind == "list":
        return [value(draw, depth - 1) for _ in range(draw.randrange(3))]
    return {word: value(draw, depth - 1) for word in draw.sample(WORDS, draw.randrange(3))}


def test_it_is_never_sure_where_the_general_validator_finds_a_fault():
    draw, sure = random.Random(7), 0
    for _ in range(600):
        made = schema(draw, 2)
        check, validator = certain(made), Draft202012Validator(made)
        for _ in range(4):
            tried = value(draw, 2)
            if check(tried):
                sure += 1
                assert validator.is_valid(tried), (made, tried)
    assert sure > 120


@pytest.mark.parametrize("given", OTHERS)
def test_of_other_keywords_it_says_nothing(given: dict[str, Any]):
    assert not any(certain(given)(leaf) for leaf in LEAVES)
    assert not certain({"type": "object", "properties": {"a": given}})({})


def test_it_is_sure_of_replies_as_they_are_asked_for():
    item = {"id": "0", "text": "x", "event": "ADD", "old_memory": None}
    assert certain(FACTS)({"facts": ["a", "b"]}) and certain(DECISIONS)({"memory": [item]})
    for bad in ({"memory": [{**item, "event": "KEEP"}]}, {"memory": [{**item, "more": 1}]}, {"memory": [{"id": "0"}]}):
        assert not certain(DECISIONS)(bad) and problems(bad, DECISIONS)
