"""Replies that say what was asked in another form."""

from __future__ import annotations

import pytest

from memos.llm.base import Completion
from memos.llm.fitting import fitted
from memos.llm.structured import parse

TEXT = {"type": "string"}
NULLABLE = {"type": ["string", "null"]}


def record(**properties):
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


FACTS = record(facts={"type": "array", "items": TEXT})
CHANGES = record(memory={"type": "array", "items": record(id=TEXT, old=NULLABLE)})


def read(text, schema):
    return parse(Completion(text, "m"), schema)


@pytest.mark.parametrize(
    ("text", "schema", "meant"),
    [
        ('{"memory": [{"id": 3}]}', CHANGES, {"memory": [{"id": "3", "old": None}]}),
        ('["a", "b"]', FACTS, {"facts": ["a", "b"]}),
        ('```json\n["a"]\n```', FACTS, {"facts": ["a"]}),
        ('Steps [1] and then {"facts": ["a"]}', FACTS, {"facts": ["a"]}),
    ],
)
def test_another_form_of_the_same_is_read(text, schema, meant):
    assert read(text, schema) == (meant, None)


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ('{"memory": [{"old": "x"}]}', CHANGES),  # what may not be null is not made up
        ('{"memory": [{"id": true, "old": null}]}', CHANGES),
        ('{"memory": [{"id": 1.5, "old": null}]}', CHANGES),
        ('["a"]', record(facts={"type": "array", "items": TEXT}, names={"type": "array", "items": TEXT})),
        ('{"a": 1}', FACTS),
    ],
)
def test_what_would_change_the_meaning_stays_malformed(text, schema):
    value, reason = read(text, schema)
    assert value is None and reason


def test_a_value_of_the_right_form_is_kept():
    value = {"facts": ["a"]}
    assert fitted(value, FACTS) == value
