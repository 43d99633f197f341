"""Preference, skill and tool memory (C22, C23)."""

import pytest

from memos.errors import ConfigError
from memos.plaintext.preference import cube_of, explicit, implicit
from memos.plaintext.skill import Skill, Tool, learned, skill_cube, skill_of, tool_cube

STATED = [
    ("I love sour cherries.", "sour cherries", True),
    ("I really enjoy hiking because it clears my head", "hiking", True),
    ("I'm a big fan of radio plays", "radio plays", True),
    ("My favourite colour is teal", "teal", True),
    ("I prefer tea", "tea", True),
    ("I hate parsley!", "parsley", False),
    ("I can't stand loud bars", "loud bars", False),
    ("I don't like flying anymore", "flying", False),
    ("I'm not into horror films", "horror films", False),
    ("I no longer enjoy chess", "chess", False),
]
NOTHING = ["Do you like jazz?", "The shop is closed.", "It looks like rain.", "She loves her bike.", "Would you prefer tea?"]


@pytest.mark.parametrize(("text", "topic", "likes"), STATED)
def test_stated_preferences(text, topic, likes):
    found = explicit(text, "Ana")
    assert [(p.topic, p.likes) for p in found] == [(topic, likes)]


@pytest.mark.parametrize("text", NOTHING)
def test_no_preference_where_none_is_stated(text):
    assert explicit(text, "Ana") == []


def test_a_habit_is_an_implicit_preference():
    texts = ["I baked bread today", "I went to chess club", "I baked bread again!", "I made bread for Leo"]
    assert [(p.topic, p.explicit) for p in implicit(texts, "Ana")] == [("bread", False)]


def _insert(bench, text):
    cubes = [cube_of(p, owner="ana", ids=bench.ids, clock=bench.clock) for p in explicit(text, "Ana")]
    bench.clock.advance(seconds=1)
    return bench.insert(*cubes)


def test_a_repeat_adds_nothing_and_the_opposite_replaces(bench):
    first = _insert(bench, "I love parsley")[0]
    assert _insert(bench, "I really like parsley!")[0].status == "duplicate"
    assert bench.vault.count() == 1
    made = _insert(bench, "I hate parsley now")[0]
    assert (made.status, made.other) == ("replaced", first.cube_id)
    assert bench.texts("What does Ana think of parsley?") == ["Ana dislikes parsley."]


def test_a_favourite_has_one_value(bench):
    _insert(bench, "My favourite colour is teal")
    _insert(bench, "My favourite fruit is quince")
    assert _insert(bench, "My favourite colour is ochre")[0].status == "replaced"
    assert sorted(bench.texts("What are Ana's favourites?")) == ["Ana's favourite colour is ochre.", "Ana's favourite fruit is quince."]


def test_skills_have_versions_and_are_found_by_task(bench):
    cube = skill_cube(Skill("descale the kettle", ("fill it with vinegar", "boil", "rinse")), owner="ana", ids=bench.ids, clock=bench.clock)
    other = skill_cube(Skill("wax a surfboard", ("clean it", "rub the wax in")), owner="ana", ids=bench.ids, clock=bench.clock)
    bench.insert(cube, other)
    better = learned(cube, bench.clock.advance(seconds=5), experience=["half vinegar is enough"])
    bench.operator.update(better, actor="ana", cause="learned")
    assert [v.version for v in bench.vault.versions(cube.cube_id)] == [1, 2]
    assert bench.texts("How do I descale my kettle?", 1)[0].endswith("Note: half vinegar is enough")
    assert skill_of(bench.vault.get(cube.cube_id)).steps == ("fill it with vinegar", "boil", "rinse")
    with pytest.raises(ConfigError, match="at least one step"):
        skill_cube(Skill("nothing", ()), owner="ana", ids=bench.ids, clock=bench.clock)


def test_tool_schemas_are_checked(bench):
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tool = Tool("weather", "tells the weather of a city", schema)
    assert tool.check({"city": "Ghent"}) == [] and tool.check({"town": 3})
    bench.insert(tool_cube(tool, owner="ana", ids=bench.ids, clock=bench.clock))
    assert bench.texts("Which tool knows the weather?", 1) == ["Tool weather: tells the weather of a city"]
    for broken in ({"type": "text"}, {"type": "object", "required": ["x"]}, {"type": "object", "properties": {"a": 3}}):
        with pytest.raises(ConfigError, match="tool t"):
            Tool("t", "", broken)
