"""The facade, the fine reading, the command line and the examples."""

import json
import runpy
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest

from memos import MemOS
from memos.__main__ import main
from memos.cube import FakeClock, SequentialIds
from memos.errors import BudgetExceeded, ConfigError, LLMError, MemosError
from memos.infrastructure.vault import Tagged
from memos.llm.mock import MockLLM
from memos.operation.scheduler.queue import QueueTimeout

EXAMPLES = sorted(
    path
    for path in (Path(__file__).parents[2] / "scripts" / "examples").glob("*.py")
    if path.stem != "memory_server"  # it serves until it is stopped; tests/baselines/test_remote_*.py do
)
TURNS = [
    ("Mara", "I finished the marathon yesterday!"),
    ("Tom", "How long did it take?"),
    ("Mara", "Under four hours."),
]


@pytest.fixture
def memory(mock_embedder):
    with MemOS(embedder=mock_embedder, clock=FakeClock(), ids=SequentialIds()) as memory:
        yield memory


def _reply(*items):
    return MockLLM(function=lambda request: json.dumps({"memories": list(items)}))


def test_add_search_and_use_counts(memory):
    """Defect 20 of docs/memos.md: no usage was recorded."""
    made = memory.add("I moved to Porto last May.", user="ana")
    memory.add("The cat sleeps in the attic.", user="ana")
    hit = memory.search("Where did Ana move?", user="ana", k=1)[0]
    assert "Porto" in hit.text and hit.cube_ids == (made[0].cube_id,)
    cube = memory.vault.get(made[0].cube_id)
    assert cube.behavioural.access_count == 1
    assert (cube.descriptive.event_start, cube.descriptive.event_end) == (datetime(2024, 5, 1), datetime(2024, 6, 1))


def test_users_do_not_see_each_other(memory):
    memory.add("The vault code is 9911.", user="ana")
    assert memory.search("What is the vault code?", user="eve") == []


def test_preferences_are_noted(memory):
    memory.add("I love sour cherries.", user="ana")
    memory.add("I hate sour cherries.", user="ana")
    likes = [hit.text for hit in memory.search("cherries", user="ana") if "likes" in hit.text]
    assert len(likes) == 1 and "dislikes sour cherries" in likes[0]


def test_fast_now_fine_later(memory):
    memory.llm = _reply(
        {
            "text": "Mara finished a marathon on 6 October 2024.",
            "kind": "fact",
            "about": "Mara",
            "lines": [1],
            "when": "6 October 2024",
        },
        {"text": "It took Mara under four hours.", "kind": "fact", "about": "Mara", "lines": [2, 3]},
        {"text": "From nowhere.", "kind": "fact", "lines": [99]},
    )
    memory.add_dialogue(TURNS, user="mara", session="s1", at=datetime(2024, 10, 7, 9), fine=True)
    assert memory.search("marathon", user="mara") and memory.stats()["pending"] == 3
    done = memory.drain()
    assert (done.read, done.made, done.failed, done.dropped) == (3, 2, 0, 1) and memory.stats()["pending"] == 0
    fine = [c for c in memory.vault.get_many(memory.vault.find()) if c.descriptive.trigger == "read:fine"]
    known = {f"s1:{n}" for n in (1, 2, 3)}
    assert all(set(cube.turn_ids) <= known and cube.turn_ids and cube.behavioural.derived_from for cube in fine)
    assert fine[0].descriptive.event_start == datetime(2024, 10, 6)
    assert memory.drain().read == 0


def test_a_model_gives_tags_and_they_filter_the_search(memory):
    memory.llm = _reply(
        {
            "text": "Mara finished a marathon.",
            "kind": "fact",
            "lines": [1],
            "tags": ["Sport", "sport", "fine:pending", " ", "a", "b"],
        },
        {"text": "Mara asked Tom about a marathon.", "kind": "fact", "lines": [2]},
    )
    memory.add_dialogue(TURNS, user="mara", fine=True)
    memory.drain()
    fine = [c for c in memory.vault.get_many(memory.vault.find()) if c.descriptive.trigger == "read:fine"]
    assert [cube.descriptive.tags for cube in fine] == [("sport", "fine pending", "a"), ()] and memory.stats()[
        "pending"
    ] == 0
    memories = memory.search("marathon", user="mara", where=Tagged("sport"))
    assert [hit.cube_ids for hit in memories] == [(fine[0].cube_id,)]


