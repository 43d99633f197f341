"""The judge matrix: judges times prompts on the same answers, their agreement, and what the choice does to scores."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hydra import compose, initialize_config_dir

from eval.command.cli import CONF
from eval.core.settings import plain
from eval.experiments.benchmark import experiment as benchmark
from eval.experiments.judge_matrix import experiment
from eval.judges import matrix
from eval.runs.format import files
from eval.runs.write import write_json
from eval.stages.bench import Bench
from memos.errors import ConfigError, DataError

SAYS = "{pattern: '%s', reply: '{\"label\": \"%s\"}'}"
RIGHT, WRONG = SAYS % (".", "CORRECT"), SAYS % (".", "WRONG")


def composed(out, *overrides):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return plain(compose("config", [*overrides, f"out={out}", "figures=false"]))


def answered(out, *systems):
    """Finished runs of a sweep on the tiny data."""
    folders = []
    for system in systems:
        made = composed(
            out,
            "experiment=tiny",
            f"system='{system}'",
            "latency.questions=0",
            "metrics.which=[]",
            "dataset.conversations=[tiny-1,tiny-2,tiny-3]",
        )
        assert benchmark.run(made)["code"] == 0
        folders.append(Bench(made).folder)
    write_json(out / "tables" / "tiny.runs.json", [str(folder) for folder in folders])
    return folders


JUDGES = (
    "experiment=judge_matrix",
    "dataset=tiny",
    "dataset.conversations=[tiny-1,tiny-2,tiny-3]",
    "matrix.experiment=tiny",
    "embedder=mock",
    "~judge@also_judges.strict",
    "judge=llm_generous",
    "judge.runs=1",
    "judge/llm=mock",
    "judge.llm.model=kind",
    f"judge.llm.rules=[{RIGHT}]",
    "+judge@also_judges.stern=llm_strict",
    "+llm@also_judges.stern.llm=mock",
    "also_judges.stern.llm.model=stern",
    f"also_judges.stern.llm.rules=[{WRONG}]",
)


def test_judges_of_two_models_on_the_answers_of_finished_runs(tmp_path, capsys):
    answered(tmp_path, "null", "rag")
    made = composed(tmp_path, *JUDGES)
    experiment.check(made)
    outcome = experiment.run(made)
    assert outcome["code"] == 0
    experiment.finish(tmp_path, "judge_matrix", [outcome])
    folder = experiment.Matrix(made).folder
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert list(summary["judges"]) == ["kind, generous", "stern, strict"] and summary["failed"] == 0
    (pair,) = summary["pairs"]
    assert pair["agreement"] == 0 and pair["shift"] == -1 and pair["n"] == summary["n"]
    for spread in summary["spreads"]:
        assert spread["scores"] == {"kind, generous": 1, "stern, strict": 0} and spread["width"] == 1
    assert files.check_folder(folder, files.MATRIX) == []
    shown = capsys.readouterr().out
    assert "kind, generous" in shown and "Every system's score under every judge" in shown
    tables = tmp_path / "tables"
    text = (tables / "judge_matrix_scores.md").read_text(encoding="utf-8")
    assert "100.00" in text and "judge_matrix.csv" in {path.name for path in tables.iterdir()}
    assert (tmp_path / "figures" / "judge_matrix_spread.png").stat().st_size > 5000


def test_every_judge_of_a_model_is_run_under_every_prompt(tmp_path):
    answered(tmp_path, "rag")
    made = experiment.Matrix(composed(tmp_path, *JUDGES, "matrix.prompts=[generous,strict]"))
    assert [judge.label for judge in made.judges] == [
        "kind, generous",
        "kind, strict",
        "stern, generous",
        "stern, strict",
    ]
    assert len({made.bench.judge_identity(judge.part)[1]["prompt"] for judge in made.judges}) == 2


def test_prompts_may_be_files_and_equal_names_stay_apart(tmp_path):
    answered(tmp_path, "rag")
    file = tmp_path / "mine.txt"
    file.write_text("{question} {gold} {answer}: a JSON object with label, please", encoding="utf-8")
    twice = ("also_judges.stern.llm.model=kind", f"matrix.prompts=[strict,{file}]")
    made = experiment.Matrix(composed(tmp_path, *JUDGES, *twice))
    assert [judge.label for judge in made.judges] == [
        "kind, strict",
        "kind, mine.txt",
        "kind, strict (llm_strict)",
        "kind, mine.txt (llm_strict)",
    ]
    assert len({judge.name for judge in made.judges}) == 4
    outcome = experiment.run(composed(tmp_path, *JUDGES, *twice))
    assert outcome["code"] == 0
    summary = json.loads((made.folder / "summary.json").read_text(encoding="utf-8"))
    assert len(summary["pairs"]) == 6


def test_a_second_command_asks_only_what_is_missing(tmp_path):
    answered(tmp_path, "rag")
    failing = tuple(o for o in JUDGES if not o.startswith("also_judges.stern.llm.rules"))
    broken = composed(tmp_path, *failing, "also_judges.stern.llm.rules=[{pattern: '.', reply: hm}]", "cache=off")
    outcome = experiment.run(broken)
    assert outcome["code"] == 2 and "stern, strict" in outcome["message"]
    summary = json.loads((experiment.Matrix(broken).folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["judges"]["kind, generous"]["failed"] == 0
    assert summary["judges"]["stern, strict"]["failed"] == summary["n"] == summary["failed"]
    assert summary["pairs"][0]["n"] == 0 and summary["pairs"][0]["kappa"] is None
    before = {p.name: p.read_bytes() for p in (experiment.Matrix(broken).folder / "scores").glob("judge_kind*")}
    experiment.run(broken)
    assert before == {p.name: p.read_bytes() for p in (experiment.Matrix(broken).folder / "scores").glob("judge_kind*")}


def test_what_cannot_be_a_matrix_is_refused_in_one_line(tmp_path):
    alone = ("experiment=judge_matrix", "dataset=tiny", "matrix.experiment=tiny", "~judge@also_judges.strict")
    with pytest.raises(ConfigError, match="needs two"):
        experiment.check(composed(tmp_path, *alone))
    with pytest.raises(DataError, match="tiny.runs.json: missing"):
        experiment.check(composed(tmp_path, *JUDGES))
    (folder,) = answered(tmp_path, "rag")
    with pytest.raises(ConfigError, match="matrix.prompts: 'kind' is neither a rubric"):
        experiment.check(composed(tmp_path, *JUDGES, "matrix.prompts=[kind]"))
    with pytest.raises(DataError, match="no answers.jsonl"):
        experiment.check(composed(tmp_path, *JUDGES, f"matrix.runs=[{tmp_path}]"))
    with pytest.raises(DataError, match="other data"):
        experiment.check(
            composed(tmp_path, *JUDGES, "dataset=generated", "dataset.conversations=null", f"matrix.runs=[{folder}]")
        )


def labelled(**labels):
    columns = {name: np.array(own, dtype=float) for name, own in labels.items()}
    count = len(next(iter(columns.values())))
    values = {name: np.nan_to_num(own) for name, own in columns.items()}
    half = np.array(["a", "b"]).repeat(count // 2)
    return matrix.Labelled(half, np.array([f"c{i % 4}" for i in range(count)]), columns, values)


def test_agreement_by_hand():
    verdicts = labelled(one=[1, 1, 1, 1, 0, 0, 0, 0], other=[1, 1, 1, 0, 0, 0, 0, 1])
    (pair,) = matrix.pairs(verdicts)
    assert pair.agreement == 0.75 and pair.kappa == pytest.approx(0.5)
    assert pair.low is not None and pair.high is not None and pair.low <= pair.kappa <= pair.high
    assert [spread.scores for spread in matrix.spreads(verdicts)] == [
        {"one": 1, "other": 0.75},
        {"one": 0, "other": 0.25},
    ]
    assert pair.shift == 0 and pair.tau == pytest.approx(1)


def test_kappa_is_that_of_the_judge_cards():
    from eval.judges.agreement import kappa

    rng = np.random.default_rng(3)
    one, other = rng.integers(0, 2, 60), rng.integers(0, 2, 60)
    (pair,) = matrix.pairs(labelled(one=one, other=other))
    assert pair.kappa == pytest.approx(kappa(one, other))


def test_a_verdict_that_does_not_stand_is_in_no_pair_and_counts_as_wrong():
    verdicts = labelled(one=[1, 1, float("nan"), 1], other=[1, 0, 1, 1])
    (pair,) = matrix.pairs(verdicts)
    assert pair.n == 3 and pair.agreement == pytest.approx(2 / 3)
    assert [spread.scores["one"] for spread in matrix.spreads(verdicts)] == [1, 0.5]


def test_judges_without_any_variety_have_no_kappa():
    (pair,) = matrix.pairs(labelled(one=[1, 1, 1, 1], other=[1, 1, 1, 1]))
    assert pair.agreement == 1 and pair.kappa is None and pair.tau is None
