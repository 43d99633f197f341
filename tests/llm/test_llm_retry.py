"""Waiting times and the kinds of failure; cutting long prompts."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos.errors import PromptTooLong
from memos.llm.retry import Backoff, is_transient, retry_after
from memos.llm.window import CUT_MARK, cut_middle, fit, whitespace_tokens
from memos.types import Message


def words(messages) -> int:
    return sum(whitespace_tokens(message.content) for message in messages)


@pytest.mark.parametrize(
    ("status", "code", "passing"),
    [
        (400, None, False),
        (401, None, False),
        (403, None, False),
        (404, None, False),
        (422, None, False),
        (408, None, True),
        (409, None, True),
        (429, "rate_limit_exceeded", True),
        (500, None, True),
        (503, None, True),
        (429, "insufficient_quota", False),
        (400, "context_length_exceeded", False),
    ],
)
def test_kinds_of_failure(status, code, passing):
    assert is_transient(status, code) is passing


def test_full_jitter_grows_to_its_bound():
    backoff, draw = Backoff(1.0, 8.0), random.Random(0)
    for failures, bound in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (500, 8)]:
        waits = [backoff.wait(failures, None, draw) for _ in range(400)]
        assert 0 <= min(waits) < 0.1 * bound and 0.9 * bound < max(waits) <= bound


def test_the_servers_wish_is_a_lower_bound_up_to_a_limit():
    backoff, draw = Backoff(1.0, 8.0, 60.0), random.Random(0)
    assert 5.0 <= backoff.wait(1, 5.0, draw) <= 6.0
    assert 60.0 <= backoff.wait(1, 3600.0, draw) <= 61.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, 37.0),
        ({"retry-after": "Sun, 06 Nov 1994 08:48:00 GMT"}, 0.0),
    ],
)
def test_forms_of_retry_after(headers, seconds):
    assert retry_after(headers, datetime(1994, 11, 6, 8, 49, 0, tzinfo=UTC)) == seconds


@given(st.text(alphabet="ab \n", max_size=60), st.integers(0, 70))
def test_cutting_keeps_both_ends_and_whole_words(text, chars):
    cut = cut_middle(text, chars)
    if chars >= len(text):
        assert cut == text
        return
    head, tail = cut.split(CUT_MARK)
    assert text.startswith(head) and text.endswith(tail) and len(head) + len(tail) <= chars


@given(st.lists(st.integers(0, 60), min_size=1, max_size=4), st.integers(4, 80))
def test_a_cut_prompt_fits_and_is_counted(sizes, window):
    messages = tuple(Message("user", " ".join(f"w{i}" for i in range(size))) for size in sizes)
    before = words(messages)
    try:
        fitted, cut = fit(messages, words, window, 1, "cut", "m")
    except PromptTooLong:
        assert before - max(sizes) + 1 > window - 1
        return
    assert words(fitted) <= window - 1 and cut == before - words(fitted)
    changed = [i for i, (a, b) in enumerate(zip(messages, fitted, strict=True)) if a != b]
    assert len(changed) <= 1 and all(sizes[i] == max(sizes) for i in changed)
    assert not changed or cut > 0


def test_most_of_the_window_is_used():
    messages = (Message("user", " ".join(f"word{i}" for i in range(30_000))),)
    fitted, _ = fit(messages, words, 8192, 64, "cut", "m")
    assert 0.99 * (8192 - 64) <= words(fitted) <= 8192 - 64
