"""The texts: grammar, variety, chatter that keeps away from the key."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from eval.datasets.generated import chatter, colour, talk
from eval.datasets.generated.build import generate
from eval.datasets.generated.draw import Draw
from eval.datasets.generated.grammar import article, expand, in_person, parse, realisations, sentence
from eval.datasets.generated.kinds.events_home import EVENTS
from eval.datasets.generated.kinds.states import STATES
from eval.datasets.generated.kinds.traits import TASTES, TRAITS
from eval.datasets.generated.pools import POOLS
from eval.datasets.generated.records import Knobs
from eval.datasets.generated.words import people

OPENERS = sum(realisations(opener) for opener in talk.OPENERS["plain"])


def test_choices_nest_and_unbalanced_ones_are_refused() -> None:
    template = "[a|b[c|d]]e|f"
    assert realisations(template) == 4
    assert {expand(template, Draw("x", n)) for n in range(80)} == {"ae", "bce", "bde", "f"}
    for broken in ("[a|b", "a]b"):
        with pytest.raises(ValueError, match="unbalanced"):
            parse(broken)


def test_person_marks() -> None:
    text = "<I> moved and <my> cat hates it; <I'm> sure <I> like<s> it. <have you>?"
    assert in_person(text) == "I moved and my cat hates it; I'm sure I like it. have you?"
    assert in_person(text, "Etta", "f") == "Etta moved and her cat hates it; she's sure she likes it. has she?"
    assert in_person("<my> knee hurts and <I> limp<s>", "Nils", "m") == "Nils's knee hurts and he limps"
    assert in_person("was anybody <with you>? <I> left", "Nils", "m", named=True) == "was anybody with him? he left"
    assert sentence("hello. did you go. no") == "Hello. Did you go? No."
    assert [article(noun) for noun in ("axolotl", "ukulele", "goat")] == ["an axolotl", "a ukulele", "a goat"]


@pytest.mark.parametrize("kind", [*EVENTS, *STATES, *TRAITS, *TASTES], ids=lambda kind: kind.name)
def test_every_act_has_many_realisations(kind) -> None:
    acts = [name for name in ("tell", "still", "change", "like", "dislike", "switch") if hasattr(kind, name)]
    assert acts
    for act in acts:
        own = sum(realisations(template) for template in getattr(kind, act))
        tails = sum(realisations(tail) for tail in colour.COLOUR.get(kind.name, colour.COLOUR.get(act, ()))) + 1
        assert own >= 6 and own * tails >= 40 and own * OPENERS * tails >= 400, (kind.name, act)
    for act in ("tell", "still", "change"):
        for template in getattr(kind, act, ()):
            assert re.search("<(I|my|me|I'm|I've)>", template), template


def test_talk_has_many_realisations() -> None:
    for name in ("GREETINGS", "FAREWELLS", "PROMPTS", "CORRECTIONS", "HEARSAY", "INTRODUCTIONS", "AFTERTHOUGHTS"):
        flat = _flat(getattr(talk, name))
        assert sum(realisations(template) for template in flat) >= 24, name
    assert sum(realisations(opening) for opening, _, _ in chatter.TOPICS) >= 300


def _flat(templates) -> list[str]:
    if isinstance(templates, str):
        return [templates]
    return [text for item in templates for text in _flat(item)]


def test_pools_share_no_entry() -> None:
    entries = Counter(value.lower() for pool in POOLS.values() for value in pool)
    options = Counter(option.lower() for taste in TASTES for option in taste.options)
    names = [
        *people.WOMEN,
        *people.MEN,
        *(name for pairs in people.NICKNAMES.values() for pair in pairs for name in pair),
    ]
    names += [name for group in people.STRANGERS.values() for name in group]
    total = entries + options + Counter(name.lower() for name in names)
    assert [value for value, times in total.items() if times > 1] == []


def test_chatter_never_speaks_of_the_key() -> None:
    lines = [text for topic in (*chatter.TOPICS, *chatter.WEATHER.values()) for text in topic]
    lines += [*chatter.FILLERS, *chatter.ANSWERS]
    lines += [
        line
        for name in ("AFTERTHOUGHTS", "SORROWS", "PROMPTS", "FAREWELLS", "GREETINGS")
        for line in _flat(getattr(talk, name))
    ]
    lines += _flat(list(talk.TAILS.values())) + _flat(list(talk.REACTIONS.values()))
    text = " | ".join(lines).lower()
    key_words = [value for pool in POOLS.values() for value in pool] + [
        option for taste in TASTES for option in taste.options
    ]
    for value in key_words:
        assert not re.search(rf"\b{re.escape(value.lower())}\b", text), value
    assert not re.search(r"\d", text)
    told_of = "lost lose losing missing bought buy present gift adopted planted fixed repaired cooked exam hurt"
    for verb in told_of.split():
        assert not re.search(rf"\b{verb}\b", text), verb


def test_generated_texts_are_clean() -> None:
    turns = [t for c in generate(Knobs(conversations=4, seed=9)) for s in c.sessions for t in s.turns]
    for turn in turns:
        assert not re.search(r"[<>{}\[\]|]|  |\.\.|,,|\?\.|!\.|: :", turn.text), turn
        assert not re.search(r"\b[Aa] [aeio]\w+|\b[Aa]n [bcdfgjklmnpqrstvwxyz]\w+|\bwith (he|she)\b", turn.text), turn
        assert re.search(r"[.!?]$", turn.text) and re.match(r"[^a-z]", turn.text), turn
    longest = Counter(turn.text for turn in turns).most_common(1)[0][1]
    assert longest < len(turns) / 50


def test_present_tense_agrees_with_whom_it_is_said_of() -> None:
    base = "hope have need know stay feel live work watch remember use play pay park get fall collect earn take keep"
    bare = re.compile(rf"<(?:I)> (?:always |only |never |now )?(?:{base.replace(' ', '|')})(?![\w<])")
    templates = [
        text
        for kind in (*EVENTS, *STATES, *TRAITS)
        for text in _flat([getattr(kind, "tell", ()), getattr(kind, "still", ())])
    ]
    templates += [text for kind in STATES for text in kind.change] + _flat(list(colour.COLOUR.values()))
    for template in templates:
        for _ in range(20):
            text = expand(template, Draw(template, _))
            assert not bare.search(text), text


def test_questions_are_clean() -> None:
    for conversation in generate(Knobs(conversations=4, seed=10)):
        for question in conversation.questions:
            assert not re.search(r"[<>{}\[\]|]|  ", question.text), question.text
            assert question.text.endswith("?") and question.text[0].isupper(), question.text
