"""Zep: sequence of calls and resulting graph, written by hand from docs/systems.md."""

from __future__ import annotations

from datetime import datetime

from conftest_baselines import ingest, session
from scripted_models import asked, prompts, scripted

from baselines.zep.graph import FactEdge, Graph
from baselines.zep.search import edge_candidates, search_edges
from baselines.zep.system import Zep, invalidate
from memos.types import Conversation, Query


def test_zep_trace(conversation, embedder):
    def edge(target, fact, valid, relation="LIVES_IN", source="Ada"):
        return {
            "source": source,
            "target": target,
            "relation": relation,
            "fact": fact,
            "valid_at": valid,
            "invalid_at": None,
        }

    def entities(*names):
        return {"entities": [{"name": name, "type": "Thing"} for name in names]}

    llm = scripted(
        entities("Ada", "Rome"),
        {"edges": [edge("Rome", "Ada lives in Rome.", "2023-05-01T10:00:00"), edge("Ada", "Ada is Ada.", None)]},
        {"summaries": [{"name": "Ada", "summary": "Lives in Rome."}, {"name": "Rome", "summary": "Home of Ada."}]},
        entities("Ben", "dog"),
        {"edges": [edge("dog", "Ben adopted one dog.", "2023-04-30", "ADOPTED", "Ben")]},
        {"summaries": [{"name": "Ben", "summary": "Has a dog."}]},
        entities("Ada", "Oslo"),
        {"edges": [edge("Oslo", "Ada lives in Oslo.", "2023-05-08T10:00:00Z")]},
        {"duplicates": [], "contradicted": [0]},
        {"summaries": []},
        entities("Ben"),
        {"edges": []},
        entities("Ada"),
        {"edges": []},
    )
    system = ingest(Zep(Zep.Config(extractor="llm"), embedder=embedder, llm=llm), conversation)
    first = ["entities", "edges", "summaries"]
    assert asked(llm) == [
        *first,
        *first,
        "entities",
        "edges",
        "duplicates+contradicted",
        "summaries",
        *first[:2],
        *first[:2],
    ]
    edges = list(system.graph.edges.values())
    assert [e.fact for e in edges] == ["Ada lives in Rome.", "Ben adopted one dog.", "Ada lives in Oslo."]
    rome, dog, oslo = edges
    assert (rome.valid_at, rome.invalid_at) == (datetime(2023, 5, 1, 10), datetime(2023, 5, 8, 10))
    assert (rome.created_at, rome.expired_at) == (datetime(2023, 5, 1, 10), datetime(2023, 5, 8, 10))
    assert dog.valid_at == datetime(2023, 4, 30) and dog.invalid_at is None and oslo.expired_at is None
    assert [e.episodes for e in edges] == [["D1:1"], ["D1:2"], ["D2:1"]]
    assert [e.name for e in system.graph.entities.values()] == ["Ada", "Rome", "Ben", "dog", "Oslo"]
    assert system.stats()["edges_refused"] == 1 and system.stats()["invalidated"] == 1
    context = system.search(Query("Where does Ada live?")).context
    assert "Ada lives in Rome. (event_time: 1 May 2023, until 8 May 2023)" in context
    assert "Ada lives in Oslo. (event_time: 8 May 2023)" in context and "- Ada: Lives in Rome." in context


def test_zep_asks_whether_a_near_name_is_a_known_entity_and_keeps_the_known_one(conversation, embedder):
    """Section 9: speaker always an entity; candidates by embedding and full text, exact names first, then the model."""
    quiet = [{"entities": []}, {"edges": []}]
    met = {
        "source": "Ada",
        "target": "city of Oslo",
        "relation": "MOVED",
        "fact": "Ada moved to Oslo.",
        "valid_at": "2023",
        "invalid_at": None,
    }
    llm = scripted(
        {"entities": [{"name": "Oslo", "type": "City"}]},
        {"edges": []},
        *quiet,
        {
            "entities": [
                {"name": "ada", "type": "Person"},
                {"name": "city of Oslo", "type": "City"},
                {"name": "Lima", "type": "City"},
            ]
        },
        {"resolutions": [{"new": 0, "existing": 0}, {"new": 9, "existing": 0}]},
        {"edges": [met]},
        {"summaries": [{"name": "Oslo", "summary": "Ada's new home."}]},
        *quiet,
        *quiet,
    )
    system = ingest(Zep(Zep.Config(extractor="llm", min_score=0.4), embedder=embedder, llm=llm), conversation)
    plain = ["entities", "edges"]
    assert asked(llm) == [*plain, *plain, "entities", "resolutions", "edges", "summaries", *plain, *plain]
    question = prompts(llm)[5]
    assert "EXISTING\n0: Oslo." in question and "NEW\n0: city of Oslo" in question
    assert "Lima" not in question.split("NEW\n")[1], "a name that resembles nothing is new without a call"
    assert [entity.name for entity in system.graph.entities.values()] == ["Ada", "Oslo", "Ben", "Lima"]
    (edge,) = system.graph.edges.values()
    ada, oslo = (system.graph.entities[key] for key in (edge.source, edge.target))
    assert (ada.name, oslo.name, oslo.summary) == ("Ada", "Oslo", "Ada's new home.")
    assert edge.valid_at == datetime(2023, 1, 1), "only a year is known: 1 January"


