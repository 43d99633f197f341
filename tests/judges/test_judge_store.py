"""The store of what MiniLM reads: equal values back, nothing read twice, void once the code differs; new features of
spread.
"""

import numpy as np
import pytest

from eval.judges.offline import feature_store, judge
from eval.judges.offline.features import lexical
from eval.judges.offline.pair import Pair
from eval.judges.offline.semantic import NAMES, Reading

ASKED = "What did Tilda buy at the harbour market in spring?"
PAIRS = [Pair(ASKED, "a red bicycle", text, 4) for text in ("a red bicycle", "A crimson bike.", "")]


class Counting:
    """A reader and an embedder whose vectors depend on the text's length only; counts what it reads."""

    def __init__(self):
        self.read = []

    def __call__(self, golds, answers):
        self.read += [*answers]
        return {
            text: Reading(tuple(text.split()), np.ones((len(text.split()), 4)) / 2, self.vector(text))
            for text in (*golds, *answers)
        }

    def encode(self, texts):
        return np.array([self.vector(text) for text in texts])

    @staticmethod
    def vector(text):
        made = np.array([1.0, len(text), 2.0, 3.0])
        return made / np.linalg.norm(made)


@pytest.fixture(autouse=True)
def nothing_remembered():
    judge.forget()
    yield
    judge.forget()


def test_what_is_kept_is_not_read_again_and_comes_back_equal(tmp_path):
    reader = Counting()
    first = judge.features(PAIRS, reader, reader, feature_store.SemanticStore(tmp_path))
    assert len(reader.read) == 3
    judge.forget()
    again = judge.features(
        [*PAIRS, Pair(ASKED, "a red bicycle", "A boat.", 4)], reader, reader, feature_store.SemanticStore(tmp_path)
    )
    assert reader.read[3:] == ["A boat."], "only what is new is read"
    assert again[:3] == first and set(NAMES) < set(first[0])


def test_other_code_makes_what_is_kept_void(tmp_path, monkeypatch):
    kept = feature_store.SemanticStore(tmp_path)
    kept.put(PAIRS[:1], [dict.fromkeys(NAMES, 0.25)])
    assert kept.get(PAIRS) == {PAIRS[0]: dict.fromkeys(NAMES, 0.25)}
    kept.close()
    monkeypatch.setattr(feature_store, "CODE", feature_store.CODE[:-1])
    assert feature_store.SemanticStore(tmp_path).get(PAIRS) == {}


def test_words_of_the_gold_from_different_sentences_are_told_from_words_that_stand_together():
    together = lexical(Pair(ASKED, "a red bicycle", "She saw boats. She bought a red bicycle.", 4))
    scattered = lexical(Pair(ASKED, "a red bicycle", "She saw a red boat. Her bicycle was old.", 4))
    assert together["recall"] == scattered["recall"] == together["recall_near"] > scattered["recall_near"]
    assert together["recall_scattered"] == 0 < scattered["recall_scattered"]
    half = lexical(Pair(ASKED, "a red bicycle", "Something red.", 4))
    assert (half["recall_part"], half["recall_two"], together["recall_part"], together["recall_two"]) == (1, 0, 0, 1)


@pytest.mark.parametrize(
    ("hedged", "denials"),
    [
        ("No doubt it was a kite", 0),
        ("If I'm not mistaken, a kite", 0),
        ("None other than a kite", 0),
        ("A kite (size not given)", 0),
        ("A kite. No other toys are mentioned.", 0),
        ("It was not a kite", 1),
        ("No, never a kite", 2),
    ],
)
def test_negations_that_deny_nothing_do_not_count(hedged, denials):
    from eval.judges.offline import readings

    assert readings.negations(hedged) == denials
