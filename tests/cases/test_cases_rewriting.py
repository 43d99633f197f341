"""Rewriting of the first person: what is no pronoun, and whose words they are."""

from __future__ import annotations

import pytest
from case_tools import facts_of, mem0

from memos.interface.reader import resolve_self


@pytest.mark.parametrize(
    "text",
    [
        "Я переехал из Порту в Лиссабон в прошлом месяце.",
        "我上个月从波尔图搬到了里斯本，现在在一家面包店工作。",
    ],
)
def test_c32_facts_in_other_scripts_are_kept(text):
    """nhadaututtheky/neural-memory#209: rules of English make nothing of Chinese or Russian, and nobody is told."""
    assert facts_of(mem0(("Ana", text)))


@pytest.mark.parametrize("reader", ["mem0", "memos"])
def test_c33_the_numeral_one_is_no_pronoun(reader):
    """Automattic/harper#3045: the I of "World War I" is a numeral."""
    if reader == "mem0":
        text = "My grandfather fought in World War I and later became a teacher."
        assert facts_of(mem0(("Ana", text))) == ["Ana's grandfather fought in World War I and later became a teacher."]
    else:
        asked = resolve_self("What did I read about World War I?", "Ana")
        assert asked == "What did Ana read about World War I?"


def test_c34_code_is_left_as_it_is():
    """ocdevel/gnothi#76: the loop variable i is swapped for a name."""
    code = "Here is my loop:\n```python\nfor i in range(10):\n    print(i * total_cost)\n```"
    assert not [fact for fact in facts_of(mem0(("Ana", code))) if "Ana in range" in fact or "Ana * total" in fact]


def test_c35_quoted_speech_is_anothers():
    """richardpaulhudson/coreferee#25: "I" within quotation marks is whoever is quoted,
    and the sentence goes on after."""
    facts = facts_of(mem0(("Ana", 'She told me "I love you" at the Lisbon station.')))
    assert not [fact for fact in facts if "ats the" in fact or "Ana loves Bo" in fact]