@pytest.mark.parametrize("junk", ["", "nothing here", '{"memories": 3}', "[1, 2", '{"memories": [{"kind": "fact"}]}'])
def test_a_malformed_reading_loses_nothing_and_waits_as_a_dead_letter(memory, junk):
    """Defect 25 of docs/memos.md: failed tasks were acknowledged."""
    memory.llm = MockLLM(function=lambda request: junk)
    memory.add_dialogue(TURNS, user="mara", at=datetime(2024, 10, 7), fine=True)
    done = memory.drain()
    assert (done.read, done.failed) == (0, 3) and done.errors
    asked = [request.sample_index for request in memory.llm.requests]
    assert asked == list(range(9)), "three tries of three attempts, each a request of its own: no cache gives one again"
    assert memory.search("marathon", user="mara")
    stats = memory.stats()
    assert (stats["pending"], stats["failed"], stats["tasks"]["dead"]) == (0, 3, 1)
    assert memory.drain().read == 0, "a dead letter is not tried again by itself"
    memory.llm = _reply({"text": "Mara ran.", "kind": "fact", "lines": [1]})
    assert memory.revive() == 1 and memory.drain().made == 1
    stats = memory.stats()
    assert (stats["failed"], stats["tasks"]["dead"], stats["tasks"]["pending"]) == (0, 0, 0)


def test_a_reply_that_fails_once_is_asked_for_again(memory):
    good = json.dumps({"memories": [{"text": "Mara ran.", "kind": "fact", "lines": [1]}]})
    memory.llm = MockLLM(MockLLM.Config(replies=["not json", good]))
    memory.add_dialogue(TURNS, user="mara", at=datetime(2024, 10, 7), fine=True)
    assert memory.drain().made == 1 and len(memory.llm.requests) == 2


def test_an_unreachable_model_is_tried_again_then_reported(memory):
    calls = []

    def flaky(request):
        calls.append(request)
        return LLMError("no route") if len(calls) < 3 else json.dumps({"memories": []})

    memory.llm = MockLLM(function=flaky)
    memory.add_dialogue(TURNS, user="mara", fine=True)
    assert memory.drain().read == 3 and len(calls) == 3
    memory.llm = MockLLM(function=lambda request: LLMError("no route"))
    memory.add_dialogue(TURNS, user="mara", fine=True)
    assert memory.drain().errors == ("LLMError: no route",)


def _seen(memory):
    """The first line each request of the model showed."""
    return [request.messages[0].content.split("\n1. ")[1].split("\n")[0] for request in memory.llm.requests]


def test_users_take_turns_and_each_ones_tasks_keep_their_order(memory):
    """C30: queue: order, fairness 100:1, 10,000 tasks with faults, dead letters, drain."""
    memory.llm = MockLLM(function=lambda request: json.dumps({"memories": []}))
    for n in range(20):
        memory.add_dialogue([("Big", f"line {n}")], user="big", fine=True)
    memory.organise(user="big", later=True)
    for n in range(2):
        memory.add_dialogue([("Small", f"line {n}")], user="small", fine=True)
    memory.drain()
    order = [line.split("] ")[1] for line in _seen(memory)]
    assert [place for place, line in enumerate(order) if line.startswith("Small")] == [1, 3]
    assert [line for line in order if line.startswith("Big")] == [f"Big: line {n}" for n in range(20)]


def test_organising_waits_for_the_readings_before_it(memory):
    """Defect 24 of docs/memos.md: jobs never ran; one user was organised."""
    places = ("the old harbour", "a pine forest", "the castle", "a frozen lake", "the vineyards")
    facts = [
        {"text": f"Once Mara ran a marathon in the rain past {place}.", "kind": "fact", "lines": [1]}
        for place in places
    ]
    memory.llm = _reply(*facts)
    memory.config.operator.organise.distance = 0.9
    assert memory.organise(user="mara", later=True) is None
    memory.add_dialogue([("Mara", "I ran another marathon in the rain.")], user="mara", fine=True)
    assert memory.organise(user="mara", later=True) is None
    done = memory.drain()
    assert done.made == 5 and done.parents > 0
    parents = [c for c in memory.vault.get_many(memory.vault.find()) if c.descriptive.trigger == "organise"]
    made = {c.cube_id for c in memory.vault.get_many(memory.vault.find()) if c.descriptive.trigger == "read:fine"}
    assert made & {child for parent in parents for child in parent.behavioural.derived_from}


