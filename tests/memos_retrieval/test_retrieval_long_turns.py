"""Long turns: cut into passages of sentences, each a memory of its turn, heard after the passages of other turns."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from memos.mos import MemOS
from memos.operation.retrieval import ranker
from memos.operation.retrieval.diverse import spread_turns
from memos.operation.retrieval.index import SIDE, MemoryIndex, Unit
from memos.operation.retrieval.long_turns import PASSAGE_WORDS, passages_of
from memos.operation.retrieval.question import read
from memos.operation.retrieval.ranker import best
from memos.operation.retrieval.retrieve import RetrieveConfig, ranked_by_weights
from memos.system import MemOSSystem
from memos.types import Query, Session, Turn

SENTENCE = "The ferry to Ghent leaves at nine on every second Tuesday of the month."
LONG = " ".join(f"{SENTENCE[:-1]} from pier {number}." for number in range(40))
ODD = "Zeppelins moored above Friedrichshafen."
LONG = LONG.replace("from pier 17.", f"from pier 17. {ODD}")


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab .!?\n'\t-", max_size=600), st.integers(1, 12))
def test_passages_hold_every_word_in_order_and_are_short(text, limit):
    passages = passages_of(text, limit)
    assert " ".join(passages).split() == text.split()
    assert all(len(passage.split()) <= limit for passage in passages)
    assert len(passages) == 1 or all(passages)


def test_passages_end_with_sentences_and_a_short_turn_stays_whole():
    passages = passages_of(LONG)
    assert len(passages) > 5 and all(passage.endswith(".") for passage in passages)
    assert passages_of(f"  {SENTENCE} ") == [f"  {SENTENCE} "]
    sizes = [len(passage.split()) for passage in passages]
    assert max(sizes) <= PASSAGE_WORDS and min(sizes) > PASSAGE_WORDS / 2


def _session(number: int = 1) -> Session:
    turns = (Turn(f"D{number}:1", "user", "Where does the ferry leave?"), Turn(f"D{number}:2", "assistant", LONG))
    return Session(f"session_{number}", datetime(2024, 5, number), "", turns)


def test_a_passage_is_a_memory_of_its_turn_and_is_found_as_such(mock_embedder, tmp_path):
    system = MemOSSystem(embedder=mock_embedder)
    for number in (1, 2):
        system.add(_session(number))
    count = 1 + len(passages_of(LONG))
    assert system.position == len(system.index) == 2 * count
    asked = Query("Where did zeppelins moor?", 5)
    hits = system.search(asked).hits
    odd = [hit for hit in hits[:3] if ODD in hit.text]
    assert odd and all(hit.turn_ids[0] in ("D1:2", "D2:2") for hit in odd)
    assert max(len(hit.text.split()) for hit in hits) < 2 * PASSAGE_WORDS
    system.save(tmp_path)
    again = MemOSSystem(embedder=mock_embedder)
    again.load(tmp_path)
    assert [hit.text for hit in again.search(asked).hits] == [hit.text for hit in hits]
    system.close()
    again.close()


def test_a_vault_with_whole_long_turns_still_opens(mock_embedder, tmp_path, monkeypatch):
    """A store of an earlier version: one memory a turn, however long."""
    path = tmp_path / "old.sqlite"
    with monkeypatch.context() as earlier:
        earlier.setattr("memos.interface.reader_fast.passages_of", lambda text: [text])
        with MemOS(path, embedder=mock_embedder) as memory:
            memory.add_session(_session(), user="ana")
    with MemOS(path, embedder=mock_embedder) as memory:
        assert len(memory.operator("ana").index) == 2
        assert "D1:2" in memory.search("zeppelins", user="ana")[0].turn_ids
        memory.add_session(_session(2), user="ana", start=2)
        assert len(memory.operator("ana").index) == 3 + len(passages_of(LONG))


def _index(words: int, count: int = 8) -> MemoryIndex:
    index = MemoryIndex(2)
    said = " ".join(f"word{place}" for place in range(words))
    units = [Unit(f"u{n}", said, "user", "s", None, None, (f"D1:{n // 4}",), (), words) for n in range(count)]
    index.add(units, np.tile(np.array([1, 0], np.float32), (count, 1)))
    return index


def test_further_passages_of_a_turn_fall_behind_other_turns():
    index = _index(10)
    scores = np.array([1.0, 0.9, 0.8, 0.7, 0.95, 0.1, 0.0, -0.1])
    spread = spread_turns(index, scores)
    assert best(spread)[:2].tolist() == [0, 4] and spread[[0, 4]].tolist() == [1.0, 0.95]
    assert (spread <= scores).all() and scores[1] - spread[1] < scores[2] - spread[2]
    alone = _index(10, 4)
    alone.remove(["u1", "u2", "u3"])
    np.testing.assert_array_equal(spread_turns(alone, np.array([1.0, -np.inf, -np.inf, -np.inf]))[0], 1.0)


def test_windows_hold_words_not_turns():
    short, long = _index(10), _index(200)
    assert short.shares()[:, 3].tolist() == [1.0] * 6
    assert long.shares()[:2, 3].tolist() == [SIDE[0] / 200] * 2 and long.shares()[4:, 3].tolist() == [0.0, 0.0]
    assert short.shares()[[0, 2, 4], 0].tolist() == [0.0, 0.0, 0.0]


def test_a_store_unlike_those_of_the_fit_is_ranked_by_fusion():
    assert ranked_by_weights(_index(10), RetrieveConfig())
    assert not ranked_by_weights(_index(800), RetrieveConfig())
    assert not ranked_by_weights(_index(10), RetrieveConfig(ranker=False))
    assert ranker.MARGIN > 1


def test_i_and_you_are_the_roles_of_a_chat_with_a_machine():
    roles = ("user", "assistant")
    assert read("When does my first sprint end?", roles).speakers == ("user",)
    assert read("Which library did you recommend for my app?", roles).speakers == ("assistant",)
    assert read("How many user roles are there?", roles).speakers == ()
    assert "user" in read("How many user roles are there?", roles).terms
    assert read("What did I tell Ada?", ("Ada", "Bo")).speakers == ("Ada",)
