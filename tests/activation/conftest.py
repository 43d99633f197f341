"""Fixtures of the tests of activation memory."""

from __future__ import annotations

import pytest
from conftest_activation import tiny, tokenizer


@pytest.fixture(scope="session")
def words():
    pytest.importorskip("transformers")
    return tokenizer()


@pytest.fixture(scope="session")
def llama(words):
    pytest.importorskip("transformers")
    from memos.activation.model import ActivationModel

    return ActivationModel.over(tiny(), words, name="tiny-llama")


@pytest.fixture(scope="session")
def qwen(words):
    pytest.importorskip("transformers")
    from memos.activation.model import ActivationModel

    return ActivationModel.over(tiny("Qwen3", seed=1), words, name="tiny-qwen3")
