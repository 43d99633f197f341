"""Probe wordings that nothing was tuned on, the reviewable weights file, and the committed cards."""

import json
import re
import shutil
from pathlib import Path

import pytest

from eval.core.types import JudgeTask
from eval.experiments.judge_card import experiment as judge_card
from eval.judges import probes, wordings
from eval.judges.offline import model, synthetic
from eval.report import plots
from memos.errors import DataError

CARDS = Path(__file__).resolve().parents[2] / "results" / "cards"
TASKS = [JudgeTask(f"When did person {i} leave?", f"{i + 1} May 2020", "", 2) for i in range(28)]


def test_unseen_wordings_are_in_no_other_list():
    unseen, tuned = wordings.unseen(), wordings.tuned()
    mine = {*unseen.restated, *unseen.denied, *unseen.refusals} if unseen else set()
    others = {
        *synthetic.RESTATED,
        *synthetic.DENIED,
        *synthetic.REFUSALS,
        *tuned.restated,
        *tuned.denied,
        *tuned.refusals,
    }
    assert not {text.lower() for text in mine} & {text.lower() for text in others}
    assert len(tuned.restated) > 80 and len(tuned.denied) > 90, "the wordings that rules were made from are kept"


def test_probes_are_made_of_a_file_of_wordings(tmp_path):
    lists = {
        "restated": ["Hm, {question}", "About {statement}."],
        "denied": ["By no means {gold}."],
        "refusals": ["Ask somebody else."],
        "blank": ["--"],
        "turns": [3],
    }
    read_back = wordings.read(written(tmp_path, "new", lists))
    made = probes.build(TASKS, ["one", "two"], seed=wordings.SEED, wordings=read_back)
    assert {"empty", "refusal", "question_restated", "other_gold", "random_turns", "gold_denied"} < set(made)
    assert {task.answer for task in made["empty"]} == {"--"} and {task.answer for task in made["refusal"]} == {
        "Ask somebody else."
    }
    assert all(task.answer == f"By no means {task.gold}." for task in made["gold_denied"])
    assert {len(task.answer.split()) for task in made["random_turns"]} == {3}
    assert {task.answer for task in made["question_restated"]} & {f"Hm, {task.question}" for task in TASKS}


def test_spent_wordings_leave_nothing_to_measure_and_mistakes_are_named(tmp_path):
    empty = {"restated": [], "denied": [], "refusals": [], "blank": [], "turns": []}
    assert wordings.read(written(tmp_path, "empty", empty)) is None
    full = {"restated": ["{question}"], "denied": ["Not {gold}"], "refusals": ["no"], "blank": [""], "turns": [1]}
    for name, change, said in (
        ("a", {"denied": ["Not that."]}, "denied: 'Not that.' needs {gold}"),
        ("b", {"restated": ["{gold}"]}, "restated: '{gold}' needs {question} or {statement}"),
        ("c", {"refusals": []}, "refusals: empty"),
        ("d", {"denied": ["Not {gold"]}, "denied: 'Not {gold'"),
    ):
        with pytest.raises(DataError, match=re.escape(said)):
            wordings.read(written(tmp_path, name, full | change))
    with pytest.raises(DataError, match="not a file of wordings"):
        wordings.read(written(tmp_path, "e", {"restated": []}))


def written(folder, name, lists):
    file = folder / f"{name}.json"
    file.write_text(json.dumps(lists), encoding="utf-8")
    return file


def test_weights_are_one_entry_a_line_and_read_back_equal():
    shipped = model.load()
    content = {
        "bias": 1.5,
        "features": {"recall": [0.5, 0.25, 1.0], "echo": [0.1, 0.2, -1.0]},
        "products": {},
        "note": "licence",
    }
    text = model.pretty(content)
    assert json.loads(text) == content and '\n  "recall": [0.5, 0.25, 1.0],\n' in text
    file = Path(model.__file__).with_name("weights.json").read_text(encoding="utf-8")
    assert file == model.pretty(json.loads(file)), "the shipped file is in another layout"
    assert all(f'\n  "{name}": [' in file for name in shipped.features)


@pytest.mark.parametrize("name", ["offline", "offline_strict"])
def test_committed_cards_are_of_the_shipped_weights(name):
    card = json.loads((CARDS / f"judge_card_{name}.json").read_text(encoding="utf-8"))
    assert card["identity"]["weights"] == model.load().digest and card["rows_per_set"] == "all"
    assert card["agreement"]["n"] == 18480
    text = (CARDS / f"judge_card_{name}.md").read_text(encoding="utf-8")
    assert "no offline judge was tuned on" in text and "## Calibration" in text


def test_committed_cards_hold_no_text_of_the_data(locomo_path):
    from eval.datasets.locomo import load

    texts = "".join(path.read_text(encoding="utf-8") for path in CARDS.glob("judge_card_*"))
    questions = load(locomo_path).questions
    assert len(texts) > 5000 and not [
        q.key for q in questions if q.text in texts or (len(q.gold) > 20 and q.gold in texts)
    ]


def test_sources_beside_a_card_are_no_card(tmp_path):
    out = tmp_path / "out"
    shutil.copytree(CARDS, out / "cards")
    made = [{"message": f"judge card: {out / 'cards' / 'judge_card_offline.md'}"}]
    for _ in range(2):
        judge_card.finish(out, "judge_card", made)
    assert (out / "cards" / "judge_card_offline.sources.json").exists()
    assert (out / "figures" / "judge_card_calibration.png").exists()
    assert [card["judge"] for card in plots.cards_of_folder(out / "cards")] == ["offline", "offline_strict"]


def test_every_judge_of_a_configuration_has_its_card_under_its_own_name(tmp_path):
    from hydra import compose, initialize_config_dir

    from eval.command.cli import CONF
    from eval.core.settings import plain

    said = {"sample_id": "tiny-1", "question": "Who sings?", "gold": "Nadia", "labels": [1]}
    rows = [{**said, "qa_index": i, "category": 4, "answer": "Nadia" if i % 2 else "Tom"} for i in range(6)]
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "some.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    right, wrong = (f"[{{pattern: '.', reply: '{{\"label\": \"{label}\"}}'}}]" for label in ("CORRECT", "WRONG"))
    overrides = [
        "experiment=judge_card",
        "dataset=tiny",
        f"out={tmp_path}",
        f"card.published_dir={folder}",
        "card.probes_per_kind=1",
        "judge=llm_strict",
        "judge/llm=mock",
        "judge.llm.model=kind",
        f"judge.llm.rules={right}",
        "+judge@also_judges.stern=llm_strict",
        "+llm@also_judges.stern.llm=mock",
        "also_judges.stern.llm.model=stern",
        f"also_judges.stern.llm.rules={wrong}",
    ]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = plain(compose("config", overrides))
    outcome = judge_card.run(config)
    judge_card.finish(tmp_path, "judge_card", [outcome], draw=False)
    cards = [json.loads((tmp_path / "cards" / f"judge_card_{name}.json").read_text(encoding="utf-8")) for name in NAMES]
    assert [card["judge"] for card in cards] == list(NAMES)
    assert [card["model"]["model"] for card in cards] == ["kind", "stern"]
    assert [card["agreement"]["scores"]["some"][1] for card in cards] == [100, 0]
    assert len(json.loads((tmp_path / "cards" / "cards.json").read_text(encoding="utf-8"))) == 2


NAMES = ("llm_strict", "llm_strict_stern")
