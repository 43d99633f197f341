"""Reading summaries (the ``summary.json`` of a run) for tables and figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eval.core.categories import OFFICIAL, Category, CategoryId, of_summary
from eval.report.comparable import described
from eval.report.tables.fitted_marks import fitted_notes
from eval.report.tables.table import Cell
from eval.runs.labels import Summary, full_label, label, labels, part_name

METRIC_TITLES: Mapping[str, str] = {
    "f1_memos": "F1",
    "rougeL": "RL",
    "bleu1": "B1",
    "bleu2": "B2",
    "meteor": "METEOR",
    "bertscore_f1": "BERT-F1",
    "similarity": "Sim",
}
"""Answer metrics that have a column: the paper's in its order, by our names. One of your own may follow."""


def questions_of(summary: Summary) -> tuple[Any, ...]:
    """Identity of what a run was asked and scored by: track, data, answer key, the questions themselves. Only runs that
    agree in it may share a section of a table, a test or a figure of pairs."""
    dataset = summary.get("dataset") or {}
    asked = dataset.get("questions") or summary.get("n")
    return (
        str(summary.get("track", "paper")),
        dataset.get("name"),
        dataset.get("sha256"),
        dataset.get("answer_key", "official"),
        asked,
    )


def by_questions(summaries: Sequence[Summary]) -> list[tuple[str, list[int]]]:
    """Runs that were asked the same questions in the same track: how to head their section (empty where there is one
    group only), and their places in ``summaries``."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for i, summary in enumerate(summaries):
        groups.setdefault(questions_of(summary), []).append(i)
    heads = [_heading(summaries, groups, own) for own in groups.values()]
    heads = [f"{head}set {n}: " if heads.count(head) > 1 else head for n, head in enumerate(heads, 1)]
    return list(zip(heads, groups.values(), strict=True))


def _heading(summaries: Sequence[Summary], groups: Mapping[tuple[Any, ...], list[int]], own: Sequence[int]) -> str:
    """The traits in which a group differs from others."""

    def traits(i: int) -> dict[str, str]:
        dataset = summaries[i].get("dataset") or {}
        return {
            "track": f"track {summaries[i].get('track', 'paper')}",
            "name": str(dataset.get("name")),
            "sha256": f"data {str(dataset.get('sha256'))[:8]}",
            "answer_key": f"answer key {dataset.get('answer_key', 'official')}",
            "seed": f"seed {summaries[i].get('seed', 0)}",
            "n": f"{summaries[i].get('n')} questions",
        }

    every = [traits(members[0]) for members in groups.values()]
    mine = traits(own[0])
    if len(every) > 1 and len({t["track"] for t in every}) == len(every):
        return mine["track"] + ": "
    if any(t["sha256"] != mine["sha256"] and t["name"] == mine["name"] and t["track"] == mine["track"] for t in every):
        shown = ("track", "name", "sha256", "answer_key", "seed", "n")
    else:
        shown = ("track", "name", "answer_key", "seed", "n")
    differing = [mine[k] for k in shown if len({t[k] for t in every}) > 1]
    return ", ".join(differing) + ": " if differing else ""


def row_names(summaries: Sequence[Summary]) -> list[str]:
    """Names beside which chunk size and top-k have columns of their own;
    with the seed where it alone tells runs apart."""
    full = [full_label(s) for s in summaries]
    several = len({s.get("seed") for s in summaries}) > 1
    return [
        f"{label(s)} seed={s.get('seed')}" if several and full.count(name) > 1 else label(s)
        for s, name in zip(summaries, full, strict=True)
    ]


NORMAL = 1.96
"""95 % of a normal distribution lies within this many standard errors."""


def metrics(summary: Summary, category: CategoryId | None = None) -> Mapping[str, Any]:
    """Metrics of one category, or overall."""
    return summary["metrics"] if category is None else summary.get("by_category", {}).get(str(category), {})


def metric_cell(summary: Summary, name: str, category: CategoryId | None = None) -> Cell:
    """A metric with its interval; an empty cell where the run has none.

    The interval of a judge's score includes the judge's own error (``judge_error``), which the summary's does not.
    """
    return estimate_cell(metrics(summary, category).get(name), judge_error(summary, name))


def estimate_cell(entry: Mapping[str, Any] | None, own: float = 0.0) -> Cell:
    """A mean with its interval; empty where there is none.

    Args:
        entry: the mean as a summary holds it.
        own: standard error that the judge itself adds, as a fraction; 0 of what no judge says.
    """
    if not entry or entry.get("mean") is None:
        return Cell()
    low, high = entry.get("ci95") or (None, None)
    if own and low is not None:
        low, high = (
            entry["mean"] + side * math.hypot(entry["mean"] - end, NORMAL * own) for side, end in ((-1, low), (1, high))
        )
        low, high = max(0.0, low), min(1.0, high)
    return Cell(entry["mean"], low, high)


def count(summary: Summary, category: CategoryId | None = None) -> int:
    """Questions in the denominator."""
    if category is None:
        return int(summary["n"])
    sizes = summary.get("dataset", {}).get("n_by_category") or {}
    own = metrics(summary, category)
    return int(sizes.get(str(category)) or max((entry.get("n", 0) for entry in own.values()), default=0))


def judges(summaries: Iterable[Summary]) -> list[str]:
    """Metric names of all judges in use: each run's own judge first, then the others by name."""
    own: dict[str, None] = {}
    others: set[str] = set()
    for summary in summaries:
        name = f"judge_{part_name(summary, 'judge')}"
        of_summary = {key for key in summary["metrics"] if key.startswith("judge_")}
        if name in of_summary:
            own[name] = None
        others |= of_summary
    return [*own, *sorted(others - set(own))]


