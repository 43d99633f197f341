"""The lazy reader of WordNet gives what NLTK's own gives."""

from __future__ import annotations

import random
from typing import cast

import pytest
from nltk.corpus.reader.wordnet import WordNetCorpusReader

from eval.core.resources import wordnet
from memos.resources import has_wordnet
from memos.wordnet import LazyWordNet

pytestmark = pytest.mark.skipif(not has_wordnet(), reason="run: python scripts/fetch_data.py wordnet")


class Eager(WordNetCorpusReader):
    def map_wn(self, version: str = "wordnet") -> dict:
        return {}


@pytest.fixture(scope="module")
def eager() -> WordNetCorpusReader:
    return Eager(wordnet()._root, None)


def test_lemmas_are_the_same_in_the_same_order(eager):
    assert list(wordnet().all_lemma_names()) == list(eager.all_lemma_names())
    assert len(wordnet()._lemma_pos_offset_map) == len(eager._lemma_pos_offset_map) > 140_000


def test_synsets_are_the_same_for_lemmas_inflected_words_and_no_words(eager):
    lemmas = random.Random(0).sample(sorted(eager.all_lemma_names()), 1500)
    inflected = [lemma + ending for lemma in lemmas[:500] for ending in ("s", "ed", "ing", "er", "est")]
    words = [*lemmas, *inflected, "geese", "went", "better", "dogs", "a", "", "zzqx", "index", "'s", "Größe", "UPPER"]
    lazy = cast(LazyWordNet, wordnet())
    for word in words:
        assert [s.name() for s in lazy.synsets(word)] == [s.name() for s in eager.synsets(word)], word
        for pos in ("n", "v", "a", "s", "r"):
            assert lazy.morphy(word, pos) == eager.morphy(word, pos), (word, pos)


def test_a_word_that_wordnet_lacks_stays_without_an_entry():
    before = len(wordnet()._lemma_pos_offset_map)
    assert wordnet().synsets("zzqx") == [] and "zzqx" not in wordnet()._lemma_pos_offset_map
    assert len(wordnet()._lemma_pos_offset_map) == before
