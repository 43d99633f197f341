"""MemoryOS' pages, sessions and analyses, worked out by hand from its specification (docs/systems.md#memoryos)."""

from __future__ import annotations

import numpy as np
import pytest
from conftest_baselines import session
from scripted_models import asked, prompts, scripted

from baselines.memoryos.pages import Page, Pager, chain
from baselines.memoryos.system import MemoryOS
from baselines.memoryos.topics import Theme, TopicStore, overlap
from memos.llm.mock import MockLLM
from memos.types import Conversation, Query

A, B = "Ann", "Bob"
UNIT = np.eye(4, dtype=np.float32)


class Placed:
    """Texts at wanted places; an unknown one stands apart."""

    name, dim, max_tokens, pooled = "placed", 4, 10_000, 0

    def __init__(self, places=()) -> None:
        self.places = dict(places)

    def encode(self, texts):
        return np.array([self.places.get(text, (0, 0, 0, 1)) for text in texts], dtype=np.float32).reshape(-1, 4)


def pages(fixed: bool) -> tuple[list, Pager]:
    first = session(1, 1, (A, "a1"), (B, "b1"), (B, "b2"), (A, "a2"))
    second = session(2, 8, (B, "b3"), (A, "a3"), (B, "b4"))
    pager = Pager(A, fixed)
    closed = [*pager.add(first), *pager.add(second), pager.flush()]
    return [(page.user, page.reply, page.session_id) for page in closed if page], pager


def test_released_pages_lose_a_turn_and_join_two_sessions():
    """O1."""
    made, pager = pages(fixed=False)
    assert made == [("a1", "b2", "session_1"), ("a2", "b3", "session_1"), ("a3", "b4", "session_2")]
    assert pager.lost == {"turns": 1}


def test_fixed_pages_lose_nothing_and_end_with_their_session():
    """O1."""
    made, pager = pages(fixed=True)
    s1, s2 = "session_1", "session_2"
    assert made == [("a1", "b1 b2", s1), ("a2", "", s1), ("", "b3", s2), ("a3", "b4", s2)] and pager.lost == {}


@pytest.mark.parametrize(("cosine", "joins"), [(0.2, True), (0.05, False)])
@pytest.mark.parametrize("released", [True, False])
def test_a_page_joins_by_cosine_and_overlap_of_keywords(cosine, joins, released):
    """O2: overlap .5; the nearest session grows hotter even where it is not joined, as released."""
    assert overlap({"x", "y"}, {"y", "z"}) == 0.5 == overlap({"X", "y"}, {"Y", "z"})
    store = TopicStore(4, 0.6, 2000, warms_anyway=released)
    store.open(0, "s", ["x", "y"], UNIT[0])
    near = np.array([cosine, np.sqrt(1 - cosine**2), 0, 0], dtype=np.float32)
    assert store.join(1, Theme("t", ("y", "z")), near) == joins
    assert store.sessions[0].interactions == (2 if joins or released else 1)


class Steady:
    """A model that puts every page into one theme and finds the same things in every analysis."""

    def __init__(self, keywords=("one",), themes=1) -> None:
        self.keywords, self.themes = list(keywords), themes

    def __call__(self, request):
        wanted = set(request.json_schema["required"])
        theme = {"keywords": self.keywords, "content": "theme"}
        replies = {
            "continues": {"continues": False},
            "meta": {"meta": "m"},
            "themes": {"themes": [theme, {"keywords": ["two"], "content": "other"}][: self.themes]},
            "keywords": {"keywords": self.keywords},
            "private": {"profile": "P", "private": "fact\nNone"},
            "assistant": {"assistant": "T"},
            "profile": {"profile": "P+"},
        }
        return replies[next(name for name in replies if name in wanted)]


def read(llm, lines, places=(), **fields) -> MemoryOS:
    talk = session(1, 1, *lines)
    system = MemoryOS(MemoryOS.Config(extractor="llm", **fields), embedder=Placed(places), llm=llm)
    system.start(Conversation("demo", (A, B), (talk,)))
    system.add(talk)
    system.finish()
    return system


def exchanges(count: int) -> list:
    return [line for n in range(count) for line in ((A, f"a{n}"), (B, f"b{n}"))]


@pytest.mark.parametrize(("count", "analyses"), [(6, 0), (7, 1), (13, 1), (14, 2)])
def test_the_seventh_page_makes_a_session_hot(count, analyses):
    """O3: heat 4.8001 at six pages, 5.6001 at seven; then the count begins anew."""
    system = read(MockLLM(function=Steady()), exchanges(count))
    (topic,) = system.topics.sessions
    assert system.stats().get("events_analyses", 0) == analyses and len(topic.pages) == count
    assert topic.interactions == count - 7 * analyses
    assert [page.analysed for page in system.pages] == [n < 7 * analyses for n in range(count)]


@pytest.mark.parametrize(("fidelity", "times"), [("released", 2), ("fixed", 1)])
def test_a_page_of_two_sessions_comes_twice_as_released(fidelity, times):
    """O4."""
    places = {"theme": UNIT[0], "other": UNIT[1], "a0 10:00 am on 1 May, 2023 b0": UNIT[0], "q": (0.8, 0.6, 0, 0)}
    system = read(MockLLM(function=Steady(themes=2)), exchanges(1), places, fidelity=fidelity)
    assert len(system.topics.sessions) == 2
    result = system.search(Query("q"))
    assert [hit.memory_id for hit in result.hits[: result.used]] == ["p0"] * times