def main_metrics(summaries: Sequence[Summary]) -> list[str]:
    """What tables lead with: the official metric of data sets that have one, then all judges in use."""
    official = any(OFFICIAL in summary["metrics"] for summary in summaries)
    return [*([OFFICIAL] if official else []), *judges(summaries)]


def main_title(name: str) -> str:
    """A column that tables lead with, for people."""
    return "Official" if name == OFFICIAL else "Judge " + name.removeprefix("judge_")


def official_notes(summaries: Sequence[Summary]) -> list[str]:
    """Which metric is the official one of which categories; nothing where judges decide."""
    metrics: dict[str, dict[str, None]] = {}
    for category in categories_of(s for s in summaries if OFFICIAL in s["metrics"]):
        if category.exact:
            metrics.setdefault(category.official, {})[category.title] = None
    if not metrics:
        return []
    named = "; ".join(f"{name} of {', '.join(own)}" for name, own in metrics.items())
    return [f"Official: the data set's own metric, which no judge is asked for: {named}."]


def judge_error(summary: Summary, name: str) -> float:
    """A judge's own standard error of a system's score (a fraction), 0 where the run states none or it is unknown.

    ``summary["judge_error"]`` holds it by metric, as measured by cross-validation over foreign projects (judge card).
    """
    return float((summary.get("judge_error") or {}).get(name) or 0.0)


def judge_error_notes(summaries: Iterable[Summary]) -> list[str]:
    """What is known of each judge's own error on the data of these summaries."""
    errors = {name: value for s in summaries for name, value in (s.get("judge_error") or {}).items()}
    return [
        f"{name}: the judge's own error of a score is unknown here: no verdicts under its rubric on this data; "
        "intervals do not include it."
        if value is None
        else f"{name}: the judge's own standard error of a score is {100 * value:.1f} points; intervals include it."
        for name, value in errors.items()
    ]


def data_title(summaries: Iterable[Summary]) -> str:
    """The data sets of some runs, for the title of a table."""
    names = [str((summary.get("dataset") or {}).get("name") or "locomo") for summary in summaries]
    return ", ".join("LOCOMO" if name == "locomo" else name for name in dict.fromkeys(names)) or "LOCOMO"


def categories_of(summaries: Iterable[Summary]) -> list[Category]:
    """The categories that are part of the overall of some runs, in the printing order of their data sets. LOCOMO's
    category 5 is none of them: it has a table of its own.
    """
    known: dict[CategoryId, Category] = {}
    for summary in summaries:
        known |= {one.id: one for one in of_summary(summary.get("dataset")) if one.asked and one.id not in known}
    return list(known.values())


def category_title(category: Category | None, n: int) -> str:
    """``4 single-hop (n = 841)``; id, name and n always go together (docs/protocol.md#categories)."""
    return f"overall (n = {n})" if category is None else f"{category.title} (n = {n})"


