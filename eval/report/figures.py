"""All figures of finished runs, drawn in as many processes as asked for; the files are the same however many draw."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from eval.core.progress import bar
from eval.report import plots
from eval.report.groups import RunGroup
from eval.runs.read import kv_cells, load_summary, matrices
from memos.errors import MemosError

ABLATION_METRICS = (("", None), ("_generation", ("rougeL", "bleu1")), ("_meaning", ("meteor", "similarity")))
"""File suffix to the two metrics of each page of Figure 9; None: judge and F1."""


@dataclass(frozen=True, slots=True)
class FigureJob:
    """One figure of one group of runs, small enough to be sent to another process, which reads the runs itself."""

    group: RunGroup
    name: str
    out: Path
    paper: bool


def figures(group: RunGroup, out: Path, paper: bool = False) -> Iterator[tuple[str, Callable[[], list[Path]]]]:
    """Name and maker of every figure that one experiment may have; no journal is read before a maker is called.

    Args:
        group: the runs.
        out: the results folder.
        paper: draw the paper's values also behind runs that are not comparable with them; such files end in ``_paper``.
    """
    own, stem = group.summaries, out / "figures"

    def at(name: str) -> Path:
        return stem / f"{group.experiment}_{name}{'_paper' if paper else ''}"

    if group.entry:
        yield "pooled", lambda: plots.pooled_scores(group.recorded, at("pooled"))
    elif group.sized:
        yield "curves", lambda: plots.growth_curves(group.sized, at("curves"))
    elif own:
        yield "score_against_tokens", lambda: plots.score_against_tokens(own, at("score_against_tokens"), paper)
        yield "score_by_category", lambda: plots.score_by_category(own, at("score_by_category"), paper)
        yield "recall", lambda: plots.recall_against_budget(own, at("recall"))
        if any((summary.get("retrieval") or {}).get("correct") for summary in own):
            yield "evidence", lambda: plots.correct_given_evidence(own, at("evidence"))
        yield "latency", lambda: plots.latency_parts(own, at("latency"), paper)
        yield "cost", lambda: plots.cost_by_phase(own, at("cost"))
        for suffix, metrics in ABLATION_METRICS:
            yield f"figure9{suffix}", lambda s=suffix, m=metrics: plots.ablation(own, at(f"figure9{s}"), m, paper)
    if len(group.recorded) > 1 and not group.sized:
        yield "critical_difference", lambda: _critical_difference(group, at("critical_difference"))
    if group.cards or plots.may_calibrate(group.recorded):
        yield "calibration", lambda: _calibration(group, at("calibration"))
    for matrix in matrices(group.others):
        yield "spread", lambda m=matrix: plots.judge_spread(m, at("spread"))
    cells = kv_cells(group.others)
    if cells:
        yield "figure10", lambda: plots.ttft(cells, at("figure10"), [load_summary(f) for f in group.others], paper)


def _critical_difference(group: RunGroup, stem: Path) -> list[Path]:
    return plots.critical_difference(group.recorded, plots.primary_judge(group.summaries), stem)


def _calibration(group: RunGroup, stem: Path) -> list[Path]:
    cards = plots.cards_of_runs(group.recorded) + (plots.cards_of_folder(group.cards) if group.cards else [])
    return plots.calibration(cards, stem)


def make_figures(
    batch: Sequence[RunGroup], out: Path, only: Sequence[str] = (), *, jobs: int = 1, paper: bool = False
) -> tuple[list[Path], list[str]]:
    """Write ``figures/<experiment>_*`` of each group.

    Args:
        batch: the groups of runs.
        out: the results folder.
        only: names of the figures wanted; none: all.
        jobs: processes that draw.
        paper: see ``figures``.

    Returns:
        The files in the order of groups and figures, and for each figure that cannot be drawn one line why.

    Raises:
        MemosError: a drawing process was killed.
    """
    wanted = [FigureJob(g, name, out, paper) for g in batch for name, _ in figures(g, out) if not only or name in only]
    workers = min(jobs, len(wanted))
    results = _spread(wanted, workers) if workers > 1 else [_draw(job) for job in wanted]
    return [path for written, _ in results for path in written], [reason for _, reason in results if reason]


def usable_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _draw(job: FigureJob) -> tuple[list[Path], str]:
    """Files of one figure, or why there are none."""
    try:
        return dict(figures(job.group, job.out, job.paper))[job.name](), ""
    except MemosError as error:
        return [], f"{job.group.experiment} {job.name}: {error}"


def _draw_apart(job: FigureJob) -> tuple[list[Path], str]:
    """``_draw`` in a process of its own, where each group is read once."""
    return _draw(replace(job, group=_first(job.group)))


@cache
def _first(group: RunGroup) -> RunGroup:
    """The first of equal groups that this process was sent, which keeps what it has read."""
    return group


def _spread(jobs: Sequence[FigureJob], workers: int) -> list[tuple[list[Path], str]]:
    """The same as ``_draw`` of each, in new processes (matplotlib and its threads do not survive a fork)."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(_draw_apart, replace(job, group=replace(job.group))) for job in jobs]
        try:
            with bar("figures", len(jobs), unit="figure") as progress:
                for _ in as_completed(futures):
                    progress.update()
            return [future.result() for future in futures]
        except BrokenProcessPool as error:
            raise MemosError("a drawing process was killed; is memory short? Try --jobs 1") from error
        finally:
            pool.shutdown(cancel_futures=True)
