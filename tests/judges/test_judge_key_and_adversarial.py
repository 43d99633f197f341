"""Answer key, category 5, and the judge's own error."""

import json

import pytest

from eval.core.types import Question
from eval.datasets import answer_key
from eval.experiments.adversarial import abstention
from eval.judges import uncertainty
from memos.errors import ConfigError, DataError


def errors_for(dataset, tmp_path):
    names = [c.sample_id for c in dataset.conversations]
    asked = [q for q in dataset.questions if q.category != 5][:2]
    entries = [
        {
            "question_id": f"locomo_{names.index(q.sample_id)}_qa{q.qa_index}",
            "golden_answer": q.gold,
            "correct_answer": f"better {i}",
            "error_type": kind,
        }
        for i, (q, kind) in enumerate(zip(asked, ("HALLUCINATION", "WRONG_CITATION"), strict=True))
    ]
    file = tmp_path / "errors.json"
    file.write_text(json.dumps(entries), encoding="utf-8")
    return asked, file


def test_modes(tiny_dataset, tmp_path):
    asked, file = errors_for(tiny_dataset, tmp_path)
    assert answer_key.apply(tiny_dataset, "official", file) is tiny_dataset
    audited = answer_key.apply(tiny_dataset, "audited", file)
    golds = {q.key: q.gold for q in audited.questions}
    assert golds[asked[0].key] == "better 0" and golds[asked[1].key] == asked[1].gold
    clean = answer_key.apply(tiny_dataset, "clean", file)
    assert len(clean.questions) == len(tiny_dataset.questions) - 1
    assert len({d.sha256 for d in (tiny_dataset, audited, clean)}) == 3
    assert "ceilings" in clean.notes[-1]
    with pytest.raises(ConfigError, match="dataset.answer_key"):
        answer_key.apply(tiny_dataset, "best", file)


def test_a_foreign_list_is_refused(tiny_dataset, tmp_path):
    _, file = errors_for(tiny_dataset, tmp_path)
    entries = json.loads(file.read_text())
    file.write_text(json.dumps([{**entries[0], "golden_answer": "of another dataset"}]))
    with pytest.raises(DataError, match="another dataset"):
        answer_key.apply(tiny_dataset, "clean", file)


def test_the_real_list_gives_the_known_ceilings(locomo_path):
    from eval.datasets.locomo import load

    best = answer_key.ceilings(load(locomo_path), locomo_path.parent / answer_key.FILE)
    assert {key: round(value, 1) for key, value in best.items()} == {
        "overall": 93.6,
        "1": 90.1,
        "2": 91.9,
        "3": 90.6,
        "4": 95.7,
    }


def trap(index):
    return Question("t", index, 5, f"question {index}", "", adversarial="a red kite", unanswerable=True)


def test_forced_choice_is_seeded_and_balanced():
    made = [abstention.choice(trap(i), seed=1) for i in range(200)]
    assert made == [abstention.choice(trap(i), seed=1) for i in range(200)]
    assert 70 < sum(c.right == "a" for c in made) < 130
    assert all(c.options["ab".index(c.right)] == abstention.NOT_MENTIONED for c in made)
    assert [c.right for c in made] != [abstention.choice(trap(i), seed=2).right for i in range(200)]


@pytest.mark.parametrize("text", ["({})", "{})", "{}", "Option {}.", "Answer: ({}) because"])
def test_letters_are_read(text):
    made = abstention.choice(trap(0))
    for letter in "ab":
        assert abstention.chosen(made, text.format(letter)) == letter
    assert abstention.chosen(made, "A red kite it was") == ("b" if made.right == "a" else "a")
    assert abstention.chosen(made, "who knows") is None


def test_the_constant_answerer_stands_beside_and_empty_is_no_abstention():
    questions = [trap(i) for i in range(4)] + [Question("t", 9, 4, "q", "g")]
    free = {trap(0).key: "Not mentioned.", trap(1).key: "", trap(2).key: "a red kite"}
    counted = abstention.table(questions, free)
    assert counted.free_form.mean == 0.25
    assert counted.constant_adversarial == 1 and counted.constant_answerable == 0 and counted.constant_all == 0.8
    assert "constant" in abstention.markdown({"x": counted})


def test_a_share_of_choices_needs_an_answerer_that_chooses():
    questions = [trap(i) for i in range(6)]
    letters = {q.key: abstention.choice(q, 1).right for q in questions}
    chooses = abstention.table(questions, {}, letters, seed=1)
    silent = abstention.table(
        questions, {}, {**{q.key: "who knows" for q in questions}, questions[0].key: letters[questions[0].key]}, seed=1
    )
    assert chooses.chooses and chooses.forced_choice.mean == 1
    assert not silent.chooses and silent.unclear == 5
    text = abstention.markdown({"chooses": chooses, "silent": silent})
    row = next(line for line in text.splitlines() if line.startswith("| silent"))
    assert row.split("|")[4].strip() == "–" and "A dash" in text
    assert "A dash" not in abstention.markdown({"chooses": chooses})


def test_the_official_key_comes_with_its_ceilings_where_the_list_is_at_hand(tiny_dataset, tmp_path):
    _, file = errors_for(tiny_dataset, tmp_path)
    noted = answer_key.noted(tiny_dataset, file)
    assert noted.questions == tiny_dataset.questions and noted.sha256 == tiny_dataset.sha256
    assert noted.notes[-1].startswith("answer key official; ceilings")
    with pytest.raises(DataError, match="no such file"):
        answer_key.noted(tiny_dataset, tmp_path / "none.json")


def test_an_interval_grows_by_the_judges_error():
    same = uncertainty.widen(0.7, 0.68, 0.72, 0.0)
    assert (same.low, same.high) == (pytest.approx(0.68), pytest.approx(0.72))
    wide = uncertainty.widen(0.7, 0.68, 0.72, 0.02)
    assert wide.low == pytest.approx(0.7 - (0.02**2 + (1.959964 * 0.02) ** 2) ** 0.5)
    assert not uncertainty.resolvable(0.03, 0.02) and uncertainty.resolvable(0.06, 0.02)
    assert uncertainty.smallest_gap(0.02) == pytest.approx(1.959964 * 2**0.5 * 0.02)
