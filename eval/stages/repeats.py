"""Repeats: every question answered, judged and scored again from the same contexts, to see how runs differ.

The first run is the one that all tables show. Each further one has journals of its own in ``repeats/``. Its requests
differ from the first one's in ``Request.sample_index`` alone, so in the seed and in their place in the response cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from eval.core import judging
from eval.core.types import Question
from eval.runs import lineage
from eval.runs.format.summary import RepeatedAnswers, RepeatSpread
from eval.runs.read import MEMORY_METRICS
from eval.runs.write import Journal, RunDir
from eval.stages.answer import answer_tasks, answers_now, asked_as_is
from eval.stages.bench import Bench
from eval.stages.estimates import verdict_column
from eval.stages.judging import judge_answers, verdicts_of
from eval.stages.score import answers_to_judge
from eval.stages.scoring import score_answers
from eval.stats import judge_sd, spread

Key = tuple[str, int]
Column = Mapping[Key, float]


@dataclass(frozen=True)
class Repeat:
    """The records of one further run that were made from what is there now, failed ones included."""

    number: int
    answers: dict[Key, dict[str, Any]]
    verdicts: dict[str, dict[Key, dict[str, Any]]]
    """By judge metric (``judge_<name>``)."""
    metrics: dict[Key, dict[str, Any]]

    @property
    def failed(self) -> int:
        """Answers and verdicts that failed."""
        lost = sum(not lineage.good(record) for record in self.answers.values())
        return lost + sum(not judging.stands(r) for own in self.verdicts.values() for r in own.values())

    def named(self, bench: Bench, run: RunDir) -> dict[str, tuple[Journal, Mapping[Any, Mapping[str, Any]]]]:
        """Each set of records with the journal that it stands in."""
        at = f"repeat {self.number}"
        out: dict[str, tuple[Journal, Mapping[Any, Mapping[str, Any]]]] = {
            f"{at} answers": (_answers(run, self.number), self.answers),
            f"{at} metrics": (_metrics(bench, run, self.number), self.metrics),
        }
        for spec in bench.judge_specs:
            name = f"judge_{spec['name']}"
            out[f"{at} {name}"] = (_verdicts(bench, run, spec, self.number), self.verdicts[name])
        return out


def _answers(run: RunDir, number: int) -> Journal:
    return run.journal(f"repeats/answers-{number}")


def _verdicts(bench: Bench, run: RunDir, spec: Mapping[str, Any], number: int) -> Journal:
    return run.journal(f"repeats/judge_{spec['name']}-{bench.judge_fingerprint(spec)}-{number}")


def _metrics(bench: Bench, run: RunDir, number: int) -> Journal:
    return run.journal(f"repeats/metrics-{bench.metrics_fingerprint}-{number}")


def repeat(bench: Bench, run: RunDir) -> None:
    """Bring all further runs to their end; issued again it resumes."""
    total = len(bench.dataset.questions)
    for number in range(1, bench.repeats):
        answer_tasks(bench, run, _answers(run, number), asked_as_is, repeat=number)
        given = answers_to_judge(bench, run, _answers(run, number))
        for spec in bench.judge_specs:
            referee = bench.judge(spec)
            title = f"{bench.system_spec['name']}: repeat {number}, judge {spec['name']}"
            judge_answers(referee, bench.dataset.categories, given, _verdicts(bench, run, spec, number), title, total)
            referee.close()
        _score(bench, _metrics(bench, run, number), given)


def _score(bench: Bench, journal: Journal, given: Mapping[Question, str]) -> None:
    """Metrics of answers that have none yet."""
    todo = [q for q, answer in given.items() if not lineage.current(journal.records.get(q.key), _of(q, answer))]
    if not todo:
        return
    answers = [given[question] for question in todo]
    rows = score_answers(bench.scorers(), todo, answers, bench.dataset.categories)
    records = []
    for question, (metrics, errors) in zip(todo, rows, strict=True):
        failed = {"status": "error", "errors": errors} if errors else {}
        key = {"sample_id": question.sample_id, "qa_index": question.qa_index}
        records.append({**key, "values": metrics, **failed, "made_from": _of(question, given[question])})
    journal.append(*records)


def _of(question: Question, answer: str) -> dict[str, str]:
    return lineage.of_verdict(question, answer)


def repeats_now(bench: Bench, run: RunDir) -> list[Repeat]:
    """The further runs as they stand."""
    out = []
    for number in range(1, bench.repeats):
        given, journal = answers_to_judge(bench, run, _answers(run, number)), _metrics(bench, run, number)
        verdicts = {
            f"judge_{spec['name']}": verdicts_of(_verdicts(bench, run, spec, number).records, given)
            for spec in bench.judge_specs
        }
        metrics = {
            q.key: journal.records[q.key]
            for q, answer in given.items()
            if q.key in journal.records and lineage.current(journal.records[q.key], _of(q, answer))
        }
        out.append(Repeat(number, answers_now(bench, run, _answers(run, number)), verdicts, metrics))
    return out


def complete(repeats: Iterable[Repeat], searched: set[Key]) -> bool:
    """Whether every further run has been through every stage, failed or not."""
    for one in repeats:
        answered = {key for key, record in one.answers.items() if lineage.good(record)}
        judged = all(answered <= own.keys() for own in one.verdicts.values())
        if not (searched <= one.answers.keys() and judged and answered <= one.metrics.keys()):
            return False
    return True


def summarised(
    repeats: list[Repeat],
    first: Mapping[str, Column],
    verdicts: Mapping[str, Mapping[Key, Mapping[str, Any]]],
    clusters: Mapping[Key, str],
) -> RepeatedAnswers:
    """The spread of every metric of answers between the runs; failed questions count 0, as everywhere.

    Args:
        repeats: the further runs.
        first: metric to the first run's values, of all questions.
        verdicts: judge metric to the first run's verdicts.
        clusters: question to conversation.
    """
    out = {}
    for name, column in sorted(first.items()):
        if name.startswith(MEMORY_METRICS):  # of the retrieval, which is the same in all runs
            continue
        keys = [key for key in clusters if key in column]
        rows = [[column[key] for key in keys]]
        for one in repeats:
            own = verdict_column(one.verdicts[name], keys) if name in verdicts else _values(one, name, keys)
            rows.append([own.get(key, 0.0) for key in keys])
        run_spread = spread(np.array(rows, dtype=float), [clusters[key] for key in keys])
        entry: RepeatSpread = {
            "scores": [round(score, 12) for score in run_spread.scores],
            "mean": round(run_spread.mean, 12),
            "sd_runs": round(run_spread.sd_runs, 12),
            "sd_scores": round(run_spread.sd_scores, 12),
            "se_conversations": None if run_spread.se_conversations is None else round(run_spread.se_conversations, 12),
            "unequal": round(run_spread.unequal, 12),
        }
        own_sd = (
            _judges_own([verdicts[name], *(one.verdicts[name] for one in repeats)], keys) if name in verdicts else None
        )
        if own_sd is not None:
            entry["sd_judge"] = round(own_sd, 12)
        out[name] = entry
    return {"runs": 1 + len(repeats), "failed": sum(one.failed for one in repeats), "metrics": out}


def _values(one: Repeat, name: str, keys: Iterable[Key]) -> dict[Key, float]:
    return {key: one.metrics.get(key, {"values": {}})["values"].get(name, 0.0) for key in keys}


def _judges_own(runs: list[Mapping[Key, Mapping[str, Any]]], keys: Iterable[Key]) -> float | None:
    """The judge's part of the spread, where it judged every answer several times."""
    whole = [key for key in keys if all(key in own and len(own[key].get("runs") or ()) > 1 for own in runs)]
    times = min((len(own[key]["runs"]) for own in runs for key in whole), default=0)
    if times < 2:
        return None
    given = [
        [judging.run_values(own[key]["label"], own[key]["runs"], own[key].get("grades") or ())[:times] for key in whole]
        for own in runs
    ]
    return judge_sd(np.array(given, dtype=float))
