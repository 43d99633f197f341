"""What a judge matrix is made of: finished runs, judges, prompts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eval.core.config import typed
from eval.core.published_prompts import PREFIX
from eval.judges.prompts import RUBRICS, from_file
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
        metadata={"help": "rubrics or prompt files that every judge that asks a model is run under; []: each its own"},
    )
    questions: int = field(default=0, metadata={"help": "seeded sample of questions, the same of every run; 0: all"})

    def __post_init__(self) -> None:
        if self.questions < 0:
            raise ConfigError(f"matrix.questions: must be 0 or more, found {self.questions}")
        for prompt in self.prompts:
            if prompt in RUBRICS:
                continue
            if not prompt.startswith(PREFIX) and not Path(prompt).is_file():
                raise ConfigError(
                    f"matrix.prompts: {prompt!r} is neither a rubric ({', '.join(RUBRICS)}) nor the file of one"
                )
            from_file(prompt, "matrix.prompts")


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
        own = part.spec.get("prompt_file") or part.spec.get("rubric")
        for prompt in (settings.prompts or [str(own)]) if takes_prompt else [""]:
            one = _judge(part, prompt)
            if one.name in made and made[one.name].part != one.part:
                one = _renamed(one, part.spec["name"])
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
    shown = prompt if prompt in RUBRICS or prompt.startswith(PREFIX) else Path(prompt).name
    named = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{model}_{shown}").lstrip("-.")
    wording = {"rubric": prompt, "prompt_file": None} if prompt in RUBRICS else {"prompt_file": prompt}
    spec = {**part.spec, **wording, "name": named}
    return MatrixJudge(Part(judge_role(named), spec, part.llm), f"{model}, {shown}", prompt)


def _renamed(one: MatrixJudge, judge: str) -> MatrixJudge:
    """The same with the judge's own name behind its name, for two judges of one model's name and one prompt."""
    name = f"{one.name}_{judge}"
    part = Part(judge_role(name), {**one.part.spec, "name": name}, one.part.llm)
    return replace(one, part=part, label=f"{one.label} ({judge})")


def runs(bench: Bench, settings: MatrixConfig) -> list[Run]:
    """The finished runs whose answers are judged.

    Raises:
        DataError: there is none, one is not finished, or one was asked about other data.
    """
    folders = [Path(folder) for folder in settings.runs] or find_runs(bench.out, settings.experiment)
    finished = []
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
        finished.append(run)
    return finished