def origin_notes(summaries: Sequence[Summary]) -> list[str]:
    """Who made the numbers, what they must not be compared with, what is unfinished or failed."""
    titles = {"answerer": "Answerer", "judge": "Judge", "embedder": "Embedder"}
    if not all("made_by" in s for s in summaries):
        titles["llm"] = "LLM"
    makers = [
        f"{title}: {', '.join(sorted({part_name(s, part) for s in summaries}))}" for part, title in titles.items()
    ]
    notes = ["; ".join(makers) + ".", *rubric_notes(summaries), *model_notes(summaries)]
    prompts = dict.fromkeys(f"{part}: {used}" for s in summaries for part, used in (s.get("prompts") or {}).items())
    if prompts:
        notes.append("Prompts, with whose wording and its digest: " + "; ".join(prompts) + ".")
    reasons = dict.fromkeys(reason for s in summaries for reason in described(s))
    if reasons:
        notes.append("NOT COMPARABLE with the paper's gpt-4o-mini rows: " + "; ".join(reasons) + ".")
    notes += fitted_notes(summaries)
    notes += judge_error_notes(summaries)
    cards = sorted(
        {name.removeprefix("judge_") for s in summaries for name in s["metrics"] if name.startswith("judge_")}
        - {"recorded"}
    )
    if cards:
        notes.append(
            "Judge cards: "
            + ", ".join(f"cards/judge_card_{name}.md" for name in cards)
            + " (python run.py experiment=judge_card judge=NAME)."
        )
    ceilings = next((s["ceilings"]["all"] for s in summaries if (s.get("ceilings") or {}).get("all")), {})
    below = [
        f"{METRIC_TITLES[name]} {100 * value:.1f}"
        for name, value in ceilings.items()
        if name in METRIC_TITLES and value < 0.9995
    ]
    if below:
        notes.append(
            "Ceilings (every answer equal to its gold): " + ", ".join(below) + "; the other metrics reach 100."
        )
    for summary, name in zip(summaries, labels(summaries), strict=True):
        if not summary.get("complete", True):
            notes.append(f"{name}: the run is not finished; its numbers will change.")
        if summary.get("failed"):
            notes.append(
                f"{name}: {summary['failed']} of {summary['n']} questions failed and count as wrong where they did."
            )
        notes += [f"{name}: {_lost(part, count)}." for part, count in (summary.get("failures") or {}).items()]
        notes += [
            f"{name}: {judge} judges no such question as {own['not_judged']} of these; they are in none of its scores."
            for judge, own in (summary.get("judged") or {}).items()
            if own.get("not_judged")
        ]
        notes += [
            f"{name}: {judge}: {line}." for judge, lines in (summary.get("cautions") or {}).items() for line in lines
        ]
        if summary.get("cut"):
            notes.append(f"{name}: {summary['cut']} prompts were cut to the model's window.")
        spread = {k: m for k, m in summary["metrics"].items() if m.get("repeat_sd") is not None}
        notes += [
            f"{name}: {k} varies by {100 * m['repeat_sd']:.2f} points between repeats of the judge"
            + (
                f" (over the {m['repeat_n']} verdicts of which every run gave a label)"
                if m.get("repeat_n", summary["n"]) < summary["n"]
                else ""
            )
            + "."
            for k, m in spread.items()
        ]
    return notes


def rubric_notes(summaries: Sequence[Summary]) -> list[str]:
    """Where the main judge does not have the rubric of the data set's own authors."""
    others: dict[tuple[str, str, str], None] = {}
    for summary in summaries:
        data, judge = summary.get("dataset") or {}, part_name(summary, "judge")
        if data.get("judge") and data["judge"] != judge:
            others[str(data["name"]), str(data["judge"]), judge] = None
    return [
        f"{data} has a rubric of its own, judge={own}; the main judge here is {judge}, so its column is not the data "
        "set's official score."
        for data, own, judge in others
    ]


def models_asked(summaries: Sequence[Summary]) -> dict[str, list[str]]:
    """Role (``memory``, ``answerer``, ``judge NAME``) to the language models that the rows asked in it."""
    asked: dict[str, dict[str, None]] = {}
    for summary in summaries:
        made = summary.get("made_by") or {}
        roles = {role: made[role] for role in ("memory", "answerer") if role in made}
        roles |= {f"judge {name}": part for name, part in (made.get("judges") or {}).items()}
        for role, part in roles.items():
            if part["llm"]:
                asked.setdefault(role, {})[_model_name(part["llm"])] = None
    return {role: list(names) for role, names in asked.items()}


def model_notes(summaries: Sequence[Summary]) -> list[str]:
    """Which language model every role asked; a judge of several models in one table is named as such."""
    asked = models_asked(summaries)
    if not asked:
        return []
    notes = ["Language models: " + "; ".join(f"{role}: {', '.join(names)}" for role, names in asked.items()) + "."]
    mixed = [role for role, names in asked.items() if role.startswith("judge ") and len(names) > 1]
    return notes + [f"{role}: different models judged the rows, so its column does not compare them." for role in mixed]


def _model_name(model: Mapping[str, Any]) -> str:
    """A model for people: its name, and whether it is scripted or only declared to be its maker's."""
    how = "synthetic" if model["maker"] == "synthetic" else f"declared {model['maker']}" if model["declared"] else ""
    return f"{model['model']} ({how})" if how else str(model["model"])


def _lost(part: str, count: int) -> str:
    if part == "latency":
        return f"{count} questions of the latency pass failed and are in no percentile"
    if part.startswith("judge_"):
        return (
            f"{part} has no verdict that stands on {count} answers (failed calls, unreadable replies, or a script that "
            "the judge cannot read); they count as wrong"
        )
    return f"{part} failed on {count} answers; they count 0"


def missing_notes(summaries: Sequence[Summary], names: Mapping[str, str]) -> list[str]:
    """Why cells print as a dash: for each metric (name to title) the stated reason and the systems it concerns."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for summary, who in zip(summaries, labels(summaries), strict=True):
        for name, title in names.items():
            if metric_cell(summary, name).value is None:
                reason = (summary.get("missing") or {}).get(name, "not measured in this run")
                reasons.setdefault((title, reason), []).append(who)
    return [
        f"{title} is missing{'' if len(who) == len(summaries) else ' for ' + ', '.join(who)}: {reason}."
        for (title, reason), who in reasons.items()
    ]
