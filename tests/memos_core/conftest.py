"""Fixtures of the memory store: both vault adapters, a fake clock, sequential ids, a maker of cubes and vectors."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from memos.cube import FakeClock, SequentialIds, new_cube
from memos.infrastructure.governance import MemGovernance
from memos.infrastructure.vault.memory import MemoryVault
from memos.infrastructure.vault.sqlite import SqliteVault
from memos.interface.api import MemoryAPI
from memos.operation.upkeep.lifecycle import MemLifecycle

DIM = 16


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def ids():
    return SequentialIds()


@pytest.fixture(params=["sqlite", "sqlite-file", "memory"])
def vault(request, clock, tmp_path):
    if request.param == "memory":
        store = MemoryVault(clock=clock)
    else:
        store = SqliteVault(":memory:" if request.param == "sqlite" else tmp_path / "vault.sqlite", clock=clock)
    yield store
    store.close()


@pytest.fixture
def sqlite_vault(clock, tmp_path):
    store = SqliteVault(tmp_path / "vault.sqlite", clock=clock)
    yield store
    store.close()


@pytest.fixture
def lifecycle(vault, clock, ids):
    return MemLifecycle(vault=vault, clock=clock, ids=ids)


@pytest.fixture
def api(vault, lifecycle, clock, ids):
    return MemoryAPI(
        vault=vault, governance=MemGovernance(vault=vault, clock=clock), lifecycle=lifecycle, clock=clock, ids=ids
    )


@pytest.fixture
def make(clock, ids):
    """``make(text, owner=…, governance fields as rules=…, header fields…)`` gives a new cube."""

    def build(text="a memory", owner="ana", rules=None, **fields):
        return new_cube(text, owner=owner, ids=ids, clock=clock, governance=rules, **fields)

    return build


@pytest.fixture
def embed():
    """A deterministic unit vector of a text."""

    def vector(text):
        row = np.random.default_rng(zlib.crc32(text.encode())).normal(size=DIM).astype(np.float32)
        return row / np.linalg.norm(row)

    return vector
