"""The judge card: how any judge, LLM or offline, behaves on answers whose verdict or truth is known.

Agreement with the recorded verdicts, acceptance of answers that are wrong on purpose, of probes and of the gold itself,
behaviour on the questions whose key is wrong, error of systems' scores and of their ranking, cost per 1,000 verdicts.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from eval.core.categories import locomo_number
from eval.core.judging import value
from eval.core.protocols import Judge
from eval.core.types import Dataset, JudgeTask, Verdict
from eval.datasets import answer_key
from eval.experiments.judge_card.text import markdown
from eval.judges import agreement, probes, published, wordings
from eval.judges.published import PublishedAnswer
from eval.runs.write import write_atomic
from eval.stats.intervals import wilson
from memos.errors import ConfigError, DataError
from memos.types import Usage


@dataclass
class CardConfig:
    """What goes into a card."""

    rows_per_set: int = field(
        default=0, metadata={"help": "answers judged of each published set; 0: all (an LLM judge costs money)"}
    )
    probes_per_kind: int = field(default=150, metadata={"help": "probes of each kind"})
    seed: int = field(default=7, metadata={"help": "of every choice"})
    answer_key_errors: str = field(
        default="", metadata={"help": "audited defects of the key; empty: found beside the checkout"}
    )

    def __post_init__(self) -> None:
        if self.rows_per_set < 0:
            raise ConfigError(f"card.rows_per_set: must be 0 or more, found {self.rows_per_set}")
        if self.probes_per_kind < 1:
            raise ConfigError(f"card.probes_per_kind: must be at least 1, found {self.probes_per_kind}")


Config = CardConfig


class _Meter:
    """Runs a judge and adds up what it cost."""

    def __init__(self, judge: Judge) -> None:
        self.judge, self.count, self.seconds, self.usage = judge, 0, 0.0, Usage()
        self.labels: Counter[str] = Counter()

    def __call__(self, tasks: Sequence[JudgeTask]) -> list[Verdict]:
        began = time.perf_counter()
        by_index = dict(self.judge.judge(tasks))
        self.seconds += time.perf_counter() - began
        self.count += len(tasks)
        verdicts = [by_index[index] for index in range(len(tasks))]
        for verdict in verdicts:
            self.usage += verdict.usage
            self.labels[verdict.label] += 1
        return verdicts


def run(config: CardConfig, judge: Judge, dataset: Dataset, published_dir: Path) -> dict[str, Any]:
    """Measure a judge.

    Args:
        config: what goes into the card.
        judge: any judge.
        dataset: LOCOMO, for the probes.
        published_dir: folder of published answers with verdicts.

    Returns:
        A JSON object; ``markdown`` writes it for readers.
    """
    meter = _Meter(judge)
    sets = _sets(config, published_dir)
    judged = {name: meter([_task(row) for row in rows]) for name, rows in sets.items()}
    systems = {name: rows for name, rows in sets.items() if name in published.honest(sets)}
    if not systems:
        raise DataError(f"{published_dir}: no set of honest answers with verdicts")
    table = _table(systems, judged)
    card: dict[str, Any] = {
        "judge": judge.name,
        "identity": dict(judge.identity()),
        "dataset": dataset.name,
        "rows_per_set": config.rows_per_set or "all",
        "agreement": agreement.measure(table),
        "intervals": {name: list(span) for name, span in agreement.intervals(table, draws=200).items()},
        "calibration": calibration(table),
        "wrong_sets": {name: _wrong(sets[name], judged[name]) for name in published.WRONG_SETS if name in sets},
        "probes": _accepted(meter, _probes(config, dataset)),
        "probes_unseen": _accepted(meter, _unseen_probes(config, dataset)),
        "wrong_key": _wrong_key(config, dataset, systems, judged),
    }
    stated = getattr(judge, "weights", None)
    known = getattr(judge, "score_se", None) is not None
    card["held_out"] = dict(stated.facts.get("cross_validation", {})) if stated is not None and known else {}
    card["unknown_rubric"] = (
        getattr(getattr(judge, "config", None), "rubric", "") if stated is not None and not known else ""
    )
    card["labels"] = dict(meter.labels)
    card["cost"] = _cost(meter)
    return card


def to_judge(config: CardConfig, dataset: Dataset, published_dir: Path) -> list[JudgeTask]:
    """All that ``run`` puts to a judge."""
    answers = [_task(row) for rows in _sets(config, published_dir).values() for row in rows]
    kinds = [_probes(config, dataset), _unseen_probes(config, dataset)]
    return answers + [task for probed in kinds for tasks in probed.values() for task in tasks]


def _sets(config: CardConfig, published_dir: Path) -> dict[str, list[PublishedAnswer]]:
    return {name: _sample(rows, config) for name, rows in published.read_folder(published_dir).items()}


def _sample(rows: Sequence[PublishedAnswer], config: CardConfig) -> list[PublishedAnswer]:
    if not config.rows_per_set or config.rows_per_set >= len(rows):
        return list(rows)
    return random.Random(config.seed).sample(list(rows), config.rows_per_set)


def _task(row: PublishedAnswer) -> JudgeTask:
    return JudgeTask(row.question, row.gold, row.answer, locomo_number(row.category))


def _table(
    systems: Mapping[str, Sequence[PublishedAnswer]], judged: Mapping[str, Sequence[Verdict]]
) -> agreement.JudgedRows:
    pairs = [(row, verdict) for name, rows in systems.items() for row, verdict in zip(rows, judged[name], strict=True)]
    return agreement.JudgedRows(
        system=np.array([row.set_name for row, _ in pairs]),
        sample_id=np.array([row.sample_id for row, _ in pairs]),
        category=np.array([row.category for row, _ in pairs]),
        recorded=np.array([row.share for row, _ in pairs]),
        judged=np.array([int(verdict.label == "correct") for _, verdict in pairs]),
        chance=np.array([value(v.label, v.runs) if v.score is None else v.score for _, v in pairs]),
    )


def calibration(table: agreement.JudgedRows, bins: int = 10) -> list[dict[str, float]]:
    """For each tenth of the judge's score: rows, mean score, share recorded as correct."""
    place = np.minimum((table.chance * bins).astype(int), bins - 1)
    return [
        {
            "n": int((place == b).sum()),
            "score": float(table.chance[place == b].mean()),
            "recorded": float(table.recorded[place == b].mean()),
        }
        for b in range(bins)
        if (place == b).any()
    ]


