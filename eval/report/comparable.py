"""Whether a number may stand beside the paper's: decided for each column by what that column rests on.

What made the paper's numbers, and what each column rests on, stands in ``paper.yaml`` (``made_with``, ``rests_on``);
what made ours is a summary's ``made_by``. An older summary has one list of reasons for all columns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from eval.core.places import paper_values
from eval.runs.labels import Summary, part_name
from memos.errors import DataError
from memos.model_origin import SYNTHETIC, ModelOrigin, base_name

Raw = Mapping[str, Any]
Row = Mapping[str, Any]
SCRIPTED = "scripted replies stand in for a model (synthetic)"
TITLES: Mapping[str, tuple[str, ...]] = {
    "words": ("words",),
    "judge": ("judge",),
    "F1 to METEOR": ("f1", "rl", "b1", "b2", "meteor"),
    "BERTScore": ("bert_f1",),
    "similarity": ("sim",),
    "search time": ("search_p50", "search_p95"),
    "total time": ("total_p50", "total_p95"),
}
"""What a reader is told of the columns; those of one title rest on the same."""
OFFICIAL = 1540
"""Questions of a whole run on LOCOMO's categories 1 to 4."""


@cache
def paper(path: Path | None = None) -> Raw:
    """The content of ``paper.yaml``.

    Raises:
        DataError: the file is missing or no YAML.
    """
    import yaml

    path = path or paper_values()
    try:
        return yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise DataError(f"{path}: not YAML: {' '.join(str(error).split())}") from error


def reasons(summary: Summary, column: str, row: Row | None = None, raw: Raw | None = None) -> list[str]:
    """Why a run's column may not stand beside the paper's; empty where it may.

    Args:
        summary: a run's, or that of rescored answers.
        column: a column of the paper's Table 3 or 4.
        row: the paper's row, for its settings; None asks about models and data alone.
        raw: from ``paper``; the default file where None.
    """
    raw = raw or paper()
    if "made_by" not in summary:
        free = column in (raw.get("model_free") or {}).get((row or {}).get("system"), ())
        listed = summary.get("not_comparable") or ()
        return _data(summary, raw, row) if free else [reason for reason in listed if _concerns(reason, column, raw)]
    against = [reason for part in raw["rests_on"][column] for reason in _CHECKS[part](summary, raw, row)]
    against += (summary["made_by"].get("metrics") or {}).get(raw["metrics"][column], [])
    return list(dict.fromkeys(against))


def _concerns(reason: str, column: str, raw: Raw) -> bool:
    """Whether a reason of an older summary's list is about a column: by the part or the metric it begins with."""
    about = reason.partition(" ")[0]
    if about in raw["metrics"].values():
        return raw["metrics"][column] == about
    part = {"answerer": "answerer", "judge": "judge", "embedder": "memory"}.get(about)
    return part is None or part in raw["rests_on"][column]


def synthetic(summary: Summary, column: str, raw: Raw | None = None) -> bool:
    """Whether scripted replies stand in for a model that the column rests on, or for all language models of the row."""
    if "made_by" not in summary:
        return False
    rests_on = (raw or paper())["rests_on"][column]
    asked = {part: model for part in ("memory", "answerer", "judge") if (model := _model_of(summary, part))}
    if asked and all(model["maker"] == SYNTHETIC for model in asked.values()):
        return True
    models = [asked.get(part) for part in rests_on]
    models += [summary["made_by"]["memory"]["embedder"]] if "memory" in rests_on else []
    return any(model is not None and model["maker"] == SYNTHETIC for model in models)


def described(summary: Summary) -> list[str]:
    """Every reason against a row with the columns it concerns, in words; empty where all columns compare.

    Scripted replies are a reason here: such a row shows nothing of the paper.
    """
    columns: dict[str, list[str]] = {}
    rests_on = paper()["rests_on"]
    for column in rests_on:
        scripted = [SCRIPTED] if synthetic(summary, column) else []
        for reason in [*scripted, *reasons(summary, column)]:
            columns.setdefault(reason, []).append(column)
    return [
        reason if len(own) == len(rests_on) else f"{reason} ({', '.join(_titles(own))})"
        for reason, own in columns.items()
    ]


def _titles(columns: Collection[str]) -> list[str]:
    """Columns in words, those that always go together as one."""
    return [title for title, own in TITLES.items() if set(own) <= set(columns)]


def beside_paper(summary: Summary, metric: str) -> bool:
    """Whether one of our metrics may be drawn beside the paper's value; any ``judge_<name>`` stands for the judge's
    column, a metric that the paper does not have never may. An older summary, which has one list of reasons, is taken
    as a whole.
    """
    if "made_by" not in summary:
        return not summary.get("not_comparable")
    names = {name: column for column, name in paper()["metrics"].items()}
    column = names.get("judge" if metric.startswith("judge_") else metric)
    return column is not None and not reasons(summary, column) and not synthetic(summary, column)


