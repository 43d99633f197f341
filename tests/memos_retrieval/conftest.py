"""Shared parts: the mock embedder, a still clock, counted ids, an operator over a vault in memory."""

import pytest

from memos.cube import FakeClock, SequentialIds, new_cube
from memos.embed.mock import Mock
from memos.infrastructure.vault.sqlite import SqliteVault
from memos.operation.operator import MemOperator


@pytest.fixture(scope="session")
def mock_embedder():
    return Mock(Mock.Config(dim=128))


class Bench:
    """An operator with what it needs, and a short way to make cubes."""

    def __init__(self, embedder, config=None, llm=None):
        self.clock, self.ids = FakeClock(), SequentialIds()
        self.vault = SqliteVault(clock=self.clock)
        self.operator = MemOperator(config, vault=self.vault, embedder=embedder, clock=self.clock, llm=llm)

    def cube(self, text, kind="fact", **fields):
        self.clock.advance(seconds=1)
        fields = {"state": "activated", **fields}
        return new_cube(text, owner="ana", ids=self.ids, clock=self.clock, semantic_type=kind, **fields)

    def insert(self, *cubes):
        return self.operator.insert(cubes, actor="ana", cause="test")

    def texts(self, query, k=5, **options):
        return [unit.text for hit in self.operator.search(query, k, **options) for unit in hit.units]


@pytest.fixture
def bench(mock_embedder):
    return Bench(mock_embedder)


@pytest.fixture
def make_bench(mock_embedder):
    return lambda config=None, llm=None: Bench(mock_embedder, config, llm)


@pytest.fixture(scope="module")
def conversation(tiny_dataset):
    return tiny_dataset.conversations[0]


@pytest.fixture(scope="module")
def questions(tiny_dataset, conversation):
    return [q for q in tiny_dataset.questions if q.sample_id == conversation.sample_id and q.evidence][:12]