def _wrong(rows: Sequence[PublishedAnswer], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Acceptance of deliberately wrong answers, the judge's and the recorded one, overall and per category."""
    out: dict[str, Any] = {"n": len(rows), "accepted": float(np.mean([value(v.label, v.runs) for v in verdicts]))}
    out["recorded"] = float(np.mean([row.share for row in rows]))
    out["by_category"] = {
        str(c): float(
            np.mean([value(v.label, v.runs) for row, v in zip(rows, verdicts, strict=True) if row.category == c])
        )
        for c in sorted({row.category for row in rows})
    }
    return out


def _probes(config: CardConfig, dataset: Dataset) -> dict[str, list[JudgeTask]]:
    """Probes by kind, in wordings that an offline judge may have been tuned on."""
    kinds = probes.build(*_asked(dataset), per_kind=config.probes_per_kind, seed=config.seed)
    return _fewer(config, kinds, config.seed)


def _unseen_probes(config: CardConfig, dataset: Dataset) -> dict[str, list[JudgeTask]]:
    """The same in wordings that nothing was tuned on, right answers left out; empty while all of them are spent."""
    fresh = wordings.unseen()
    if fresh is None:
        return {}
    kinds = probes.build(
        *_asked(dataset), per_kind=max(config.probes_per_kind, wordings.PER_KIND), seed=wordings.SEED, wordings=fresh
    )
    wrong = {kind: tasks for kind, tasks in kinds.items() if kind not in probes.RIGHT}
    return _fewer(config, wrong, wordings.SEED)


def _asked(dataset: Dataset) -> tuple[list[JudgeTask], list[str]]:
    """The questions that probes are made for, and what was said."""
    tasks = [JudgeTask(q.text, q.gold, "", locomo_number(q.category)) for q in dataset.questions if not q.unanswerable]
    return tasks, [turn.text for conversation in dataset.conversations for _, turn in conversation.turns()]


def _fewer(config: CardConfig, kinds: Mapping[str, Sequence[JudgeTask]], seed: int) -> dict[str, list[JudgeTask]]:
    """A seeded sample of each kind, as large as that of a published set."""
    chance, most = random.Random(seed), config.rows_per_set
    return {
        kind: chance.sample(list(tasks), most) if most and len(tasks) > most else list(tasks)
        for kind, tasks in kinds.items()
    }


def _accepted(meter: _Meter, kinds: Mapping[str, Sequence[JudgeTask]]) -> dict[str, dict[str, float]]:
    """Share accepted of each kind of probe with its Wilson interval."""
    out = {}
    for kind, tasks in kinds.items():
        right = sum(v.label == "correct" for v in meter(tasks))
        low, high = wilson(right, len(tasks))
        out[kind] = {
            "n": len(tasks),
            "accepted": right / len(tasks),
            "low": low,
            "high": high,
            "should_be": float(kind in probes.RIGHT),
        }
    return out


def _wrong_key(
    config: CardConfig,
    dataset: Dataset,
    systems: Mapping[str, Sequence[PublishedAnswer]],
    judged: Mapping[str, Sequence[Verdict]],
) -> dict[str, Any]:
    """Agreement on the questions whose key is wrong and on the others; the reason where the list is not here."""
    try:
        keys = set(answer_key.keys(dataset, answer_key.find_errors(config.answer_key_errors or None)))
    except DataError as error:
        return {"missing": str(error)}
    out: dict[str, Any] = {"questions": len(keys)}
    for name, wanted in (("wrong_key", True), ("sound_key", False)):
        pairs = [
            (row, v)
            for system, rows in systems.items()
            for row, v in zip(rows, judged[system], strict=True)
            if (row.key in keys) == wanted
        ]
        if pairs:
            out[name] = {
                "n": len(pairs),
                "row_accuracy": float(np.mean([(v.label == "correct") == row.accepted for row, v in pairs])),
                "accepted": float(np.mean([value(v.label, v.runs) for _, v in pairs])),
                "recorded": float(np.mean([row.share for row, _ in pairs])),
            }
    return out


def _cost(meter: _Meter) -> dict[str, float]:
    """Per 1,000 verdicts: seconds, calls and tokens."""
    scale = 1000 / max(meter.count, 1)
    return {
        "verdicts": meter.count,
        "seconds": meter.seconds * scale,
        "calls": meter.usage.calls * scale,
        "prompt_tokens": meter.usage.prompt_tokens * scale,
        "completion_tokens": meter.usage.completion_tokens * scale,
    }


def write(card: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write ``judge_card_<name>.md`` and ``.json``."""
    text, figures = folder / f"judge_card_{card['judge']}.md", folder / f"judge_card_{card['judge']}.json"
    write_atomic(text, markdown(card))
    write_atomic(figures, json.dumps(card, indent=1, ensure_ascii=False))
    return [text, figures]