def test_what_a_crash_left_pending_is_read_after_reopening(tmp_path, mock_embedder):
    path = tmp_path / "v.sqlite"
    with MemOS(path, embedder=mock_embedder, llm=_reply()) as first:
        for n in range(3):
            first.add_dialogue(TURNS, user=f"user{n}", fine=True)
    with MemOS(path, embedder=mock_embedder, llm=_reply({"text": "Mara ran.", "kind": "fact", "lines": [1]})) as second:
        assert second.stats()["pending"] == 9 and second.stats()["tasks"]["pending"] == 0
        done = second.drain()
        assert (done.read, done.made) == (9, 3) and second.stats()["pending"] == 0


def test_a_used_up_budget_ends_the_drain_and_loses_no_task(memory):
    def spent(request):
        raise BudgetExceeded("budget.max_tokens: used up")

    memory.llm = MockLLM(function=spent)
    memory.add_dialogue(TURNS, user="mara", fine=True)
    with pytest.raises(BudgetExceeded):
        memory.drain()
    assert memory.stats()["tasks"]["pending"] == 1 and memory.stats()["pending"] == 3
    memory.llm = _reply({"text": "Mara ran.", "kind": "fact", "lines": [1]})
    assert memory.drain().made == 1


def test_drain_gives_up_in_time(memory):
    def slow(request):
        time.sleep(0.02)
        return json.dumps({"memories": []})

    memory.llm = MockLLM(function=slow)
    for _ in range(5):
        memory.add_dialogue(TURNS, user="mara", fine=True)
    with pytest.raises(QueueTimeout):
        memory.drain(0.01)
    assert 0 < memory.stats()["tasks"]["pending"] < 5
    memory.drain()
    assert memory.stats()["tasks"]["pending"] == memory.stats()["pending"] == 0


def test_a_model_names_relations_of_fine_memories(mock_embedder):
    def brain(request):
        if "relations" in str(request.json_schema):
            return json.dumps(
                {
                    "relations": [
                        {"source": 0, "target": 1, "relation": "causes"},
                        {"source": 1, "target": 0, "relation": "causes"},
                    ]
                }
            )
        return json.dumps(
            {
                "memories": [
                    {"text": "The bridge closed for repairs.", "kind": "fact", "lines": [1]},
                    {"text": "Mara cycles along the canal.", "kind": "fact", "lines": [3]},
                ]
            }
        )

    config = MemOS.Config(relations="llm")
    with MemOS(":memory:", config, embedder=mock_embedder, clock=FakeClock(), ids=SequentialIds()) as memory:
        memory.llm = MockLLM(function=brain)
        memory.add_dialogue(TURNS, user="mara", fine=True)
        assert memory.drain().related == 1
        fine = [c.cube_id for c in memory.vault.get_many(memory.vault.find()) if c.descriptive.trigger == "read:fine"]
        assert [(e.source, e.target) for e in memory.vault.edges(fine, relations=["causes"])] == [tuple(fine)]
    with pytest.raises(ConfigError, match="relations"):
        MemOS.Config(relations="magic")


def test_windows_cover_every_line(mock_embedder):
    from memos.interface.reader_fine import FineReader

    for size in range(1, 30):
        for window, overlap in ((10, 2), (5, 0), (4, 3)):
            reader = FineReader(FineReader.Config(window=window, overlap=overlap), llm=MockLLM())
            windows = reader.windows(list(range(size)))
            assert sorted({n for part in windows for n in part}) == list(range(size))
            assert all(len(part) <= window for part in windows)


def test_chat_puts_memories_in_the_prompt_and_remembers_statements(memory):
    memory.llm = MockLLM(function=lambda request: "Porto, I think.")
    memory.add("Ana moved to Porto.", user="ana")
    assert memory.chat("Where do I live now?", user="ana") == "Porto, I think."
    assert "Ana moved to Porto." in memory.llm.requests[0].messages[0].content
    memory.chat("Remember that my locker code is 4417", user="ana")
    assert any("4417" in hit.text for hit in memory.search("locker code", user="ana"))
    memory.chat("thanks!", user="ana")
    assert "(none)" in memory.llm.requests[-1].messages[0].content


