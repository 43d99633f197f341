"""NLTK words and cl100k tokens: equal to the libraries on every text, and the anchors of the real data."""

from __future__ import annotations

import nltk
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos.resources import add_nltk_root
from memos.tokens import (
    cl100k_decode_bytes,
    cl100k_encode,
    count_tokens,
    count_tokens_batch,
    count_words,
    count_words_batch,
    words,
)

PIECES = (
    "a I don't can't cannot gonna it's Dr. U.S. e.g. 3.5 1:56 3,000 2023, (ok) [x] {y} (z). end. end! end? end... ... "
    "-- - | + & 's n't 'tis '' \"open close\" `` a,b a:b 5: word; it’s é N'T don't. it's. it's, it's? it's) (it's p.m. "
    "x-y x--y gim more'n d'ye wanna 5% $5 #1 a/b x_y ?! ? ! . , : ok.) [ok]. (a b) b), b): ٣,٣ ß a.b.c a..b a' a'. — "
    "you'll? S' x'S, o'clock"
).split()
GAPS = [" ", " ", "  ", "\n", "\t", " \n", "\u00a0", ""]
TEXTS = st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(GAPS)), max_size=9).map(
    lambda parts: "".join(piece + gap for piece, gap in parts)
)


def reference(text: str) -> list[str]:
    add_nltk_root()
    return nltk.word_tokenize(text)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_words_equal_nltk_on_awkward_pieces(punkt, text):
    assert words(text) == reference(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_words_equal_nltk_on_any_text(punkt, text):
    assert words(text) == reference(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("   ", 0),
        ("2022", 1),
        ("May 7, 2023", 4),
        ("7 May 2023", 3),
        ("Dr. Who can't. Stop!", 7),
        ("It's (ok).", 6),
    ],
)
def test_count_words(punkt, text, count):
    assert count_words(text) == count == len(reference(text))


def test_batches_equal_single_counts(punkt):
    texts = ["One. Two.", "", "three four", "One. Two."]
    assert count_words_batch(texts) == [count_words(text) for text in texts]
    assert count_tokens_batch(texts) == [count_tokens(text) for text in texts]


def test_cl100k_known_ids_and_round_trip():
    assert cl100k_encode("hello world") == [15339, 1917]
    text = "Zoë said: 你好 🙂 <|endoftext|>\n  twice"
    ids = cl100k_encode(text)
    assert cl100k_decode_bytes(ids).decode() == text
    assert count_tokens(text) == len(ids)
    pieces = b"".join(cl100k_decode_bytes(ids[i : i + 3]) for i in range(0, len(ids), 3))
    assert pieces == text.encode()


def test_cl100k_of_a_long_text_is_that_of_the_whole():
    import bpe_openai

    text = "\n".join(f"{i} | Ann: I'm  happy -- don't you think so?  Yes,   maybe ..." for i in range(2500))
    assert len(text) > 100_000
    assert cl100k_encode(text) == bpe_openai.get_encoding("cl100k_base").encode_ordinary(text)


def test_missing_punkt_names_the_command(monkeypatch):
    import memos.resources as resources
    from memos import tokens
    from memos.errors import MissingDependency

    monkeypatch.setattr(resources, "has_punkt", lambda: False)
    with pytest.raises(MissingDependency, match=r"scripts/fetch_data\.py punkt"):
        tokens._punkt.__wrapped__()


def documents(dataset) -> dict[str, str]:
    """The full-context document of each conversation (docs/systems.md#the-transcript)."""
    return {
        conversation.sample_id: "".join(
            f"{session.time_text} | {turn.speaker}: {turn.text}\n" for session, turn in conversation.turns()
        )
        for conversation in dataset.conversations
    }


def test_full_context_anchors(punkt, locomo_path):
    """docs/protocol.md#words-and-tokens: the paper prints 22,636 words; cl100k gives 26,030 tokens."""
    from eval.datasets.locomo import load

    dataset = load(locomo_path)
    texts = documents(dataset)
    lengths = {sample: count_tokens(text) for sample, text in texts.items()}
    assert list(lengths.values()) == [19318, 15688, 29990, 26011, 29612, 28911, 28757, 27569, 22210, 27043]
    asked = [question.sample_id for question in dataset.questions if question.category != 5]
    assert len(asked) == 1540
    assert abs(sum(count_words(texts[sample]) for sample in asked) / 1540 - 22_640) <= 10
    assert round(sum(lengths[sample] for sample in asked) / 1540) == 26_030
