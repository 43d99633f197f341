"""``check=true``: tell what a command will use, in a table to the terminal and to files, and run nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from eval.experiments.protocol import Config
from eval.report.tables.forecast import ForecastRow, forecast_table
from eval.report.tables.write import terminal, write
from eval.runs.write import write_json, writing_outputs
from eval.stages.forecast.command import Forecast, foresee
from eval.stages.forecast.jobs import Job, KnownModel
from eval.stages.forecast.rehearsal import Work
from eval.stages.forecast.replies import stated
from memos.types import Usage

ALL = "all"
"""Stands for all phases, and for all methods."""


def foretell(configs: Sequence[Config], jobs_at_once: int = 1, named: str = "", work: Work | None = None) -> None:
    """Print the forecast of a command's jobs and write ``tables/<experiment>_forecast.*``.

    Args:
        configs: of the jobs.
        jobs_at_once: how many of them run side by side.
        named: the experiment whose tables it is one of; empty: that of the configurations.
        work: what the jobs do; None: what a benchmark does.

    Raises:
        MemosError: one line, where a setting is wrong or the probe failed.
    """
    made = foresee(configs, lambda line: print(f"check: {line}", flush=True), jobs_at_once, work)
    out, name = Path(configs[0]["out"]), named or configs[0]["name"]
    show(_with_data_sets(made, configs), list(_lengths(made)), out, name)


def show(made: Forecast, lengths: Sequence[str], out: Path, name: str) -> None:
    """Print a forecast and write its files.

    Args:
        made: the forecast.
        lengths: notes on how long replies are taken to be.
        out: the results folder.
        name: the experiment's name, with which the files begin.
    """
    rows = list(_rows(made))
    table = forecast_table(rows, [*lengths, *_notes(made)])
    print("\n" + terminal(table, 140))
    stem = out / "tables" / f"{name}_forecast"
    with writing_outputs(out, name):
        write(table, stem, {"made_by": "check=true", "experiment": name})
        write_json(stem.with_suffix(".json"), {"rows": [asdict(row) for row in rows]})
    print(f"\nforecast: {stem}.md, .csv, .tex, .json; nothing was run. The same command without check=true runs it.")


def _with_data_sets(made: Forecast, configs: Sequence[Config]) -> Forecast:
    """The same with the data set's name before the method's, where there are several data sets."""
    names = [config["dataset"]["name"] for config in configs]
    if len(set(names)) < 2:
        return made
    jobs = [replace(job, label=f"{name}, {job.label}") for job, name in zip(made.jobs, names, strict=True)]
    return replace(made, jobs=tuple(jobs))


def _rows(made: Forecast) -> Iterator[ForecastRow]:
    for job in made.jobs:
        for phase in job.phases:
            yield _row(job.label, phase.phase, phase.model, phase.asked, phase.kept, phase.usd, phase.seconds)
        yield _row(job.label, ALL, "", job.asked, _kept(job), job.usd, job.seconds)
    if len(made.jobs) > 1:
        asked = _sum(job.asked for job in made.jobs)
        kept = _sum(_kept(job) for job in made.jobs)
        yield _row(ALL, ALL, "", asked, kept, made.usd, made.seconds)


def _row(
    method: str, phase: str, model: str, asked: Usage, kept: Usage, usd: float | None, seconds: float | None
) -> ForecastRow:
    tokens = asked.prompt_tokens, asked.completion_tokens
    return ForecastRow(method, phase, model, asked.calls, *tokens, kept.calls, usd, seconds)


def _kept(job: Job) -> Usage:
    return _sum(phase.kept for phase in job.phases)


def _sum(usages: Iterable[Usage]) -> Usage:
    return sum(usages, Usage())


def _lengths(made: Forecast) -> Iterator[str]:
    """How long replies are taken to be."""
    if made.pilot_conversations:
        yield (
            f"Scaled by a pilot of {made.pilot_conversations} conversations, whose {_used(made.piloted)} are spent; "
            "its replies are kept and the run does not ask for them again."
        )
    else:
        tried = "scaled by the replies to the probe; " if made.probed.calls > len(made.models) else ""
        yield f"Lengths of replies are stated ({stated()}), {tried}pilot=3 measures them on three conversations."
    if made.piloted.calls and not made.pilot_conversations:
        yield (
            "Where calls depend on how like memories are, the first sessions of a conversation were read with the real "
            f"models: {_used(made.piloted)}, whose replies are kept."
        )


def _notes(made: Forecast) -> Iterator[str]:
    """What else the numbers rest on."""
    if made.probed.calls:
        yield f"The probe has spent {_used(made.probed)} (${made.probed_usd:.4f}); key and models work."
    yield "From cache: calls that the response cache answers, or an earlier job of this command; they cost nothing."
    for model in made.models.values():
        yield _model_note(model)
        yield from (f"{model.name}, {trouble}" for trouble in model.troubles)
    for job in made.jobs:
        for trouble, count in job.troubles.items():
            yield f"{job.label}: {count} times: {trouble}"


def _model_note(model: KnownModel) -> str:
    price = model.price
    if price is None:
        cost = "no price is known; set llm.price_prompt and llm.price_completion, or a row of prices=FILE"
    elif not (price.prompt or price.completion):
        cost = "costs nothing"
    else:
        source = f"of {price.date}, {price.source}" if price.date else "given"
        cost = f"${price.prompt:g} a million prompt tokens, ${price.completion:g} a million reply tokens ({source})"
    time = model.time
    if time is None:
        return f"{model.name}: {cost}; its speed is not known."
    how = "measured" if time.measured else "stated"
    limits = [
        *(["answers and verdicts in batches, at their price, within a day"] if model.batch else []),
        f"{model.limits.concurrency} calls at once",
        *([f"{model.limits.requests_per_minute:g} calls a minute"] if model.limits.requests_per_minute else []),
        *([f"{model.limits.tokens_per_minute:g} tokens a minute"] if model.limits.tokens_per_minute else []),
    ]
    return (
        f"{model.name}: {cost}; a call takes {time.start_s:.2f} s and {1000 * time.reply_token_s:.1f} ms a reply token "
        f"({how}), {', '.join(limits)}."
    )


def _used(usage: Usage) -> str:
    return f"{usage.calls:,} calls and {usage.prompt_tokens + usage.completion_tokens:,} tokens"