@pytest.mark.parametrize(("fidelity", "left"), [("released", [8, 7]), ("fixed", [0, 0])])
def test_a_hot_session_without_new_pages_blocks_the_others_as_released(fidelity, left):
    """O5: B shares its eight pages with A, which was analysed; C has seven of its own."""
    system = read(MockLLM(function=Steady()), exchanges(15), fidelity=fidelity, heat=1e9)
    shared = list(range(8))
    for place in shared:
        system.pages[place].analysed = True
    system.topics.sessions[0].pages = shared
    system.topics.sessions[0].interactions = 8
    system.topics.open(8, "C", ["c"], UNIT[1])
    system.topics.sessions[1].pages, system.topics.sessions[1].interactions = list(range(8, 15)), 7
    system.config.heat = 5.0
    system._analyse_hot()
    assert [topic.interactions for topic in system.topics.sessions] == left
    assert all(page.analysed for page in system.pages[8:]) == (fidelity == "fixed")


@pytest.mark.parametrize(("fidelity", "metas"), [("released", "m4 m4 m3 m4"), ("fixed", "m4 m4 m4 m4")])
def test_a_chain_shares_its_newest_overview_but_for_the_predecessor(fidelity, metas):
    """O6."""
    number = iter(range(1, 9))

    def reply(request):
        wanted = request.json_schema["required"]
        if wanted == ["continues"]:
            return {"continues": True}
        return {"meta": f"m{next(number)}"} if wanted == ["meta"] else Steady()(request)

    system = read(MockLLM(function=reply), exchanges(4), fidelity=fidelity)
    assert [page.meta for page in system.pages] == metas.split() and chain(system.pages, 3) == [2, 1, 0]


@pytest.mark.parametrize(("fidelity", "sessions"), [("released", 0), ("fixed", 1)])
def test_a_page_without_a_theme_is_lost_as_released_and_counted(fidelity, sessions):
    """O8."""

    def reply(request):
        return "no" if request.json_schema["required"] == ["themes"] else Steady()(request)

    system = read(MockLLM(function=reply), exchanges(1), fidelity=fidelity, retries=0)
    assert len(system.topics.sessions) == sessions == system.stats()["items"]
    assert system.stats()["events_pages_without_theme"] == 1 == system.losses.malformed


TRACE = (
    {"meta": "m1"},
    {"themes": [{"keywords": ["cat", "adoption"], "content": "Ann adopts a cat"}]},
    {"keywords": ["cat", "adoption"]},
    {"keywords": ["cat"]},
    {"continues": True},
    {"meta": "m2"},
    {"themes": [{"keywords": ["cat", "name"], "content": "the cat is called Miso"}]},
    {"profile": "P1", "private": "Ann has a cat\nNone"},
    {"assistant": "Bob asks"},
    {"continues": False},
    {"meta": "m3"},
    {"themes": [{"keywords": ["trip"], "content": "Bob goes to Paris"}]},
    {"keywords": ["trip"]},
    {"keywords": ["trip"]},
)
PLACES = {
    "Ann adopts a cat": (1, 0, 0, 0),
    "the cat is called Miso": (0.5, 0.866, 0, 0),
    "Bob goes to Paris": (0.1, 0, 0.995, 0),
}


@pytest.mark.parametrize(
    ("fidelity", "knowledge", "left"),
    [("released", ["Ann has a cat", "None"], [1, 1]), ("fixed", ["Ann has a cat"], [0, 1])],
)
def test_trace_of_three_pages(fidelity, knowledge, left):
    """TO, with a heat of 1.5 in place of 5."""
    llm = scripted(*TRACE)
    system = read(llm, exchanges(3), PLACES, heat=1.5, fidelity=fidelity)
    steps = "meta themes keywords keywords continues meta themes profile+private assistant"
    assert asked(llm) == [*steps.split(), "continues", "meta", "themes", "keywords", "keywords"]
    metas = ["m1", "m2", "m3"] if fidelity == "released" else ["m2", "m2", "m3"]
    assert [page.meta for page in system.pages] == metas and "m1" in prompts(llm)[5]
    assert system.knowledge == knowledge and [topic.interactions for topic in system.topics.sessions] == left
    assert [topic.pages for topic in system.topics.sessions] == [[0, 1], [2]]
    assert [system.usage()[phase].calls for phase in ("ingest", "organise")] == [8, 6]


def test_in_a_group_no_turn_is_lost():
    talk = session(1, 1, (A, "a1"), (B, "b1"), ("Cleo", "c1"))
    system = MemoryOS(MemoryOS.Config(), embedder=Placed())
    system.start(Conversation("group", (A, B, "Cleo"), (talk,)))
    system.add(talk)
    system.finish()
    assert [page.turn_ids for page in system.pages] == [("D1:1", "D1:2", "D1:3")]


def test_the_themes_are_asked_of_one_side_alone():
    llm = MockLLM(function=Steady())
    read(llm, [(A, "my own words"), (B, "the reply")])
    (themes,) = [text for text, want in zip(prompts(llm), asked(llm), strict=True) if want == "themes"]
    assert "my own words" in themes and "the reply" not in themes


def test_the_least_used_session_goes_where_there_are_too_many():
    store = TopicStore(4, 0.6, 2, warms_anyway=False)
    gone = [store.open(place, f"s{place}", [], UNIT[place]) for place in range(2)]
    store.sessions[0].pages.append(7)
    assert [*gone, store.open(2, "s2", [], UNIT[2])] == [False, False, True]
    assert [one.summary for one in store.sessions] == ["s0", "s2"]
    assert np.array_equal(store.vectors, UNIT[[0, 2]])


def test_the_dates_of_what_is_stored_are_those_of_the_sessions():
    """O9."""
    system = read(MockLLM(function=Steady()), exchanges(7))
    state = [page.time_text for page in system.pages]
    assert set(state) == {"10:00 am on 1 May, 2023"} and Page().time_text == ""
    assert "[10:00 am on 1 May, 2023]" in system.search(Query("x")).hits[0].text
