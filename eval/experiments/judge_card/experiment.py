"""``experiment=judge_card``: measure a judge on published answers, probes and wrong keys (docs/judge.md#agreement)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.core.config import typed
from eval.core.places import ROOT
from eval.core.types import JudgeTask
from eval.experiments.benchmark import foretell as benchmark
from eval.experiments.judge_card import card
from eval.experiments.protocol import Config, Outcome
from eval.judges.offline import OfflineJudge
from eval.report.sources import sources
from eval.runs.write import write_json
from eval.stages import components
from eval.stages.bench import Bench
from eval.stages.forecast.verdicts import Verdicts
from eval.stages.made_by import origin_of
from eval.stages.roles import Part
from memos.errors import DataError

if TYPE_CHECKING:
    from eval.report.groups import RunGroup
    from eval.stages.changes import CodeChange


_MESSAGE = "judge card: "
"""What comes before the path of each card in an outcome's message."""


def check(config: Config) -> None:
    """Raise for a wrong field, a missing dataset or missing published answers."""
    made = Bench(config)
    _card_config(config)
    _published(config)
    made.dataset  # noqa: B018 - reading it is the check


def changed(config: Config) -> list[CodeChange]:
    """Never asked: a card is measured anew each time."""
    return []


def up_to_date(config: Config) -> Outcome | None:
    """Never known beforehand: a card is measured again each time."""
    return None


def foretell(configs: Sequence[Config], jobs_at_once: int = 1) -> None:
    """Tell what the verdicts of the cards will use."""
    benchmark.foretell(configs, jobs_at_once, work=Verdicts(_to_judge))


def _to_judge(bench: Bench) -> list[tuple[Part, list[JudgeTask]]]:
    """Every judge with all that its card puts to it."""
    tasks = card.to_judge(_card_config(bench.config), bench.dataset, _published(bench.config))
    return [(part, tasks) for part in bench.judge_parts]


def run(config: Config) -> Outcome:
    """Write ``cards/judge_card_<judge>.md`` and ``.json`` below the results folder, of every judge."""
    bench = Bench(config)
    folder = bench.out / "cards"
    written = [card.write(_measured(bench, part), folder)[0] for part in bench.judge_parts]
    return {"folder": str(folder), "code": 0, "message": ", ".join(f"{_MESSAGE}{path}" for path in written)}


def _measured(bench: Bench, part: Part) -> dict[str, Any]:
    """The card of one judge, under its name in this configuration."""
    judge = bench.judge(part.spec, part.llm)
    if isinstance(judge, OfflineJudge):
        judge.keep(bench.out / "cache" / "judge_features")
    measured = card.run(_card_config(bench.config), judge, bench.dataset, _published(bench.config))
    judge.close()
    asked = origin_of(components.provider(part.llm)) if part.asks else None
    return {**measured, "judge": part.spec["name"], "model": asked}


def tables(group: RunGroup, out: Path, width: int = 120) -> list[str]:
    """Write ``.sources.json`` beside each card of the group's folder and return the cards, of their own width."""
    return [_card(path) for path in sorted((group.cards or out / "cards").glob("judge_card_*.md"))]


def _card(path: Path) -> str:
    """The text of a card; what it is made from is written beside it."""
    card_json = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    made_from = {key: card_json[key] for key in ("judge", "identity", "dataset", "rows_per_set")}
    write_json(path.with_suffix(".sources.json"), sources([], card=made_from))
    return path.read_text(encoding="utf-8")


def finish(out: Path, name: str, outcomes: Sequence[Outcome], draw: bool = True) -> None:
    """Print the cards that were made, write what each is made from, and draw the calibration of all cards at hand."""
    from eval.report import plots

    named = [path for o in outcomes for path in o["message"].removeprefix(_MESSAGE).split(f", {_MESSAGE}")]
    paths = [Path(path) for path in named]
    for path in paths:
        print(_card(path))
    if paths:
        write_json(out / "cards" / "cards.json", [str(path) for path in paths])
        if draw:
            plots.calibration(plots.cards_of_folder(out / "cards"), out / "figures" / f"{name}_calibration")


def _card_config(config: Mapping[str, Any]) -> card.CardConfig:
    return typed(card.CardConfig, {k: v for k, v in config["card"].items() if k != "published_dir"}, "card")


def _published(config: Mapping[str, Any]) -> Path:
    given = config["card"]["published_dir"]
    folder = Path(given) if given else ROOT.parent / "shared" / "data" / "published"
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; card.published_dir=FOLDER names the published answers")
    return folder
