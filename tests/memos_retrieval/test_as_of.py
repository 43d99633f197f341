"""What held at a time: superseded memories are found as of their time, through facade, API and command line."""

from __future__ import annotations

from datetime import datetime

import pytest

from memos import MemOS
from memos.__main__ import main
from memos.cube import RandomIds, SystemClock
from memos.embed.mock import Mock
from memos.infrastructure.access import Caller
from memos.infrastructure.governance import MemGovernance
from memos.interface.api import MemoryAPI
from memos.operation.upkeep.lifecycle import MemLifecycle

PORTO, LISBON = "I live in Porto.", "I moved from Porto to Lisbon."


@pytest.fixture
def moved():
    with MemOS(embedder=Mock(Mock.Config())) as memory:
        memory.add(PORTO, user="ana", at=datetime(2020, 3, 1))
        memory.add(LISBON, user="ana", at=datetime(2022, 5, 1))
        yield memory


def texts(memory: MemOS, **asked) -> list[str]:
    return [hit.text.split("| ")[1] for hit in memory.search("Where does Ana live?", user="ana", **asked)]


def test_a_superseded_memory_is_found_as_of_its_time(moved):
    assert texts(moved) == [LISBON]
    assert texts(moved, as_of=datetime(2021, 1, 1)) == [PORTO]
    assert texts(moved, as_of=datetime(2023, 1, 1)) == [LISBON]
    assert texts(moved, as_of=datetime(2019, 1, 1)) == []


def test_a_search_of_the_past_activates_nothing(moved):
    texts(moved, as_of=datetime(2021, 1, 1))
    assert moved.stats()["archived"] == 1 and texts(moved) == [LISBON]


def test_the_past_of_another_user_stays_theirs(moved):
    assert moved.search("Porto", user="eve", as_of=datetime(2021, 1, 1)) == []


def test_a_repeated_memory_holds_from_its_first_time():
    with MemOS(embedder=Mock(Mock.Config())) as memory:
        memory.add(PORTO, user="ana", at=datetime(2020, 3, 1))
        memory.add(PORTO, user="ana", at=datetime(2024, 3, 1))
        assert texts(memory, as_of=datetime(2021, 1, 1)) == [PORTO]


def test_the_api_searches_the_past(moved):
    vault, clock, ids = moved.vault, SystemClock(), RandomIds()
    governance = MemGovernance(vault=vault, clock=clock)
    lifecycle = MemLifecycle(vault=vault, clock=clock, ids=ids)
    api = MemoryAPI(vault=vault, governance=governance, lifecycle=lifecycle, clock=clock, ids=ids)

    def then(year: int, user: str = "ana") -> list[str]:
        hits = api.search(Caller(user), "Porto Lisbon", namespaces=["ana"], as_of=datetime(year, 1, 1))
        return [hit.cube.text for hit in hits]

    assert then(2021) == [PORTO] and then(2023) == [LISBON] and then(2021, "eve") == []
    assert moved.stats()["archived"] == 1


def test_the_command_line_searches_the_past(tmp_path, capsys):
    vault = ["--vault", str(tmp_path / "v.sqlite"), "--embedder", "mock"]
    main([*vault, "add", PORTO, "--at", "2020-03-01"])
    main([*vault, "add", LISBON, "--at", "2022-05-01"])
    capsys.readouterr()
    assert main([*vault, "search", "Porto", "--as-of", "2021-01-01"]) == 0
    shown = capsys.readouterr().out
    assert PORTO in shown and LISBON not in shown
    with pytest.raises(SystemExit):
        main([*vault, "search", "Porto", "--as-of", "soon"])
    assert "'soon' is no date" in capsys.readouterr().err