def _data(summary: Summary, raw: Raw, row: Row | None) -> list[str]:
    data = summary.get("dataset") or {}
    out = []
    if not data.get("official") or summary["n"] != OFFICIAL:
        out.append(f"{summary['n']} questions of {data.get('name')}, the paper's are 1,540 of LOCOMO")
    if data.get("captions"):
        out.append("captions of pictures are shown, the paper's runs leave them out")
    if summary.get("track", "paper") not in ("paper", "published"):
        out.append(f"track is {summary['track']}")
    return out


def _key(summary: Summary, raw: Raw, row: Row | None) -> list[str]:
    key = (summary.get("dataset") or {}).get("answer_key", "official")
    return [] if key == "official" else [f"answer key is {key}, the paper's is the official one"]


def _memory(summary: Summary, raw: Raw, row: Row | None) -> list[str]:
    part, wanted = summary["made_by"]["memory"], raw["made_with"]["memory"]
    out = []
    if part["settings"].get("extractor") == "rules":
        out.append(f"extractor is rules, the paper's {part['part']} extracts with {base_name(wanted['model'])}")
    if part["llm"]:
        out += _model("llm of the memory", part["llm"], wanted["model"])
    if part["embedder"]:
        out += _model("embedder", part["embedder"], wanted["embedder"])
    depth, ours = (row or {}).get("top_k"), part["settings"].get("top_k")
    if depth is not None and ours is not None and ours != depth:
        out.append(f"top_k is {ours}, the paper's is {depth}")
    return out


def _answerer(summary: Summary, raw: Raw, row: Row | None) -> list[str]:
    part, wanted = summary["made_by"]["answerer"], raw["made_with"]["answerer"]
    out = _asking("answerer", part, wanted)
    if part["llm"] and not part["own_prompt"]:
        out.append(f"answer prompt is {part['prompt']}, not the one of the method's own harness")
    return out


def _judge(summary: Summary, raw: Raw, row: Row | None) -> list[str]:
    name, wanted = part_name(summary, "judge"), raw["made_with"]["judge"]
    part = summary["made_by"]["judges"].get(name)
    if part is None:
        return [f"judge is {name}, the paper's is {base_name(wanted['model'])}"]
    file = part["settings"].get("prompt_file")
    worded = [] if file in wanted["prompts"] else [f"judge prompt is {file}, not the one of the paper's harness"]
    return _asking("judge", part, wanted) + worded


def _asking(role: str, part: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Reasons against an answerer or a judge: its kind, its model, its settings."""
    if part["llm"] is None:
        return [f"{role} is {part['part']}, the paper's is {base_name(wanted['model'])}"]
    out = _model(role, part["llm"], wanted["model"])
    for field, value in (wanted.get("settings") or {}).items():
        ours = part["settings"].get(field, value)
        if ours != value and not (not ours and not value):
            out.append(f"{role}.{field} is {_shown(ours)}, the paper's is {_shown(value)}")
    return out


def _model(role: str, model: Mapping[str, Any], wanted: str) -> list[str]:
    """Reasons against a model; scripted replies play the wanted one and are marked, not refused."""
    origin, name = ModelOrigin(str(model["model"]), model["maker"]), wanted.partition("/")[2]
    if origin.synthetic or origin.is_model(wanted):
        return []
    if origin.base != base_name(name):
        return [f"{role} is {origin.model}, the paper's is {name}"]
    place = model["place"] or "this process"
    return [
        f"{role}: {model['model']} is served at {place}, not by its maker; declared={wanted} says that it is passed on"
    ]


def _model_of(summary: Summary, part: str) -> Mapping[str, Any] | None:
    made = summary["made_by"]
    if part == "judge":
        return (made["judges"].get(part_name(summary, "judge")) or {}).get("llm")
    return (made.get(part) or {}).get("llm") if part in ("memory", "answerer") else None


def _warm(part: str) -> Callable[[Summary, Raw, Row | None], list[str]]:
    """Reasons against a time: prompts of the latency pass whose beginning a server or a model had read before."""

    def check(summary: Summary, raw: Raw, row: Row | None) -> list[str]:
        times = summary.get("latency_ms") or {}
        warm = (times.get("cached") or {}).get(part)
        return [f"{warm} of {times['n']} timed questions met a warm prefix cache ({part} time)"] if warm else []

    return check


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)


_CHECKS: Mapping[str, Callable[[Summary, Raw, Row | None], list[str]]] = {
    "data": _data,
    "key": _key,
    "memory": _memory,
    "answerer": _answerer,
    "judge": _judge,
    "search_cache": _warm("search"),
    "cache": _warm("total"),
}
"""What a column may rest on, as ``paper.yaml`` names it."""
