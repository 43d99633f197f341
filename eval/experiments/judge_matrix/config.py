"""What a judge matrix is made of: finished runs, judges, prompts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eval.core.config import typed
from eval.judges.prompts import RUBRICS
from eval.runs.find import find_runs
from eval.runs.read import Run, is_locomo, load_run, load_summary
from eval.stages.bench import Bench
from eval.stages.roles import Part, judge_role
from memos.errors import ConfigError, DataError


@dataclass
class MatrixConfig:
    """Fields of ``matrix`` in ``conf/experiment/judge_matrix.yaml``."""

    runs: list[str] = field(
        default_factory=list, metadata={"help": "folders of finished runs; []: those of the newest sweep"}
    )
    experiment: str = field(default="locomo", metadata={"help": "whose newest sweep is taken where runs is []"})
    prompts: list[str] = field(
        default_factory=list,
        metadata={"help": "rubrics that every judge that asks a model is run under; []: each its own"},
    )
    questions: int = field(default=0, metadata={"help": "seeded sample of questions, the same of every run; 0: all"})

    def __post_init__(self) -> None:
        if self.questions < 0:
            raise ConfigError(f"matrix.questions: must be 0 or more, found {self.questions}")
        for prompt in self.prompts:
            if prompt not in RUBRICS:
                raise ConfigError(f"matrix.prompts: known are {', '.join(RUBRICS)}, found {prompt!r}")


@dataclass(frozen=True)
class MatrixJudge:
    """One column of the matrix: a judge under a prompt."""

    part: Part
    label: str
    """For people: the model and the prompt, or the judge's name where it asks no model."""
    prompt: str
    """Empty where it asks no model."""

    @property
    def name(self) -> str:
        return str(self.part.spec["name"])


def matrix_config(config: Mapping[str, Any]) -> MatrixConfig:
    """The checked settings of a composed configuration."""
    return typed(MatrixConfig, config["matrix"], "matrix")


def judges(bench: Bench, settings: MatrixConfig) -> list[MatrixJudge]:
    """Every judge under every prompt; one that asks no model stands once.

    Raises:
        ConfigError: fewer than two.
    """
    made: dict[str, MatrixJudge] = {}
    for part in bench.judge_parts:
        takes_prompt = part.asks and "rubric" in part.spec
        for prompt in (settings.prompts or [part.spec["rubric"]]) if takes_prompt else [""]:
            one = _judge(part, prompt)
            if one.name in made and made[one.name].part != one.part:
                one = _renamed(one, f"{one.name}_{part.spec['name']}")
            made.setdefault(one.name, one)
    if len(made) < 2:
        raise ConfigError(
            "experiment=judge_matrix compares judges and needs two; add one by +judge@also_judges.NAME=…, a model of "
            "its own by +llm@also_judges.NAME.llm=…, or a prompt by matrix.prompts=[generous,strict]"
        )
    return list(made.values())


def _judge(part: Part, prompt: str) -> MatrixJudge:
    if not prompt:
        return MatrixJudge(part, part.spec["name"], "")
    model = str(part.llm.get("model") or part.llm["name"])
    named = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{model}_{prompt}").lstrip("-.")
    spec = {**part.spec, "rubric": prompt, "name": named}
    return MatrixJudge(Part(judge_role(named), spec, part.llm), f"{model}, {prompt}", prompt)


def _renamed(one: MatrixJudge, name: str) -> MatrixJudge:
    """The same under another name, for two models of one name on two servers."""
    part = Part(judge_role(name), {**one.part.spec, "name": name}, one.part.llm)
    return replace(one, part=part, label=f"{one.label} ({name.rpartition('_')[2]})")


def runs(bench: Bench, settings: MatrixConfig) -> list[Run]:
    """The finished runs whose answers are judged.

    Raises:
        DataError: there is none, one is not finished, or one was asked about other data.
    """
    folders = [Path(folder) for folder in settings.runs] or find_runs(bench.out, settings.experiment)
    found = []
    for folder in folders:
        if not (folder / "answers.jsonl").is_file():
            raise DataError(f"matrix.runs: {folder} has no answers.jsonl; name folders of finished runs")
        if not is_locomo(load_summary(folder)):
            raise DataError(f"matrix.runs: {folder} holds no questions and answers")
        run = load_run(folder)
        data = run.summary["dataset"].get("sha256")
        if data != bench.dataset.sha256:
            raise DataError(
                f"matrix.runs: {folder} was asked about other data ({data}) than dataset={bench.dataset.name} "
                f"({bench.dataset.sha256}); give the data of the run by dataset=… or dataset.path=…"
            )
        found.append(run)
    return found