def test_zep_sees_the_last_ten_messages_and_ends_an_older_fact_learnt_later(embedder):
    """Section 9: last 10 episodes as context; a fact whose time lies before a stored contradiction ends at once."""
    said = [session(1, 1, *[("Ada", f"Line {n}.") for n in range(12)])]
    quiet = [{"entities": []}, {"edges": []}]
    llm = scripted(*quiet * 12)
    ingest(
        Zep(Zep.Config(extractor="llm"), embedder=embedder, llm=llm), Conversation("demo", ("Ada", "Ben"), tuple(said))
    )
    earlier = prompts(llm)[-2].split("EARLIER MESSAGES\n")[1].split("\n\nCURRENT MESSAGE")[0].splitlines()
    assert earlier == [f"Ada: Line {n}." for n in range(1, 11)]
    old = FactEdge("f0", "n0", "n1", "IN", "Ada is in Oslo.", datetime(2023, 5, 8), None, None)
    new = FactEdge("f1", "n0", "n2", "IN", "Ada is in Rome.", datetime(2023, 1, 1), None, None)
    now = datetime(2023, 6, 1)
    assert invalidate(old, new, now) and (new.invalid_at, new.expired_at) == (datetime(2023, 5, 8), now)
    assert old.invalid_at is None and old.expired_at is None
    over = FactEdge("f2", "n0", "n3", "IN", "Ada was in Bonn.", datetime(2020, 1, 1), datetime(2021, 1, 1), None)
    assert not invalidate(over, old, now), "intervals that do not overlap contradict nothing"


def test_zep_recipes_by_hand(embedder):
    """Section 9: score of a key = sum of 1/(rank + 1); candidates by cosine need at least min_score."""
    graph = Graph(embedder)
    ada, tea, chess = (graph.add_entity(name, "Thing", None) for name in ("Ada", "tea", "chess"))
    for target, fact in (
        (tea, "Ada likes green tea"),
        (chess, "Ada plays chess"),
        (tea, "green leaves make tea for Ada"),
    ):
        key = graph.new_edge_id()
        graph.add_edge(FactEdge(key, ada.id, target.id, "X", fact, None, None, None), embedder.encode([fact])[0])
    vector = embedder.encode(["green tea"])[0]
    candidates = edge_candidates(graph, "green tea", vector, 6)
    assert candidates.by_text == ["f0", "f2"]
    assert [key for key, _ in candidates.by_vector][:2] == ["f0", "f2"]
    best = search_edges(graph, candidates, vector, "rrf", 3, 0.3, 0.5)
    assert best[:2] == [("f0", 1 / 1 + 1 / 1), ("f2", 1 / 2 + 1 / 2)]
    alone = search_edges(graph, candidates, vector, "rrf", 3, 1.0, 0.5)
    assert alone == [("f0", 1.0), ("f2", 0.5)], "no cosine reaches 1, so the full text decides alone"
    assert graph.reachable([tea.id], 1, 10) == ["f0", "f2"] and set(graph.reachable([tea.id], 2, 10)) == {
        "f0",
        "f1",
        "f2",
    }


def test_zep_repeated_fact_gets_another_episode(conversation, embedder):
    fact = {
        "source": "Ada",
        "target": "Rome",
        "relation": "IN",
        "fact": "Ada is in Rome.",
        "valid_at": None,
        "invalid_at": None,
    }
    names = {"entities": [{"name": "Ada", "type": "P"}, {"name": "Rome", "type": "C"}]}
    quiet = [{"entities": []}, {"edges": []}]
    llm = scripted(names, {"edges": [fact]}, {"summaries": []}, *quiet, names, {"edges": [fact]}, *quiet, *quiet)
    system = ingest(Zep(Zep.Config(extractor="llm"), embedder=embedder, llm=llm), conversation)
    assert [edge.episodes for edge in system.graph.edges.values()] == [["D1:1", "D2:1"]]