@pytest.mark.parametrize(
    "question", ["What does Ingrid do for a living?", "Is Ingrid a welder?", "which harbour does ingrid work at"]
)
def test_chat_looks_for_people_it_was_never_told_the_names_of(memory, question):
    memory.llm = MockLLM(function=lambda request: "A welder.")
    memory.add("Ingrid works as a welder at the north harbour.", user="ana")
    memory.chat(question, user="ana")
    assert "north harbour" in memory.llm.requests[-1].messages[0].content
    assert memory.stats()["memories"] == 1, "a question is not remembered"


def test_chat_without_a_model_says_so(memory):
    with pytest.raises(ConfigError, match="llm="):
        memory.chat("Where do I live?")
    with pytest.raises(ConfigError, match="llm="):
        memory.add_dialogue(TURNS, fine=True)
    assert memory.stats()["memories"] == 0


def test_restore_brings_an_archived_memory_back(memory):
    old = memory.add("Ben works at the harbour.", user="ben", at=datetime(2024, 1, 1))[0]
    memory.add("Ben works at the library.", user="ben", at=datetime(2025, 1, 1))
    assert memory.vault.get(old.cube_id).state == "archived"
    memory.restore(old.cube_id, 1, user="ben")
    assert any("harbour" in hit.text for hit in memory.search("harbour", user="ben"))
    assert memory.vault.get(old.cube_id).state == "activated"
    causes = [version.cause for version in memory.history(old.cube_id, user="ben")]
    assert len(causes) == 3 and "contradicted by" in causes[1] and causes[2].startswith("restore of version 1")
    with pytest.raises(MemosError, match="9"):
        memory.restore(old.cube_id, 9, user="ben")


def test_dump_and_load(memory, mock_embedder, tmp_path):
    memory.add("Ana keeps bees.", user="ana")
    memory.add("Ben works at the harbour.", user="ben", at=datetime(2024, 1, 1))
    memory.add("Ben works at the library.", user="ben", at=datetime(2025, 1, 1))
    memory.dump(tmp_path / "all.json")
    with MemOS(embedder=mock_embedder) as other:
        assert other.load(tmp_path / "all.json") == 3
        assert [h.text for h in other.search("bees", user="ana")] == [h.text for h in memory.search("bees", user="ana")]
        assert other.stats()["archived"] == 1


def test_a_damaged_dump_changes_nothing(memory, tmp_path):
    memory.add("Ana keeps bees.", user="ana")
    path = tmp_path / "all.json"
    memory.dump(path)
    before = memory.vault.digest()
    good = path.read_text()
    for bad in (good.replace("bees", "wasps"), good[: len(good) // 2], "[]"):
        path.write_text(bad)
        with pytest.raises(MemosError, match="all.json"):
            memory.load(path)
    assert memory.vault.digest() == before


def test_command_line(tmp_path, capsys):
    base = ["--vault", str(tmp_path / "v.sqlite"), "--embedder", "mock", "--user", "ana"]
    assert main([*base, "add", "Ana keeps bees behind the shed."]) == 0
    cube_id = capsys.readouterr().out.split()[0]
    assert main([*base, "search", "Where are the bees?"]) == 0
    assert "behind the shed" in capsys.readouterr().out
    for command in (
        ["history", cube_id],
        ["show", cube_id],
        ["restore", cube_id, "1"],
        ["explain", "Where did I put my bees before 2020?"],
        ["organise"],
        ["stats"],
    ):
        assert main([*base, *command]) == 0
        assert capsys.readouterr().out.strip()
    assert main([*base[:4], "--user", "eve", "search", "bees"]) == 0
    assert "nothing found for user eve" in (said := capsys.readouterr().err) and "ana" not in said
    assert main([*base, "dump", str(tmp_path / "d.jsonl")]) == 0 and capsys.readouterr().out == "1 memories\n"
    other = ["--vault", str(tmp_path / "w.sqlite"), *base[2:]]
    assert main([*other, "load", str(tmp_path / "d.jsonl")]) == 0 and main([*other, "search", "bees"]) == 0
    assert cube_id in capsys.readouterr().out
    assert main(["--vault", str(tmp_path / "d.jsonl"), *base[2:], "stats"]) == 1
    assert "not a vault" in capsys.readouterr().err
    assert main([*base, "show", "nobody"]) == 1
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_run(path, capsys, monkeypatch, mock_embedder):
    monkeypatch.setattr("memos.embed.minilm.MiniLM", lambda *args: mock_embedder)
    monkeypatch.setattr(sys, "argv", [str(path)])
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out.strip()
