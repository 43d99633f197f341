"""The metrics against what real systems' authors published, and the ceilings (docs/protocol.md#metrics)."""

from __future__ import annotations

import pytest

from eval.metrics.ceilings import ceilings
from eval.metrics.f1 import f1_mem0
from eval.metrics.lexical import Lexical
from eval.metrics.origin import bleu1_origin, origin_words

SETS = (
    "memobase_0503",
    "memobase_0710",
    "mirix_run1",
    "mirix_run2",
    "mirix_run3",
    "mirix_fullctx",
    "mirix_rag500",
    "mirix_langmem",
    "mirix_mem0",
)


@pytest.mark.parametrize("name", SETS)
def test_published_f1_is_ours_on_every_row(published, name):
    rows = [row for row in published(name) if row["f1_published"] is not None]
    assert len(rows) == 1540
    worst = max(abs(f1_mem0(str(row["gold"]), str(row["answer"])) - row["f1_published"]) for row in rows)
    assert worst <= 1e-9


@pytest.mark.parametrize("name", SETS)
def test_published_bleu1_is_ours_with_the_tokeniser_of_its_origin(punkt, published, name):
    rows = [row for row in published(name) if row["bleu1_published"] is not None]
    assert len(rows) == 1540
    worst = max(abs(bleu1_origin(str(row["gold"]), str(row["answer"])) - row["bleu1_published"]) for row in rows)
    assert worst <= 1e-9


def test_full_context_words_of_the_paper_come_from_the_older_tokeniser(punkt, locomo_path):
    """The paper prints 22,636."""
    from eval.datasets.locomo import load

    dataset = load(locomo_path)
    sizes = {
        conversation.sample_id: len(
            origin_words(
                "".join(
                    f"{session.time_text} | {turn.speaker}: {turn.text}\n" for session, turn in conversation.turns()
                )
            )
        )
        for conversation in dataset.conversations
    }
    asked = [sizes[question.sample_id] for question in dataset.questions if question.category != 5]
    assert round(sum(asked) / len(asked)) == 22_636


def test_origin_words_differ_only_at_apostrophes_and_dashes(punkt):
    assert origin_words("the album 'sleep' — yes") == ("the", "album", "'sleep", "'", "—", "yes")
    assert origin_words("john's 5—6") == ("john", "'s", "5—6")


def test_ceilings_of_the_real_golds(language_data, locomo_path):
    from eval.datasets.locomo import load

    best = ceilings(load(locomo_path).questions, [Lexical()])
    percent = {group: (100 * row["meteor"], 100 * row["bleu2"]) for group, row in best.items()}
    assert percent["all"] == (pytest.approx(90.66, abs=0.005), pytest.approx(89.0, abs=0.05))
    for group, meteor, bleu2 in (("4", 91.3, 90.0), ("1", 89.8, 87.2), ("2", 91.5, 90.6), ("3", 84.6, 80.8)):
        assert percent[group] == (pytest.approx(meteor, abs=0.06), pytest.approx(bleu2, abs=0.06))
    for name in ("f1_memos", "f1_mem0", "rouge1", "rougeL", "bleu1"):
        assert best["all"][name] == pytest.approx(1.0)
